"""Pictures in: a file or its bytes become a `Frame`.

The format is told from the first bytes and its loader is called by name, so that no other loader
of libvips, trusted or not, is ever reached by a file that pretends.
"""

import os
from pathlib import Path
from typing import Any

import numpy as np
import pyvips

from photochrom.errors import (
    EmptyFileError,
    ImageError,
    MissingFileError,
    NotAnImageError,
    TooManyPixelsError,
    TruncatedImageError,
    UnsupportedImageError,
)
from photochrom.image.exif import refreshed, tiff_to_exif, tiff_to_iptc
from photochrom.image.frame import Format, Frame, Metadata, Pixels
from photochrom.image.iptc import unwrap
from photochrom.image.png_texts import read_texts
from photochrom.image.profile import managed

MAX_PIXELS = 500_000_000
"""Width times height above which a picture is refused, from its header, before anything is
decoded. 500 megapixels is a glass plate of 20 x 25 cm scanned at 2500 dpi."""

_MAGIC: tuple[tuple[bytes, Format], ...] = (
    (b"\xff\xd8\xff", "jpeg"),
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"II*\0", "tiff"),
    (b"MM\0*", "tiff"),
    (b"II+\0", "tiff"),
    (b"MM\0+", "tiff"),
)
_FOREIGN: tuple[tuple[int, bytes, str], ...] = (
    (0, b"GIF8", "GIF"),
    (0, b"BM", "BMP"),
    (0, b"%PDF", "PDF"),
    (0, b"8BPS", "Photoshop"),
    (0, b"<svg", "SVG"),
    (0, b"\xff\x0a", "JPEG XL"),
    (4, b"JXL ", "JPEG XL"),
    (4, b"jP  ", "JPEG 2000"),
    (4, b"ftyp", "HEIC or AVIF"),
    (0, b"P5", "PNM"),
    (0, b"P6", "PNM"),
)
_DEPTHS = {"uchar": np.uint8, "ushort": np.uint16}
_CHANNELS = {"b-w": 1, "grey16": 1, "srgb": 3, "rgb": 3, "rgb16": 3, "cmyk": 4}


def read(path: str | os.PathLike[str], *, max_pixels: int = MAX_PIXELS) -> Frame:
    """The picture in a file. What is read, and what becomes of it, is told at `decode`.

    Raises MissingFileError where there is no file, ImageError for a folder or a file that may not
    be read, and whatever `decode` raises.
    """
    name = os.fspath(path)
    try:
        data = Path(path).read_bytes()
    except FileNotFoundError:
        raise MissingFileError(f"{name}: no such file; check the path") from None
    except IsADirectoryError:
        raise ImageError(f"{name}: is a folder; give the path of one picture") from None
    except OSError as error:
        raise ImageError(
            f"{name}: cannot be read ({error.strerror}); check its permissions"
        ) from None
    return decode(data, name=name, max_pixels=max_pixels)


def decode(data: bytes, *, name: str = "<bytes>", max_pixels: int = MAX_PIXELS) -> Frame:
    """The picture in the bytes of a JPEG, PNG, TIFF or WebP file.

    8 and 16 bits per channel stay what they are; 1, 2 and 4 bits and palettes become 8 bits. Of
    several pages or animation frames the first is taken. The stored orientation is applied to the
    pixels. An embedded sRGB profile is kept byte for byte and the pixels are not touched; pixels
    under any other usable profile are brought to sRGB at their own depth, and the profile of the
    frame is then sRGB's. Pixels without a profile, or with one that is damaged, are taken as sRGB.

    Raises EmptyFileError, NotAnImageError, UnsupportedImageError, TooManyPixelsError (more than
    `max_pixels`) and TruncatedImageError (damaged or incomplete). `name` begins each message.
    """
    kind = _sniff(data, name)
    try:
        image = pyvips.Operation.call(
            f"{kind}load_buffer", data, fail_on="error", access="sequential"
        )
        _check(image, name, max_pixels)
        samples = _samples(image)  # (H, W, C + alpha)
    except pyvips.Error as error:
        raise _loading_error(error, name) from None
    pixels, alpha = _split(samples, _CHANNELS[image.interpretation])
    pixels, icc = managed(pixels, _blob(image, "icc-profile-data"))
    return Frame(
        pixels=np.ascontiguousarray(pixels),
        alpha=alpha,
        icc=icc,
        metadata=_metadata(image, data, kind),
        format=kind,
        name=name,
    )


def _sniff(data: bytes, name: str) -> Format:
    """The format, from the first bytes."""
    if not data:
        raise EmptyFileError(f"{name}: the file is empty; copy it again from its source")
    for magic, kind in _MAGIC:
        if data.startswith(magic):
            return kind
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "webp"
    for offset, magic, title in _FOREIGN:
        if data[offset:].startswith(magic):
            raise UnsupportedImageError(
                f"{name}: {title} files are not read; save it as PNG, TIFF, JPEG or WebP"
            )
    raise NotAnImageError(f"{name}: not a picture; give a JPEG, PNG, TIFF or WebP file")


def _check(image: Any, name: str, max_pixels: int) -> None:
    """Refuse, from the header alone, what is too large or of a kind that we do not handle."""
    if image.width * image.height > max_pixels:
        raise TooManyPixelsError(
            f"{name}: {image.width} x {image.height} is more than the limit of {max_pixels} "
            "pixels; raise the limit or make the picture smaller"
        )
    channels = _CHANNELS.get(image.interpretation)
    if image.format not in _DEPTHS or channels is None:
        raise UnsupportedImageError(
            f"{name}: pixels of kind {image.interpretation} and type {image.format} are not read; "
            "save it as 8- or 16-bit grey, RGB or CMYK"
        )
    if image.bands not in (channels, channels + 1):
        raise UnsupportedImageError(
            f"{name}: {image.bands} channels are not read; save it with one alpha channel at most"
        )


def _samples(image: Any) -> Pixels:
    """All channels, upright: (H, W, bands)."""
    if image.get_typeof("orientation") and image.get("orientation") > 1:
        image = image.copy_memory().autorot()  # turning needs every row at once
    samples: Pixels = image.numpy()
    return samples.reshape(image.height, image.width, image.bands)


def _split(samples: Pixels, channels: int) -> tuple[Pixels, Pixels | None]:
    """Color (H, W, channels), and alpha (H, W) where there is one more."""
    if samples.shape[2] == channels:
        return samples, None
    return samples[..., :channels], np.ascontiguousarray(samples[..., channels])


def _metadata(image: Any, data: bytes, kind: Format) -> Metadata:
    exif = tiff_to_exif(data) if kind == "tiff" else _blob(image, "exif-data")
    iptc = tiff_to_iptc(data) if kind == "tiff" else _blob(image, "iptc-data")
    resolution = (float(image.xres), float(image.yres))
    return Metadata(
        exif=None if exif is None else refreshed(exif),
        iptc=None if iptc is None else unwrap(iptc),
        xmp=_blob(image, "xmp-data"),
        resolution=None if _is_unknown(resolution) else resolution,
        texts=read_texts(data) if kind == "png" else (),
    )


def _is_unknown(resolution: tuple[float, float]) -> bool:
    """Whether it is what libvips (1 per mm), or EXIF (72 dpi), says for not knowing."""
    return any(np.allclose(resolution, value, rtol=0, atol=1e-3) for value in (1.0, 72 / 25.4))


def _blob(image: Any, field: str) -> bytes | None:
    return bytes(image.get(field)) if image.get_typeof(field) else None


def _loading_error(error: Any, name: str) -> ImageError:
    """What a failure of libvips means to the user."""
    detail = " ".join(str(error.detail).split())
    if "support" in detail or "samples out of range" in detail:  # the latter: samples per pixel
        return UnsupportedImageError(
            f"{name}: of a kind that is not read ({detail}); save it as plain PNG or TIFF"
        )
    return TruncatedImageError(
        f"{name}: damaged or incomplete ({detail or 'no detail'}); copy it again from its source"
    )
