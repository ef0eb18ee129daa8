"""EXIF blocks and the tags of TIFF files: one structure, carried between the two where libvips
does not.

libvips reads and writes EXIF in JPEG, PNG and WebP; of a TIFF file it keeps neither the EXIF
directory nor the likes of Artist and Copyright. An EXIF block is a TIFF structure behind
`Exif\\0\\0`.
"""

import struct
from io import BytesIO

from photochrom.image.tiff_appending import packed
from photochrom.image.tiff_tags import CHILDREN, IPTC, Directory, Tiff, Value

_PREFIX = b"Exif\0\0"
_ORIENTATION = 274
_UNDEFINED = 7  # the type of bytes that mean something elsewhere

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
    for index, (tag, _) in enumerate(block.entries(at)):
        if tag == _ORIENTATION:
            body.seek(at + 2 + 12 * index + 8)
            body.write(struct.pack(f"{block.order}H", 1))
    link = block.link(at)
    if link + 4 <= len(body.getbuffer()):
        body.seek(link)
        body.write(bytes(4))  # the link to the directory of the preview
    return _PREFIX + body.getvalue()
