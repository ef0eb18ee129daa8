"""Pictures made much smaller while they are read, by the decoder itself and by means of boxes."""

import math
from typing import Any

import numpy as np

from photochrom.image.frame import Format, Pixels

_SHRINKS = (8, 4, 2)  # by which libjpeg decodes smaller at once


def smaller_on_load(kind: Format, height: int, width: int, area: int) -> dict[str, Any]:
    """How the decoder is told to make a picture smaller, to `area` pixels at least."""
    if kind == "jpeg":
        left = [s for s in _SHRINKS if (height // s) * (width // s) >= area]
        return {"shrink": left[0]} if left else {}
    if kind == "webp":  # by any factor: to four times the area, so that what follows is antialiased
        return {"scale": min(1.0, 2 * math.sqrt(area / (height * width)))}
    return {}


def box_side(height: int, width: int, area: int) -> int:
    """Of the boxes whose means are a smaller picture, of four times `area` pixels at least.

    Not always the largest: one whose last boxes reach least beyond the edge, for there they bend
    the picture. 1 where it has too few pixels.
    """
    most = max(1, int(math.sqrt(height * width / area) / 2))
    sides = range(most // 2 + 1, most + 1)
    return min(sides, key=lambda side: max(-height % side / height, -width % side / width))


def box_means(samples: Pixels, side: int) -> Pixels:
    """The means of boxes of `side` x `side` pixels; fewer at the right and at the bottom.

    In this thread, rows first: at 16 bits five times as fast as libvips where cores are busy.
    """
    if side == 1:
        return samples
    height, width = samples.shape[:2]
    tops, lefts = np.arange(0, height, side), np.arange(0, width, side)
    rows = [samples[top : top + side].sum(axis=0, dtype=np.uint32) for top in tops]
    sums = np.add.reduceat(np.stack(rows), lefts, axis=1, dtype=np.uint64)  # (h, w, bands)
    down, across = np.diff(tops, append=height), np.diff(lefts, append=width)
    counts = (down[:, None] * across)[..., None].astype(np.uint64)  # (h, w, 1)
    return ((sums + counts // 2) // counts).astype(samples.dtype)
