"""Two channels of color, in three color spaces: what a network adds to the grey picture.

Each space splits a color into its own lightness and two channels that are scaled to about [-1, 1].
The network is given L*, whatever the space, and the picture keeps its L*: `decode` finds the color
that has these two channels and that luminance, so every space ends in ab.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

from .array import Array, array_namespace
from .hsl import hsl_to_rgb, rgb_to_hsl
from .lab import linear_to_lightness, polar, srgb_to_lab
from .srgb import srgb_to_linear
from .yuv import U_MAX, V_MAX, rgb_to_yuv, yuv_to_rgb

AB_SCALE = 110.0
"""The ab of sRGB colors lie within ± this."""

_HALVINGS = 16


@dataclass(frozen=True)
class ChromaSpace:
    """One way to write the color of a pixel as two numbers."""

    encode: Callable[[Array], Array]
    """sRGB `(..., 3)` in [0, 1] to its two channels `(..., 2)`, about [-1, 1]."""
    decode: Callable[[Array, Array], Array]
    """L* `(...)` in [0, 100] and two channels `(..., 2)` to ab `(..., 2)`."""


def _encode_lab(srgb: Array) -> Array:
    return srgb_to_lab(srgb)[..., 1:] / AB_SCALE


def _decode_lab(lightness: Array, chroma: Array) -> Array:
    return chroma * AB_SCALE


def _encode_yuv(srgb: Array) -> Array:
    xp = array_namespace(srgb)
    yuv = rgb_to_yuv(srgb)
    return xp.stack([yuv[..., 1] / U_MAX, yuv[..., 2] / V_MAX], axis=-1)


def _decode_yuv(lightness: Array, chroma: Array) -> Array:
    xp = array_namespace(chroma)
    u, v = chroma[..., 0] * U_MAX, chroma[..., 1] * V_MAX

    def rgb(luma: Array) -> Array:
        return xp.clip(yuv_to_rgb(xp.stack([luma, u, v], axis=-1)), 0, 1)

    return _ab_at(lightness, rgb, -1.0, 2.0)  # beyond both, any U and V end in black and white


def _encode_hsl(srgb: Array) -> Array:
    """Saturation and hue as a vector: a hue alone jumps from 1 to 0 at red."""
    xp = array_namespace(srgb)
    hsl = rgb_to_hsl(srgb)
    angle = hsl[..., 0] * (2 * math.pi)
    return xp.stack([hsl[..., 1] * xp.cos(angle), hsl[..., 1] * xp.sin(angle)], axis=-1)


def _decode_hsl(lightness: Array, chroma: Array) -> Array:
    xp = array_namespace(chroma)
    length, degrees = polar(chroma[..., 0], chroma[..., 1])
    hue, saturation = degrees / 360, xp.clip(length, 0, 1)

    def rgb(light: Array) -> Array:
        return hsl_to_rgb(xp.stack([hue, saturation, light], axis=-1))

    return _ab_at(lightness, rgb, 0.0, 1.0)


def _ab_at(
    lightness: Array, rgb: Callable[[Array], Array], darkest: float, brightest: float
) -> Array:
    """The ab of that color, of those between the darkest and the brightest, that has this L*."""
    xp = array_namespace(lightness)
    low = xp.zeros_like(lightness) + darkest
    step = brightest - darkest
    for _ in range(_HALVINGS):
        step = step / 2
        higher = low + step
        too_dark = linear_to_lightness(srgb_to_linear(rgb(higher))) < lightness
        low = xp.where(too_dark, higher, low)
    return srgb_to_lab(rgb(low + step / 2))[..., 1:]


CHROMA_SPACES = {
    "lab": ChromaSpace(_encode_lab, _decode_lab),
    "yuv": ChromaSpace(_encode_yuv, _decode_yuv),
    "hsl": ChromaSpace(_encode_hsl, _decode_hsl),
}
"""CIE L*a*b*, Y'UV and HSL, by name."""
