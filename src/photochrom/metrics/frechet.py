"""Fréchet distance of two sets of pictures, seen through the features of a network."""

from typing import Any

import numpy as np
from numpy.typing import NDArray


class FeatureMoments:
    """Accumulates mean and covariance of features, batch by batch, in constant memory.

    Sums of squares would lose all digits where the mean is large beside the spread, so scatter is
    kept about the running mean and two parts are joined by their difference of means (Chan, Golub
    and LeVeque 1983). Adding costs D² per batch, so add pictures in batches.
    """

    def __init__(self, dimensions: int) -> None:
        """Start with no features of `dimensions` (D >= 1) numbers each."""
        if dimensions < 1:
            raise ValueError(f"features need at least 1 dimension, not {dimensions}")
        self.count = 0
        self.mean = np.zeros(dimensions)  # (D,)
        self._scatter = np.zeros((dimensions, dimensions))  # sum of outer products about the mean

    def add(self, features: NDArray[Any]) -> None:
        """Take in the features `(N, D)` of N >= 1 pictures.

        Raises:
            ValueError: another shape, no pictures, or a value that is not finite; nothing is added.
        """
        if features.ndim != 2 or not len(features) or features.shape[1] != len(self.mean):
            raise ValueError(f"need features (N, {len(self.mean)}), not {features.shape}")
        features = features.astype(np.float64)
        if not np.all(np.isfinite(features)):
            raise ValueError("a feature is not finite")
        mean = features.mean(axis=0)
        centered = features - mean
        self._join(len(features), mean, centered.T @ centered)

    def merge(self, other: "FeatureMoments") -> None:
        """Take in all that `other` has seen; its features must not have been added here.

        Raises:
            ValueError: its features have another number of dimensions.
        """
        if len(other.mean) != len(self.mean):
            raise ValueError(f"cannot merge {len(other.mean)} dimensions into {len(self.mean)}")
        if other.count:
            self._join(other.count, other.mean, other._scatter)

    def covariance(self) -> NDArray[np.float64]:
        """Unbiased covariance `(D, D)`, divided by count - 1.

        Raises:
            ValueError: fewer than 2 features were added.
        """
        if self.count < 2:
            raise ValueError(f"a covariance needs at least 2 pictures, not {self.count}")
        return self._scatter / (self.count - 1)

    def _join(self, count: int, mean: NDArray[np.float64], scatter: NDArray[np.float64]) -> None:
        total = self.count + count
        offset = mean - self.mean
        self._scatter += scatter
        self._scatter += np.outer(offset, offset * (self.count * count / total))
        self.mean = self.mean + offset * (count / total)
        self.count = total


def frechet_distance(a: FeatureMoments, b: FeatureMoments) -> float:
    """Squared Fréchet distance of the normal distributions fitted to two sets of features.

    |mu_a - mu_b|² + tr(S_a) + tr(S_b) - 2 tr((S_a S_b)^½), mu means and S covariances (Dowson and
    Landau 1982; Heusel et al. 2017, equation 6, who call it FID when the features are
    those of Inception).

    The figure is biased upwards by the number of pictures, and by how much depends on the network
    that is judged (Chong and Forsyth 2020): one and the same network had 31, 9.7 and 4.1 with
    1,000, 5,000 and 50,000 pictures. So the count and the extractor belong to the figure's name,
    and figures of different counts do not compare.

    Returns:
        >= 0, in squared units of the features; 0 for equal moments, up to rounding. Sets of fewer
        pictures than dimensions are fine.

    Raises:
        ValueError: the dimensions differ, or a set has fewer than 2 pictures.
    """
    if a.mean.shape != b.mean.shape:
        raise ValueError(f"features of {len(a.mean)} and {len(b.mean)} dimensions do not compare")
    of_a, of_b = a.covariance(), b.covariance()
    offset = a.mean - b.mean
    distance = offset @ offset + np.trace(of_a) + np.trace(of_b) - 2 * _root_trace(of_a, of_b)
    return max(0.0, float(distance))  # equal sets come out a rounding error below 0


def _root_trace(first: NDArray[np.float64], second: NDArray[np.float64]) -> float:
    """tr((S_1 S_2)^½) of two covariances `(D, D)`.

    With S = F Fᵀ, the eigenvalues of S_1 S_2 other than 0 are those of G Gᵀ, G = F_1ᵀ F_2. That is
    symmetric, so its roots are real however few pictures there were, and as small as the ranks.
    """
    product = _factor(first).T @ _factor(second)  # (rank 1, rank 2)
    if product.shape[0] > product.shape[1]:
        product = product.T
    eigenvalues = np.linalg.eigvalsh(product @ product.T)
    return float(np.sum(np.sqrt(np.maximum(eigenvalues, 0))))


def _factor(covariance: NDArray[np.float64]) -> NDArray[np.float64]:
    """F `(D, rank)` with F Fᵀ = S."""
    eigenvalues, vectors = np.linalg.eigh(covariance)
    # Rounding leaves tiny eigenvalues where there is no spread; their roots would not be tiny.
    is_spread = eigenvalues > eigenvalues[-1] * len(eigenvalues) * np.finfo(np.float64).eps
    return np.asarray(vectors[:, is_spread] * np.sqrt(eigenvalues[is_spread]))
