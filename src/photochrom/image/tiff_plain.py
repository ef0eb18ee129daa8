"""Uncompressed TIFF files, read and written without libvips: as large as scans come.

libvips holds several hundred rows while it reads, and again while it writes: 190 MB for a picture
of 20,000 columns at 16 bits, where a strip is enough. Every other TIFF file is libvips' affair.
"""

import struct
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from fractions import Fraction
from io import BufferedIOBase
from typing import Any, BinaryIO

import numpy as np

from photochrom.image.exif import to_tags
from photochrom.image.frame import Pixels
from photochrom.image.header import Header
from photochrom.image.profile import matching_profile
from photochrom.image.strips import checked
from photochrom.image.tiff_appending import packed
from photochrom.image.tiff_tags import FARTHEST, Directory, Tiff, Value

_WIDTH, _HEIGHT, _DEPTH, _COMPRESSION, _PHOTOMETRIC = 256, 257, 258, 259, 262
_FILL_ORDER, _OFFSETS, _SAMPLES, _ROWS, _SIZES, _PLANAR = 266, 273, 277, 278, 279, 284
_EXTRA, _SAMPLE_FORMAT, _TILE_WIDTH = 338, 339, 322
_ORIENTATION, _ACROSS, _DOWN, _UNIT, _XMP, _ICC = 274, 282, 283, 296, 700, 34675
_STORAGE = {_WIDTH, _HEIGHT, _DEPTH, _COMPRESSION, _PHOTOMETRIC, _FILL_ORDER, _OFFSETS, _SAMPLES}
_STORAGE |= {_ROWS, _SIZES, _PLANAR, _EXTRA, _SAMPLE_FORMAT, _TILE_WIDTH}
_WHITE_IS_0, _BLACK_IS_0, _RGB = 0, 1, 2
_UNASSOCIATED, _INCH = 2, 2
_SHORT, _LONG, _RATIONAL, _LONG8 = (3, "H"), (4, "I"), (5, "I"), (16, "Q")
_BYTE, _UNDEFINED = 1, 7
_PIECE = 1 << 20  # bytes that a strip has at most
_UNKNOWN_RESOLUTION = 72  # dpi; what EXIF prescribes where it is not known


@dataclass(frozen=True)
class PlainTiff:
    """Where the rows of an uncompressed page lie."""

    shape: tuple[int, int, int]
    """Height, width, samples, as stored."""
    dtype: np.dtype[Any]
    """Of one sample in the file."""
    offsets: tuple[int, ...]
    """Of strips of `rows` each."""
    rows: int
    inverted: bool
    """Whether 0 is white."""

    def read(self, file: BufferedIOBase, top: int, count: int) -> Pixels:
        """Some rows, (count, width, samples), uint8 or uint16. Raises EOFError where they end."""
        _, width, samples = self.shape
        found = np.empty((count, width, samples), self.dtype)
        row, size = top, width * samples * self.dtype.itemsize
        while row < top + count:
            strip, skipped = divmod(row, self.rows)
            many = min(self.rows - skipped, top + count - row)
            file.seek(self.offsets[strip] + skipped * size)
            if file.readinto(found[row - top :][:many].data.cast("B")) < many * size:
                raise EOFError("ends within its pixels")
            row += many
        native = found.astype(self.dtype.newbyteorder("="), copy=False)
        return np.invert(native, out=native) if self.inverted else native


def plain_tiff(tiff: Tiff, at: int) -> PlainTiff | None:
    """The page whose directory is at `at`; None where it is stored in any way but the plainest."""
    tags = {
        tag: value.numbers
        for tag, value in tiff.read(at, _STORAGE).items()
        if isinstance(value, Value)
    }

    def first(tag: int, default: int) -> int:
        return (*tags.get(tag, ()), default)[0]

    height, width, samples = first(_HEIGHT, 0), first(_WIDTH, 0), first(_SAMPLES, 1)
    depths, photometric = set(tags.get(_DEPTH, (1,))), first(_PHOTOMETRIC, -1)
    colors = {_WHITE_IS_0: 1, _BLACK_IS_0: 1, _RGB: 3}.get(photometric)
    rows = min(first(_ROWS, height), height)
    alpha = () if samples == colors else (_UNASSOCIATED,)
    is_plain = (
        first(_COMPRESSION, 1) == first(_PLANAR, 1) == first(_FILL_ORDER, 1) == 1
        and set(tags.get(_SAMPLE_FORMAT, (1,))) == {1}
        and _TILE_WIDTH not in tags
        and depths in ({8}, {16})
        and height > 0 < width
        and rows > 0
        and colors is not None
        and samples == colors + len(alpha)
        and tags.get(_EXTRA, ()) == alpha
        and not (alpha and photometric == _WHITE_IS_0)
    )
    if not is_plain:
        return None
    dtype = np.dtype(f"{tiff.order}u{depths.pop() // 8}")
    offsets, sizes = tags.get(_OFFSETS, ()), tags.get(_SIZES, ())
    row_size = width * samples * dtype.itemsize
    needed = [min(rows, height - top) * row_size for top in range(0, height, rows)]
    if len(offsets) != len(needed) or len(sizes) != len(needed) or max(offsets) > FARTHEST:
        return None
    if any(size < need for size, need in zip(sizes, needed, strict=True)):
        return None
    inverted = photometric == _WHITE_IS_0
    return PlainTiff((height, width, samples), dtype, offsets, rows, inverted)


def beginning(*, big: bool, first: int = 0) -> bytes:
    """How a little-endian file begins whose first directory is at `first`."""
    if big:
        return struct.pack("<2sHHHQ", b"II", 43, 8, 0, first)
    return struct.pack("<2sHI", b"II", 42, first)


def pixel_tags(header: Header, begin: int, *, big: bool) -> Directory:
    """What says how the pixels of an uncompressed file are stored, whose first is at `begin`."""
    rows = max(1, _PIECE // header.row_bytes)
    tops = range(0, header.height, rows)
    sizes = [min(rows, header.height - top) * header.row_bytes for top in tops]
    place = _LONG8 if big else _LONG
    tags: Directory = {
        _WIDTH: _value(_LONG, header.width),
        _HEIGHT: _value(_LONG, header.height),
        _DEPTH: _value(_SHORT, *[header.bit_depth] * header.samples),
        _COMPRESSION: _value(_SHORT, 1),
        _PHOTOMETRIC: _value(_SHORT, _BLACK_IS_0 if header.channels == 1 else _RGB),
        _OFFSETS: _value(place, *(begin + top * header.row_bytes for top in tops)),
        _SAMPLES: _value(_SHORT, header.samples),
        _ROWS: _value(_LONG, rows),
        _SIZES: _value(place, *sizes),
        _PLANAR: _value(_SHORT, 1),
    }
    if header.has_alpha:
        tags[_EXTRA] = _value(_SHORT, _UNASSOCIATED)
    return tags


def write_plain(
    file: BinaryIO, header: Header, strips: Iterable[Pixels], *, link: int, big: bool
) -> int:
    """Write a page at the end of a file that `beginning` began.

    While one strip is on its way to the disk, the next is made.

    Args:
        file: open to be read and written.
        header: what the page is.
        strips: as `store` takes them.
        link: where in the file the place of the page's directory is to be written.
        big: whether it is a BigTIFF.

    Returns:
        Where the place of the next page's directory is to be written.

    Raises:
        ValueError: the strips are not what the header says, or the file has grown beyond 4 GB and
            is no BigTIFF.
        OSError: it cannot be written.
        Whatever `strips` raises.
    """
    begin = file.seek(0, 2)
    with ThreadPoolExecutor(1) as writer, closing(checked(header, strips)) as pieces:
        on_its_way: Future[int] | None = None
        for strip in pieces:
            if on_its_way is not None:
                on_its_way.result()
            on_its_way = writer.submit(file.write, strip)
        if on_its_way is not None:
            on_its_way.result()
    end = file.seek(0, 2)
    at = end + -end % 8  # directories begin on a word boundary
    try:
        tags = pixel_tags(header, begin, big=big) | _descriptive_tags(header)
        directory = bytes(at - end) + packed(tags, at, big=big)
        place = struct.pack("<Q" if big else "<I", at)
    except struct.error:
        raise ValueError("beyond 4 GB, where only a BigTIFF reaches") from None
    file.write(directory)
    file.seek(link)
    file.write(place)
    return Tiff(file, "<", big).link(at)


def _descriptive_tags(header: Header) -> Directory:
    """What says what is to be seen, and in which colors."""
    metadata = header.metadata
    across, down = metadata.resolution or (_UNKNOWN_RESOLUTION / 25.4, _UNKNOWN_RESOLUTION / 25.4)
    tags = to_tags(metadata.exif, metadata.iptc) | {
        _ORIENTATION: _value(_SHORT, 1),
        _ACROSS: _value(_RATIONAL, *_ratio(across * 25.4)),
        _DOWN: _value(_RATIONAL, *_ratio(down * 25.4)),
        _UNIT: _value(_SHORT, _INCH),
    }
    icc = matching_profile(header.icc, header.channels)
    if icc is not None:
        tags[_ICC] = Value(_UNDEFINED, len(icc), icc)
    if metadata.xmp is not None:
        tags[_XMP] = Value(_BYTE, len(metadata.xmp), metadata.xmp)
    return tags


def _ratio(value: float) -> tuple[int, int]:
    return Fraction(value).limit_denominator(1000).as_integer_ratio()


def _value(kind: tuple[int, str], *numbers: int) -> Value:
    count = len(numbers) // 2 if kind == _RATIONAL else len(numbers)
    return Value(kind[0], count, struct.pack(f"<{len(numbers)}{kind[1]}", *numbers))
