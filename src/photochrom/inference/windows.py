"""Sums and means over the square around each pixel."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Doubles = NDArray[np.float64]


def window_sum(plane: NDArray[Any], radius: int) -> Doubles:
    """Sums over the `2 radius + 1` square around each pixel of `(h, w)`, cut at the borders."""
    sums = plane.astype(np.float64)
    for axis in (0, 1):
        count = sums.shape[axis]
        running = np.pad(sums, [(1, 0) if at == axis else (0, 0) for at in (0, 1)]).cumsum(axis)
        ends = (np.arange(count) + radius + 1).clip(max=count)
        begins = (np.arange(count) - radius).clip(min=0)
        sums = running.take(ends, axis) - running.take(begins, axis)
    return sums


def window_mean(plane: NDArray[Any], radius: int) -> NDArray[np.float32]:
    """Means over the `2 radius + 1` square around each pixel of `(h, w)`, cut at the borders."""
    sums = window_sum(plane, radius)
    lengths = []
    for count in plane.shape:
        at = np.arange(count)
        lengths.append((at + radius + 1).clip(max=count) - (at - radius).clip(min=0))
    means: NDArray[np.float32] = (sums / np.outer(*lengths)).astype(np.float32)
    return means
