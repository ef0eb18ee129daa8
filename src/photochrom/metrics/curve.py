"""The cumulative curve of ab errors over a whole set, picture by picture."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .ab import THRESHOLDS, ab_distance, threshold_reached

CELL = 10
"""Side of the cells of the ab plane by which rare colors are told, in ab units."""

_REACH = 13  # cells on either side of the center one: |a| and |b| below 135, sRGB stays below 108
_SIDE = 2 * _REACH + 1
_BINS = THRESHOLDS + 1  # the last counts the pixels beyond every threshold


class AbErrorCurve:
    """Accumulates ab errors of any number of pictures in constant memory (under 1 MB).

    Pixels are told apart by the 10-unit cell of the ab plane that their true color is in, found by
    rounding a / 10 and b / 10, so that rebalancing needs no second pass: weighing each pixel by the
    inverse frequency of its cell in the set means that all cells that occur weigh the same. (Zhang
    et al. 2016, section 3.1, take the frequencies from ImageNet's training set instead.)

    A figure belongs to the set that was added: rebalanced figures of different sets, or of one set
    resized in different ways, do not compare, as the rarest cells hold a handful of pixels.
    """

    def __init__(self) -> None:
        self._counts = np.zeros((_SIDE * _SIDE, _BINS), dtype=np.int64)

    def add(self, predicted_ab: NDArray[Any], true_ab: NDArray[Any]) -> None:
        """Count the pixels of a picture, or of several.

        Args:
            predicted_ab, true_ab: ab `(..., 2)`, the true ones within (-135, 135), as all sRGB
                colors are.

        Raises:
            ValueError: the shapes differ, a value is not finite or a true color is out of range.
        """
        reached = threshold_reached(ab_distance(predicted_ab, true_ab))  # (...)
        cell = np.rint(true_ab / CELL).astype(np.int64) + _REACH  # (..., 2)
        if np.any((cell < 0) | (cell >= _SIDE)):
            raise ValueError("a true ab color is beyond 135 units: not of an sRGB picture")
        key = (cell[..., 0] * _SIDE + cell[..., 1]) * _BINS + reached
        self._counts += np.bincount(key.ravel(), minlength=self._counts.size).reshape(
            self._counts.shape
        )

    def curve(self) -> NDArray[np.float64]:
        """Share of pixels within each threshold 0 to 150, `(151,)`, rising within [0, 1].

        Raises:
            ValueError: nothing was added.
        """
        return _cumulative(self._counts.sum(axis=0))

    def rebalanced_curve(self) -> NDArray[np.float64]:
        """The curve with every cell that occurs weighing the same, `(151,)`.

        Raises:
            ValueError: nothing was added.
        """
        occurring = self._counts[self._counts.any(axis=1)]  # (cells, 152)
        if not len(occurring):
            raise ValueError("no pixels")
        return np.asarray(_cumulative(occurring).mean(axis=0))

    def auc(self) -> float:
        """Area under `curve`, in percent; as `auc` over all the pixels at once."""
        return float(100 * self.curve().mean())

    def rebalanced_auc(self) -> float:
        """Area under `rebalanced_curve`, in percent."""
        return float(100 * self.rebalanced_curve().mean())


def _cumulative(counts: NDArray[np.int64]) -> NDArray[np.float64]:
    """Counts by first threshold, `(..., 152)`, to the shares within each, `(..., 151)`."""
    total = counts.sum(axis=-1, keepdims=True)
    if not total.all():
        raise ValueError("no pixels")
    return np.asarray(np.cumsum(counts, axis=-1)[..., :THRESHOLDS] / total)
