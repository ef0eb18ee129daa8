"""An encoding in tables, as `brush` reads and writes codes by the million."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from .encoding import Encoding
from .gamut import chroma_limits
from .lab import xyz_to_lab
from .srgb import WHITE

Floats = npt.NDArray[np.float32]

_STEPS = {8: 1 << 14, 16: 1 << 12}
_POWER = {8: 2, 16: 4}
"""Tables run over a root of linear light, in which all tone curves are tame: the square root, of
whose steps none is more than 0.02 codes at 8 bits, or the fourth, between whose steps the values
are interpolated: a gamma of 2.2 rises too steeply from black for the square root at 16 bits. More
steps would be no more exact there, and no longer fit the core's nearest cache."""

_SAMPLES = 1 << 18  # of a curve that is inverted: four to a code of 16 bits
_LIMITS = 32, 96  # lightnesses and hues for which the end of the gamut is known
_ROUGH = 0.02  # codes that the steps between table entries may be off without further ado


@dataclass(frozen=True)
class Tables:
    """An encoding at a bit depth."""

    light: Floats
    """`(codes,)`: linear light of each code."""
    root: Floats
    """`(codes,)`: g(Y) of each grey code; see `Brush.paint`."""
    steps: int
    """Of the tables below, which run over a root of linear light from 0 to 1."""
    root_of: Floats
    """`(steps + 1,)`: g(Y)."""
    root_climb: Floats
    """`(steps + 1,)`: from each of these to the next."""
    code_of: Floats
    """`(steps + 1,)`: the code, with its fraction, and half a code for rounding."""
    code_climb: Floats
    """`(steps + 1,)`: from each of these to the next."""
    nearest: npt.NDArray[Any]
    """`(steps + 1,)`: the code, rounded."""
    light_of: Floats
    """`(steps + 1,)`: linear light of the code nearest to each."""
    weights: Floats
    """`(3,)`: luminance of each channel."""
    limits: Floats
    """The most chroma that the gamut has; see `gamut.chroma_limits`."""
    mixing: Floats
    """`(3, 2)`: what X - Y and Z - Y, each 1 for white, add to each linear channel."""
    light_climb: Floats
    """`(codes - 1,)`: light from each code to the next."""
    is_rough: bool
    """Whether the curve bends so sharply that the steps of the tables miss it, or that green's step
    may be longer than that of greys."""
    dtype: npt.DTypeLike
    """Of the codes."""


@lru_cache(maxsize=8)
def tables(encoding: Encoding, bit_depth: int) -> Tables:
    """The tables of an encoding at 8 or 16 bits."""
    top, steps = (1 << bit_depth) - 1, _STEPS[bit_depth]
    halves = np.asarray(encoding.curve(np.arange(2 * top + 1) / (2 * top)), dtype=np.float64)
    light = halves[::2]
    every = np.linspace(0, 1, steps + 1) ** _POWER[bit_depth]
    codes = top * _encoded(encoding, every)
    from_xyz = np.asarray(np.linalg.inv(encoding.to_xyz), dtype=np.float64)
    return Tables(
        light=light.astype(np.float32),
        root=_root(light).astype(np.float32),
        steps=steps,
        root_of=_root(every).astype(np.float32),
        root_climb=np.diff(_root(every), append=1).astype(np.float32),
        code_of=(codes + 0.5).astype(np.float32),
        code_climb=np.diff(codes, append=top).astype(np.float32),
        nearest=(codes + 0.5).astype(np.uint8 if bit_depth == 8 else np.uint16),
        light_of=light[(codes + 0.5).astype(np.intp)].astype(np.float32),
        weights=encoding.to_xyz[1].astype(np.float32),
        limits=chroma_limits(*_LIMITS, from_xyz).astype(np.float32),
        mixing=(from_xyz * WHITE)[:, [0, 2]].astype(np.float32),
        light_climb=np.diff(light).astype(np.float32),
        is_rough=_misses(halves, codes, bit_depth) or _has_corner(halves, encoding.to_xyz[1, 1]),
        dtype=np.uint8 if bit_depth == 8 else np.uint16,
    )


def _misses(
    halves: npt.NDArray[np.float64], codes: npt.NDArray[np.float64], bit_depth: int
) -> bool:
    """Whether codes, or halves of codes, are missed between the entries of a table.

    Args:
        halves: `(2 codes - 1,)`: linear light of the codes and of what lies between two.
        codes: `(steps + 1,)`: the table; see `Tables.code_of`.
        bit_depth: 8 or 16.
    """
    place = halves ** (1 / _POWER[bit_depth]) * (len(codes) - 1)
    found = np.interp(place, np.arange(len(codes)), codes)
    return bool(np.abs(found - np.arange(len(halves)) / 2).max() > _ROUGH)


def _has_corner(halves: npt.NDArray[np.float64], green: float) -> bool:
    """Whether rounding green to a code may miss the luminance by half a step of greys or more.

    Args:
        halves: `(2 codes - 1,)`: linear light of the codes and of what lies between two.
        green: the luminance of green.
    """
    light, borders = halves[::2], halves[1::2]
    above, below = borders - light[:-1], light[1:] - borders
    most = np.minimum(light / green, 1)  # light of the greenest color of each luminance
    last = np.searchsorted(borders, most)  # its code
    longest = [np.maximum.accumulate(np.append(0, steps))[last] for steps in (above, below)]
    dropped = green * np.maximum(longest[0], most - light[last])
    gained = green * longest[1]
    return bool((dropped[1:] >= below).any() or (gained[:-1] >= above).any())


def _encoded(encoding: Encoding, light: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Encoded values in [0, 1] whose curve is `light`."""
    every = np.linspace(0, 1, _SAMPLES + 1)
    return np.interp(light, encoding.curve(every), every)


def _root(luminance: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """g(Y) = L* / 116."""
    grey = luminance[..., None] * WHITE
    root: npt.NDArray[np.float64] = xyz_to_lab(grey)[..., 0] / 116
    return root
