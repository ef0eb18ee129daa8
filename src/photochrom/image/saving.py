"""How libvips is told to write a picture: what each format holds, and how it is stored."""

from pathlib import Path
from typing import Any

import pyvips

from photochrom.errors import UnsupportedImageError
from photochrom.image import iptc
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


def dressed(image: Any, header: Header, kind: Format) -> Any:
    """The pixels that libvips has, with all that is to be written beside them."""
    grey, rgb = ("b-w", "srgb") if header.bit_depth == 8 else ("grey16", "rgb16")
    metadata = header.metadata
    across, down = metadata.resolution or (_UNKNOWN_RESOLUTION, _UNKNOWN_RESOLUTION)
    image = image.copy(interpretation=grey if header.channels == 1 else rgb, xres=across, yres=down)
    image.set_type(pyvips.GValue.gint_type, "orientation", 1)
    image.set_type(pyvips.GValue.gstr_type, "resolution-unit", "in")
    blobs = {
        "icc-profile-data": matching_profile(header.icc, header.channels),
        "exif-data": metadata.exif,
        "xmp-data": metadata.xmp,
    }
    if metadata.iptc is not None and kind == "jpeg":
        blobs["iptc-data"] = iptc.wrap(metadata.iptc)
    for field, data in blobs.items():
        if data is not None:
            image.set_type(pyvips.GValue.blob_type, field, data)
    return image


def options(header: Header, kind: Format, quality: int) -> dict[str, Any]:
    """How libvips is to write each format."""
    # A JPEG has its resolution in an EXIF block; elsewhere none is made where there was none.
    keep = _KEEP_ALL if header.metadata.exif or kind == "jpeg" else _KEEP_ALL - _KEEP_EXIF
    return {"keep": keep} | _of_format(header, kind, quality)


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
