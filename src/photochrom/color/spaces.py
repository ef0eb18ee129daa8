"""RGB spaces that archives and printers ask for, from the texts that define them.

All are stated under D65, as every XYZ in `color` is: those defined under D50 are adapted by
Bradford, as a color management system would.
"""

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np

from .encoding import SRGB, SRGB_CURVE, Doubles, Encoding, Power, bradford, scaled_to_white
from .srgb import WHITE

_Chromaticity = tuple[float, float]

_D50: _Chromaticity = (0.3457, 0.3585)
# BT.2020 prints alpha = 1.099 and beta = 0.018 for 10 bits, more digits for 12; these are the
# numbers at which line and power meet, value and slope, so that the curve rises at 16 bits too.
_ALPHA, _BETA = 1.09929682680944, 0.018053968510807

LIGHTNESS = Power(3.0, 1 / 1.16, 0.16 / 1.16, 2700 / 24389, 0.08)
"""L* / 100 to luminance (CIE 15:2004, section 8.2.1, solved for Y)."""


def _xyz(chromaticity: _Chromaticity) -> Doubles:
    """XYZ with Y = 1 of a chromaticity (x, y)."""
    x, y = chromaticity
    return np.array([x / y, 1, (1 - x - y) / y])


def _primaries(
    red: _Chromaticity, green: _Chromaticity, blue: _Chromaticity, white: _Chromaticity | None
) -> Doubles:
    """Linear RGB to XYZ under D65 `(3, 3)`; `white` is None where the space has D65 itself."""
    columns = np.stack([_xyz(red), _xyz(green), _xyz(blue)], axis=1)
    if white is None:
        return scaled_to_white(columns)
    adapted: Doubles = bradford(_xyz(white), WHITE) @ scaled_to_white(columns, _xyz(white))
    return scaled_to_white(adapted)


DISPLAY_P3 = Encoding(
    "Display P3",
    SRGB_CURVE,
    _primaries((0.680, 0.320), (0.265, 0.690), (0.150, 0.060), None),
)
"""The primaries of SMPTE RP 431-2 under D65, with the curve of sRGB (CSS Color 4)."""

ADOBE_RGB = Encoding(
    "Adobe RGB (1998)",
    Power(563 / 256),
    _primaries((0.64, 0.33), (0.21, 0.71), (0.15, 0.06), None),
)
"""Adobe RGB (1998) Color Image Encoding, Adobe 2005."""

PROPHOTO = Encoding(
    "ProPhoto RGB",
    Power(1.8, c=1 / 16, d=1 / 32),
    _primaries((0.7347, 0.2653), (0.1596, 0.8404), (0.0366, 0.0001), _D50),
)
"""ROMM RGB, ISO 22028-2. Profiles in circulation often leave out its straight line near black."""

REC_2020 = Encoding(
    "Rec. 2020",
    Power(1 / 0.45, 1 / _ALPHA, 1 - 1 / _ALPHA, 1 / 4.5, 4.5 * _BETA),
    _primaries((0.708, 0.292), (0.170, 0.797), (0.131, 0.046), None),
)
"""ITU-R BT.2020-2, tables 3 and 4."""

ECI_RGB = Encoding(
    "eciRGB v2",
    LIGHTNESS,
    _primaries((0.67, 0.33), (0.21, 0.71), (0.14, 0.08), _D50),
)
"""European Color Initiative, 2007; ISO 22028-4. Codes are L*: equal steps look equal."""

SPACES: Mapping[str, Encoding] = MappingProxyType(
    {
        "srgb": SRGB,
        "display-p3": DISPLAY_P3,
        "adobe-rgb": ADOBE_RGB,
        "eci-rgb": ECI_RGB,
        "rec-2020": REC_2020,
        "prophoto": PROPHOTO,
    }
)
"""By the names of the command line."""
