"""Sums and means over the square around each pixel."""

from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

Doubles = NDArray[np.float64]

_Real = TypeVar("_Real", bound=np.floating[Any])


def window_sum(planes: NDArray[_Real], radius: int) -> NDArray[_Real]:
    """Sums of `(..., h, w)` over squares of `2 radius + 1` pixels, cut at the borders."""
    for axis in (planes.ndim - 2, planes.ndim - 1):
        planes = _sums(planes, radius, axis)
    return planes


def window_mean(planes: NDArray[_Real], radius: int) -> NDArray[_Real]:
    """Means of `(..., h, w)` over squares of `2 radius + 1` pixels, cut at the borders."""
    for axis in (planes.ndim - 2, planes.ndim - 1):
        length = planes.shape[axis]
        ends = (np.arange(length) + radius + 1).clip(max=length)
        begins = (np.arange(length) - radius).clip(min=0)
        share = np.reciprocal(ends - begins, dtype=planes.dtype)
        planes = _sums(planes, radius, axis)
        planes *= share.reshape((-1, 1) if axis == planes.ndim - 2 else (-1,))
    return planes


def _sums(planes: NDArray[_Real], radius: int, axis: int) -> NDArray[_Real]:
    """Sums of the `2 radius + 1` samples around each along an axis, nothing beyond the borders.

    Windows of 2, 4, 8 … samples are sums of two of half that; a running sum takes five times as
    long and carries its rounding errors across the picture.
    """
    length, window = planes.shape[axis], 2 * radius + 1
    doubled = np.pad(
        planes, [(radius, radius) if at == axis else (0, 0) for at in range(planes.ndim)]
    )
    sums, at, size = np.zeros_like(planes), 0, 1

    def part(begin: int, end: int | None) -> NDArray[_Real]:
        return doubled[(slice(None),) * axis + (slice(begin, end),)]

    while True:
        if window & size:
            sums += part(at, at + length)
            at += size
        if 2 * size > window:
            return sums
        doubled = part(0, -size) + part(size, None)
        size *= 2
