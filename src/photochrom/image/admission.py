"""Which files are let in: told from their first bytes and their header, before any decoding.

The format is told from the first bytes and its loader is called by name, so that no other loader
of libvips, trusted or not, is ever reached by a file that pretends.
"""

import os
import stat
from io import BufferedReader
from pathlib import Path
from typing import Any

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
from photochrom.image.frame import Format

MAX_PIXELS = 500_000_000
"""Width times height above which a picture is refused, from its header, before anything is
decoded. 500 megapixels is a glass plate of 20 x 25 cm scanned at 2500 dpi."""

LONGEST_SIDE = 1_000_000
"""Pixels of height or width above which a picture is refused likewise: a few rows of it would take
gigabytes, however few there are."""

CHANNELS = {"b-w": 1, "grey16": 1, "srgb": 3, "rgb": 3, "rgb16": 3, "cmyk": 4}
"""How many channels of color the kinds of picture have, by libvips' names for them."""

DEPTHS = {"uchar": 8, "ushort": 16}
"""Bits per channel, by libvips' names."""

_TOLD = 300  # characters of what libvips complains of

HEAD_SIZE = 16
"""Bytes that `sniff` looks at."""

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


def open_file(path: str | os.PathLike[str]) -> BufferedReader:
    """A file, open to be read.

    Raises MissingFileError where there is none, and ImageError for a folder, a pipe or a device,
    and for a file that may not be read.
    """
    name = os.fspath(path)
    try:
        # Without O_NONBLOCK a pipe that nobody writes to would be waited for here.
        file = os.fdopen(os.open(Path(path), os.O_RDONLY | getattr(os, "O_NONBLOCK", 0)), "rb")
    except FileNotFoundError:
        raise MissingFileError(f"{name}: no such file; check the path") from None
    except IsADirectoryError:
        raise ImageError(f"{name}: is a folder; give the path of one picture") from None
    except OSError as error:
        raise ImageError(
            f"{name}: cannot be read ({error.strerror}); check its permissions"
        ) from None
    if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        file.close()
        raise ImageError(f"{name}: is no plain file; copy it to one first")
    return file


def sniff(head: bytes, name: str) -> Format:
    """The format of a file, from its first `HEAD_SIZE` bytes.

    Raises EmptyFileError, UnsupportedImageError for formats that we know but do not read, and
    NotAnImageError.
    """
    if not head:
        raise EmptyFileError(f"{name}: the file is empty; copy it again from its source")
    for magic, kind in _MAGIC:
        if head.startswith(magic):
            return kind
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "webp"
    for offset, magic, title in _FOREIGN:
        if head[offset:].startswith(magic):
            raise UnsupportedImageError(
                f"{name}: {title} files are not read; save it as PNG, TIFF, JPEG or WebP"
            )
    raise NotAnImageError(f"{name}: not a picture; give a JPEG, PNG, TIFF or WebP file")


def admit(image: Any, name: str, max_pixels: int) -> None:
    """Refuse, from the header alone, what is too large or of a kind that we do not handle.

    Raises TooManyPixelsError and UnsupportedImageError.
    """
    if image.width * image.height > max_pixels:
        raise TooManyPixelsError(
            f"{name}: {image.width} x {image.height} is more than the limit of {max_pixels} "
            "pixels; raise the limit or make the picture smaller"
        )
    if max(image.width, image.height) > LONGEST_SIDE:
        raise TooManyPixelsError(
            f"{name}: {image.width} x {image.height}, of which a side has more than the limit of "
            f"{LONGEST_SIDE} pixels; cut it into several pictures"
        )
    channels = CHANNELS.get(image.interpretation)
    if image.format not in DEPTHS or channels is None:
        raise UnsupportedImageError(
            f"{name}: pixels of kind {image.interpretation} and type {image.format} are not read; "
            "save it as 8- or 16-bit grey, RGB or CMYK"
        )
    if image.bands not in (channels, channels + 1):
        raise UnsupportedImageError(
            f"{name}: {image.bands} channels are not read; save it with one alpha channel at most"
        )


def forget_complaints() -> None:
    """Call it before libvips opens a picture: it tells of one what it has put up with in others.

    It collects complaints, also those over which nothing failed, until something does.
    """
    pyvips.vips_lib.vips_error_clear()


def loading_error(error: Any, name: str) -> ImageError:
    """What a failure of libvips means to the user."""
    detail = _in_short(str(error.detail))
    if "support" in detail or "samples out of range" in detail:  # the latter: samples per pixel
        return UnsupportedImageError(
            f"{name}: of a kind that is not read ({detail}); save it as plain PNG or TIFF"
        )
    return TruncatedImageError(
        f"{name}: damaged or incomplete ({detail or 'no detail'}); copy it again from its source"
    )


def _in_short(detail: str) -> str:
    """In one line, and once what was said of every strip or tag."""
    said = "; ".join(dict.fromkeys(" ".join(line.split()) for line in detail.splitlines()))
    return said if len(said) <= _TOLD else f"{said[:_TOLD]} ..."
