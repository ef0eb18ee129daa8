"""What looks alike to a network: soft regions of a picture, and the colors they may have."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..color import bin_centers
from .enlarge import Floats

REGIONS = 6  # at most, of a picture
GROUPS = 4  # of colors, of a region
LEAST = 0.04  # probability of a group
ROUNDS = 12  # of k-means, by which regions and groups have settled
SOFTNESS = 0.35  # of the border between two regions, in units of the features


class Groups(NamedTuple):
    """Colors that lie together."""

    centers: NDArray[np.float64]
    """ab `(n, 2)`."""
    probabilities: NDArray[np.float64]
    """`(n,)`."""


def regions_of(probabilities: Floats, lightness: Floats) -> Floats:
    """Parts of a picture that a network takes for the same.

    Args:
        probabilities: `(i, j, 313)` over `color.bin_centers`.
        lightness: L* `(i, j)`.

    Returns:
        `(n, i, j)`: how much each cell is of each region, in [0, 1]; their sum is 1.
    """
    rows, columns = lightness.shape
    features = _features(probabilities, lightness).reshape(rows * columns, -1)
    centers = _means(features, np.ones(len(features)), REGIONS)
    distance = ((features[:, None] - centers) ** 2).sum(axis=-1)  # (cells, n)
    share = np.exp((distance.min(axis=1, keepdims=True) - distance) / (2 * SOFTNESS**2))
    share /= share.sum(axis=1, keepdims=True)
    return np.ascontiguousarray(share.T.reshape(-1, rows, columns), dtype=np.float32)


def groups_of(probabilities: NDArray[np.floating]) -> Groups:
    """The few colors that a distribution `(313,)` over bins, of any sum, is about."""
    bins = bin_centers()
    weights = np.asarray(probabilities, dtype=np.float64)
    weights = weights / weights.sum()
    centers = _means(bins, weights, GROUPS)
    nearest = ((bins[:, None] - centers) ** 2).sum(axis=-1).argmin(axis=1)
    mass = np.bincount(nearest, weights, minlength=len(centers))
    kept = mass >= LEAST
    return Groups(centers[kept], mass[kept].astype(np.float64))


def _features(probabilities: Floats, lightness: Floats) -> NDArray[np.float64]:
    """`(i, j, 6)`, each so scaled that 1 is a difference between things."""
    bins = bin_centers()
    mean = probabilities @ bins  # (i, j, 2)
    spread = np.sqrt(np.maximum(probabilities @ (bins**2) - mean**2, 0).sum(axis=-1))
    rows, columns = lightness.shape
    place = np.stack(np.meshgrid(np.arange(rows), np.arange(columns), indexing="ij"), axis=-1)
    return np.concatenate(
        [mean / 18, spread[..., None] / 18, lightness[..., None] / 30, place / max(rows, columns)],
        axis=-1,
    )


def _means(
    points: NDArray[np.float64], weights: NDArray[np.float64], count: int
) -> NDArray[np.float64]:
    """Centers of k-means `(n, d)`, begun with points that are heavy and far from each other."""
    centers = [np.average(points, axis=0, weights=weights)]
    for _ in range(count - 1):
        distance = np.min([((points - center) ** 2).sum(axis=-1) for center in centers], axis=0)
        centers.append(points[np.argmax(distance * weights)])
    means = np.array(centers)
    for _ in range(ROUNDS):
        nearest = ((points[:, None] - means) ** 2).sum(axis=-1).argmin(axis=1)
        total = np.bincount(nearest, weights, minlength=count)
        sums = np.stack([np.bincount(nearest, weights * axis, count) for axis in points.T], axis=-1)
        held = total > 0
        means[held] = sums[held] / total[held, None]
    return means[total > 0]
