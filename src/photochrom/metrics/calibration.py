"""Calibration of the distribution over ab bins: is a network right as often as it says it is?

A prediction is a pixel's most probable bin, its confidence that bin's probability, and it is
correct where the true color lies in that bin. Tallies of pictures, `(3, bins)`, add up: for the
bootstrap, stack them as `(pictures, 3, bins)`, sum with the weights of each resample, and hand
`(resamples, 3, bins)` to `expected_calibration_error`.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

BINS = 15
"""Number of equal bins of confidence in [0, 1] as in the tables of Guo et al. (2017)."""


class ReliabilityCurve(NamedTuple):
    """What a reliability diagram shows, each `(15,)`, by bins ((m - 1) / 15, m / 15]."""

    counts: NDArray[np.int64]
    """Predictions in the bin."""
    confidence: NDArray[np.float64]
    """Mean confidence in [0, 1]; NaN where the bin is empty."""
    accuracy: NDArray[np.float64]
    """Share of correct predictions in [0, 1]; NaN where the bin is empty."""


class Reliability:
    """Accumulates confidence and correctness of any number of predictions (Guo et al. 2017)."""

    def __init__(self) -> None:
        self.tallies: NDArray[np.float64] = np.zeros((3, BINS))
        """Count, sum of confidences, and correct predictions in each bin."""

    def add(self, confidence: NDArray[Any], correct: NDArray[Any]) -> None:
        """Count predictions.

        Args:
            confidence: any shape, in [0, 1]. Bins include their upper edge, and the first also 0.
            correct: the same shape, boolean.

        Raises:
            ValueError: the shapes differ, `correct` is not boolean or a confidence not in [0, 1].
        """
        if confidence.shape != correct.shape or correct.dtype != np.bool_:
            raise ValueError(
                f"need confidence and booleans of one shape, not {confidence.shape} and "
                f"{correct.dtype} {correct.shape}"
            )
        sure = confidence.astype(np.float64).ravel()
        if not np.all((sure >= 0) & (sure <= 1)):
            raise ValueError("a confidence is not in [0, 1]")
        edges = np.arange(1, BINS) / BINS  # those between bins
        place = np.searchsorted(edges, sure, side="left")
        for row, weights in zip(self.tallies, (None, sure, correct.ravel()), strict=True):
            row += np.bincount(place, weights, minlength=BINS)

    def add_distributions(self, probabilities: NDArray[Any], true: NDArray[Any]) -> None:
        """Count the most probable bins of pixels.

        Args:
            probabilities: `(..., K)`, summing to 1; of equal ones the first is the prediction.
            true: index of the true bin, `(...)`, integers in 0..K - 1.

        Raises:
            ValueError: the shapes do not fit, these are no probabilities, or an index is not in
                range.
        """
        _check_distributions(probabilities, true)
        predicted = np.argmax(probabilities, axis=-1)  # (...)
        confidence = np.take_along_axis(probabilities, predicted[..., None], axis=-1)[..., 0]
        # Rounding in the softmax may leave 1.0000001.
        self.add(np.minimum(confidence, 1), np.asarray(predicted == true))

    def merge(self, other: "Reliability") -> None:
        """Take in all predictions that `other` has counted."""
        self.tallies = self.tallies + other.tallies

    def curve(self) -> ReliabilityCurve:
        """The reliability diagram (Guo et al. 2017, section 2)."""
        counts, confidence, correct = self.tallies
        share = np.where(counts > 0, counts, np.nan)
        return ReliabilityCurve(counts.astype(np.int64), confidence / share, correct / share)

    def ece(self) -> float:
        """`expected_calibration_error` of all that was added.

        Raises:
            ValueError: nothing was added.
        """
        return float(expected_calibration_error(self.tallies))


def expected_calibration_error(tallies: NDArray[Any]) -> NDArray[np.float64]:
    """Mean gap between accuracy and confidence, bins weighing as their counts.

    Args:
        tallies: `(..., 3, bins)` as in `Reliability.tallies`, or weighted sums of them.

    Returns:
        `(...)` in [0, 1]; 0 is perfectly calibrated (Guo et al. 2017, equation 3).

    Raises:
        ValueError: another shape, or no predictions.
    """
    if tallies.ndim < 2 or tallies.shape[-2] != 3:
        raise ValueError(f"need tallies (..., 3, bins), not {tallies.shape}")
    counts, confidence, correct = np.moveaxis(tallies, -2, 0)  # (..., bins) each
    total = counts.sum(axis=-1)
    if not np.all(total > 0):
        raise ValueError("no predictions")
    return np.asarray(np.abs(correct - confidence).sum(axis=-1) / total)


def negative_log_likelihood(probabilities: NDArray[Any], true: NDArray[Any]) -> float:
    """Mean over pixels of -ln of the probability that was given to the true bin, in nats.

    Args:
        probabilities: `(..., K)`, summing to 1.
        true: index of the true bin, `(...)`, integers in 0..K - 1.

    Returns:
        >= 0, ln K for a uniform distribution; infinite if a true bin was given no probability
        (Guo et al. 2017, section 2, there a sum).

    Raises:
        ValueError: see `Reliability.add_distributions`; or there are no pixels.
    """
    _check_distributions(probabilities, true)
    if not true.size:
        raise ValueError("no pixels")
    given = np.take_along_axis(probabilities, true[..., None], axis=-1)
    with np.errstate(divide="ignore"):  # no probability: infinite, not a warning
        mean = -np.mean(np.log(given, dtype=np.float64))
    return max(0.0, float(mean))  # probabilities may be rounded above 1


def _check_distributions(probabilities: NDArray[Any], true: NDArray[Any]) -> None:
    if probabilities.ndim < 1 or true.shape != probabilities.shape[:-1]:
        raise ValueError(
            f"need probabilities (..., K) and true bins (...), not {probabilities.shape} and "
            f"{true.shape}"
        )
    if not np.issubdtype(true.dtype, np.integer):
        raise ValueError(f"true bins are indices, not {true.dtype}")
    if np.any((true < 0) | (true >= probabilities.shape[-1])):
        raise ValueError(f"a true bin is not in 0..{probabilities.shape[-1] - 1}")
    total = probabilities.sum(axis=-1, dtype=np.float64)
    # The slack is that of a softmax in half precision; logits handed over by mistake miss it.
    if not np.all((np.abs(total - 1) < 1e-2) & (probabilities.min(axis=-1, initial=0) >= 0)):
        raise ValueError("these are no probabilities: each >= 0, together 1")
