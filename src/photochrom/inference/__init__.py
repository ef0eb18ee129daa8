"""Coloring with trained networks: cards, sessions, the engine. Needs no torch.

load_colorizer, load_engine         a network, or a router over several
Settings, painted                   how it colors, and a picture in the colors of a sketch
hinted, read_hints, like            edits: colors for points, colors of another picture
candidates, agreed                  several ways to color one picture, several in one way
confidence_map, overlay             how sure the network was
"""

from .candidates import Candidate, candidates
from .card import Card
from .classifier import Classifier
from .confidence import confidence_map, overlay
from .consistency import agreed
from .engine import Colorized, Colorizer, Engine, Settings, painted
from .hint_files import read_hints
from .hints import Hint, hinted
from .library import DEFAULT, embedded, load_card, load_colorizer, load_engine
from .luminance import uncolored
from .reference import like
from .router import Router
from .sketch import Choice, Edit, Sketch

__all__ = [
    "DEFAULT",
    "Candidate",
    "Card",
    "Choice",
    "Classifier",
    "Colorized",
    "Colorizer",
    "Edit",
    "Engine",
    "Hint",
    "Router",
    "Settings",
    "Sketch",
    "agreed",
    "candidates",
    "confidence_map",
    "embedded",
    "hinted",
    "like",
    "load_card",
    "load_colorizer",
    "load_engine",
    "overlay",
    "painted",
    "read_hints",
    "uncolored",
]
