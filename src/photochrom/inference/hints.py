"""Hints: a point and the color that belongs there, spread along the edges of the luminance."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, TypeAlias, get_args

import numpy as np
from numpy.typing import NDArray

from ..color import srgb_to_lab
from ..errors import HintError
from .enlarge import Floats
from .sketch import Edit, Sketch
from .spreading import spread
from .underpainting import as_painted, underpainted

Indices = NDArray[np.intp]

Unit: TypeAlias = Literal["pixel", "relative"]
UNITS: tuple[Unit, ...] = get_args(Unit)
"""What a hint's place and radius are counted in."""

FIRM = 100.0  # weight of a hint's pixel: what is around it counts for less than a hundredth
REACH = 0.65  # of the picture's side, along the luminance: nothing farther away changes
FULL = 0.5  # share of the reach, or of the radius, from which on a hint's effect fades


@dataclass(frozen=True)
class Hint:
    """What color belongs somewhere; raises HintError for values out of range.

    Only hue and chroma of the color count, the lightness stays the picture's. Where sRGB has no
    color of that chroma at that lightness, it becomes the nearest of the same hue that it has.
    """

    x: float
    y: float
    """From the left and the top of the upright picture: as a pixel's column and row, from 0 on, or
    as a share of width and height, in [0, 1]."""
    color: tuple[int, int, int]
    """sRGB codes in [0, 255]."""
    unit: Unit = "pixel"
    """Of `x`, `y` and `radius`."""
    radius: float | None = None
    """Nothing farther away than this changes, > 0, in pixels or as a share of the longer side;
    None: only the luminance limits it."""
    strength: float = 1.0
    """Share of the way from the color before to the hinted one, in [0, 1]. 0 holds the color."""
    place: str = "hint"
    """What messages call it: the file and the line, mostly."""

    def __post_init__(self) -> None:
        if self.unit not in UNITS:
            raise HintError(f"{self.place}: unit is {self.unit!r}; use {' or '.join(UNITS)}")
        most = 1.0 if self.unit == "relative" else math.inf
        for name, value in (("x", self.x), ("y", self.y)):
            if not (math.isfinite(value) and 0 <= value <= most):
                limits = "from 0 to 1" if self.unit == "relative" else "0 or above"
                raise HintError(f"{self.place}: {name} is {value:g}; give a number {limits}")
        if self.radius is not None and not 0 < self.radius < math.inf:
            raise HintError(f"{self.place}: radius is {self.radius:g}; give a number above 0")
        if not 0 <= self.strength <= 1:
            raise HintError(f"{self.place}: strength is {self.strength:g}; give one from 0 to 1")
        if len(self.color) != 3 or not all(0 <= code <= 255 for code in self.color):
            raise HintError(f"{self.place}: color {self.color} is none; give codes from 0 to 255")


class _Spot(NamedTuple):
    """A hint in a picture of any size."""

    x: float
    y: float
    """Shares of width and height, in [0, 1]."""
    ab: Floats
    """`(2,)`."""
    strength: float
    radius: float | None
    """Share of the longer side."""


def hinted(hints: Sequence[Hint], height: int, width: int) -> Edit:
    """Bring the hinted colors to their points and to all that belongs to these.

    What is like the point in luminance and connected with it takes the hint's color; beyond edges
    of the luminance, and far away, the colors stay. Between hints the nearest decides. Hints that
    have a radius are laid over those that have none.

    Args:
        hints: any number.
        height, width: of the full upright picture, in pixels.

    Raises:
        HintError: a point lies outside the picture.
    """
    spots = [_spot(hint, height, width) for hint in hints]
    wide = [spot for spot in spots if spot.radius is None]
    narrow = [spot for spot in spots if spot.radius is not None]

    def edit(sketch: Sketch) -> Sketch:
        if wide:
            sketch = _laid(sketch, wide, np.float32(1))
        if narrow:
            held = [spot._replace(strength=0.0) for spot in wide]
            sketch = _laid(sketch, narrow + held, _discs(narrow, *sketch.lightness.shape))
        return sketch

    return edit


def _spot(hint: Hint, height: int, width: int) -> _Spot:
    lab = srgb_to_lab(np.array(hint.color, dtype=np.float32) / 255)
    if hint.unit == "relative":
        return _Spot(hint.x, hint.y, lab[1:], hint.strength, hint.radius)
    if not (hint.x < width and hint.y < height):
        raise HintError(
            f"{hint.place}: ({hint.x:g}, {hint.y:g}) lies outside the picture of "
            f"{width} × {height} pixels; x and y count from 0, from its upper left"
        )
    radius = None if hint.radius is None else hint.radius / max(height, width)
    # A pixel is meant at its center.
    x, y = min((hint.x + 0.5) / width, 1.0), min((hint.y + 0.5) / height, 1.0)
    return _Spot(x, y, lab[1:], hint.strength, radius)


def _laid(sketch: Sketch, spots: list[_Spot], within: Floats | np.float32) -> Sketch:
    """A sketch with one layer of hints, `within` `(h, w)` in [0, 1] limiting their effect."""
    weights, told = _marked(spots, *sketch.lightness.shape)
    distance, told = spread(sketch.lightness, weights, told)
    share = (_fading(distance / np.float32(REACH)) * within)[..., None]  # (h, w, 1)
    before = as_painted(sketch)
    wanted = before + share * (told[..., 1:] - told[..., :1] * before)
    return underpainted(sketch, wanted)


def _marked(spots: list[_Spot], height: int, width: int) -> tuple[Floats, Floats]:
    """Where hints are, `(h, w)`, and their strength and strength times ab there, `(h, w, 3)`."""
    rows, columns = _pixels(spots, height, width)
    strength = np.array([spot.strength for spot in spots], dtype=np.float32)
    ab = np.array([spot.ab for spot in spots], dtype=np.float32)  # (n, 2)
    sums = np.zeros((height, width, 3), dtype=np.float32)
    count = np.zeros((height, width), dtype=np.float32)
    np.add.at(sums, (rows, columns), np.column_stack([strength, strength[:, None] * ab]))
    np.add.at(count, (rows, columns), 1)
    # Of several hints for one pixel, the mean.
    return np.float32(FIRM) * count.clip(max=1), sums / count.clip(min=1)[..., None]


def _pixels(spots: list[_Spot], height: int, width: int) -> tuple[Indices, Indices]:
    """Rows and columns that spots fall on, `(n,)` each."""
    places = np.array([(spot.y * height, spot.x * width) for spot in spots])
    rows, columns = places.astype(np.intp).clip(max=[height - 1, width - 1]).T
    return rows, columns


def _discs(spots: list[_Spot], height: int, width: int) -> Floats:
    """1 near the spots, 0 from their radius on, `(h, w)`; 1 at the spots' pixels, always."""
    side = max(height, width)
    discs = np.zeros((height, width), dtype=np.float32)
    for spot, row, column in zip(spots, *_pixels(spots, height, width), strict=True):
        radius = min((spot.radius or 0) * side, 2 * side)
        reach = math.ceil(radius)
        top, left = max(0, row - reach), max(0, column - reach)
        window = discs[top : row + reach + 1, left : column + reach + 1]
        down, across = np.ogrid[: window.shape[0], : window.shape[1]]
        distance = np.hypot(down + top - row, across + left - column).astype(np.float32)
        np.maximum(window, _fading(distance / np.float32(radius)), out=window)
    return discs


def _fading(distance: Floats) -> Floats:
    """1 up to `FULL`, smoothly down to 0 at 1."""
    way: Floats = ((1 - distance) / np.float32(1 - FULL)).clip(0, 1)
    return way * way * (3 - 2 * way)
