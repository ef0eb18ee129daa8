"""Colors like those of another picture: its palette, and where it shows the same, its colors."""

import math
from functools import cache

import numpy as np

from .. import image
from ..errors import UnsupportedImageError
from .enlarge import Floats
from .luminance import lab_of
from .matching import matched
from .palette import in_palette
from .sketch import Edit, Sketch
from .spreading import spread
from .underpainting import as_painted, underpainted
from .windows import window_mean

SIDE = 256  # root of the area, in pixels, at which pictures are matched
KEPT = 2 * SIDE  # root of the area at which a reference is kept: matching looks that closely
LEAST_CHROMA = 2.0  # mean of a reference's chroma, in ab units, below which it has no colors
TRUST = 3.0  # weight of a sure match; what a pixel has from its like neighbors has 1 each
NEAR, FAR = 0.1, 0.5  # distances from matches, in sides along the luminance, up to which they hold
# in full and from which on they do not
EXPOSED = 4  # radius of the square over which two exposures are compared, in pixels
BLACK = 16.0  # L* + 16, a and b are cube roots of light but for their scale (CIE 15:2004)


def like(reference: image.Frame, *, strength: float = 1.0) -> Edit:
    """Take colors from a color picture of the same scene, or of a like one.

    Everything takes the reference's palette. What the reference shows too, moved, mirrored, larger
    or smaller, lighter or darker, takes the color it has there, and so does what belongs to it.

    Args:
        reference: any size, 8 or 16 bit.
        strength: share of the way from the colors before, in [0, 1].

    Raises:
        UnsupportedImageError: the reference has no colors.
        ValueError: the strength is out of range.
    """
    if not 0 <= strength <= 1:
        raise ValueError(f"strength {strength} is not from 0 to 1")
    side = min(KEPT, math.sqrt(reference.height * reference.width))
    lab = lab_of(image.resize(reference.pixels, *_shape(reference.height, reference.width, side)))
    if np.hypot(lab[..., 1], lab[..., 2]).mean() < LEAST_CHROMA:
        raise UnsupportedImageError(
            f"{reference.name}: black and white, so there are no colors to take; "
            "give a reference in color"
        )

    def edit(sketch: Sketch) -> Sketch:
        before = as_painted(sketch)
        wanted = in_palette(sketch.lightness, before, lab)
        wanted = _with_matches(sketch.lightness, wanted, lab)
        return underpainted(sketch, before + np.float32(strength) * (wanted - before))

    return edit


def _with_matches(lightness: Floats, ab: Floats, reference: Floats) -> Floats:
    """Colors `(h, w, 2)`; where the reference `(H, W, 3)` shows the same, those it has there."""

    @cache
    def other_at(scale: float) -> Floats:
        return _resized(
            reference[..., 0], *_shape(reference.shape[0], reference.shape[1], scale * SIDE)
        )

    height, width = lightness.shape
    small = _resized(lightness, *_shape(height, width, SIDE))
    match = matched(small, other_at)
    if match is None or not match.confidence.any():
        return ab
    rows = (match.row * reference.shape[0]).astype(np.intp)
    columns = (match.column * reference.shape[1]).astype(np.intp)
    there = reference[rows, columns]
    # More light on the same thing scales L* + 16, a and b alike.
    light, their_light = (window_mean(plane, EXPOSED) + BLACK for plane in (small, there[..., 0]))
    known = np.concatenate(
        [match.confidence[..., None], there[..., 1:] * (light / their_light)[..., None]], axis=-1
    )
    known = _resized(known, height, width)
    distance, mean = spread(lightness, np.float32(TRUST) * known[..., 0], known[..., 1:])
    share = ((FAR - distance) / np.float32(FAR - NEAR)).clip(0, 1)[..., None]
    return np.asarray(ab + share * (mean - ab))


def _shape(height: int, width: int, side: float) -> tuple[int, int]:
    """Height and width of the same aspect ratio with the area of a square."""
    scale = side / math.sqrt(height * width)
    return max(1, round(height * scale)), max(1, round(width * scale))


def _resized(array: Floats, height: int, width: int) -> Floats:
    resized: Floats = image.resize(np.ascontiguousarray(array), height, width, kernel="linear")
    return resized
