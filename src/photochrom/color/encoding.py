"""What the codes of a picture mean: a tone curve and three primaries.

sRGB is one encoding among many. An archive's scans come in Adobe RGB, in Display P3, or grey with a
gamma or a dot gain of their own, and leave in what they came in.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from .srgb import SRGB_TO_XYZ, WHITE

Doubles = npt.NDArray[np.float64]

D50 = np.array([63190, 65536, 54061]) / 65536
"""XYZ of the white through which ICC profiles connect (ICC.1:2022, section 7.2.16), Y = 1."""

# ICC.1:2022, annex E: XYZ to the three sharpened cone responses of Bradford.
_BRADFORD = np.array(
    [[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]]
)


@dataclass(frozen=True)
class Power:
    """A tone curve: ``(a x + b) ** gamma + e`` from ``d`` on, ``c x + f`` below it.

    The general form of ICC.1:2022, section 10.18 (function type 4), which the standards of RGB
    spaces fit into. Encoded values, any shape, nominally in [0, 1], to linear light, not clipped.
    """

    gamma: float
    a: float = 1.0
    b: float = 0.0
    c: float = 0.0
    d: float = 0.0
    e: float = 0.0
    f: float = 0.0

    def __call__(self, encoded: Doubles) -> Doubles:
        """Linear light of encoded values, same shape."""
        power: Any = np.maximum(self.a * encoded + self.b, 0) ** self.gamma + self.e
        return np.where(encoded >= self.d, power, self.c * encoded + self.f)


SRGB_CURVE = Power(2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)
"""`srgb_to_linear` in a form that can be written into a profile."""


@dataclass(frozen=True, eq=False)  # one and the same, or another: tables are kept by identity
class Encoding:
    """A tone curve, the same for every channel, and primaries."""

    name: str
    """What people call it."""
    curve: Callable[[Doubles], Doubles]
    """Encoded values in [0, 1], any shape, to linear light; strictly rising, 0 and 1 stay."""
    to_xyz: Doubles
    """`(3, 3)`: linear RGB to XYZ under D65, Y of white = 1. Its second row, the luminance of each
    channel, adds up to 1. Of grey pictures, the primaries their colored versions are given."""


SRGB = Encoding("sRGB", SRGB_CURVE, SRGB_TO_XYZ)
"""IEC 61966-2-1."""


def bradford(source: Doubles, target: Doubles) -> Doubles:
    """The matrix `(3, 3)` that takes XYZ seen under one white to how it looks under another.

    Args:
        source, target: XYZ of the whites, `(3,)`, each with Y = 1.

    Returns:
        The linear Bradford transform (ICC.1:2022, annex E).
    """
    gains = (_BRADFORD @ target) / (_BRADFORD @ source)
    adapted: Doubles = np.linalg.solve(_BRADFORD, gains[:, None] * _BRADFORD)
    return adapted


def scaled_to_white(primaries: Doubles, white: Doubles = WHITE) -> Doubles:
    """Primaries made to add up to white, by scaling each.

    Args:
        primaries: `(3, 3)`: a column of XYZ each, of any length.
        white: XYZ `(3,)`.

    Returns:
        The same columns, each times a number. Raises LinAlgError where they lie in one plane.
    """
    scaled: Doubles = primaries * np.linalg.solve(primaries, white)
    return scaled
