"""Color as a distribution over 313 bins of the ab plane (Zhang, Isola and Efros 2016, section 2).

A network that predicts one ab value averages the colors that are possible and ends in grey-brown;
a distribution keeps them apart until `annealed_mean` decides.
"""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from .array import Array, array_namespace, constant, smallest
from .lab import srgb_to_lab

GRID_STEP = 10
"""Distance between neighboring bin centers, in ab units."""

_REACH = 14.0
# No rounding rule over the sRGB gamut gives the 313 bins of the paper. Grid points within ±110 and
# at most 14 from the gamut's projection on the ab plane are exactly 313, and 310 of them are the
# paper's; plainly rounding all 8-bit colors gives 261, all of them among the paper's.


@cache
def bin_centers() -> NDArray[np.float64]:
    """The centers of the 313 ab bins, `(313, 2)`, ordered by a, then b. Read-only."""
    axis = np.linspace(0, 1, 64)
    u, v = (grid.ravel() for grid in np.meshgrid(axis, axis))
    faces = [
        np.insert(np.stack([u, v], axis=-1), channel, value, axis=-1)
        for channel in range(3)
        for value in (0.0, 1.0)
    ]
    # The surface of the RGB cube covers the projection: every hue's extremes lie on it.
    surface = srgb_to_lab(np.concatenate(faces))[:, 1:]  # (6 * 64 * 64, 2)
    ticks = np.arange(-110, 111, GRID_STEP)
    grid = np.stack(np.meshgrid(ticks, ticks, indexing="ij"), axis=-1).reshape(-1, 2)
    distance = [np.min(np.hypot(*(surface - point).T)) for point in grid]
    centers = grid[np.array(distance) <= _REACH].astype(np.float64)
    centers.flags.writeable = False
    return centers


def soft_encode(
    ab: Array, centers: Array, *, neighbors: int = 5, sigma: float = 5.0
) -> tuple[Array, Array]:
    """Spread each color over its nearest bins, weighted by a Gaussian of the distance.

    Args:
        ab: `(..., 2)`.
        centers: `(Q, 2)`.
        neighbors: how many bins share the weight; 5 in the paper.
        sigma: standard deviation of the Gaussian in ab units; 5 in the paper.

    Returns:
        Indices `(..., neighbors)` into `centers`, and weights of the same shape that sum to 1
        (Zhang et al. 2016, section 2.2).
    """
    xp = array_namespace(ab)
    centers = constant(centers, like=ab)
    # |ab - c|^2 without |ab|^2, which is the same for every bin; (..., Q)
    relative = xp.sum(centers * centers, axis=-1) - 2 * (ab @ centers.T)
    chosen = smallest(relative, neighbors)  # (..., neighbors)
    offset = ab[..., None, :] - centers[chosen]  # (..., neighbors, 2)
    squared = xp.sum(offset * offset, axis=-1)
    # Relative to the nearest bin: a color far outside all bins must not underflow to 0 / 0.
    nearest = xp.min(squared, axis=-1, keepdims=True)
    weights = xp.exp((nearest - squared) / (2 * sigma**2))
    return chosen, weights / xp.sum(weights, axis=-1, keepdims=True)


def prior_of(indices: Array, weights: Array, bins: int) -> Array:
    """The empirical distribution over bins of soft-encoded pixels.

    Args:
        indices, weights: as returned by `soft_encode`, `(..., neighbors)`, numpy.
        bins: number of bins Q.

    Returns:
        `(Q,)`, sums to 1.
    """
    counts = np.bincount(indices.ravel(), weights=weights.ravel(), minlength=bins)
    return counts / counts.sum()


def rebalancing_weights(prior: Array, mix: float = 0.5) -> Array:
    """The weight of each bin in the loss, so that rare colors count.

    Args:
        prior: `(Q,)`, sums to 1.
        mix: share of the uniform distribution mixed in, in (0, 1]; 0.5 in the paper.

    Returns:
        `(Q,)`, inverse to the mixed distribution and with expectation 1 under `prior`
        (Zhang et al. 2016, equations 3 and 4).
    """
    xp = array_namespace(prior)
    weights = 1 / ((1 - mix) * prior + mix / prior.shape[0])
    return weights / xp.sum(prior * weights)


def log_softmax(logits: Array) -> Array:
    """Logarithm of the softmax over the last axis; any shape."""
    xp = array_namespace(logits)
    shifted = logits - xp.max(logits, axis=-1, keepdims=True)
    return shifted - xp.log(xp.sum(xp.exp(shifted), axis=-1, keepdims=True))


def annealed_mean(logits: Array, centers: Array, temperature: float | Array) -> Array:
    """Decode distributions over bins into single colors.

    Args:
        logits: `(..., Q)`, unnormalized log-probabilities.
        centers: `(Q, 2)`.
        temperature: T > 0. At 1 the mean of the distribution, safe and dull; towards 0 its mode,
            vivid and spotted; 0.38 in the paper.

    Returns:
        ab `(..., 2)` (Zhang et al. 2016, equation 5).
    """
    xp = array_namespace(logits)
    return xp.exp(log_softmax(logits / temperature)) @ constant(centers, like=logits)


def entropy(logits: Array) -> Array:
    """Entropy in nats, `(...)`, of distributions given as logits `(..., Q)`: in [0, ln Q]."""
    xp = array_namespace(logits)
    log_probabilities = log_softmax(logits)
    return -xp.sum(xp.exp(log_probabilities) * log_probabilities, axis=-1)
