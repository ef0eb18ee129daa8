"""Pictures that are in memory already: arrays and `PIL.Image`s, to frames and back."""

import sys
from typing import TYPE_CHECKING, Any, TypeGuard

import numpy as np
import numpy.typing as npt

from photochrom.errors import UnsupportedImageError
from photochrom.image.exif import refreshed
from photochrom.image.frame import Frame, Metadata, Pixels
from photochrom.image.profile import managed, matching_profile

if TYPE_CHECKING:
    from PIL.Image import Image as PilImage

_TO_PLAIN = {"1": "L", "PA": "RGBA", "La": "LA", "RGBa": "RGBA", "RGBX": "RGB"}
_PLAIN_CHANNELS = {"L": 1, "LA": 1, "RGB": 3, "RGBA": 3, "CMYK": 4}


def from_array(array: npt.NDArray[Any], *, name: str = "<array>") -> Frame:
    """A picture from (H, W), or (H, W, C): C 1 grey, 2 grey and alpha, 3 RGB, 4 RGBA; sRGB-encoded.

    uint8 and uint16 are taken as they are; bool becomes 0 and 255; floats lie in [0, 1] and become
    16 bits, which 8 would band. Raises UnsupportedImageError for anything else, NaN included.
    """
    samples = _as_samples(np.asarray(array), name)
    if samples.ndim == 2:
        samples = samples[..., None]
    if samples.ndim != 3 or samples.shape[2] not in (1, 2, 3, 4):
        raise UnsupportedImageError(
            f"{name}: an array of shape {array.shape} is no picture; "
            "give (height, width) or (height, width, 1 to 4)"
        )
    channels = 1 if samples.shape[2] < 3 else 3
    alpha = samples[..., channels].copy() if samples.shape[2] > channels else None
    return Frame(pixels=samples[..., :channels].copy(), alpha=alpha, name=name)


def is_pil(picture: object) -> "TypeGuard[PilImage]":
    """Whether this is a `PIL.Image`: whoever has one has loaded Pillow; nobody else needs to."""
    pil = sys.modules.get("PIL.Image")
    return pil is not None and isinstance(picture, pil.Image)


def from_pil(image: "PilImage") -> Frame:
    """A picture from a `PIL.Image`: modes 1, L, LA, P, PA, RGB, RGBA, CMYK and 16-bit I;16.

    Its orientation is applied; its profile is treated as `decode` treats one; EXIF, XMP and
    resolution are kept. Raises UnsupportedImageError for other modes.
    """
    from PIL.ImageOps import exif_transpose

    name = str(getattr(image, "filename", "") or "<PIL image>")
    exif, icc = image.info.get("exif"), image.info.get("icc_profile")
    xmp, dpi = image.info.get("xmp"), image.info.get("dpi")
    plain = _plain(exif_transpose(image), name)
    samples = np.asarray(plain)
    if plain.mode.startswith("I;16"):
        samples = samples.astype(np.uint16)  # I;16B is big-endian
    if samples.ndim == 2:
        samples = samples[..., None]
    channels = _PLAIN_CHANNELS.get(plain.mode, 1)
    alpha = samples[..., channels].copy() if samples.shape[2] > channels else None
    pixels, profile = managed(samples[..., :channels], icc or None)
    return Frame(
        pixels=pixels.copy(),
        alpha=alpha,
        icc=profile,
        metadata=Metadata(
            exif=refreshed(exif) if exif else None,
            xmp=xmp.encode() if isinstance(xmp, str) else xmp,
            resolution=(float(dpi[0]) / 25.4, float(dpi[1]) / 25.4) if dpi else None,
        ),
        name=name,
    )


def to_pil(frame: Frame) -> "PilImage":
    """The picture as a `PIL.Image`: L, LA, RGB, RGBA, or I;16 for 16-bit grey without alpha.

    Its profile, EXIF and XMP lie in `info`, where Pillow's `save` finds the first two if given
    them. Raises UnsupportedImageError for other 16-bit pictures, for which Pillow has no mode.
    """
    from PIL.Image import fromarray

    if frame.bit_depth == 16 and not (frame.is_grey and frame.alpha is None):
        raise UnsupportedImageError(
            f"{frame.name}: Pillow holds no 16-bit color or transparency; "
            "take Frame.to_8_bit() first, or use Frame.pixels"
        )
    planes = [frame.pixels] if frame.alpha is None else [frame.pixels, frame.alpha[..., None]]
    samples = np.concatenate(planes, axis=2)
    image = fromarray(samples[..., 0] if samples.shape[2] == 1 else samples)
    about = {
        "icc_profile": matching_profile(frame.icc, frame.pixels.shape[2]),
        "exif": frame.metadata.exif,
        "xmp": frame.metadata.xmp,
    }
    image.info.update({key: value for key, value in about.items() if value is not None})
    if frame.metadata.resolution is not None:
        across, down = frame.metadata.resolution
        image.info["dpi"] = (across * 25.4, down * 25.4)
    return image


def _plain(image: "PilImage", name: str) -> "PilImage":
    """The same picture in a mode whose array holds its samples."""
    if image.mode == "P":
        return image.convert("RGBA" if "transparency" in image.info else "RGB")
    if image.mode in ("L", "RGB") and "transparency" in image.info:  # one color is transparent
        return image.convert("LA" if image.mode == "L" else "RGBA")
    if image.mode in _TO_PLAIN:
        return image.convert(_TO_PLAIN[image.mode])
    if image.mode not in _PLAIN_CHANNELS and not image.mode.startswith("I;16"):
        raise UnsupportedImageError(
            f"{name}: mode {image.mode} of Pillow is not taken; call convert('RGB') or "
            "convert('L') first, or give an array"
        )
    return image


def _as_samples(array: npt.NDArray[Any], name: str) -> Pixels:
    """The same values as uint8 or uint16."""
    if array.dtype == np.bool_:
        return array.astype(np.uint8) * np.uint8(255)
    if array.dtype in (np.uint8, np.uint16):
        return array
    if not np.issubdtype(array.dtype, np.floating):
        raise UnsupportedImageError(
            f"{name}: an array of {array.dtype} has no known range; "
            "give uint8, uint16 or floats in [0, 1]"
        )
    if array.size and not (array.min() >= 0 and array.max() <= 1):  # NaN fails both
        raise UnsupportedImageError(
            f"{name}: floats lie outside [0, 1]; divide by the largest possible value first"
        )
    return np.rint(array.astype(np.float64) * 65535).astype(np.uint16)
