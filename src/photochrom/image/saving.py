"""How libvips is told to write a picture: what each format holds, and how it is stored."""

from pathlib import Path
from typing import Any

import pyvips

from photochrom.errors import UnsupportedImageError
from photochrom.image import jpeg_metadata, png_texts
from photochrom.image.exif import fitted
from photochrom.image.frame import Format
from photochrom.image.header import Header, Layout
from photochrom.image.profile import matching_profile

SUFFIXES: dict[str, Format] = {
    ".jpg": "jpeg",
    ".jpeg": "jpeg",
    ".png": "png",
    ".tif": "tiff",
    ".tiff": "tiff",
    ".webp": "webp",
}
"""The format that each file name ending means."""

HEAD = 1 << 17
"""Bytes of a file that `head_size` looks at."""

# Of an EXIF block in WebP: beyond 65,535 libexif, through which libvips writes, leaves out what it
# cannot read, and libvips adds fields of its own, some 130 bytes.
_LONG_EXIF = 65_000
_LONGEST_EXIF = 65_533

_LONGEST_SIDE: dict[Format, int] = {"jpeg": 65500, "webp": 16383}
_UNKNOWN_RESOLUTION = 72 / 25.4  # pixels per mm; what EXIF prescribes where it is not known
_KEEP_ALL, _KEEP_EXIF = 31, 1  # libvips' flags: EXIF, XMP, IPTC, ICC and other texts

_BIG = 3_500_000_000  # bytes of pixels above which TIFF offsets get 64 bits, to stay clear of 4 GB
# Interlaced pictures are held whole while they are written.
_MOST_INTERLACED = 200_000_000
_STRIP = 1 << 20  # bytes; libvips' own 128 rows of a wide scan are 15 MB, held several times
_LARGEST_TILE = 1 << 22  # pixels


def format_of(target: Path) -> Format:
    """The format that the ending of a name means. Raises UnsupportedImageError for no known one."""
    kind = SUFFIXES.get(target.suffix.lower())
    if kind is None:
        raise UnsupportedImageError(
            f"{target}: no picture format ends in {target.suffix or 'nothing'!r}; "
            f"use one of {', '.join(SUFFIXES)}"
        )
    return kind


def check(header: Header, kind: Format) -> None:
    """Refuse what the format cannot hold. Raises UnsupportedImageError."""
    if kind in ("jpeg", "webp") and header.bit_depth == 16:
        raise UnsupportedImageError(
            f"{header.name}: {kind} holds 8 bits per channel, this picture has 16; "
            "write PNG or TIFF, or reduce it to 8 bits first"
        )
    if kind == "jpeg" and header.has_alpha:
        raise UnsupportedImageError(
            f"{header.name}: JPEG holds no transparency; write PNG, TIFF or WebP, "
            "or take the alpha channel away first"
        )
    longest = _LONGEST_SIDE.get(kind)
    if longest is not None and max(header.height, header.width) > longest:
        raise UnsupportedImageError(
            f"{header.name}: {header.width} x {header.height}, {kind} holds {longest} pixels "
            "a side; write PNG or TIFF"
        )
    exif = header.metadata.exif
    if kind == "webp" and exif is not None and len(exif) > _LONGEST_EXIF:
        raise UnsupportedImageError(
            f"{header.name}: its EXIF block has {len(exif)} bytes, of which WebP is given "
            f"{_LONGEST_EXIF}; write PNG or TIFF"
        )


def insertion(header: Header, kind: Format) -> bytes:
    """Metadata that libvips would lose or spoil, to be put into the file behind its head.

    Raises UnsupportedImageError where the format cannot hold it.
    """
    said, exif = header.metadata, _own_exif(header, kind)
    if kind == "png":
        return png_texts.packed(exif, said.xmp, said.texts)
    if kind == "jpeg":
        return jpeg_metadata.packed(exif, said, header.name)
    return b""


def head_size(beginning: bytes, kind: Format) -> int:
    """Bytes of a PNG or JPEG file, from its first `HEAD`, that the insertion belongs behind."""
    return png_texts.HEADER_SIZE if kind == "png" else jpeg_metadata.head_size(beginning)


def dressed(image: Any, header: Header, kind: Format) -> Any:
    """The pixels that libvips has, with all that is to be written beside them."""
    grey, rgb = ("b-w", "srgb") if header.bit_depth == 8 else ("grey16", "rgb16")
    metadata = header.metadata
    across, down = metadata.resolution or (_UNKNOWN_RESOLUTION, _UNKNOWN_RESOLUTION)
    image = image.copy(interpretation=grey if header.channels == 1 else rgb, xres=across, yres=down)
    image.set_type(pyvips.GValue.gint_type, "orientation", 1)
    image.set_type(pyvips.GValue.gstr_type, "resolution-unit", "in")
    blobs = {"icc-profile-data": matching_profile(header.icc, header.channels)}
    if kind in ("tiff", "webp"):
        blobs |= {"exif-data": metadata.exif, "xmp-data": metadata.xmp}
    for field, data in blobs.items():
        if data is not None:
            image.set_type(pyvips.GValue.blob_type, field, data)
    return image


def options(header: Header, kind: Format, quality: int) -> dict[str, Any]:
    """How libvips is to write each format."""
    # A JPEG has its resolution in an EXIF block; elsewhere none is made where there was none.
    stated = bool(header.metadata.exif)
    has_exif = _own_exif(header, kind) is None if kind == "jpeg" else stated and kind != "png"
    keep = _KEEP_ALL if has_exif else _KEEP_ALL - _KEEP_EXIF
    return {"keep": keep} | _of_format(header, kind, quality)


def _own_exif(header: Header, kind: Format) -> bytes | None:
    """The EXIF block as it is to be in the file, where libvips, which drops tags, is not asked."""
    said = header.metadata
    if not said.exif or kind not in ("jpeg", "png"):
        return None
    return fitted(said.exif, header.width, header.height, said.resolution)


def _of_format(header: Header, kind: Format, quality: int) -> dict[str, Any]:
    if kind == "jpeg":
        # 4:4:4: halved chroma, enlarged and clipped by a viewer, would shift the luminance that
        # coloring has promised to keep. Optimized coding would hold all coefficients in memory and
        # take 4.4 times as long for files 2.7 % smaller.
        return {"Q": quality, "subsample_mode": "off", "optimize_coding": False}
    if kind == "webp":
        # `exact` keeps the color under full transparency, which is part of the picture.
        return {"Q": quality, "lossless": quality == 100, "smart_subsample": True, "exact": True}
    if kind == "tiff":
        return _of_tiff(header, header.layout)
    pixels = header.height * header.row_bytes
    return {"interlace": header.layout.interlaced and pixels <= _MOST_INTERLACED}


def _of_tiff(header: Header, layout: Layout) -> dict[str, Any]:
    predictable = layout.compression in ("lzw", "deflate")
    found = {
        "compression": layout.compression,
        "predictor": "horizontal" if layout.differences and predictable else "none",
        "bigtiff": layout.bigtiff or header.height * header.row_bytes > _BIG,
    }
    if layout.tile is not None and layout.tile[0] * layout.tile[1] <= _LARGEST_TILE:
        width, height = layout.tile
        return found | {"tile": True, "tile_width": width, "tile_height": height}
    return found | {"tile_height": min(128, max(1, _STRIP // header.row_bytes))}
