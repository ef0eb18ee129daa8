"""Color profiles made of curves and a matrix, applied exactly.

Little CMS precomputes a coarse table for 16-bit and for grey pixels, and libvips offers no way to
forbid it: Display P3 at 16 bits came out up to 910 of 65535 wrong, grey of gamma 1.8 up to 350.
Nearly every RGB and grey profile is made of a curve per channel and a matrix (ICC.1:2022, sections
8.3.3, 10.6 `curveType`, 10.18 `parametricCurveType`), which a few lines apply without error.
"""

import struct
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from photochrom.image.frame import Pixels

Values = npt.NDArray[np.float32]

# XYZ under D50 from linear sRGB, in 65536ths: the colorants stated by libvips' sRGB profile,
# which the pixels are given. They add up to D50 exactly, so that white stays white.
_SRGB_TO_XYZ = np.array([[28576, 25238, 9376], [14578, 46985, 3973], [911, 6362, 46788]]) / 65536
_ROWS = 256  # rows at once: the float copies of a large picture stay small


@dataclass(frozen=True)
class Shaper:
    """What a profile of curves does: a curve per channel, then a matrix."""

    curves: tuple[Callable[[Values], Values], ...]
    """For each channel, from encoded to linear light, [0, 1] to [0, 1]."""
    to_srgb: Values | None
    """(3, 3), from the profile's linear RGB to sRGB's; None for grey."""

    def __call__(self, pixels: Pixels) -> Pixels:
        """Pixels (H, W, C), uint8 or uint16, one channel per curve, as sRGB of the same shape."""
        top = np.iinfo(pixels.dtype).max
        every = np.linspace(0, 1, top + 1, dtype=np.float32)
        tables = [curve(every) for curve in self.curves]
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
    tags = _tags(icc)
    names = {b"GRAY": (b"kTRC",), b"RGB ": (b"rTRC", b"gTRC", b"bTRC")}.get(icc[16:20], ())
    # A table (A2B0) overrides curves; and curves of a profile that connects through Lab mean L*.
    if not names or not tags.keys() >= set(names) or b"A2B0" in tags or icc[20:24] != b"XYZ ":
        return None
    try:
        curves = tuple(_curve(tags[name]) for name in names)
        if len(curves) == 1:
            return Shaper(curves, None)
        columns = [_fixed(tags[name][8:20]) for name in (b"rXYZ", b"gXYZ", b"bXYZ")]
        matrix = np.linalg.solve(_SRGB_TO_XYZ, np.array(columns).T)
    except (KeyError, ValueError, struct.error, np.linalg.LinAlgError):
        return None
    return Shaper(curves, matrix.astype(np.float32))


def is_whole(icc: bytes) -> bool:
    """Whether a profile has the signature of one, and all the bytes that it speaks of."""
    if len(icc) < 132 or icc[36:40] != b"acsp" or int.from_bytes(icc[:4]) > len(icc):
        return False
    return len(_tags(icc)) == int.from_bytes(icc[128:132])


def _tags(icc: bytes) -> dict[bytes, bytes]:
    """The tags that lie inside the profile, by their signatures."""
    count = min(int.from_bytes(icc[128:132]), len(icc) // 12)
    entries = [icc[132 + 12 * i :][:12] for i in range(count)]
    places = [struct.unpack(">4sII", entry) for entry in entries if len(entry) == 12]
    return {name: icc[at : at + size] for name, at, size in places if at + size <= len(icc)}


def _fixed(data: bytes) -> list[float]:
    """ICC's s15Fixed16 numbers."""
    return [value / 65536 for value in struct.unpack(f">{len(data) // 4}i", data)]


def _curve(tag: bytes) -> Callable[[Values], Values]:
    """The function that a curve tag describes. Raises ValueError for none that is known."""
    if tag[:4] == b"curv":
        count = struct.unpack_from(">I", tag, 8)[0]
        table = np.array(struct.unpack_from(f">{count}H", tag, 12))
        if count == 0:
            return lambda x: x
        if count == 1:
            return lambda x: x ** np.float32(table[0] / 256)
        places = np.linspace(0, 1, count)
        return lambda x: np.interp(x, places, table / 65535).astype(np.float32)
    if tag[:4] == b"para":
        return _parametric(struct.unpack_from(">H", tag, 8)[0], tag[12:])
    raise ValueError(tag[:4])


def _parametric(kind: int, data: bytes) -> Callable[[Values], Values]:
    """(a x + b) ** g + e from d on, and c x + f below it; the five kinds leave some of them out."""
    count = (1, 3, 4, 5, 7)[kind] if kind < 5 else 0
    if count == 0 or len(data) < 4 * count:
        raise ValueError(kind)
    g, *rest = _fixed(data[: 4 * count])
    a, b = rest[:2] if kind else (1.0, 0.0)
    c, d, e, f = 0.0, (-b / a if a else 0.0), 0.0, 0.0
    if kind == 2:
        e = f = rest[2]
    if kind > 2:
        c, d, e, f = (*rest[2:], 0.0, 0.0)[:4]

    def curve(x: Values) -> Values:
        power: Any = np.maximum(a * x + b, 0) ** g + e
        return np.clip(np.where(x >= d, power, c * x + f), 0, 1).astype(np.float32)

    return curve


def _srgb_encoded(linear: Values) -> Values:
    """IEC 61966-2-1, clipped to [0, 1] first: what lies outside the gamut has no code."""
    inside = np.clip(linear, 0, 1)
    power = 1.055 * inside ** np.float32(1 / 2.4) - 0.055
    return np.where(inside <= 0.0031308, inside * 12.92, power).astype(np.float32)
