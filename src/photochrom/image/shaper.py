"""Color profiles made of curves and a matrix, applied exactly.

Little CMS precomputes a coarse table for 16-bit and for grey pixels, and libvips offers no way to
forbid it: Display P3 at 16 bits came out up to 910 of 65535 wrong, grey of gamma 1.8 up to 350.
Nearly every RGB and grey profile is made of a curve per channel and a matrix (ICC.1:2022, sections
8.3.3, 10.6 `curveType`, 10.18 `parametricCurveType`), which a few lines apply without error.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from photochrom.image.frame import Pixels
from photochrom.image.icc import Curve, shape_of

Values = npt.NDArray[np.float32]

# XYZ under D50 from linear sRGB, in 65536ths: the colorants stated by libvips' sRGB profile,
# which the pixels are given. They add up to D50 exactly, so that white stays white.
_SRGB_TO_XYZ = np.array([[28576, 25238, 9376], [14578, 46985, 3973], [911, 6362, 46788]]) / 65536
_ROWS = 256  # rows at once: the float copies of a large picture stay small


@dataclass(frozen=True)
class Shaper:
    """What a profile of curves does: a curve per channel, then a matrix."""

    curves: tuple[Curve, ...]
    """For each channel, from encoded values to linear light."""
    to_srgb: Values | None
    """(3, 3), from the profile's linear RGB to sRGB's; None for grey."""

    def __call__(self, pixels: Pixels) -> Pixels:
        """Pixels (H, W, C), uint8 or uint16, one channel per curve, as sRGB of the same shape."""
        top = np.iinfo(pixels.dtype).max
        every = np.linspace(0, 1, top + 1)
        tables = [curve(every).clip(0, 1).astype(np.float32) for curve in self.curves]
        if self.to_srgb is None:
            table = np.rint(_srgb_encoded(tables[0]) * top).astype(pixels.dtype)
            return table[pixels]
        out = np.empty_like(pixels)
        for row in range(0, pixels.shape[0], _ROWS):
            block = pixels[row : row + _ROWS]
            linear = np.stack([t[block[..., c]] for c, t in enumerate(tables)], axis=-1)
            encoded = _srgb_encoded(linear @ self.to_srgb.T)
            out[row : row + _ROWS] = np.rint(encoded * top)
        return out


@lru_cache(maxsize=8)
def shaper(icc: bytes) -> Shaper | None:
    """What a grey or RGB profile does, where curves and a matrix say it all; else None."""
    try:
        shape = shape_of(icc)
        if shape is None:
            return None
        if shape.colorants is None:
            return Shaper(shape.curves, None)
        matrix = np.linalg.solve(_SRGB_TO_XYZ, shape.colorants)
    except (ValueError, np.linalg.LinAlgError):
        return None
    return Shaper(shape.curves, matrix.astype(np.float32))


def _srgb_encoded(linear: Values) -> Values:
    """IEC 61966-2-1, clipped to [0, 1] first: what lies outside the gamut has no code."""
    inside = np.clip(linear, 0, 1)
    power = 1.055 * inside ** np.float32(1 / 2.4) - 0.055
    return np.where(inside <= 0.0031308, inside * 12.92, power).astype(np.float32)
