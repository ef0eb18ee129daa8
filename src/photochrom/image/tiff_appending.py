"""Directories of tags written behind a TIFF structure, so that nothing that stands in it moves.

What is written is little-endian, as libvips writes it.
"""

import struct
from collections.abc import Mapping

from photochrom.image.tiff_tags import SIZES, Directory, Tiff, Value

_STRIP_OFFSETS, _TILE_OFFSETS = 273, 324
_LONG, _LONG8 = 4, 16


def append(tiff: Tiff, added: Directory, link: int) -> int:
    """Give the first directory of a little-endian structure more tags, and hang it onto `link`.

    The new directory goes to the end of the file; tags that are there already stay as they are.
    Its offsets count from the beginning of the file, wherever the structure began, so that
    structures behind one another in a file become the pages of one. `link`, counted likewise, is
    where the place of the directory is to be written.

    Returns:
        Where the link to the next page is, counted likewise.

    Raises:
        ValueError: the structure has no directory, or lies beyond what its offsets can say.
    """
    first = next(tiff.directories(), None)
    if first is None:
        raise ValueError("a TIFF structure without a directory")
    ready: dict[int, bytes] = {}
    fields: Directory = {}
    for tag, field in tiff.entries(first):
        if tag in (_STRIP_OFFSETS, _TILE_OFFSETS) and tiff.base:
            fields[tag] = _moved_offsets(tiff, field)
        else:
            ready[tag] = _moved(tiff, field)
    fields |= {tag: value for tag, value in added.items() if tag not in fields | ready}
    end = tiff.file.seek(0, 2)
    at = end + -end % 8  # directories begin on a word boundary
    try:
        body = packed(fields, at, big=tiff.big, ready=ready)
        place = struct.pack("<Q" if tiff.big else "<I", at)
    except struct.error:
        raise ValueError("beyond 4 GB, where only a BigTIFF reaches") from None
    tiff.file.write(bytes(at - end) + body)
    tiff.file.seek(link)
    tiff.file.write(place)
    return Tiff(tiff.file, "<", tiff.big).link(at)


def packed(
    directory: Directory, at: int, *, big: bool = False, ready: Mapping[int, bytes] | None = None
) -> bytes:
    """A directory as it stands at byte `at` of a structure, its values behind it, no link set.

    `ready` are fields that go in as they are. Raises struct.error for offsets too large.
    """
    count, offset, size = ("Q", "Q", 20) if big else ("H", "I", 12)
    entries = dict(ready or {})
    total = len(entries) + len(directory)
    tail_at = at + struct.calcsize(f"<{count}{offset}") + size * total
    tail = bytearray()
    for tag, value in sorted(directory.items()):
        where = tail_at + len(tail)
        if isinstance(value, dict):
            tail += packed(value, where, big=big)
            entries[tag] = struct.pack(f"<HH{offset * 2}", tag, _LONG8 if big else _LONG, 1, where)
        elif len(value.data) <= struct.calcsize(offset):
            inside = value.data.ljust(struct.calcsize(offset), b"\0")
            entries[tag] = struct.pack(f"<HH{offset}", tag, value.kind, value.count) + inside
        else:
            tail += value.data
            entries[tag] = struct.pack(f"<HH{offset * 2}", tag, value.kind, value.count, where)
        tail += bytes(-len(tail) % 8)
    fields = b"".join(field for _, field in sorted(entries.items()))
    return struct.pack(f"<{count}", total) + fields + struct.pack(f"<{offset}", 0) + bytes(tail)


def _moved(tiff: Tiff, field: bytes) -> bytes:
    """A field whose value stays where it is, told from the beginning of the file."""
    form = "<HHQQ" if tiff.big else "<HHII"
    tag, kind, count, place = struct.unpack(form, field)
    lies_outside = SIZES.get(kind, 0) * count > tiff.room
    return struct.pack(form, tag, kind, count, place + tiff.base * lies_outside)


def _moved_offsets(tiff: Tiff, field: bytes) -> Value:
    """The places of strips or tiles, told from the beginning of the file."""
    value = tiff.value(field)
    numbers = [] if value is None else [number + tiff.base for number in value.numbers]
    kind, code = (_LONG8, "Q") if tiff.big else (_LONG, "I")
    return Value(kind, len(numbers), struct.pack(f"<{len(numbers)}{code}", *numbers))
