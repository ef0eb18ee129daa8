"""Pictures out: a `Frame` becomes a file, whole or not at all."""

import os
from io import BytesIO
from pathlib import Path

import numpy as np
import pyvips

from photochrom.color import SRGB
from photochrom.errors import ImageError
from photochrom.image.exif import to_tags
from photochrom.image.frame import Format, Frame
from photochrom.image.header import Header
from photochrom.image.placing import placed
from photochrom.image.saving import (
    HEAD,
    check,
    dressed,
    format_of,
    head_size,
    insertion,
    options,
)
from photochrom.image.tiff_appending import append
from photochrom.image.tiff_tags import Tiff


def encode(frame: Frame, *, format: Format | None = None, quality: int = 95) -> bytes:
    """The picture as the bytes of a file, by default in the format it came in.

    PNG and TIFF are exact. JPEG and WebP lose according to `quality`, 1 to 100; WebP of quality
    100 is exact, and always RGB. Profile, EXIF, XMP and resolution are written in every format,
    IPTC in JPEG and TIFF, comments in JPEG, texts in PNG. EXIF of a WebP goes through libexif,
    which drops tags that it does not know (HostComputer), and of a TIFF has no maker note. A
    profile of another color space than the pixels' gives way to sRGB's.

    Raises UnsupportedImageError where the format cannot hold the picture: 16 bits in JPEG or WebP,
    alpha in JPEG, too long a side, metadata of more bytes than it can hold. Nothing else is reduced
    or left out in silence.
    """
    kind = format or frame.format
    header = _header(frame)
    check(header, kind)
    added = insertion(header, kind)
    planes = [frame.pixels] if frame.alpha is None else [frame.pixels, frame.alpha[..., None]]
    samples = np.concatenate(planes, axis=2) if len(planes) > 1 else frame.pixels
    image = pyvips.Image.new_from_array(np.ascontiguousarray(samples))
    try:
        data: bytes = pyvips.Operation.call(
            f"{kind}save_buffer", dressed(image, header, kind), **options(header, kind, quality)
        )
    except pyvips.Error as error:
        raise ImageError(
            f"{frame.name}: cannot be written as {kind} ({' '.join(error.detail.split())}); "
            "choose PNG or TIFF"
        ) from None
    if kind == "tiff":
        return _tagged(data, header)
    head = head_size(data[:HEAD], kind) if added else 0
    return b"".join([data[:head], added, data[head:]]) if added else data


def write(
    frame: Frame, path: str | os.PathLike[str], *, overwrite: bool = False, quality: int = 95
) -> None:
    """Write the picture, in the format that the ending of `path` means; see `encode`.

    The file appears under its name only when it is complete. Raises OutputExistsError where it
    exists and `overwrite` is false, UnsupportedImageError for an unknown ending, and ImageError
    where the folder is missing or closed.
    """
    target = Path(path)
    kind = format_of(target)
    with placed(target, overwrite=overwrite) as file:
        file.write(encode(frame, format=kind, quality=quality))


def _header(frame: Frame) -> Header:
    """What the picture is, without its pixels."""
    return Header(
        height=frame.height,
        width=frame.width,
        channels=frame.pixels.shape[2],
        has_alpha=frame.alpha is not None,
        bit_depth=frame.bit_depth,
        encoding=SRGB,
        icc=frame.icc,
        metadata=frame.metadata,
        format=frame.format,
        name=frame.name,
    )


def _tagged(tiff: bytes, header: Header) -> bytes:
    """A TIFF file with the descriptive tags that libvips does not write."""
    tags = to_tags(header.metadata.exif, header.metadata.iptc)
    file = BytesIO(tiff)
    structure = Tiff.begin(file)
    if not tags or structure is None:
        return tiff
    append(structure, tags, structure.root)
    return file.getvalue()
