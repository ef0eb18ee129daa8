"""The luminance of pixels, the one thing that coloring keeps."""

from functools import cache

import numpy as np
from numpy.typing import DTypeLike, NDArray

from .. import image
from ..color import (
    grey_to_lightness,
    lightness_to_grey,
    linear_to_lightness,
    linear_to_xyz,
    srgb_to_linear,
    xyz_to_lab,
)

Floats = NDArray[np.float32]
Pixels = NDArray[np.uint8] | NDArray[np.uint16]


def lightness_of(pixels: Pixels) -> Floats:
    """L* `(H, W)` of pixels `(H, W, 1 or 3)`."""
    if pixels.shape[2] == 1:
        return _lightness_by_code(pixels.dtype)[pixels[..., 0]]
    lightness: Floats = linear_to_lightness(_linear_by_code(pixels.dtype)[pixels])
    return lightness


def lab_of(pixels: Pixels) -> Floats:
    """L*a*b* `(H, W, 3)` of pixels `(H, W, 1 or 3)`; of one channel, greys."""
    shape = (*pixels.shape[:2], 3)
    linear = np.broadcast_to(_linear_by_code(pixels.dtype)[pixels], shape)
    lab: Floats = xyz_to_lab(linear_to_xyz(linear))
    return lab


def uncolored(frame: image.Frame) -> image.Frame:
    """The picture in black and white: one channel, the luminance as it was."""
    if frame.is_grey:
        return frame
    dtype = frame.pixels.dtype
    grey = lightness_to_grey(lightness_of(frame.pixels)) * np.iinfo(dtype).max
    return frame.with_pixels(np.rint(grey)[..., None].astype(dtype))


@cache
def _lightness_by_code(dtype: DTypeLike) -> Floats:
    """L* of each grey code."""
    lightness: Floats = grey_to_lightness(_codes(dtype)).astype(np.float32)
    return lightness


@cache
def _linear_by_code(dtype: DTypeLike) -> Floats:
    """Linear light of each code of a channel."""
    linear: Floats = srgb_to_linear(_codes(dtype)).astype(np.float32)
    return linear


def _codes(dtype: DTypeLike) -> NDArray[np.float64]:
    top = np.iinfo(dtype).max
    return np.arange(top + 1) / top
