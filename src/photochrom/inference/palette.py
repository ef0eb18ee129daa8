"""The colors of another picture, told apart by lightness alone: its palette.

Of each band of lightness, mean and covariance of ab become those of the other picture (Reinhard et
al. 2001, "Color transfer between images", band by band) by the linear map that moves colors least
(Pitié and Kokaram 2007, "The linear Monge-Kantorovitch linear colour mapping"). The bands overlap,
so that the map is smooth in lightness and color: what was even stays even.
"""

import numpy as np

from .enlarge import Floats
from .windows import Doubles

BANDS = 6  # overlapping, from black to white
SHRINKAGE = 0.03  # share of a picture's pixels below which a band keeps to the whole picture's
EVEN = 5.0  # deviation of ab, in ab units, that is no variety yet and is not stretched to some
MOST_STRETCH = 1.4  # of differences of color; more would show the network's doubts as blotches
MOST_CONTRAST = 1.5  # of lightness, where bands of the pictures are brought together


def in_palette(lightness: Floats, ab: Floats, reference: Floats) -> Floats:
    """Colors with the palette of another picture.

    Args:
        lightness, ab: of the picture, `(h, w)` and `(h, w, 2)`.
        reference: L*a*b* `(H, W, 3)` of the other.

    Returns:
        ab `(h, w, 2)`.
    """
    others = reference.reshape(-1, 3).astype(np.float64)
    mine = np.concatenate([lightness[..., None], ab], axis=-1).reshape(-1, 3).astype(np.float64)
    at = _in_step(mine[:, 0], others[:, 0])
    bands, theirs = _bands(at), _bands(others[:, 0])  # (BANDS, n)
    result = np.zeros_like(mine[:, 1:])
    for band, (mean, spread), (goal, goal_spread) in zip(
        bands, _moments(bands, mine[:, 1:]), _moments(theirs, others[:, 1:]), strict=True
    ):
        result += band[:, None] * (goal + (mine[:, 1:] - mean) @ _least_move(spread, goal_spread))
    return np.asarray(result.reshape(ab.shape), dtype=np.float32)


def _in_step(lightness: Doubles, reference: Doubles) -> Doubles:
    """Lightness with about the mean and the contrast of the reference's."""
    gain = (reference.std() + 1) / (lightness.std() + 1)
    gain = min(max(gain, 1 / MOST_CONTRAST), MOST_CONTRAST)
    return np.asarray(((lightness - lightness.mean()) * gain + reference.mean()).clip(0, 100))


def _bands(lightness: Doubles) -> Doubles:
    """How much each pixel belongs to each band, `(BANDS, n)`; 1 in all."""
    centers = np.linspace(0, 100, BANDS)[:, None]
    return np.asarray((1 - np.abs(lightness - centers) / (100 / (BANDS - 1))).clip(0))


def _moments(bands: Doubles, ab: Doubles) -> list[tuple[Doubles, Doubles]]:
    """Mean `(2,)` and covariance `(2, 2)` of each band, the rarer the nearer to those of all."""
    of_all = ab.mean(axis=0), np.cov(ab, rowvar=False, bias=True)
    moments = []
    few = SHRINKAGE * len(ab)
    for band in bands:
        weight = band.sum() + few
        mean = (band @ ab + few * of_all[0]) / weight
        away = ab - mean
        spread = ((band[:, None] * away).T @ away + few * of_all[1]) / weight
        moments.append((mean, spread))
    return moments


def _least_move(spread: Doubles, goal: Doubles) -> Doubles:
    """The symmetric map `(2, 2)` that gives colors of one covariance another."""
    floor = EVEN**2 * np.eye(2)
    root = _power(spread + floor, 0.5)
    back = _power(spread + floor, -0.5)
    stretch = back @ _power(root @ (goal + floor) @ root, 0.5) @ back
    values, axes = np.linalg.eigh(stretch)
    return np.asarray((axes * values.clip(0, MOST_STRETCH)) @ axes.T)


def _power(matrix: Doubles, exponent: float) -> Doubles:
    """A power of a symmetric positive matrix."""
    values, axes = np.linalg.eigh(matrix)
    return np.asarray((axes * values.clip(1e-9) ** exponent) @ axes.T)
