"""Color profiles: what space one describes, and pixels brought from it to sRGB.

Every Frame is sRGB-encoded, so that the color science above never asks which space it is in. The
price is known: colors of Display P3 or Adobe RGB outside the sRGB gamut are clipped to it.
"""

from functools import lru_cache
from typing import Any, Literal

import numpy as np
import pyvips

from photochrom.image.frame import Pixels
from photochrom.image.shaper import is_whole, shaper

Space = Literal["grey", "rgb", "cmyk"]

_SIGNATURES: dict[bytes, Space] = {b"GRAY": "grey", b"RGB ": "rgb", b"CMYK": "cmyk"}
_CHANNELS: dict[Space, int] = {"grey": 1, "rgb": 3, "cmyk": 4}
_INTERPRETATIONS: dict[tuple[Space, int], str] = {
    ("grey", 8): "b-w",
    ("grey", 16): "grey16",
    ("rgb", 8): "srgb",
    ("rgb", 16): "rgb16",
    ("cmyk", 8): "cmyk",
    ("cmyk", 16): "cmyk",
}

# The sRGB profiles in circulation (HP, Facebook's "c2", Little CMS, ...) differ from one another
# by up to 205 of 65535 on a 9 x 9 x 9 cube of colors; Display P3 differs from them by 24575. One
# 8-bit step separates the two kinds.
_SAME_TOLERANCE = 257


def profile_space(icc: bytes) -> Space | None:
    """The color space that a profile describes, from its header; None for one of no use."""
    return _SIGNATURES.get(icc[16:20]) if is_whole(icc) else None


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
    space = None if icc is None else profile_space(icc)
    fits = space == "cmyk" if cmyk else space == "rgb" or (space == "grey" and pixels.shape[2] == 1)
    try:
        if icc is not None and fits:
            if not cmyk and is_srgb(icc):
                return pixels, icc
            converted = to_srgb(pixels, icc)
            return converted, srgb_profile(converted.shape[2])
    except pyvips.Error:
        pass  # the profile is damaged: a reason to do without it, not to refuse the picture
    return (to_srgb(pixels, None), srgb_profile(3)) if cmyk else (pixels, None)


def to_srgb(pixels: Pixels, icc: bytes | None) -> Pixels:
    """Pixels (H, W, 1, 3 or 4), uint8 or uint16, from the profile's space to sRGB: (H, W, 1 or 3).

    Grey stays grey, CMYK becomes RGB; without a profile CMYK goes through libvips' own. The
    intent is relative colorimetric with black point compensation, which leaves white white and
    keeps the shadows of CMYK apart. Raises pyvips.Error for a profile that cannot be used.
    """
    depth = 8 * pixels.dtype.itemsize
    spaces: dict[int, Space] = {1: "grey", 3: "rgb", 4: "cmyk"}
    space = spaces[pixels.shape[2]]
    target = "sgrey" if space == "grey" else "srgb"
    if space == "grey" and icc is not None and profile_space(icc) == "rgb":
        pixels = np.repeat(pixels, 3, axis=2)  # a grey file under an RGB profile: R = G = B
        space = "rgb"
    exact = None if icc is None else shaper(icc)
    if exact is not None and (depth, target) != (8, "srgb"):  # libvips is exact there, and faster
        return exact(pixels)[..., : 1 if target == "sgrey" else 3]  # R = G = B: one of them
    image = pyvips.Image.new_from_array(np.ascontiguousarray(pixels))
    image = image.copy(interpretation=_INTERPRETATIONS[space, depth])
    fallback = {"input_profile": "cmyk"} if space == "cmyk" else {}
    if icc is not None:
        image.set_type(pyvips.GValue.blob_type, "icc-profile-data", icc)
    converted: Pixels = image.icc_transform(
        target,
        embedded=icc is not None,
        intent="relative",
        black_point_compensation=True,
        depth=depth,
        **fallback,
    ).numpy()
    return converted.reshape(*pixels.shape[:2], -1)
