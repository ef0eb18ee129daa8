"""How often each ab bin occurs in a pool, for rebalancing."""

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from ..color import bin_centers, prior_of, soft_encode, srgb_to_lab
from ..whole import replacing
from .crops import DevicePool
from .pool import Pool

_SIZE = 32  # pixels a side that stand for a picture: a quarter of a usual training crop
_PICTURES = 4000  # a random sample, as in the paper
_CHUNK = 50


def load_prior(
    pool: Pool, cache: Path, neighbors: int = 5, sigma: float = 5.0
) -> NDArray[np.float64]:
    """The empirical prior over the 313 bins, `(313,)`, sum 1; measured once, then cached.

    From the centers of up to 4,000 pictures drawn with a fixed seed (Zhang, Isola and Efros 2016,
    section 2.2).
    """
    file = cache / f"prior-{pool.key}-{neighbors}-{sigma}.npy"
    if file.exists():
        cached: NDArray[np.float64] = np.load(file, allow_pickle=False)
        return cached
    prior = measure_prior(pool, neighbors, sigma)
    cache.mkdir(parents=True, exist_ok=True)
    with replacing(file) as beside:
        np.save(beside, prior)
    return prior


def measure_prior(pool: Pool, neighbors: int = 5, sigma: float = 5.0) -> NDArray[np.float64]:
    """Measure the prior of a pool; `(313,)`, sum 1."""
    device_pool = DevicePool(pool, torch.device("cpu"))
    chosen = np.random.default_rng(0).permutation(len(pool))[:_PICTURES]
    prior = np.zeros(len(bin_centers()))
    for begin in range(0, len(chosen), _CHUNK):
        pictures = torch.from_numpy(chosen[begin : begin + _CHUNK])
        crops = device_pool.crops(device_pool.center_windows(pictures), _SIZE)
        indices, weights = soft_encode(
            srgb_to_lab(crops.numpy())[..., 1:], bin_centers(), neighbors=neighbors, sigma=sigma
        )
        prior += prior_of(indices, weights, len(prior)) * len(pictures)
    normalized: NDArray[np.float64] = prior / prior.sum()
    return normalized
