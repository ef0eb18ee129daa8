"""Small chroma to full size, along the edges of the luminance.

A fast guided filter (He and Sun 2015, arXiv:1505.00996): at the working size each neighborhood is
fitted by a line from lightness to ab; the lines' coefficients are smooth, are enlarged bilinearly,
and applied to the lightness at full size. Color then changes where the lightness does, however
large the picture, and a row costs two small matrix products.
"""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

RADIUS = 5  # of the neighborhoods, in pixels of the working size: somewhat over one chroma cell
NOISE = 4.0  # lightness contrast, in L* units, below which an edge is no edge


@lru_cache(maxsize=16)
def interpolation(length: int, samples: int) -> Floats:
    """The matrix `(length, samples)` that resamples linearly, pixel centers at halves."""
    position = (np.arange(length) + 0.5) * samples / length - 0.5
    position = position.clip(0, samples - 1)
    low = position.astype(int).clip(max=max(samples - 2, 0))
    fraction = position - low
    matrix = np.zeros((length, samples), dtype=np.float32)
    rows = np.arange(length)
    matrix[rows, low] = 1 - fraction
    matrix[rows, (low + 1).clip(max=samples - 1)] += fraction
    matrix.flags.writeable = False
    return matrix


def bilinear(planes: Floats, height: int, width: int) -> Floats:
    """Resample `(h, w, C)` to `(height, width, C)`, for enlarging."""
    return Enlargement(planes, height, width).rows(0, height)


class Enlargement:
    """Planes `(h, w, C)` enlarged bilinearly, some rows at a time."""

    def __init__(self, planes: Floats, height: int, width: int) -> None:
        h, w, self._channels = planes.shape
        self._planes = np.ascontiguousarray(np.moveaxis(planes, -1, 0)).reshape(-1, w)
        self._shape = (self._channels, h, w)
        self._down = interpolation(height, h)
        self._across = interpolation(width, w)

    def rows(self, begin: int, end: int) -> Floats:
        """Rows `[begin, end)` of the enlarged planes, `(end - begin, width, C)`."""
        narrow = self._down[begin:end] @ self._planes.reshape(self._shape)  # (C, rows, w)
        wide = narrow.astype(np.float32) @ self._across.T  # (C, rows, width)
        return np.moveaxis(wide, 0, -1)


def guided_lines(lightness: Floats, ab: Floats) -> Floats:
    """Fit, around each pixel, lines from lightness to a and b.

    Args:
        lightness: `(h, w)`, L* in [0, 100].
        ab: `(h, w, 2)`.

    Returns:
        Slopes and offsets `(h, w, 4)`: slope of a, slope of b, offset of a, offset of b.
    """
    guide = lightness[..., None].astype(np.float64)
    mean_guide, mean_ab = _box(guide), _box(ab.astype(np.float64))
    variance = _box(guide * guide) - mean_guide**2
    covariance = _box(guide * ab) - mean_guide * mean_ab
    slope = covariance / (variance + NOISE**2)
    offset = mean_ab - slope * mean_guide
    return _box(np.concatenate([slope, offset], axis=-1)).astype(np.float32)


def _box(planes: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mean over the square of `RADIUS` around each pixel, cut at the borders; `(h, w, C)`."""
    for axis in (0, 1):
        length = planes.shape[axis]
        total = np.cumsum(planes, axis=axis)
        total = np.concatenate([np.zeros_like(total.take([0], axis)), total], axis)
        ends = (np.arange(length) + RADIUS + 1).clip(max=length)
        begins = (np.arange(length) - RADIUS).clip(min=0)
        count = (ends - begins).reshape((-1, 1, 1) if axis == 0 else (1, -1, 1))
        planes = (total.take(ends, axis) - total.take(begins, axis)) / count
    return planes
