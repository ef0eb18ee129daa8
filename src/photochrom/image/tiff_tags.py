"""The directories of tags in a TIFF structure, of 32-bit and of 64-bit offsets (BigTIFF).

Layouts are those of TIFF 6.0, section 2, and of the BigTIFF design as libtiff has it. Everything is
read where it lies, so that a file of gigabytes costs a few kilobytes.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, TypeAlias

IPTC = 33723
CHILDREN = {34665, 34853}
"""Tags that point to a directory: Exif, GPS."""
_ROOTED = {0x927C, 0xA005}  # maker notes and the interoperability directory: offsets inside

FARTHEST = 1 << 43
"""Where in a file anything may lie: 8 TB. Much beyond, file systems refuse to seek."""

_MOST = 1 << 24  # bytes that one value may have
_MOST_FIELDS = 1 << 12
_MOST_PAGES = 1 << 16
SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4}
SIZES |= {16: 8, 17: 8, 18: 8}
"""Bytes that one value of each type has."""

_WORDS = {5: 4, 10: 4}  # rationals: two words each, every other type is a word of its size
_INTEGERS = {1: "B", 3: "H", 4: "I", 13: "I", 16: "Q", 18: "Q"}


@dataclass(frozen=True)
class Value:
    """One tag's value, little-endian."""

    kind: int
    count: int
    data: bytes

    @property
    def numbers(self) -> tuple[int, ...]:
        """Its whole numbers; none where it has other things."""
        code = _INTEGERS.get(self.kind)
        return () if code is None else struct.unpack(f"<{self.count}{code}", self.data)


Directory: TypeAlias = "dict[int, Value | Directory]"


@dataclass(frozen=True)
class Tiff:
    """A TIFF structure in an open file."""

    file: BinaryIO
    order: str
    """Byte order as `struct` writes it: < or >."""
    big: bool
    """Whether it is a BigTIFF."""
    base: int = 0
    """Where it begins in the file; its offsets are counted from there."""

    @classmethod
    def begin(cls, file: BinaryIO, base: int = 0) -> "Tiff | None":
        """The structure that begins at `base`; None where there is none."""
        file.seek(base)
        head = file.read(4)
        order = {b"II": "<", b"MM": ">"}.get(head[:2], "")
        if not order or len(head) < 4:
            return None
        version = struct.unpack(f"{order}H", head[2:])[0]
        return cls(file, order, version == 43, base) if version in (42, 43) else None

    @property
    def _offset(self) -> str:
        return "Q" if self.big else "I"

    @property
    def room(self) -> int:
        """Bytes that a field has for its value: longer ones lie elsewhere."""
        return 8 if self.big else 4

    @property
    def root(self) -> int:
        """Where the link to the first directory is, from the beginning of the file."""
        return self.base + (8 if self.big else 4)

    def directories(self) -> Iterator[int]:
        """Where the directories begin, from the beginning of the structure, page by page."""
        seen: set[int] = set()
        link = self.root
        while len(seen) < _MOST_PAGES:
            at = self._number(link, self._offset)
            if not at or at in seen:
                return
            yield at
            seen.add(at)
            link = self.link(at)

    def link(self, at: int) -> int:
        """Where the link behind the directory at `at` is, from the beginning of the file."""
        count = self._number(self.base + at, "Q" if self.big else "H") or 0
        return self.base + at + (8 + 20 * count if self.big else 2 + 12 * count)

    def entries(self, at: int) -> list[tuple[int, bytes]]:
        """Tags and fields of the directory at `at`, as they are, in file order."""
        count = min(self._number(self.base + at, "Q" if self.big else "H") or 0, _MOST_FIELDS)
        size = 20 if self.big else 12
        body = self._bytes(self.base + at + (8 if self.big else 2), count * size)
        found = [body[i : i + size] for i in range(0, len(body) - size + 1, size)]
        return [(struct.unpack(f"{self.order}H", field[:2])[0], field) for field in found]

    def read(self, at: int, wanted: set[int] | None, children: bool = True) -> Directory:
        """Tags of the directory at `at`, all where `wanted` is None; child directories in full.

        Damaged values are left out, and maker notes, whose inner offsets would no longer hold.
        """
        found: Directory = {}
        for tag, field in self.entries(at):
            if (wanted is not None and tag not in wanted) or tag in _ROOTED:
                continue
            if tag in CHILDREN:
                offset = struct.unpack(f"{self.order}{self._offset}", field[-self.room :])[0]
                child = self.read(offset, None, children=False) if children else {}
                if child:
                    found[tag] = child
                continue
            value = self.value(field)
            if value is not None:
                found[tag] = value
        return found

    def value(self, field: bytes) -> Value | None:
        """What a field says, from wherever it lies; None where it is damaged."""
        tag, kind, count, offset = struct.unpack(f"{self.order}HH{self._offset * 2}", field)
        size = SIZES.get(kind, 0) * count
        if not 0 < size <= _MOST:
            return None
        lies_inside = size <= self.room
        inside = field[-self.room :]
        data = inside[:size] if lies_inside else self._bytes(self.base + offset, size)
        if len(data) != size:
            return None
        swapped = self.order == ">" and tag != IPTC
        word = _WORDS.get(kind, SIZES[kind])
        return Value(kind, count, _swapped(data, word) if swapped else data)

    def _number(self, at: int, code: str) -> int | None:
        data = self._bytes(at, struct.calcsize(f"<{code}"))
        try:
            return int(struct.unpack(f"{self.order}{code}", data)[0])
        except struct.error:
            return None

    def _bytes(self, at: int, size: int) -> bytes:
        if at > FARTHEST:
            return b""
        self.file.seek(at)
        return self.file.read(size)


def _swapped(data: bytes, word: int) -> bytes:
    return b"".join(data[i : i + word][::-1] for i in range(0, len(data), word))
