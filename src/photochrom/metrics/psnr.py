"""Peak signal-to-noise ratio."""

from typing import Any

import numpy as np
from numpy.typing import NDArray


def psnr(predicted: NDArray[Any], true: NDArray[Any]) -> NDArray[np.float64]:
    """Peak signal-to-noise ratio in dB over the three channels of sRGB pictures, peak 1.

    The figure of a set is the mean of its pictures' figures, as colorization papers print it; the
    ratio of the pooled squared error is another, lower number.

    Args:
        predicted, true: `(..., H, W, 3)` sRGB values in [0, 1] (not 0..255), floating.

    Returns:
        `(...)`; infinite where both are equal.

    Raises:
        ValueError: the shapes differ or do not end in H, W, 3; or the values are integers.
    """
    if predicted.shape != true.shape or true.ndim < 3 or true.shape[-1] != 3:
        raise ValueError(f"PSNR needs two (..., H, W, 3), not {predicted.shape} and {true.shape}")
    if not all(np.issubdtype(array.dtype, np.floating) for array in (predicted, true)):
        raise ValueError(f"PSNR needs values in [0, 1], not {predicted.dtype} and {true.dtype}")
    error = np.subtract(predicted, true, dtype=np.float64)
    with np.errstate(divide="ignore"):  # equal pictures: infinite, not a warning
        return np.asarray(-10 * np.log10(np.mean(error * error, axis=(-3, -2, -1))))
