"""Coloring with trained networks: cards, sessions, the engine. Needs no torch."""

from .card import Card
from .engine import Colorized, Colorizer, Engine, Settings
from .library import DEFAULT, embedded, load_card, load_engine
from .luminance import uncolored

__all__ = [
    "DEFAULT",
    "Card",
    "Colorized",
    "Colorizer",
    "Engine",
    "Settings",
    "embedded",
    "load_card",
    "load_engine",
    "uncolored",
]
