"""Coloring with trained networks: cards, sessions, the engine. Needs no torch."""

from .card import Card
from .classifier import Classifier
from .engine import Colorized, Colorizer, Engine, Settings, painted
from .library import DEFAULT, embedded, load_card, load_colorizer, load_engine
from .luminance import uncolored
from .router import Router
from .sketch import Choice, Edit, Sketch

__all__ = [
    "DEFAULT",
    "Card",
    "Choice",
    "Classifier",
    "Colorized",
    "Colorizer",
    "Edit",
    "Engine",
    "Router",
    "Settings",
    "Sketch",
    "embedded",
    "load_card",
    "load_colorizer",
    "load_engine",
    "painted",
    "uncolored",
]
