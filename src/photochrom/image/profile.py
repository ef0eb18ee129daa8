"""Color profiles: what the codes under one mean, and pixels brought from it to sRGB.

Every Frame is sRGB-encoded, so that the color science above never asks which space it is in. The
price is known: colors of Display P3 or Adobe RGB outside the sRGB gamut are clipped to it. Archives
do not pay it: there codes stay, and what they mean is an Encoding (`encoding_of`).
"""

from functools import lru_cache
from typing import Any

import numpy as np
import pyvips

from photochrom.color import SRGB, WHITE, Encoding
from photochrom.color.encoding import D50, SRGB_CURVE, Power, bradford, scaled_to_white
from photochrom.color.spaces import LIGHTNESS
from photochrom.image.conversion import converted, fits
from photochrom.image.frame import Pixels
from photochrom.image.icc import Curve, Doubles, Space, description, profile_space, shape_of
from photochrom.image.shaper import shaper

_CHANNELS: dict[Space, int] = {"grey": 1, "rgb": 3, "cmyk": 4}
_INTERPRETATIONS = {
    (1, False): "b-w",
    (1, True): "grey16",
    (3, False): "srgb",
    (3, True): "rgb16",
    (4, False): "cmyk",
    (4, True): "cmyk",
}
"""libvips' names, by channels and by whether they have 16 bits."""

# The sRGB profiles in circulation (HP, Facebook's "c2", Little CMS, ...) differ from one another
# by up to 205 of 65535 on a 9 x 9 x 9 cube of colors; Display P3 differs from them by 24575. One
# 8-bit step separates the two kinds.
_SAME_TOLERANCE = 257

_CODES = np.arange(65536) / 65535  # every 16-bit code, and so every 8-bit one
_ENDS = 1 / 255  # how far from 0 and 1 a curve may begin and end: tables of 8 bits end at 65280
_FALL = 1e-4  # how far it may fall back: BT.709's two pieces overlap by 6e-5 when inverted
_TOE = 65535 // 32  # codes below which all may mean the same, as 16 bits have nothing darker
_FLAT = 65535 // 255  # codes that may do so above: else two of 8 bits would, and one be lost
_LEAN = 2.0**-17  # half of the last bit of a 16-bit table
_ROUNDING = 1.5 / 65535  # of a table, and of straight lines between 256 entries of gamma 3
_WHITE = 0.01  # how far the colorants' sum may be from the white that they should add up to
_CONDITION = 100.0  # of the matrix of primaries; ProPhoto has 4


@lru_cache(maxsize=32)
def encoding_of(icc: bytes | None, channels: int) -> Encoding | None:
    """What the codes of a picture with this profile mean.

    Args:
        icc: the profile found in the file.
        channels: of color: 1, 3 or 4 (CMYK).

    Returns:
        sRGB without a profile, under a damaged one and under one for another kind of picture. A
        grey profile's encoding has the primaries of sRGB; a grey picture may have an RGB profile.
        None where no single curve and matrix say it, or where codes cannot be told apart by their
        light: tables, three curves that differ, CMYK. Such pictures must be converted (`managed`).
        Equal arguments give one and the same Encoding while it is remembered.
    """
    if channels == 4:
        return None
    if icc is None or not fits(icc, channels):
        return SRGB
    try:
        shape = shape_of(icc)
    except ValueError:
        return SRGB
    if shape is None:
        return None
    curve = _rising(shape.curves)
    to_xyz = SRGB.to_xyz if shape.colorants is None else _plausible(shape.colorants)
    if curve is None or to_xyz is None:
        return None
    return Encoding(description(icc) or f"{profile_space(icc)} profile", curve, to_xyz)


def _rising(curves: tuple[Curve, ...]) -> Curve | None:
    """The curve of all channels, strictly rising from 0 to 1; None if they differ or do not rise.

    A formula that is so already is returned as it is. A curve that a file's few bits keep from it
    is stretched to its ends, and where it is flat or falls back a little, it gets a slope that no
    16-bit table could show: each code keeps a light of its own, so that it can be found again.
    """
    light, *others = (curve(_CODES) for curve in curves)
    if any(np.abs(other - light).max() > 1 / 65535 for other in others):
        return None
    risen = np.maximum.accumulate(light)
    rises = np.flatnonzero(np.diff(risen) > 0)
    ends = np.append(rises, len(risen) - 1)
    flats = np.diff(ends, prepend=-1)[ends > _TOE]
    first, last = risen[0], risen[-1]
    if abs(first) > _ENDS or abs(last - 1) > _ENDS:
        return None
    if (risen - light).max() > _FALL or flats.max() > _FLAT:
        return None
    strict = len(rises) == len(risen) - 1
    if strict and (first, last) == (0, 1) and isinstance(curves[0], Power):
        return curves[0]
    risen = (risen - first) / (last - first)
    law = _law_of(risen)
    if law is not None:
        return law
    if not strict:
        risen = (risen + _LEAN * _CODES) / (1 + _LEAN)
    return lambda encoded: np.interp(encoded, _CODES, risen)


def _law_of(light: Doubles) -> Power | None:
    """The formula that a table was rounded from, if it is a usual one.

    Steps of 16 bits are coarse near black, where a table rises by one or by none: colors of exactly
    the luminance of the grey beside such a step may have no codes. The formula has no steps.
    """
    middle = len(light) // 2
    gamma = float(np.log(light[middle]) / np.log(_CODES[middle]))
    for law in (Power(gamma), SRGB_CURVE, LIGHTNESS):
        exact = law(_CODES)
        if np.abs(exact - light).max() <= _ROUNDING and (np.diff(exact) > 0).all():
            return law
    return None


def _plausible(colorants: Doubles) -> Doubles | None:
    """Linear RGB to XYZ under D65 `(3, 3)`, its white exact; None for primaries that cannot be.

    Of real spaces, green carries most of the luminance, and what is painted counts on that.
    """
    adapted = bradford(D50, WHITE) @ colorants
    if np.abs(adapted.sum(axis=1) - WHITE).max() > _WHITE or np.linalg.cond(adapted) > _CONDITION:
        return None
    to_xyz = scaled_to_white(adapted)
    luminance = to_xyz[1]
    return to_xyz if luminance.min() > 0 and luminance.argmax() == 1 else None


@lru_cache(maxsize=2)
def srgb_profile(channels: int) -> bytes:
    """The sRGB profile for RGB pixels (`channels` 3) or sRGB's transfer curve for grey (1)."""
    loaded: Any = pyvips.Operation.call("profile_load", "sgrey" if channels == 1 else "srgb")
    return bytes(loaded)


@lru_cache(maxsize=32)
def is_srgb(icc: bytes) -> bool:
    """Whether an RGB or grey profile means sRGB, judged by what it does to colors.

    Names and checksums would miss most of the profiles that are called sRGB.
    """
    space = profile_space(icc)
    if space not in ("grey", "rgb"):
        return False
    steps = np.linspace(0, 65535, 9 if space == "rgb" else 257).astype(np.uint16)
    axes = [steps] * _CHANNELS[space]
    cube = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(1, -1, len(axes))
    there = to_srgb(cube, icc).astype(np.int64)
    return bool(np.abs(there - cube).max() <= _SAME_TOLERANCE)


def matching_profile(icc: bytes | None, channels: int) -> bytes | None:
    """The profile to write beside pixels of `channels` 1 or 3: `icc` where it fits, else sRGB's.

    A grey picture's profile says nothing about its colored version, and readers reject it there.
    """
    if icc is None or profile_space(icc) == ("grey" if channels == 1 else "rgb"):
        return icc
    return srgb_profile(channels)


def managed(pixels: Pixels, icc: bytes | None) -> tuple[Pixels, bytes | None]:
    """Pixels (H, W, 1, 3 or 4) as sRGB (H, W, 1 or 3), and the profile that they then obey.

    Under a profile that is sRGB already, under one that is damaged or made for another kind of
    picture, and without any, grey and RGB come back untouched. CMYK is always converted.
    """
    cmyk = pixels.shape[2] == 4
    try:
        if icc is not None and fits(icc, pixels.shape[2]):
            if not cmyk and is_srgb(icc):
                return pixels, icc
            done = to_srgb(pixels, icc)
            return done, srgb_profile(done.shape[2])
    except pyvips.Error:
        pass  # the profile is damaged: a reason to do without it, not to refuse the picture
    return (to_srgb(pixels, None), srgb_profile(3)) if cmyk else (pixels, None)


def to_srgb(pixels: Pixels, icc: bytes | None) -> Pixels:
    """Pixels (H, W, 1, 3 or 4), uint8 or uint16, from the profile's space to sRGB: (H, W, 1 or 3).

    Grey stays grey, CMYK becomes RGB; without a profile CMYK goes through libvips' own. The
    intent is relative colorimetric with black point compensation, which leaves white white and
    keeps the shadows of CMYK apart. Raises pyvips.Error for a profile that cannot be used.
    """
    colors, is_deep = pixels.shape[2], pixels.dtype == np.uint16
    exact = None if icc is None else shaper(icc)
    # libvips is exact where it makes RGB of 8 bits, and faster.
    if exact is not None and (is_deep or colors == 1):
        curves = len(exact.curves)  # of a grey file under an RGB profile: R = G = B
        return exact(np.repeat(pixels, curves // colors, axis=2))[..., :colors]
    image = pyvips.Image.new_from_array(np.ascontiguousarray(pixels))
    image = image.copy(interpretation=_INTERPRETATIONS[colors, is_deep])
    if icc is not None:
        image.set_type(pyvips.GValue.blob_type, "icc-profile-data", icc)
    done: Pixels = converted(image, icc).numpy()
    return done.reshape(*pixels.shape[:2], -1)
