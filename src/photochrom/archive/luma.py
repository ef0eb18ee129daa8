"""The grey JPEG inside a colored one: its luma, where that is coded apart from the chroma."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from ..errors import ImageError
from ..image.admission import HEAD_SIZE, open_file, sniff
from ..image.icc import grey_counterpart, profile_space
from ..image.jpeg_metadata import is_xmp
from ..image.jpeg_segments import Jpeg, Segment, taken_apart
from .xmp_proof import unstamped

_SOS, _DHT, _DQT, _DRI, _COMMENT = 0xDA, 0xC4, 0xDB, 0xDD, 0xFE
_FRAMES = (0xC0, 0xC1, 0xC2)
_ADOBE = b"Adobe"
_CODING = (_SOS, _DHT, _DQT, _DRI)


def comments(path: Path) -> Counter[bytes]:
    """The comments of a JPEG file; none of a file that cannot be taken apart."""
    try:
        parts = _taken_apart(path)
    except ImageError:
        return Counter()
    return Counter(one.body for one in parts.segments if one.marker == _COMMENT)


def jpeg_with_own_luma(path: Path) -> Jpeg | None:
    """A JPEG file in color, in its parts, whose luma has scans of its own; None for any other."""
    try:
        parts = _taken_apart(path)
    except ImageError:  # what cannot be read will say so to those who read its pixels
        return None
    planes, scans = _planes(parts), _scans(parts)
    if len(planes) != 3 or any(not scan or len(scan) != 4 + 2 * scan[0] for scan in scans):
        return None
    luma = planes[0]
    own = [scan for scan in scans if luma.number in scan[1:-3:2]]
    shared = not own or any(scan[0] != 1 for scan in own)
    smaller = any(luma.across < one.across or luma.down < one.down for one in planes)
    return None if shared or smaller else parts


def uncolored(parts: Jpeg) -> Jpeg:
    """The grey file of what `jpeg_with_own_luma` gave: the same luma, bit for bit.

    Where `lossless` colored it, the file is what it was before, up to the numbers by which the
    component may have been called, and what an XMP packet looks like.
    """
    luma, *chroma = _planes(parts)
    foreign = {one.table for one in chroma} - {luma.table}
    segments: list[Segment] = []
    waiting = sum(scan[1] == luma.number for scan in _scans(parts))  # scans of the luma
    for one in parts.segments:
        if one.marker in _FRAMES:
            body = one.body[:5] + bytes([1, luma.number, 0x11, luma.table])
            segments.append(replace(one, body=body))
        elif one.marker == _SOS and one.body[1] == luma.number:
            segments.append(one)
            waiting -= 1
        elif one.marker == _DQT and waiting:
            tables = b"".join(t for t in _tables(one.body) if t[0] & 15 not in foreign)
            segments += [replace(one, body=tables)] if tables else []
        elif one.marker == 0xEE and one.body.startswith(_ADOBE):
            # Its last byte says Y'CbCr, 1, or grey, 0.
            segments.append(replace(one, body=one.body[:11] + b"\0" + one.body[12:]))
        elif one.marker not in _CODING or (waiting and one.marker != _SOS):
            segments.append(one)
    return _with_grey_profile(_without_stamp(replace(parts, segments=tuple(segments))))


def _without_stamp(parts: Jpeg) -> Jpeg:
    """The file with its XMP packet as it was before coloring, or without one."""
    if parts.xmp is None:
        return parts
    packet = unstamped(parts.xmp)
    if packet is not None:
        return parts.with_xmp(packet, "XMP")
    kept = tuple(one for one in parts.segments if not is_xmp(one.marker, one.body))
    return replace(parts, segments=kept)


def _with_grey_profile(parts: Jpeg) -> Jpeg:
    """The file with the grey profile of its profile's curve; see `grey_counterpart`."""
    icc = parts.icc
    if icc is None or profile_space(icc) != "rgb":
        return parts
    return parts.with_icc(grey_counterpart(icc))


@dataclass(frozen=True)
class _Plane:
    """A component, as the frame header has it (T.81, B.2.2)."""

    number: int
    across: int
    down: int
    table: int
    """Of quantization."""


def _planes(parts: Jpeg) -> list[_Plane]:
    body = next(one.body for one in parts.segments if one.marker in _FRAMES)
    entries = [body[at : at + 3] for at in range(6, len(body), 3)]
    return [_Plane(number, size >> 4, size & 15, table) for number, size, table in entries]


def _scans(parts: Jpeg) -> list[bytes]:
    """The headers of the scans (T.81, B.2.3)."""
    return [one.body for one in parts.segments if one.marker == _SOS]


def _tables(body: bytes) -> Iterator[bytes]:
    """The quantization tables of a segment (T.81, B.2.4.1)."""
    at = 0
    while at < len(body):
        size = 129 if body[at] >> 4 else 65
        yield body[at : at + size]
        at += size


def _taken_apart(path: Path) -> Jpeg:
    with open_file(path) as file:
        data = file.read()
    if sniff(data[:HEAD_SIZE], str(path)) != "jpeg":
        raise ImageError(f"{path}: no JPEG file; give one")
    return taken_apart(data, str(path))
