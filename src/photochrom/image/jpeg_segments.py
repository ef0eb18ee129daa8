"""The segments of a JPEG file (ITU-T T.81, annex B): taken apart, edited, put together.

A scan of a single component does not know of the others: its coded data is the same in a grey file
and in a color file (T.81, A.2.2). So a grey picture gets color by a longer frame header and by
scans of chroma behind its own, whose bytes stay; see `with_chroma`.
"""

import re
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from photochrom.errors import TruncatedImageError, UnsupportedImageError
from photochrom.image.jpeg_metadata import ROOM, is_xmp, xmp_bodies, xmp_of

_SOI, _EOI = b"\xff\xd8", b"\xff\xd9"
_DHT, _SOS, _DQT, _DRI, _COM = 0xC4, 0xDA, 0xDB, 0xDD, 0xFE
_APP0, _APP1, _APP2, _APP14 = 0xE0, 0xE1, 0xE2, 0xEE
_FRAMES = {0xC0: "baseline", 0xC1: "extended", 0xC2: "progressive"}
_OTHER_FRAMES = {*range(0xC3, 0xD0)} - {_DHT, 0xC8, 0xCC}  # lossless, hierarchical, arithmetic
_DATA_END = re.compile(rb"\xff[\x01-\xcf\xd8-\xfe]")  # neither a stuffed 0 nor a restart nor fill

_ICC = b"ICC_PROFILE\0"
_ADOBE = b"Adobe"


@dataclass(frozen=True)
class Segment:
    """A marker and what follows it."""

    marker: int
    """The byte behind 0xFF."""
    body: bytes
    """Without the two bytes of its length."""
    coded: bytes = b""
    """Behind the header of a scan: its coded data, restart markers included."""

    @property
    def is_carried(self) -> bool:
        """Whether it is an application's or a comment, nothing that decoding needs."""
        return 0xE0 <= self.marker <= 0xEF or self.marker == _COM


@dataclass(frozen=True)
class FrameHeader:
    """What the frame header says (T.81, B.2.2)."""

    precision: int
    height: int
    width: int
    components: int


@dataclass(frozen=True)
class Jpeg:
    """A JPEG file in its parts."""

    segments: tuple[Segment, ...]
    """Between the first and the last marker of the file."""
    tail: bytes = b""
    """Behind the last: previews and films of some cameras."""

    def chunks(self) -> Iterator[bytes]:
        """The file, byte for byte, in pieces to be written one after the other."""
        yield _SOI
        for one in self.segments:
            yield struct.pack(">BBH", 0xFF, one.marker, len(one.body) + 2)
            yield one.body
            yield one.coded
        yield _EOI
        yield self.tail

    @property
    def header(self) -> FrameHeader:
        """What the frame header says."""
        body = next(one.body for one in self.segments if one.marker in _FRAMES)
        return FrameHeader(*struct.unpack_from(">BHHB", body))

    @property
    def is_progressive(self) -> bool:
        """Whether its scans refine one another."""
        return any(one.marker == 0xC2 for one in self.segments)

    @property
    def icc(self) -> bytes | None:
        """The color profile; None without one."""
        parts = sorted(
            one.body[len(_ICC) :] for one in self.segments if _begins(one, _APP2, _ICC)
        )  # each begins with its number
        return b"".join(part[2:] for part in parts) or None

    def bare(self) -> "Jpeg":
        """What decoding needs, and no more."""
        return Jpeg(tuple(one for one in self.segments if not one.is_carried))

    def with_coding_of(self, other: "Jpeg") -> "Jpeg":
        """What this file carries, around the picture of another."""
        carried = tuple(one for one in self.segments if one.is_carried)
        return Jpeg(carried + other.bare().segments, self.tail)

    @property
    def xmp(self) -> bytes | None:
        """The XMP packet, with what may stand in segments of an extension; None without one."""
        return xmp_of(one.body for one in _of(self, _APP1))

    def with_xmp(self, xmp: bytes, name: str) -> "Jpeg":
        """Another XMP packet, in the place of the old one or behind EXIF.

        Raises UnsupportedImageError for one that is longer than a segment and cannot be divided;
        `name` begins the message.
        """
        new = [Segment(_APP1, body) for body in xmp_bodies(xmp, name)]
        return self._replaced(lambda one: is_xmp(one.marker, one.body), new)

    def with_icc(self, icc: bytes) -> "Jpeg":
        """Another color profile, in the place of the old one or behind EXIF."""
        room = ROOM - len(_ICC) - 2
        parts = [icc[at : at + room] for at in range(0, len(icc), room)]
        new = [
            Segment(_APP2, _ICC + bytes([number, len(parts)]) + part)
            for number, part in enumerate(parts, 1)
        ]
        return self._replaced(lambda one: _begins(one, _APP2, _ICC), new)

    def _replaced(self, is_old: Callable[[Segment], bool], new: list[Segment]) -> "Jpeg":
        """Others in the place of the first of some segments, or behind JFIF's and EXIF's."""
        old = [place for place, one in enumerate(self.segments) if is_old(one)]
        place = old[0] if old else 0
        while (
            not old and place < len(self.segments) and self.segments[place].marker in (0xE0, 0xE1)
        ):
            place += 1
        before = self.segments[:place]
        after = tuple(one for one in self.segments[place:] if not is_old(one))
        return replace(self, segments=(*before, *new, *after))


def taken_apart(data: bytes, name: str) -> Jpeg:
    """The parts of a JPEG file of one frame, Huffman-coded, 8 bits.

    Raises TruncatedImageError where they do not follow one another to the end, and
    UnsupportedImageError for the rarer kinds of JPEG; `name` begins the message.
    """
    segments: list[Segment] = []
    at = 2
    try:
        while data[at : at + 2] != _EOI:
            if data[at] != 0xFF:
                raise _damaged(name)
            if data[at + 1] == 0xFF:  # markers may be preceded by any number of these
                at += 1
                continue
            size = struct.unpack_from(">H", data, at + 2)[0]
            end = at + 2 + size
            marker, body = data[at + 1], data[at + 4 : end]
            if len(body) != size - 2:
                raise _damaged(name)
            at = _data_end(data, end, name) if marker == _SOS else end
            segments.append(Segment(marker, body, data[end:at]))
    except (IndexError, struct.error):
        raise _damaged(name) from None
    jpeg = Jpeg(tuple(segments), data[at + 2 :])
    _check(jpeg, name)
    return jpeg


def with_chroma(luma: Jpeg, blue: Jpeg, red: Jpeg) -> Jpeg:
    """A color JPEG: the Y of a grey one, its coded data untouched, and Cb and Cr.

    Args:
        luma: grey.
        blue: grey, Cb as pixels, of half the size, rounded up; sequential or progressive as
            `luma`, and of the same quantization as `red`.
        red: Cr likewise.
    """
    segments: list[Segment] = []
    for one in luma.segments:
        if one.marker in _FRAMES:
            own = one.body[8]
            other = 1 if own == 0 else 0
            plan = bytes([3, 1, 0x22, own, 2, 0x11, other, 3, 0x11, other])
            # Before any scan, where simple programs look for all tables.
            segments += [replace(t, body=bytes([other]) + t.body[1:]) for t in _of(blue, _DQT)]
            segments += [replace(one, body=one.body[:5] + plan)]
        elif one.marker == _SOS:
            segments += [replace(one, body=_of_component(one.body, 1))]
        elif _begins(one, _APP14, _ADOBE):  # its last byte says grey or RGB: 0, Y'CbCr: 1
            segments += [replace(one, body=one.body[:11] + b"\1" + one.body[12:])]
        else:
            segments += [one]
    if _of(luma, _DRI):
        segments += [Segment(_DRI, bytes(2))]
    for number, plane in ((2, blue), (3, red)):
        for one in _of(plane, _DHT, _SOS):
            body = one.body if one.marker == _DHT else _of_component(one.body, number)
            segments += [replace(one, body=body)]
    return Jpeg(tuple(segments), luma.tail)


def _of(jpeg: Jpeg, *markers: int) -> list[Segment]:
    return [one for one in jpeg.segments if one.marker in markers]


def _of_component(scan: bytes, number: int) -> bytes:
    """The header of a scan of one component, given to the component of that number."""
    return scan[:1] + bytes([number]) + scan[2:]


def _begins(one: Segment, marker: int, prefix: bytes) -> bool:
    return one.marker == marker and one.body.startswith(prefix)


def _data_end(data: bytes, begin: int, name: str) -> int:
    """Where the coded data of a scan ends."""
    found = _DATA_END.search(data, begin)
    if found is None:
        raise _damaged(name)
    return found.start()


def _check(jpeg: Jpeg, name: str) -> None:
    """Refuse the kinds of JPEG that no two programs agree on."""
    frames = [one for one in jpeg.segments if one.marker in _FRAMES]
    if any(one.marker in _OTHER_FRAMES for one in jpeg.segments):
        raise UnsupportedImageError(
            f"{name}: an arithmetic-coded or lossless JPEG; rewrite it with `jpegtran -optimize`, "
            "or color it into a PNG or TIFF file"
        )
    if len(frames) != 1 or len(frames[0].body) < 6 or not any(o.coded for o in jpeg.segments):
        raise _damaged(name)
    if len(frames[0].body) != 6 + 3 * jpeg.header.components:
        raise _damaged(name)
    if jpeg.header.precision != 8:
        raise UnsupportedImageError(
            f"{name}: a JPEG of {jpeg.header.precision} bits, which no other program would show "
            "in color; color it into a PNG or TIFF file"
        )
    if 0 in (jpeg.header.height, jpeg.header.width):
        raise UnsupportedImageError(
            f"{name}: a JPEG that states its height behind its data; rewrite it with `jpegtran`"
        )


def _damaged(name: str) -> TruncatedImageError:
    return TruncatedImageError(
        f"{name}: damaged or incomplete (segments of a JPEG file that do not follow one another); "
        "copy it again from its source"
    )
