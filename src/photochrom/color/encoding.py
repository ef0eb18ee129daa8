"""What the codes of a picture mean: a tone curve and three primaries.

sRGB is one encoding among many. An archive's scans come in Adobe RGB, in Display P3, or grey with a
gamma or a dot gain of their own, and leave in what they came in.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .srgb import SRGB_TO_XYZ, srgb_to_linear

Doubles = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Encoding:
    """A tone curve, the same for every channel, and primaries."""

    name: str
    """What people call it."""
    curve: Callable[[Doubles], Doubles]
    """Encoded values in [0, 1], any shape, to linear light; strictly rising, 0 and 1 stay."""
    to_xyz: Doubles
    """`(3, 3)`: linear RGB to XYZ under D65, Y of white = 1. Its second row, the luminance of each
    channel, adds up to 1. Of grey pictures, the primaries their colored versions are given."""


SRGB = Encoding("sRGB", srgb_to_linear, SRGB_TO_XYZ)
"""IEC 61966-2-1."""
