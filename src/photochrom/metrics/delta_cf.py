"""Difference in colorfulness between results and originals, in the two definitions in print.

Both are called Delta CF or ΔColorfulness, and tell different things. The difference of means is 0
for results that are too dull on one picture and as much too gaudy on the next; the mean of
differences is not, and is never the smaller of the two. Say which one a table holds.

Colorfulness is that of `color.colorfulness`, one number for each picture.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray


def delta_cf_of_means(
    results: NDArray[Any], originals: NDArray[Any], weights: NDArray[Any] | None = None
) -> NDArray[np.float64]:
    """|mean colorfulness of the results - mean colorfulness of the originals|.

    Args:
        results, originals: colorfulness by picture, `(N,)`, in the same order.
        weights: how much each picture counts, `(..., N)`, >= 0, as in resamples of a bootstrap;
            all alike if not given.

    Returns:
        `(...)`, >= 0.

    Raises:
        ValueError: the shapes differ, are not `(N,)`, or there are no pictures.
    """
    return np.abs(_mean(_differences(results, originals), weights))


def mean_delta_cf(
    results: NDArray[Any], originals: NDArray[Any], weights: NDArray[Any] | None = None
) -> NDArray[np.float64]:
    """Mean over pictures of |colorfulness of the result - colorfulness of its original|.

    Args, result and errors as in `delta_cf_of_means`.
    """
    return _mean(np.abs(_differences(results, originals)), weights)


def _mean(values: NDArray[np.float64], weights: NDArray[Any] | None) -> NDArray[np.float64]:
    if weights is None:
        weights = np.ones(len(values))
    return np.asarray(weights @ values / weights.sum(axis=-1))


def _differences(results: NDArray[Any], originals: NDArray[Any]) -> NDArray[np.float64]:
    if results.shape != originals.shape or originals.ndim != 1 or not len(originals):
        raise ValueError(
            f"need the colorfulness of N >= 1 pictures, (N,) twice, "
            f"not {results.shape} and {originals.shape}"
        )
    return np.asarray(np.subtract(results, originals, dtype=np.float64))
