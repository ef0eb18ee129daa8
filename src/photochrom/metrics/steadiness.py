"""Temporal steadiness of colored films: color that changes while the picture does not."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

STEADY = 1.0
"""Changes of lightness below this between two frames are none, in L* units."""


def flicker(lab: NDArray[Any], steady: float = STEADY) -> float:
    """Mean ab change between successive frames over pixels of steady lightness, in ab units.

    The mean of the Euclidean ab distance over the pixels of all pairs of successive frames whose L*
    changes by less than `steady`. What moves changes its lightness and so is mostly left out, as
    are scene cuts; no motion is followed. A film without color is 0.

    Args:
        lab: L*a*b* `(T, H, W, 3)`, T >= 2 frames.
        steady: pixels count whose lightness changes by less, in L* units.

    Returns:
        The figure, >= 0; NaN where no pixel is steady.

    Raises:
        ValueError: another shape, or fewer than 2 frames.
    """
    return _mean_change(lab, lab, steady)


def relative_flicker(
    predicted_lab: NDArray[Any], true_lab: NDArray[Any], steady: float = STEADY
) -> float:
    """`flicker` of a colored film over that of its original.

    Both are taken over the pixels whose lightness is steady in the original, so that a film cannot
    choose its own. 1 is as steady as the original, whose noise and light flicker too.

    Args:
        predicted_lab, true_lab: L*a*b* `(T, H, W, 3)`, T >= 2 frames.
        steady: as in `flicker`.

    Returns:
        The ratio, >= 0; infinite where the original's colors do not change at all and the
        prediction's do; NaN where neither do, or no pixel is steady.

    Raises:
        ValueError: the shapes differ, or see `flicker`.
    """
    if predicted_lab.shape != true_lab.shape:
        raise ValueError(f"need two films alike, not {predicted_lab.shape} and {true_lab.shape}")
    ours, real = (_mean_change(lab, true_lab, steady) for lab in (predicted_lab, true_lab))
    return float(np.divide(ours, real)) if real else float("inf" if ours else "nan")


def _mean_change(lab: NDArray[Any], lightness_of: NDArray[Any], steady: float) -> float:
    """Mean ab change of `lab` over the pixels that are steady in `lightness_of`."""
    if lab.ndim != 4 or lab.shape[-1] != 3 or len(lab) < 2:
        raise ValueError(f"need Lab (T, H, W, 3) of 2 frames or more, not {lab.shape}")
    total, count = 0.0, 0
    for t in range(1, len(lab)):  # two frames at a time: films are long
        step = np.subtract(lightness_of[t, ..., 0], lightness_of[t - 1, ..., 0], dtype=np.float64)
        is_steady = np.abs(step) < steady  # (H, W)
        change = np.subtract(lab[t, ..., 1:], lab[t - 1, ..., 1:], dtype=np.float64)[is_steady]
        total += float(np.sum(np.sqrt(np.sum(change * change, axis=-1))))
        count += len(change)
    return total / count if count else float("nan")
