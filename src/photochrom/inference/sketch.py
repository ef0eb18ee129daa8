"""A picture's colors at the size at which the network saw it: small, and open to change."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Choice:
    """Which network of a router colored a picture, and why."""

    specialist: str
    """The name on its card."""
    reason: Literal["class", "score", "last resort"]
    """The classifier was sure of its classes; its discriminator's score was the highest; or there
    was nothing to choose by."""
    probabilities: Mapping[str, float]
    """What the classifier said, by class."""
    scores: Mapping[str, float]
    """What the discriminators said, by specialist; empty where they were not asked."""


@dataclass(frozen=True)
class Sketch:
    """A picture's colors at the working size, of which the full-size picture is painted."""

    lightness: Floats
    """L* `(h, w)` in [0, 100], as the network saw it."""
    ab: Floats
    """Chroma `(h, w, 2)`, in ab units; it may reach out of sRGB, painting sees to that."""
    entropy: Floats
    """How undecided the network was, `(i, j)` over the whole picture, in nats."""
    score: float | None = None
    """How real the network's discriminator finds the colors, a logit; None where it has none."""
    choice: Choice | None = None
    """How a router chose the network; None without a router."""

    def with_ab(self, ab: Floats) -> "Sketch":
        """The same picture in other colors, `(h, w, 2)`."""
        return replace(self, ab=ab)


Edit: TypeAlias = Callable[[Sketch], Sketch]
"""A change of a sketch's colors: hints, the palette of another picture, …"""
