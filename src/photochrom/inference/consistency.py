"""Pictures that belong together, in colors that belong together.

Where two pictures show the same thing, each was colored without the other. `correspondence` finds
such places; there both take the mean of their opinions, the surer weighing more. The mean is taken
of hue and of chroma apart: averaged as vectors, red and green would be grey. Around such places the
change fades, so that no seam is seen, into the mean change of the picture by as much as others
show of it: that takes away a tint of its own. Pictures that share no place with any are left alone.
"""

from collections.abc import Sequence

import numpy as np

from .. import image
from .correspondence import STEP, coarse, seen_in
from .enlarge import Floats, bilinear
from .sketch import Sketch

WIDE, FINE = 6.0, 1.5  # cells of STEP pixels: deviations of the Gaussians that spread changes
HOLD = 0.05  # share of known neighbors at which a change is half itself
SUREST, LEAST_SURE = 1.0, 5.75  # nats: entropies that weigh the most and next to nothing


def agreed(sketches: Sequence[Sketch]) -> tuple[Sketch, ...]:
    """The same pictures in colors that agree; what no other picture shows keeps its colors.

    Every picture is compared with every other: with 256² of working size, about 0.3 s a pair on one
    core.

    Args:
        sketches: of pictures that belong together, in any order, each of any size.

    Returns:
        As many, in the same order.
    """
    opinions = [_opinion(sketch) for sketch in sketches]
    thumbs = [coarse(sketch.lightness) for sketch in sketches]
    agreeing = []
    for at, sketch in enumerate(sketches):
        colors, weights = [opinions[at][..., :2]], [opinions[at][..., 2]]
        for other, thumb in enumerate(thumbs):
            seen = None if other == at else seen_in(thumbs[at], thumb, opinions[other])
            if seen is not None:
                colors.append(seen[..., :2])
                weights.append(seen[..., 2])
        agreeing.append(_moved(sketch, colors, weights))
    return tuple(agreeing)


def _opinion(sketch: Sketch) -> Floats:
    """Colors and how much they weigh, in cells of STEP pixels, `(i, j, 3)`."""
    height, width = (max(1, round(extent / STEP)) for extent in sketch.lightness.shape)
    entropy = bilinear(sketch.entropy[..., None], *sketch.lightness.shape)
    weight = 0.05 + (LEAST_SURE - entropy).clip(0, LEAST_SURE - SUREST)
    planes = np.concatenate([sketch.ab, weight], axis=-1, dtype=np.float32)
    return image.resize(planes, height, width, kernel="linear")


def _moved(sketch: Sketch, colors: list[Floats], weights: list[Floats]) -> Sketch:
    """A picture with its colors, the first, moved to the mean of what all say of each cell."""
    if len(colors) == 1:
        return sketch
    said, share = np.stack(colors), np.stack(weights)[..., None]  # (n, i, j, 2), (n, i, j, 1)
    share = share / share.sum(axis=0)
    chroma = np.hypot(said[..., :1], said[..., 1:])
    mean = (share * said).sum(axis=0)
    length = np.hypot(mean[..., :1], mean[..., 1:])
    target = mean * ((share * chroma).sum(axis=0) / (length + 1e-3))
    known = (share[1:].sum(axis=0) > 0).astype(np.float32)
    wanted = known * (target - colors[0])
    change = np.broadcast_to(wanted.mean(axis=(0, 1)), wanted.shape)  # little if little is shared
    for width in (WIDE, FINE):  # far from what is shared a fade, there the change itself
        missing = _spread(wanted - known * change, width)
        change = change + missing / (_spread(known, width) + np.float32(HOLD))
    return sketch.with_ab(sketch.ab + bilinear(change, *sketch.lightness.shape))


def _spread(planes: Floats, width: float) -> Floats:
    """Planes `(i, j, C)` blurred by a Gaussian, nothing beyond the borders."""
    for axis in (0, 1):
        cells = np.arange(planes.shape[axis])
        kernel = np.exp(-((cells[:, None] - cells) ** 2) / (2 * width**2)) / (2.5066 * width)
        planes = np.moveaxis(np.tensordot(kernel, planes, (1, axis)), 0, axis).astype(np.float32)
    return planes
