"""EXIF blocks and the tags of TIFF files: one structure, carried between the two where libvips
does not.

libvips reads EXIF of JPEG, PNG and WebP, and writes the tags that libexif knows; of a TIFF file it
keeps neither the EXIF directory nor the likes of Artist and Copyright. An EXIF block is a TIFF
structure behind `Exif\\0\\0`.
"""

import struct
from collections.abc import Iterator
from fractions import Fraction
from io import BytesIO

from photochrom.image.tiff_appending import packed
from photochrom.image.tiff_tags import CHILDREN, IPTC, Directory, Tiff, Value

_PREFIX = b"Exif\0\0"
_ORIENTATION = 274
_ACROSS, _DOWN, _UNIT = 282, 283, 296  # XResolution, YResolution, ResolutionUnit
_INCH = 2
_MM: dict[int, float] = {_INCH: 25.4, 3: 10}  # of each unit; the other is the centimeter
_FINEST = 10_000  # pixels per mm, still a ratio of two words
_SAME = 1e-4  # of a resolution, relative
_EXIF = 0x8769
_WIDTHS, _HEIGHTS = {256, 0xA002}, {257, 0xA003}  # ImageWidth, PixelXDimension; ImageLength, ...
_SHORT, _LONG, _RATIONAL = 3, 4, 5
_UNDEFINED = 7  # the type of bytes that mean something elsewhere
_PREVIEWS = ((513, 514), (273, 279))  # where one of JPEG or of plain pixels lies, and its size
_ROOM = 65_533  # bytes, beyond which a JPEG holds no block

# ImageDescription, Make, Model, DocumentName, PageName, Software, DateTime, Artist, HostComputer,
# Copyright, Rating, and the titles, comments and keywords that Windows writes (XPTitle ...).
# All others of a picture's own directory describe how its pixels are stored.
_DESCRIPTIVE = CHILDREN | {270, 271, 272, 269, 285, 305, 306, 315, 316, 33432, 0x4746}
_DESCRIPTIVE |= set(range(0x9C9B, 0x9CA0))


def described(tiff: Tiff, at: int) -> tuple[bytes | None, bytes | None]:
    """What the directory at `at` says about its picture: an EXIF block, and IPTC records.

    Either is None where there is none. Damaged tags are left out, and maker notes. libvips returns
    a quarter of the IPTC records: they are bytes, although many programs call them 32-bit words.
    """
    found = tiff.read(at, _DESCRIPTIVE | {IPTC})
    iptc = found.pop(IPTC, None)
    exif = _PREFIX + b"II*\0" + struct.pack("<I", 8) + packed(found, 8) if found else None
    return exif, iptc.data if isinstance(iptc, Value) else None


def to_tags(exif: bytes | None, iptc: bytes | None) -> Directory:
    """The tags by which a TIFF file says what an EXIF block and IPTC records say."""
    block = None if exif is None else Tiff.begin(BytesIO(exif.removeprefix(_PREFIX)))
    at = None if block is None else next(block.directories(), None)
    tags = {} if block is None or at is None else block.read(at, _DESCRIPTIVE)
    if iptc:
        tags[IPTC] = Value(_UNDEFINED, len(iptc), iptc)
    return tags


def refreshed(exif: bytes) -> bytes:
    """The EXIF block without what no longer holds: the turning, done by now, and the preview."""
    body = BytesIO(exif.removeprefix(_PREFIX))
    block = Tiff.begin(body)
    at = None if block is None or block.big else next(block.directories(), None)
    if block is None or at is None:
        return exif
    for place, tag, _ in _fields(block, at):
        if tag == _ORIENTATION:
            body.seek(place + 2)  # whatever type it had
            body.write(struct.pack(f"{block.order}HIHH", _SHORT, 1, 1, 0))
    link = block.link(at)
    if link + 4 <= len(body.getbuffer()):
        _erase_preview(block, body, link)
    return _PREFIX + body.getvalue()


def fitted(
    exif: bytes, width: int, height: int, resolution: tuple[float, float] | None
) -> bytes | None:
    """The EXIF block, `refreshed`, of a picture of this size and so many pixels per millimeter.

    Sizes are set where they are stated; the resolution where one is known, and room for it in a
    JPEG. All else stays in its place: offsets inside a maker note go on to hold.
    None for what is no EXIF: nobody can read it.
    """
    body = BytesIO(refreshed(exif).removeprefix(_PREFIX))
    block = Tiff.begin(body)
    at = None if block is None or block.big else next(block.directories(), None)
    if block is None or at is None:
        return None
    sizes = dict.fromkeys(_WIDTHS, width) | dict.fromkeys(_HEIGHTS, height)
    fields = list(_fields(block, at))
    for child in [block.value(field) for _, tag, field in fields if tag == _EXIF]:
        fields += _fields(block, child.numbers[0]) if child is not None and child.numbers else []
    for place, tag, field in fields:
        value = block.value(field) if tag in sizes else None
        if value is not None and value.numbers not in ((), (sizes[tag],)):
            body.seek(place + 2)
            body.write(struct.pack(f"{block.order}HII", _LONG, 1, sizes[tag]))
    known = resolution is not None and all(0 < one < _FINEST for one in resolution)
    if resolution is not None and known and not _states(block, at, resolution):
        _add_resolution(block, body, at, resolution)
    return _PREFIX + body.getvalue()


def _fields(block: Tiff, at: int) -> Iterator[tuple[int, int, bytes]]:
    """Where each field of a directory lies, its tag, and the field."""
    for index, (tag, field) in enumerate(block.entries(at)):
        yield at + 2 + 12 * index, tag, field


def _erase_preview(block: Tiff, body: BytesIO, link: int) -> None:
    """Take the directory of the preview out of its link, and its bytes out of the block."""
    body.seek(link)
    second = struct.unpack(f"{block.order}I", body.read(4))[0]
    found = block.read(second, {tag for pair in _PREVIEWS for tag in pair}) if second else {}
    body.seek(link)
    body.write(bytes(4))
    for pair in _PREVIEWS:
        place, size = (_number(found, tag) for tag in pair)
        if place is None or size is None or not second < place <= len(body.getbuffer()) - size:
            continue  # damaged: it would be something else that is erased
        body.seek(place)
        body.write(bytes(size))
        if place + size + 4 > len(body.getbuffer()):  # nothing but padding follows
            body.truncate(place)


def _states(block: Tiff, at: int, resolution: tuple[float, float]) -> bool:
    """Whether a directory states the resolution already, in whatever unit."""
    found = block.read(at, {_ACROSS, _DOWN, _UNIT})
    unit = _MM.get(_number(found, _UNIT) or _INCH)
    for tag, wanted in zip((_ACROSS, _DOWN), resolution, strict=True):
        value = found.get(tag)
        if unit is None or not isinstance(value, Value) or value.kind != _RATIONAL:
            return False
        above, below = struct.unpack("<II", value.data[:8])
        if not below or abs(above / below / unit - wanted) > _SAME * wanted:
            return False
    return True


def _add_resolution(block: Tiff, body: BytesIO, at: int, resolution: tuple[float, float]) -> None:
    """Put the resolution into a copy of the directory, behind all else, where there is room."""
    said = (_ACROSS, _DOWN, _UNIT)
    fields = {tag: field for tag, field in block.entries(at) if tag not in said}
    end = len(body.getbuffer())
    start = end + end % 2
    tail = start + 2 + 12 * (len(fields) + len(said)) + 4
    if len(_PREFIX) + tail + 16 > _ROOM:
        return
    order, words = block.order, b""
    for tag, place, value in zip((_ACROSS, _DOWN), (tail, tail + 8), resolution, strict=True):
        fields[tag] = struct.pack(f"{order}HHII", tag, _RATIONAL, 1, place)
        exact = Fraction(value * _MM[_INCH]).limit_denominator(10_000)
        words += struct.pack(f"{order}II", exact.numerator, exact.denominator)
    fields[_UNIT] = struct.pack(f"{order}HHIHH", _UNIT, _SHORT, 1, _INCH, 0)
    directory = struct.pack(f"{order}H", len(fields)) + b"".join(
        field for _, field in sorted(fields.items())
    )
    body.seek(end)
    body.write(bytes(start - end) + directory + bytes(4) + words)
    body.seek(4)
    body.write(struct.pack(f"{order}I", start))


def _number(found: Directory, tag: int) -> int | None:
    """The first whole number of a tag; None where it has none."""
    value = found.get(tag)
    return value.numbers[0] if isinstance(value, Value) and value.numbers else None
