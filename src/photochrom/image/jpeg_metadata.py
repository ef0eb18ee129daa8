"""What the segments of a JPEG file say about its picture: EXIF, XMP, IPTC and comments.

libvips writes no more of each than fits one segment, and leaves out in silence what is longer; of
EXIF it writes the tags that libexif knows; of comments those that are texts in UTF-8. A
longer XMP packet has an extension, in segments of its own (XMP specification, part 3, section
1.1.3.1). IPTC records go into as many segments as they need, whose contents readers join.
"""

import struct
from collections import defaultdict
from collections.abc import Iterable, Iterator
from io import BytesIO
from typing import BinaryIO

from photochrom.errors import UnsupportedImageError
from photochrom.image.frame import Metadata
from photochrom.image.iptc import unwrap, wrap
from photochrom.image.xmp_extension import digest, extension_named, joined, split

ROOM = 65533
"""Bytes of a segment's body."""

_APP0, _APP1, _APP13, _COM, _SOS, _EOI = 0xE0, 0xE1, 0xED, 0xFE, 0xDA, 0xD9
_TELLING = (_APP1, _APP13, _COM)
_EXIF = b"Exif\0\0"
_XMP = b"http://ns.adobe.com/xap/1.0/\0"
_EXTENSION = b"http://ns.adobe.com/xmp/extension/\0"
_ADDRESS = struct.Struct(">32sII")  # of a part: digest and size of the extension, where it belongs
_PHOTOSHOP = b"Photoshop 3.0\0"
_LONGEST_PACKET = ROOM - len(_XMP)
_LONGEST_STANDARD = 65502  # by the specification, of a packet that has an extension
_LONGEST_PART = 65400
_MOST = 1 << 26  # bytes of all these segments
_MOST_SEGMENTS = 1 << 16


def packed(exif: bytes | None, said: Metadata, name: str) -> bytes:
    """Segments of an EXIF block, and of the XMP, IPTC and comments of `said`, for `head_size`.

    Raises UnsupportedImageError for XMP that is too long and cannot be divided, and for an EXIF
    block or a comment of more than `ROOM` bytes; `name` begins the message.
    """
    xmp, iptc = said.xmp, said.iptc
    bodies: list[tuple[int, bytes]] = []
    whole = [("EXIF block", exif or b"")] + [("comment", comment) for comment in said.comments]
    for what, body in whole:
        if len(body) > ROOM:
            raise UnsupportedImageError(
                f"{name}: its {what} has {len(body)} bytes, a JPEG file holds {ROOM}; "
                "write PNG or TIFF"
            )
    if exif is not None:
        bodies += [(_APP1, _EXIF + exif.removeprefix(_EXIF))]
    if xmp is not None:
        bodies += [(_APP1, body) for body in xmp_bodies(xmp, name)]
    if iptc is not None:
        block, room = wrap(iptc).removeprefix(_PHOTOSHOP), ROOM - len(_PHOTOSHOP)
        places = range(0, len(block), room)
        bodies += [(_APP13, _PHOTOSHOP + block[at : at + room]) for at in places]
    bodies += [(_COM, comment) for comment in said.comments]
    return b"".join(
        struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body for marker, body in bodies
    )


def head_size(beginning: bytes) -> int:
    """Where more segments may go in a file: behind JFIF's and EXIF's, which want to be the first.

    Some 130 KB of the file are enough to tell.
    """
    at = 2
    for end, marker, body in _segments(BytesIO(beginning)):
        if marker != _APP0 and not (marker == _APP1 and body.startswith(_EXIF)):
            break
        at = end
    return at


def read_xmp_and_iptc(file: BinaryIO) -> tuple[bytes | None, bytes | None]:
    """The XMP packet, its extension included, and the IPTC records that a file begins with."""
    bodies: dict[int, list[bytes]] = defaultdict(list)
    for _, marker, body in _segments(file):
        bodies[marker].append(body)
    parts = [b.removeprefix(_PHOTOSHOP) for b in bodies[_APP13] if b.startswith(_PHOTOSHOP)]
    # One block in several segments, mostly; but some programs begin a block in each.
    records = (unwrap(_PHOTOSHOP + block) for block in (b"".join(parts), *parts))
    return xmp_of(bodies[_APP1]), next((found for found in records if found is not None), None)


def read_comments(file: BinaryIO) -> tuple[bytes, ...]:
    """The comments before the first scan, in file order."""
    return tuple(body for _, marker, body in _segments(file) if marker == _COM)


def is_xmp(marker: int, body: bytes) -> bool:
    """Whether a segment holds an XMP packet, or some of its extension."""
    return marker == _APP1 and body.startswith((_XMP, _EXTENSION))


def xmp_bodies(packet: bytes, name: str) -> list[bytes]:
    """An XMP packet as the bodies of segments APP1, with an extension where it needs one.

    Raises UnsupportedImageError where it is too long and cannot be divided: no XMP, or damaged.
    """
    parts = (packet, b"") if len(packet) <= _LONGEST_PACKET else split(packet, _LONGEST_STANDARD)
    if parts is None:
        raise UnsupportedImageError(
            f"{name}: its XMP has {len(packet)} bytes, of which a JPEG segment holds "
            f"{_LONGEST_PACKET}, and cannot be divided; write PNG or TIFF"
        )
    standard, extension = parts
    key = digest(extension).encode()
    return [_XMP + standard] + [
        _EXTENSION + _ADDRESS.pack(key, len(extension), at) + extension[at : at + _LONGEST_PART]
        for at in range(0, len(extension), _LONGEST_PART)
    ]


def xmp_of(bodies: Iterable[bytes]) -> bytes | None:
    """The XMP packet in the bodies of segments APP1, its extension included; None without one.

    What is not there in full, or belongs to another packet, is left out.
    """
    packet: bytes | None = None
    parts: dict[bytes, dict[int, bytes]] = defaultdict(dict)
    sizes: dict[bytes, int] = {}
    for body in bodies:
        if body.startswith(_XMP):
            packet = packet or body.removeprefix(_XMP)
        elif body.startswith(_EXTENSION) and len(body) >= len(_EXTENSION) + _ADDRESS.size:
            key, size, at = _ADDRESS.unpack_from(body, len(_EXTENSION))
            parts[key][at] = body[len(_EXTENSION) + _ADDRESS.size :]
            sizes[key] = size
    named = None if packet is None or not parts else extension_named(packet)
    key = (named or "").encode()
    if packet is None or key not in parts:
        return packet
    extension = b"".join(part for _, part in sorted(parts[key].items()))
    return joined(packet, extension) if len(extension) == sizes[key] else packet


def _segments(file: BinaryIO) -> Iterator[tuple[int, int, bytes]]:
    """Where each segment before the first scan ends, its marker and its body.

    Of others than these may tell of the picture the body is left out. What is damaged ends it.
    """
    at, size = 2, 0
    for _ in range(_MOST_SEGMENTS):
        file.seek(at)
        head = file.read(4)
        if len(head) < 4 or head[0] != 0xFF or head[1] in (_SOS, _EOI) or size > _MOST:
            return
        if head[1] == 0xFF:  # markers may be preceded by any number of these
            at += 1
            continue
        marker, length = head[1], int.from_bytes(head[2:])
        body = file.read(length - 2) if marker in _TELLING and length > 2 else b""
        size += len(body)
        at += 2 + length
        yield at, marker, body
