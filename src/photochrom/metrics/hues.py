"""Which hues a picture's chroma has: whether it is warm all over, and whether it is all of one hue.

Sepia, the tint of networks that predict the mean of all colors, is both. Two figures tell that from
a picture that merely has much orange in it, of which the originals have a share of their own to
compare with.
"""

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

WARM = (20.0, 100.0)
"""Hue angles, in degrees, from reddish brown to yellowish: brown is dark or dull orange, whose hue
in CIELAB lies near 60. Skin, wood, earth and sepia are inside; red (40 at full chroma) is too."""


class Hues(NamedTuple):
    """Figures of one picture; both NaN where it has no chroma at all."""

    warmth: float
    """Share of the chroma, summed over pixels, whose hue is in `WARM`; in [0, 1]."""
    hue_spread: float
    """One less the length of the mean hue vector, pixels weighed by their chroma: the circular
    variance (Mardia and Jupp 2000, section 2.3.1). 0: all of one hue; 1: hues that cancel out."""


def hues(ab: NDArray[Any]) -> Hues:
    """The hues of a picture.

    Args:
        ab: `(..., 2)`, ab units.
    """
    a, b = (np.ascontiguousarray(ab[..., channel], dtype=np.float32) for channel in (0, 1))
    chroma = np.sqrt(a * a + b * b)
    whole = chroma.sum(dtype=np.float64)
    if whole == 0:
        return Hues(float("nan"), float("nan"))
    # To the left of one edge and to the right of the other: angles themselves take ten times as
    # long.
    (right, below), (left, above) = (
        (math.cos(math.radians(edge)), math.sin(math.radians(edge))) for edge in WARM
    )
    is_warm = (right * b - below * a >= 0) & (left * b - above * a <= 0)
    warm = float(np.sum(chroma, where=is_warm, dtype=np.float64)) / whole
    mean = np.hypot(a.sum(dtype=np.float64), b.sum(dtype=np.float64)) / whole
    return Hues(float(warm), float(max(0.0, 1 - mean)))
