"""The colors that a picture has before it is colored: a tint of age, or true colors."""

import numpy as np

from .. import image
from .luminance import lab_of
from .sketch import Edit, Floats, Sketch

_TRUE_COLOR = 4.0
"""Spread of chroma about the tint of its lightness, in ab units, from which a picture is taken to
be in color already: 19 of 20 validation pictures in color have more; a tone of sepia that changes
from shadows to lights has less than 2."""
_BANDS = 8  # of lightness, each with its tint


def kept(frame: image.Frame, share: float) -> Edit:
    """Lay a share of a picture's own tint under its new colors.

    Args:
        frame: the picture, or a small copy.
        share: 0 drops the tint, 1 keeps all of it.
    """

    def edit(sketch: Sketch) -> Sketch:
        small = image.resize(frame.pixels, *sketch.lightness.shape)
        return sketch.with_ab(sketch.ab + np.float32(share) * lab_of(small)[..., 1:])

    return edit


def is_in_color(frame: image.Frame) -> bool:
    """Whether a picture has more colors than a tint, which may change from shadows to lights."""
    if frame.is_grey:
        return False
    lab = lab_of(frame.pixels).reshape(-1, 3)
    bands = np.minimum(lab[:, 0] / 100 * _BANDS, _BANDS - 1).astype(np.intp)
    counts = np.bincount(bands, minlength=_BANDS).clip(1)
    spread: Floats = np.zeros(len(lab), np.float32)
    for plane in (lab[:, 1], lab[:, 2]):
        means = np.bincount(bands, plane, _BANDS) / counts
        spread += (plane - means[bands]) ** 2
    return bool(np.sqrt(spread.mean()) > _TRUE_COLOR)
