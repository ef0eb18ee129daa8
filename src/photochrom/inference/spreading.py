"""What is known of some pixels, spread over the others along the edges of the luminance.

Kin to colorization by optimization (Levin, Lischinski and Weiss 2004), which lets neighbors of like
luminance have like colors. There every pixel is colored in the end; here each pixel also drains a
little, so that what arrives fades with the way, and the logarithm of the fading is a distance: in a
flat picture the common one, around the end of an edge the way around it, across an edge very far
(Varadhan 1967; Crane, Weischedel and Wardetzky 2013, "Geodesics in heat"). Unlike the length of a
shortest way it hardly minds grain, for currents average, nor the gaps that photographs' edges have.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .conduction import Doubles, settled
from .enlarge import Floats
from .windows import window_sum

FADING = 0.06  # of the picture's side (the root of its area): where flat, what arrives falls to 1/e
SLIGHTEST = 1.0  # steps of lightness that are no edge even in pictures without grain, in L* units
GRAIN = 0.7  # weight of the squared mean step around a pixel: in texture, edges are larger ones
AROUND = 8  # radius of that neighborhood, in pixels
BLURRED = 0.6  # weight of a step over three pixels: a blurred edge is a flight of small steps
LEAST = 1e-7  # conductance of the clearest edge


class Spread(NamedTuple):
    """What arrived at each pixel."""

    distance: Floats
    """`(h, w)`, >= 0, from the sources along the luminance; 1 is the picture's side."""
    mean: Floats
    """`(h, w, C)`, mean of the sources' values, the nearest weighing the most by far."""


def spread(lightness: Floats, weights: NDArray[np.floating], values: Floats) -> Spread:
    """Spread values along the edges of the luminance.

    Args:
        lightness: `(h, w)`, L* in [0, 100].
        weights: `(h, w)`, >= 0: how much a pixel is a source. 1 is as much as a neighbor that is
            all alike gives; some hundred fix the pixel's value. Some are above 0.
        values: `(h, w, C)`, read where weights are above 0.
    """
    height, width = lightness.shape
    weight = weights.astype(np.float64)
    known = np.moveaxis(values, -1, 0).astype(np.float64)
    feed = np.concatenate([weight[None], weight * known])  # (1 + C, h, w)
    drain = weight + 1 / (FADING**2 * height * width)
    potential = settled(*_conductances(lightness.astype(np.float64)), drain, feed)
    arrived = potential[0].clip(np.finfo(np.float32).tiny, 1)
    is_source = weights > 0
    mean = np.moveaxis(potential[1:] / arrived, 0, -1)
    # No rounding error where hardly anything arrived, either, leaves the range of the sources.
    mean = mean.clip(values[is_source].min(axis=0), values[is_source].max(axis=0))
    return Spread((-FADING * np.log(arrived)).astype(np.float32), mean.astype(np.float32))


def _conductances(lightness: Doubles) -> tuple[Doubles, Doubles]:
    """How alike neighbors are, in [LEAST, 1], 1 where flat: `(h, w - 1)` and `(h - 1, w)`."""
    down, across = (_steps(lightness, axis) for axis in (0, 1))
    usual = _usual_step(lightness) ** 2 * (np.pi / 2)  # of Gaussian grain, its variance
    scale = SLIGHTEST**2 + GRAIN * usual
    across = np.exp(-(across**2) / ((scale[:, 1:] + scale[:, :-1]) / 2))
    down = np.exp(-(down**2) / ((scale[1:] + scale[:-1]) / 2))
    return across.clip(LEAST), down.clip(LEAST)


def _steps(lightness: Doubles, axis: int) -> Doubles:
    """How far neighbors along an axis are apart, or those on their other sides, in L* units."""
    step = np.abs(np.diff(lightness, axis=axis))
    rim = [(1, 1) if at == axis else (0, 0) for at in range(2)]
    wide = np.pad(lightness, rim, mode="edge")
    count = lightness.shape[axis]
    further = wide.take(range(3, count + 2), axis) - wide.take(range(count - 1), axis)
    # Three times the own step at most: beside an edge the two on one side are alike.
    return np.asarray(np.maximum(step, BLURRED * np.minimum(np.abs(further), 3 * step)))


def _usual_step(lightness: Doubles) -> Doubles:
    """Mean step between neighbors in the square around each pixel, `(h, w)`.

    The mean of magnitudes, since that of squares would be the edge's own where there is one.
    """
    steps, count = np.zeros_like(lightness), np.zeros_like(lightness)
    across, down = (np.abs(np.diff(lightness, axis=axis)) for axis in (1, 0))
    steps[:, 1:] += across
    count[:, 1:] += 1
    steps[1:] += down
    count[1:] += 1
    return np.asarray(window_sum(steps, AROUND) / window_sum(count, AROUND).clip(1))
