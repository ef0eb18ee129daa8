"""Errors in the ab plane of CIE L*a*b* (D65), the plane that a colorizer predicts.

Thresholds. The cumulative curve of Zhang, Isola and Efros (2016, section 3.1) is taken at the
integers 0 to 150: pixels are counted in bins one unit wide, and the share at threshold t is that of
the pixels whose distance, rounded down, is at most t (distance < t + 1). A perfect prediction then
scores exactly 100, whether its distances are 0 or a rounding error above it. Reading the curve at
"distance < t" instead gives a figure lower by about 0.65, and 99.34 for a perfect prediction.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

THRESHOLDS = 151
"""Number of thresholds: 0 to 150 inclusive."""


def ab_distance(predicted_ab: NDArray[Any], true_ab: NDArray[Any]) -> NDArray[np.float64]:
    """Euclidean distance of ab colors, `(..., 2)` twice to `(...)`, in ab units.

    Raises:
        ValueError: the shapes differ or do not end in 2, or a value is not finite.
    """
    if predicted_ab.shape != true_ab.shape or true_ab.ndim < 1 or true_ab.shape[-1] != 2:
        raise ValueError(f"need ab (..., 2) twice, not {predicted_ab.shape} and {true_ab.shape}")
    offset = np.subtract(predicted_ab, true_ab, dtype=np.float64)
    offset *= offset
    distance = np.asarray(
        np.sqrt(offset[..., 0] + offset[..., 1])
    )  # hypot takes five times as long
    if not np.all(np.isfinite(distance)):
        raise ValueError("an ab color is not finite")
    return distance


def ab_rmse(predicted_ab: NDArray[Any], true_ab: NDArray[Any]) -> float:
    """Root of the mean squared ab distance over all pixels, in ab units.

    The mean is over pixels; papers that average over the two channels as well print this figure
    divided by the square root of 2.

    Args:
        predicted_ab, true_ab: `(..., 2)`.

    Raises:
        ValueError: see `ab_distance`; or there are no pixels.
    """
    distance = ab_distance(predicted_ab, true_ab)
    if not distance.size:
        raise ValueError("no pixels")
    return float(np.sqrt(np.mean(distance * distance)))


def pixel_l2(predicted_ab: NDArray[Any], true_ab: NDArray[Any]) -> float:
    """Pixel-wise L2: the mean over pixels of the Euclidean ab distance, in ab units.

    This is how we read the "Pixel Wise L2 Loss" of Sawhney and Agrawal's poster, "Automatic
    Colorization: A Search Space Odyssey", which gives no formula. Its four columns of results hold
    two numbers each: 20.28 and 13.1, 19.4 and 12.04, 16.7 and 11.6, 2.53 and 3.56. Their size is
    that of distances in ab; means of squares would be in the hundreds. Now the first, now the
    second is the larger, so they are no mean and root mean square of one error; they may be two
    pictures, two sets or the two channels. Hence one number here, and not one to hold against
    theirs digit by digit.

    Args:
        predicted_ab, true_ab: `(..., 2)`.

    Raises:
        ValueError: see `ab_distance`; or there are no pixels.
    """
    distance = ab_distance(predicted_ab, true_ab)
    if not distance.size:
        raise ValueError("no pixels")
    return float(np.mean(distance))


def ab_psnr(predicted_ab: NDArray[Any], true_ab: NDArray[Any]) -> float:
    """Peak signal-to-noise ratio in dB over both ab channels, peak 255.

    255 is the range of ab coded as bytes, 128 for 0. Conventions differ: with the peak 220, of ab
    divided by 110 into [-1, 1], the same error gives 1.28 dB less. A "PSNR" without more is
    mostly that of RGB, see `psnr`. As there, the figure of a set is the mean of its pictures'.

    Args:
        predicted_ab, true_ab: `(..., 2)` of one picture.

    Returns:
        The ratio; infinite where both are equal.

    Raises:
        ValueError: see `ab_distance`; or there are no pixels.
    """
    rmse = ab_rmse(predicted_ab, true_ab)  # over pixels: per channel the square is half as large
    return float(20 * np.log10(255 * np.sqrt(2) / rmse)) if rmse else float("inf")


def threshold_reached(distance: NDArray[np.float64]) -> NDArray[np.int64]:
    """The first threshold that counts each distance, any shape; 151 where none does."""
    return np.minimum(distance, THRESHOLDS).astype(np.int64)  # casting rounds down


def auc(
    predicted_ab: NDArray[Any], true_ab: NDArray[Any], weights: NDArray[Any] | None = None
) -> float:
    """Area under the cumulative curve of ab errors, in percent (Zhang et al. 2016, section 3.1).

    The share of pixels within a threshold, mean over the thresholds 0 to 150 (see above for what
    "within" means).

    Args:
        predicted_ab, true_ab: `(..., 2)`.
        weights: how much each pixel counts, `(...)`, >= 0; all alike if not given. For the
            rebalanced figure of a whole set use `AbErrorCurve`, which finds the weights itself.

    Returns:
        0 to 100; 100 is a perfect prediction.

    Raises:
        ValueError: see `ab_distance`; `weights` have another shape, or nothing has weight.
    """
    reached = threshold_reached(ab_distance(predicted_ab, true_ab))
    if weights is None:
        weights = np.ones(reached.shape)
    if weights.shape != reached.shape:
        raise ValueError(f"need weights {reached.shape}, not {weights.shape}")
    total = float(np.sum(weights, dtype=np.float64))
    if total <= 0:
        raise ValueError("no pixels, or none with weight")
    # A pixel counts at every threshold from the first that reaches it.
    return float(100 * np.sum((THRESHOLDS - reached) * weights) / (THRESHOLDS * total))
