"""What the seed alone does to figures: the same recipe trained twice.

The intervals of verdicts are of pictures; how far another training of the same network would move
a figure they do not know. Differences no larger than those here are the seed's, whatever their
interval says.
"""

from .measures import At, Measure, Of, PerColor
from .verdict import Check

_FIGURES = ("rebalanced_auc", "colorfulness_ratio", "ciede2000", "spottedness", "bleeding")
_TWICE = (
    ("beta", At("beta"), At("beta-again")),
    ("Zhang, rebalanced, T = 0.38", At("zhang-rebalanced", 0.38), At("zhang-again", 0.38)),
)


def _controls(name: str, once: At, again: At) -> list[Check]:
    """Every figure of the second training less that of the first."""
    pairs: list[tuple[Measure, Measure]] = [(Of(one, again), Of(one, once)) for one in _FIGURES]
    pairs.append((PerColor("bleeding", again), PerColor("bleeding", once)))
    return [Check(f"{name} with another seed", left, right, "above") for left, right in pairs]


CONTROLS = tuple(check for twice in _TWICE for check in _controls(*twice))
"""In the order in which reports tell them; they have no verdict."""
