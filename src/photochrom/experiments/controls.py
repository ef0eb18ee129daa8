"""What the seed alone does to figures: the same recipe trained twice.

The intervals of verdicts are of pictures; how far another training of the same network would move
a figure they do not know. Differences no larger than those here are the seed's, whatever their
interval says.
"""

from .measures import At, Measure, Of
from .verdict import Check

_FIGURES = ("rebalanced_auc", "colorfulness_ratio", "ciede2000", "spottedness", "bleeding")
_TWICE = (
    ("beta", At("beta"), At("beta-again")),
    ("Zhang, rebalanced, T = 0.38", At("zhang-rebalanced", 0.38), At("zhang-again", 0.38)),
)


def _control(name: str, left: Measure, right: Measure) -> Check:
    return Check(f"{name} with another seed", left, right, "above")


CONTROLS = tuple(
    _control(name, Of(figure, again), Of(figure, once))
    for name, once, again in _TWICE
    for figure in _FIGURES
)
"""In the order in which reports tell them; they have no verdict."""
