"""EXIF blocks and TIFF tags: one structure, carried between the two where libvips does not.

libvips reads and writes EXIF in JPEG, PNG and WebP; of a TIFF file it keeps neither the EXIF
directory nor the likes of Artist and Copyright. The layout is that of TIFF 6.0, section 2
(directories of 12-byte fields); an EXIF block is such a structure behind `Exif\\0\\0`.
"""

import struct
from dataclasses import dataclass
from typing import TypeAlias

_PREFIX = b"Exif\0\0"
_ORIENTATION = 274
_IPTC = 33723
_UNDEFINED = 7  # the type of bytes that mean something elsewhere
_MAKER_NOTE = 0x927C
_CHILDREN = {34665, 34853}  # tags that point to a directory: Exif, GPS

# ImageDescription, Make, Model, DocumentName, PageName, Software, DateTime, Artist, HostComputer,
# Copyright, Rating, and the titles, comments and keywords that Windows writes (XPTitle ...).
# All others of a picture's own directory describe how its pixels are stored.
_DESCRIPTIVE = _CHILDREN | {270, 271, 272, 269, 285, 305, 306, 315, 316, 33432, 0x4746}
_DESCRIPTIVE |= set(range(0x9C9B, 0x9CA0))

_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4}
_WORDS = {5: 4, 10: 4}  # rationals: two words each, every other type is a word of its size


@dataclass(frozen=True)
class _Value:
    """One tag's value, little-endian."""

    kind: int
    count: int
    data: bytes


_Directory: TypeAlias = "dict[int, _Value | _Directory]"


def tiff_to_exif(tiff: bytes) -> bytes | None:
    """The descriptive tags of a TIFF file as an EXIF block; None where there are none.

    Damaged tags are left out, as are maker notes (their inner offsets would no longer hold) and
    all tags of a BigTIFF.
    """
    found = _described(tiff)
    return _PREFIX + b"II*\0" + struct.pack("<I", 8) + _pack(found, 8) if found else None


def tiff_to_iptc(tiff: bytes) -> bytes | None:
    """The IPTC records of a TIFF file, of which libvips returns a quarter; None where it has none.

    They are bytes, although many programs call them 32-bit words, so they are never swapped.
    """
    value = _read(tiff, {_IPTC}).get(_IPTC)
    return value.data if isinstance(value, _Value) else None


def add_to_tiff(tiff: bytes, exif: bytes | None, iptc: bytes | None) -> bytes:
    """A little-endian TIFF file with the descriptive tags of an EXIF block, and IPTC records, in
    its first directory.

    Tags that are there already stay as they are. The new directory goes to the end of the file, so
    that no offset in it moves. Bytes that are not such a file come back unchanged.
    """
    present = {} if tiff[:4] != b"II*\0" else _fields_of(tiff)[0]
    wanted = _described(exif.removeprefix(_PREFIX)) if exif else {}
    if iptc:
        wanted[_IPTC] = _Value(_UNDEFINED, len(iptc), iptc)
    added = {tag: value for tag, value in wanted.items() if tag not in present}
    if not present or not added:
        return tiff
    padding = bytes(len(tiff) % 2)  # directories begin on a word boundary
    at = len(tiff) + len(padding)
    fields, tail = _fields(added, at + 2 + 12 * (len(present) + len(added)) + 4)
    merged = b"".join(field for _, field in sorted((present | fields).items()))
    directory = struct.pack("<H", len(present) + len(fields)) + merged + bytes(4) + tail
    return b"".join([tiff[:4], struct.pack("<I", at), tiff[8:], padding, directory])


def refreshed(exif: bytes) -> bytes:
    """The EXIF block without what no longer holds: the turning, done by now, and the preview."""
    body = bytearray(exif.removeprefix(_PREFIX))
    order = _order(body)
    fields, at = _fields_of(body)
    if not fields:
        return exif
    end = at + 2 + 12 * struct.unpack_from(f"{order}H", body, at)[0]
    for field in range(at + 2, min(end, len(body) - 12), 12):
        if struct.unpack_from(f"{order}H", body, field)[0] == _ORIENTATION:
            struct.pack_into(f"{order}H", body, field + 8, 1)
    if end + 4 <= len(body):
        body[end : end + 4] = bytes(4)  # the link to the directory of the preview
    return _PREFIX + bytes(body)


def _described(tiff: bytes) -> _Directory:
    return _read(tiff, _DESCRIPTIVE)


def _order(tiff: bytes | bytearray) -> str:
    """The byte order as `struct` writes it; empty for what is no classic TIFF structure."""
    return {b"II*\0": "<", b"MM\0*": ">"}.get(bytes(tiff[:4]), "")


def _fields_of(tiff: bytes | bytearray, at: int | None = None) -> tuple[dict[int, bytes], int]:
    """The raw 12-byte fields of a directory by tag, in file order, and where it begins."""
    order = _order(tiff)
    try:
        at = struct.unpack_from(f"{order}I", tiff, 4)[0] if at is None else at
        count = struct.unpack_from(f"{order}H", tiff, at)[0]
        fields = [bytes(tiff[at + 2 + 12 * i :][:12]) for i in range(count)] if order else []
    except struct.error:
        return {}, 0
    return {struct.unpack(f"{order}H", f[:2])[0]: f for f in fields if len(f) == 12}, at


def _read(tiff: bytes, wanted: set[int] | None, at: int | None = None) -> _Directory:
    """The wanted tags of the directory at `at`, or of the first; children in full, one level."""
    order = _order(tiff)
    found: _Directory = {}
    for tag, field in _fields_of(tiff, at)[0].items():
        if (wanted is not None and tag not in wanted) or tag == _MAKER_NOTE:
            continue
        kind, count, offset = struct.unpack(f"{order}HII", field[2:])
        if tag in _CHILDREN:
            child = _read(tiff, None, offset) if at is None else {}
            if child:
                found[tag] = child
            continue
        size = _SIZES.get(kind, 0) * count
        data = field[8 : 8 + size] if size <= 4 else tiff[offset : offset + size]
        if size and len(data) == size:
            word = _WORDS.get(kind, _SIZES[kind])
            swapped = order == ">" and tag != _IPTC
            found[tag] = _Value(kind, count, _swapped(data, word) if swapped else data)
    return found


def _swapped(data: bytes, word: int) -> bytes:
    return b"".join(data[i : i + word][::-1] for i in range(0, len(data), word))


def _pack(directory: _Directory, at: int) -> bytes:
    """A directory as it stands at byte `at` of a structure, its values behind it."""
    fields, tail = _fields(directory, at + 2 + 12 * len(directory) + 4)
    body = b"".join(field for _, field in sorted(fields.items()))
    return struct.pack("<H", len(directory)) + body + bytes(4) + tail


def _fields(directory: _Directory, tail_at: int) -> tuple[dict[int, bytes], bytes]:
    """12-byte fields by tag, and the bytes at `tail_at` that the longer of them point to."""
    fields: dict[int, bytes] = {}
    tail = b""
    for tag, value in sorted(directory.items()):
        where = tail_at + len(tail)
        if isinstance(value, dict):
            tail += _pack(value, where)
            fields[tag] = struct.pack("<HHII", tag, 4, 1, where)
        elif len(value.data) <= 4:
            fields[tag] = struct.pack("<HHI4s", tag, value.kind, value.count, value.data)
        else:
            tail += value.data
            fields[tag] = struct.pack("<HHII", tag, value.kind, value.count, where)
        tail += bytes(len(tail) % 2)
    return fields, tail
