"""Coloring with trained networks: cards, sessions, the engine. Needs no torch."""

from .card import Card
from .classifier import Classifier
from .engine import Choice, Colorized, Colorizer, Engine, Settings
from .library import DEFAULT, embedded, load_card, load_colorizer, load_engine
from .luminance import uncolored
from .router import Router

__all__ = [
    "DEFAULT",
    "Card",
    "Choice",
    "Classifier",
    "Colorized",
    "Colorizer",
    "Engine",
    "Router",
    "Settings",
    "embedded",
    "load_card",
    "load_colorizer",
    "load_engine",
    "uncolored",
]
