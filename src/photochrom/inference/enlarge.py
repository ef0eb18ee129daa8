"""Small chroma to full size, along the edges of the luminance.

Chroma comes blurred, by the network's cells and by its doubts. Lightness blurred alike shows how
chroma follows it in each neighborhood; what the blur took from the lightness then gives the chroma
its edges back. The lines that say so are fitted at the working size, enlarged bilinearly and
applied to the lightness at full size, so color changes where the lightness does, however large the
picture.

This is kin to the fast guided filter (He and Sun 2015, arXiv:1505.00996), which fits to the sharp
lightness and so blurs the chroma once more. On four photographs, with their own chroma averaged
over cells of 4×4 pixels and blurred by 0.7 cells, the mean error in ab is 4.0 when enlarged
bilinearly, 4.4 by the guided filter and 3.4 by this; near edges of color 13.8, 13.9 and 10.8.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .windows import window_mean

Floats = NDArray[np.float32]

RADIUS = 4  # of neighborhoods and blur, in pixels of the working size: one cell of the chroma
MIDDLE = 50.0  # L* from which contrast is counted: squares of less keep their digits in float32
NOISE = 2.0  # contrast of the blurred lightness, in L* units, below which an edge is no edge


class Taps(NamedTuple):
    """Which samples make up each result, and how."""

    before: NDArray[np.intp]
    after: NDArray[np.intp]
    way: Floats
    """From `before` to `after`, in [0, 1]."""

    @property
    def are_samples(self) -> bool:
        """Whether nothing is enlarged: every result is the sample after the one before."""
        return not self.way.any() and bool((np.diff(self.before) == 1).all())

    def part(self, begin: int, end: int) -> "Taps":
        """Those of results `[begin, end)`."""
        return Taps(self.before[begin:end], self.after[begin:end], self.way[begin:end])


def interpolation(length: int, samples: int) -> Taps:
    """How to resample linearly to `length`, with pixel centers at halves."""
    position = (np.arange(length) + 0.5) * (samples / length) - 0.5
    position = position.clip(0, samples - 1)
    before = np.floor(position).astype(np.intp)
    after = (before + 1).clip(max=samples - 1)
    return Taps(before, after, (position - before).astype(np.float32))


def bilinear(planes: Floats, height: int, width: int) -> Floats:
    """Resample `(h, w, C)` to `(height, width, C)`, for enlarging."""
    return Enlargement(planes, height, width).rows(0, height)


class Enlargement:
    """Planes `(h, w, C)` enlarged bilinearly, some rows at a time."""

    def __init__(self, planes: Floats, height: int, width: int) -> None:
        h, w, _ = planes.shape
        self._planes = np.ascontiguousarray(np.moveaxis(planes, -1, 0))  # (C, h, w)
        self._down = interpolation(height, h)
        self._across = interpolation(width, w)

    def span(self, begin: int, end: int) -> "Span":
        """Rows `[begin, end)`, to be had one by one."""
        down = self._down.part(begin, end)
        first = int(down.before[0])
        planes = self._planes[:, first : int(down.after[-1]) + 1]
        return Span(_between(planes, self._across), down, first)

    def rows(self, begin: int, end: int) -> Floats:
        """Rows `[begin, end)` of the enlarged planes, `(end - begin, width, C)`."""
        span = self.span(begin, end)
        rows = np.empty((len(self._planes), end - begin, len(self._across.way)), dtype=np.float32)
        for row in range(end - begin):
            span.fill(row, rows[:, row])
        return np.moveaxis(rows, 0, -1)


class Span:
    """Some rows of planes that are enlarged across already, and not yet downward."""

    def __init__(self, wide: Floats, down: Taps, first: int) -> None:
        """Take samples `(C, j, width)`, of which `first` is the number of the first row."""
        self._wide = wide
        self._climb = np.diff(wide, axis=1)
        self._before = down.before - first
        self._way = down.way

    def fill(self, row: int, out: Floats) -> None:
        """Write one row of every plane, `(C, width)`."""
        before, way = self._before[row], self._way[row]
        if way == 0:
            out[:] = self._wide[:, before]
            return
        np.multiply(self._climb[:, before], way, out=out)
        np.add(out, self._wide[:, before], out=out)


def _between(planes: Floats, taps: Taps) -> Floats:
    """Values between the samples of planes `(C, h, w)`, across."""
    if taps.are_samples:
        first = int(taps.before[0])
        return planes[:, :, first : first + len(taps.before)]
    values: Floats = planes.take(taps.before, 2)
    values += taps.way * (planes.take(taps.after, 2) - values)
    return values


def guided_lines(lightness: Floats, ab: Floats) -> Floats:
    """Fit, around each pixel, lines from lightness to a and b.

    Args:
        lightness: `(h, w)`, L* in [0, 100].
        ab: `(h, w, 2)`.

    Returns:
        Slopes and offsets `(h, w, 4)`: slope of a, slope of b, offset of a, offset of b.
    """
    colors = np.ascontiguousarray(np.moveaxis(ab, -1, 0), dtype=np.float32)  # (2, h, w)
    middle = np.float32(MIDDLE)
    coarse = window_mean(lightness[None] - middle, RADIUS)  # about as blurred as ab is
    offset = colors - colors[:, :1, :1]  # nothing at all where the color is constant
    mean_coarse, mean_offset = window_mean(coarse, RADIUS), window_mean(offset, RADIUS)
    variance = window_mean(coarse * coarse, RADIUS) - mean_coarse * mean_coarse
    covariance = window_mean(coarse * offset, RADIUS) - mean_coarse * mean_offset
    slope = window_mean(np.divide(covariance, variance + np.float32(NOISE**2)), RADIUS)
    lines = np.concatenate([slope, colors - slope * (coarse + middle)])  # (4, h, w)
    return np.moveaxis(lines, 0, -1)
