"""What an opened file says about its picture, and how it stores it."""

from typing import Any, BinaryIO, TypeGuard

import numpy as np

from photochrom.image.exif import described, refreshed
from photochrom.image.frame import Format, Metadata
from photochrom.image.header import Compression, Layout
from photochrom.image.iptc import unwrap
from photochrom.image.jpeg_metadata import read_comments, read_xmp_and_iptc
from photochrom.image.png_texts import read_texts, read_xmp
from photochrom.image.tiff_tags import Directory, Tiff, Value

_COMPRESSION, _PREDICTOR, _TILE_WIDTH, _TILE_HEIGHT = 259, 317, 322, 323
_LOSSLESS: dict[int, Compression] = {1: "none", 5: "lzw", 32773: "packbits"}
_DIFFERENCES = 2
_INTERLACE_AT = 28  # of the bytes of a PNG file
_RESAVED = Layout()
_FINEST = 1e6  # pixels per mm that files may state: a pixel is a nanometer


def metadata_of(image: Any, file: BinaryIO, kind: Format, page: int = 0) -> Metadata:
    """What a file says about the picture that libvips opened of it, at a page of a TIFF."""
    exif, iptc, xmp = (blob(image, f"{what}-data") for what in ("exif", "iptc", "xmp"))
    if kind == "tiff":
        exif, iptc = _of_page(file, page)
    elif kind == "jpeg":  # of which libvips sees what one segment holds
        xmp, iptc = read_xmp_and_iptc(file)
    elif kind == "png":
        xmp = read_xmp(file) or xmp
    resolution = (float(image.xres), float(image.yres))
    return Metadata(
        exif=None if exif is None else refreshed(exif),
        iptc=None if iptc is None else unwrap(iptc),
        xmp=xmp,
        resolution=None if _is_unknown(resolution) else resolution,
        texts=read_texts(file) if kind == "png" else (),
        comments=read_comments(file) if kind == "jpeg" else (),
    )


def layout_of(file: BinaryIO, kind: Format, page: int = 0) -> Layout:
    """How a file stores its pixels."""
    if kind == "png":
        file.seek(_INTERLACE_AT)
        return Layout(interlaced=file.read(1) == b"\1")
    tiff = Tiff.begin(file) if kind == "tiff" else None
    at = None if tiff is None else page_of(tiff, page)
    if tiff is None or at is None:
        return _RESAVED
    tags = tiff.read(at, {_COMPRESSION, _PREDICTOR, _TILE_WIDTH, _TILE_HEIGHT})
    first = {tag: value.numbers[0] for tag, value in tags.items() if _has_numbers(value)}
    compression = _LOSSLESS.get(first.get(_COMPRESSION, 1))
    tile = (first.get(_TILE_WIDTH, 0), first.get(_TILE_HEIGHT, 0))
    return Layout(
        compression=compression or "deflate",
        differences=compression is None or first.get(_PREDICTOR) == _DIFFERENCES,
        tile=tile if all(tile) else None,
        bigtiff=tiff.big,
    )


def blob(image: Any, field: str) -> bytes | None:
    """The bytes that libvips holds of a picture under a name; None where it has none."""
    return bytes(image.get(field)) if image.get_typeof(field) else None


def _of_page(file: BinaryIO, page: int) -> tuple[bytes | None, bytes | None]:
    """The EXIF block and IPTC records of a page of a TIFF file."""
    tiff = Tiff.begin(file)
    at = None if tiff is None else page_of(tiff, page)
    return (None, None) if tiff is None or at is None else described(tiff, at)


def page_of(tiff: Tiff, page: int) -> int | None:
    """Where the directory of a page begins, counted from 0; None where there is no such page."""
    return next((at for index, at in enumerate(tiff.directories()) if index == page), None)


def _has_numbers(value: "Value | Directory") -> TypeGuard[Value]:
    return isinstance(value, Value) and bool(value.numbers)


def _is_unknown(resolution: tuple[float, float]) -> bool:
    """Whether it is what libvips (1 per mm), or EXIF (72 dpi), says for not knowing, or absurd."""
    if not all(0 < value <= _FINEST for value in resolution):
        return True
    return any(np.allclose(resolution, value, rtol=0, atol=1e-3) for value in (1.0, 72 / 25.4))
