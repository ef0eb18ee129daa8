"""How sure a network was of a picture's colors, as a picture.

Confidence is 1 - H / ln 313: H is the entropy of the distribution over the 313 bins of ab, ln 313
what it is where every bin is alike. It says how few colors were possible, not how probable the one
that was chosen is; docs/control.md tells which errors came with it.
"""

from typing import Literal

import numpy as np

from .. import image
from ..color import bin_centers, fit_chroma, lab_to_srgb
from ..errors import ModelError
from .enlarge import Enlargement, Floats, bilinear, guided_lines
from .luminance import Pixels, lightness_of
from .sketch import Sketch

STRIP = 1 << 16  # pixels that are painted at a time
DOUBT = (24.0, 36.0)
# ab of the least sure places: orange. It differs from grey in a and in b, so that eyes without one
# of the two still see it, and sRGB has it at every lightness between DARKEST and LIGHTEST.
DARKEST, LIGHTEST = 28.0, 78.0  # L*, what black and white become in the overlay


def confidence(sketch: Sketch) -> Floats:
    """How sure the network was of each place, `(i, j)` in [0, 1], over the whole picture.

    Raises:
        ModelError: the network predicts one color and knows no doubt.
    """
    if not sketch.entropy.any():
        raise ModelError(
            "the network predicts one color and knows no doubt, so there is no confidence to show; "
            "choose a network whose card says `output: bins` (`photochrom models NAME`)"
        )
    sure: Floats = 1 - sketch.entropy / np.float32(np.log(len(bin_centers())))
    return sure.clip(0, 1)


class ConfidenceRows:
    """The confidence at full size along the edges of the lightness, some rows at a time."""

    def __init__(self, sketch: Sketch, height: int, width: int) -> None:
        """Take a sketch and the extent of the picture that it is of.

        Raises:
            ModelError: see `confidence`.
        """
        extent = sketch.lightness.shape
        sure = bilinear(confidence(sketch)[..., None], *extent)  # (h, w, 1)
        lines = guided_lines(sketch.lightness, sure)
        planes = np.concatenate([lines, sketch.lightness[..., None]], axis=-1)
        self._planes = Enlargement(np.ascontiguousarray(planes), height, width)

    def rows(self, begin: int, end: int, lightness: Floats | None = None) -> Floats:
        """Confidence `(end - begin, width)` in [0, 1].

        Args:
            begin, end: rows.
            lightness: L* of these rows of the picture at full size; None: the sketch's, enlarged.
        """
        slope, offset, coarse = np.moveaxis(self._planes.rows(begin, end), -1, 0)
        sure: Floats = slope * (coarse if lightness is None else lightness) + offset
        return sure.clip(0, 1)


def confidence_map(
    sketch: Sketch, height: int, width: int, bit_depth: Literal[8, 16] = 8
) -> image.Frame:
    """A grey picture of the confidence: black undecided, white sure; codes are proportional to it.

    Args:
        sketch: of a network with doubts.
        height, width: of the map, in pixels.
        bit_depth: of its codes.

    Raises:
        ModelError: see `confidence`.
    """
    dtype = np.uint8 if bit_depth == 8 else np.uint16
    codes: Pixels = np.zeros((height, width, 1), dtype)  # type: ignore[assignment]  # either
    rows = ConfidenceRows(sketch, height, width)
    for begin, end in _strips(height, width):
        codes[begin:end, :, 0] = np.rint(rows.rows(begin, end) * np.iinfo(dtype).max)
    return image.Frame(codes, name="confidence")


def overlay(frame: image.Frame, sketch: Sketch) -> image.Frame:
    """The picture in grey, the more orange the less sure the network was of its colors.

    The chroma is proportional to the doubt, 1 - confidence, at one hue and at every lightness; for
    that, contrast is reduced.

    Args:
        frame: the picture, of any size.
        sketch: of it.

    Returns:
        RGB of the size and bit depth of the frame.

    Raises:
        ModelError: see `confidence`.
    """
    rows = ConfidenceRows(sketch, frame.height, frame.width)
    top = np.iinfo(frame.pixels.dtype).max
    tinted: Pixels = np.empty((frame.height, frame.width, 3), dtype=frame.pixels.dtype)
    for begin, end in _strips(frame.height, frame.width):
        lightness = lightness_of(frame.pixels[begin:end])
        doubt = 1 - rows.rows(begin, end, lightness)
        shown = DARKEST + lightness / 100 * (LIGHTEST - DARKEST)
        lab = np.stack([shown, *(doubt * np.float32(part) for part in DOUBT)], axis=-1)
        srgb = lab_to_srgb(fit_chroma(lab))
        tinted[begin:end] = np.rint(srgb.clip(0, 1) * top)
    return frame.with_pixels(tinted)


def _strips(height: int, width: int) -> list[tuple[int, int]]:
    rows = max(1, STRIP // width)
    return [(begin, min(begin + rows, height)) for begin in range(0, height, rows)]
