"""The cumulative curve of ab errors over a whole set, picture by picture."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .ab import THRESHOLDS, ab_distance, threshold_reached

CELL = 10
"""Side of the cells of the ab plane by which rare colors are told, in ab units."""

_REACH = 13  # cells on either side of the center one: |a| and |b| below 135, sRGB stays below 108
_SIDE = 2 * _REACH + 1
CELLS = _SIDE * _SIDE
"""How many cells there are; their numbers run from 0 to one less."""

_BINS = THRESHOLDS + 1  # the last counts the pixels beyond every threshold


class CellScores(NamedTuple):
    """What one picture adds to both AuC, by the cells that occur in it.

    Of any set of pictures, the i-th counted w_i times (as a bootstrap draws them), AuC is
    100 sum(w_i score) / sum(w_i count) over all cells of all pictures; rebalanced AuC is 100 times
    the mean, over the cells that occur, of that ratio within the cell.
    """

    cells: NDArray[np.int64]
    """Numbers of the occurring cells, in [0, `CELLS`), rising, `(C,)`."""
    counts: NDArray[np.int64]
    """Pixels of each, >= 1, `(C,)`."""
    scores: NDArray[np.float64]
    """Sum over these pixels of the share of thresholds they are within, <= count, `(C,)`."""


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
        self._counts = np.zeros((CELLS, _BINS), dtype=np.int64)

    def add(self, predicted_ab: NDArray[Any], true_ab: NDArray[Any]) -> None:
        """Count the pixels of a picture, or of several.

        Args:
            predicted_ab, true_ab: ab `(..., 2)`, the true ones within (-135, 135), as all sRGB
                colors are.

        Raises:
            ValueError: the shapes differ, a value is not finite or a true color is out of range.
        """
        reached = threshold_reached(ab_distance(predicted_ab, true_ab))  # (...)
        key = _cell_of(true_ab) * _BINS + reached
        self._counts += np.bincount(key.ravel(), minlength=self._counts.size).reshape(
            self._counts.shape
        )

    def merge(self, other: "AbErrorCurve") -> None:
        """Take in all pixels that `other` has counted."""
        self._counts += other._counts

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

    def cell_scores(self) -> CellScores:
        """The cells that occur, with their pixels and scores."""
        counts = self._counts.sum(axis=1)
        cells = np.flatnonzero(counts)
        # Whole numbers up to here, so that no order of pixels leaves another rounding error.
        scores = self._counts[cells] @ np.arange(THRESHOLDS, -1, -1) / THRESHOLDS
        return CellScores(cells, counts[cells], scores)

    def auc(self) -> float:
        """Area under `curve`, in percent; as `auc` over all the pixels at once."""
        return float(100 * self.curve().mean())

    def rebalanced_auc(self) -> float:
        """Area under `rebalanced_curve`, in percent."""
        return float(100 * self.rebalanced_curve().mean())


def cell_scores(predicted_ab: NDArray[Any], true_ab: NDArray[Any]) -> CellScores:
    """The cells of one picture with their pixels and scores; arguments as in `AbErrorCurve.add`.

    Raises:
        ValueError: see `AbErrorCurve.add`.
    """
    curve = AbErrorCurve()
    curve.add(predicted_ab, true_ab)
    return curve.cell_scores()


def _cell_of(true_ab: NDArray[Any]) -> NDArray[np.int64]:
    """Number of the cell that each color is in, `(..., 2)` to `(...)`."""
    column, row = (np.rint(true_ab[..., axis] / CELL) for axis in (0, 1))
    if any(np.any(np.abs(place) > _REACH) for place in (column, row)):
        raise ValueError("a true ab color is beyond 135 units: not of an sRGB picture")
    return np.asarray((column + _REACH) * _SIDE + (row + _REACH)).astype(np.int64)


def _cumulative(counts: NDArray[np.int64]) -> NDArray[np.float64]:
    """Counts by first threshold, `(..., 152)`, to the shares within each, `(..., 151)`."""
    total = counts.sum(axis=-1, keepdims=True)
    if not total.all():
        raise ValueError("no pixels")
    return np.asarray(np.cumsum(counts, axis=-1)[..., :THRESHOLDS] / total)
