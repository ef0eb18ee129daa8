"""Ways to damage a file: blindly, or knowing how PNG, JPEG, WebP and TIFF files are made.

What is damaged blindly mostly fails at the first checksum or length. So the parts of a file are
damaged one by one, too, and lengths and checksums put right again: the damage then reaches what
reads that part.
"""

import random
import struct
import zlib
from collections.abc import Callable, Sequence

_NUMBERS = [0, 1, 2, 3, 7, 8, 16, 127, 128, 255, 256, 1023, 32767, 32768, 65535, 65536, 60000]
_NUMBERS += [1 << 24, (1 << 31) - 1, 1 << 31, (1 << 32) - 1, (1 << 63) - 1, (1 << 64) - 1]
_WORDS = [
    b"",
    b"\0",
    b"\xff",
    b"%s%n",
    b"../",
    b"<",
    b"&x;",
    b"]]>",
    b"\xed\xa0\x80",
    b"-1",
    b"1e999",
]
_WORDS += [b"NaN", b"{", b"[", b'"', b",", b"\n", b"<!DOCTYPE x>", b"rdf:RDF", "\u202e".encode()]

_PNG = b"\x89PNG\r\n\x1a\n"
_PACKED = {b"iCCP", b"zTXt"}  # a name, 0, a method, then zlib
_TIFF_TAGS = [254, 256, 257, 258, 259, 262, 266, 269, 273, 274, 277, 278, 279, 282, 283, 284, 296]
_TIFF_TAGS += [317, 320, 322, 323, 324, 325, 338, 339, 347, 530, 700, 33723, 34665, 34675, 34853]

Change = Callable[[bytes, random.Random], bytes]


def damaged(data: bytes, rng: random.Random, others: Sequence[bytes]) -> bytes:
    """The file with one to four damages, the rest as it was."""
    for _ in range(rng.choice((1, 1, 1, 2, 2, 4))):
        if rng.random() < 0.1:
            data = _spliced(data, rng.choice(others), rng)
        else:
            data = (_of_kind(data) if rng.random() < 0.65 else _blindly)(data, rng)
    return data


def _of_kind(data: bytes) -> Change:
    if data.startswith(_PNG):
        return _png
    if data.startswith(b"\xff\xd8"):
        return _jpeg
    if data.startswith(b"RIFF"):
        return _webp
    if data[:2] in (b"II", b"MM"):
        return _tiff
    return _blindly


def _place(data: bytes, rng: random.Random) -> int:
    """Anywhere, headers more often."""
    return rng.randrange(min(len(data), 400) if rng.random() < 0.4 else len(data)) if data else 0


def _blindly(data: bytes, rng: random.Random) -> bytes:
    at = _place(data, rng)
    until = at + int(rng.paretovariate(0.5))
    return rng.choice(
        (
            lambda: data[:at] + bytes([rng.randrange(256)]) + data[at + 1 :],
            lambda: (
                data[:at]
                + bytes([data[at] ^ 1 << rng.randrange(8)] if data else [])
                + data[at + 1 :]
            ),
            lambda: _numbered(data, at, rng),
            lambda: _numbered(data, at, rng),
            lambda: data[:at] + data[until:],
            lambda: data[:until] + data[at:],
            lambda: data[:at] + rng.choice(_WORDS) * rng.choice((1, 1, 2, 1000)) + data[at:],
            lambda: data[:at] + rng.randbytes(min(until - at, 4096)) + data[until:],
            lambda: data[:at],
        )
    )()


def _numbered(data: bytes, at: int, rng: random.Random) -> bytes:
    """A number that is often the last that fits, or the first that does not."""
    code = rng.choice("BHIQ")
    size = struct.calcsize(f"<{code}")
    number = (rng.choice(_NUMBERS) + rng.choice((-1, 0, 0, 1))) % (1 << 8 * size)
    return data[:at] + struct.pack(rng.choice("<>") + code, number) + data[at + size :]


def _spliced(data: bytes, other: bytes, rng: random.Random) -> bytes:
    at, there = _place(data, rng), _place(other, rng)
    return data[:at] + other[there : there + int(rng.paretovariate(0.4))] + data[at:]


def _rearranged(parts: list[bytes], change: Change, rng: random.Random) -> list[bytes]:
    """One part changed, mostly; or left out, doubled, or put elsewhere."""
    if not parts:
        return parts
    at = rng.randrange(len(parts))
    way = rng.random()
    if way < 0.75:
        return [*parts[:at], change(parts[at], rng), *parts[at + 1 :]]
    if way < 0.85:
        return [*parts[:at], *parts[at + 1 :]]
    if way < 0.95:
        return [*parts[:at], parts[at], *parts[at:]]
    return rng.sample(parts, len(parts))


def _png(data: bytes, rng: random.Random) -> bytes:
    chunks = []
    at = len(_PNG)
    while at + 8 <= len(data):
        (size,) = struct.unpack(">I", data[at : at + 4])
        chunks.append(data[at + 4 : at + 8 + size])  # kind and content
        at += 12 + size
    changed = _rearranged(chunks, _png_chunk, rng)
    return _PNG + b"".join(
        struct.pack(">I", max(0, len(chunk) - 4)) + chunk + struct.pack(">I", zlib.crc32(chunk))
        for chunk in changed
    )


def _png_chunk(chunk: bytes, rng: random.Random) -> bytes:
    kind, content = chunk[:4], chunk[4:]
    head = content.find(b"\0") + 2 if kind in _PACKED else 0
    if kind in _PACKED | {b"IDAT"} and rng.random() < 0.7:
        try:
            plain = zlib.decompressobj().decompress(content[head:], 1 << 20)
        except zlib.error:
            return chunk
        return kind + content[:head] + zlib.compress(_blindly(plain, rng))
    return kind + _blindly(content, rng)


def _jpeg(data: bytes, rng: random.Random) -> bytes:
    segments = []
    at = 2
    while at + 4 <= len(data) and data[at] == 0xFF and data[at + 1] not in (0xDA, 0xD9):
        size = 2 + struct.unpack(">H", data[at + 2 : at + 4])[0]
        segments.append(data[at : at + size])
        at += size
    if rng.random() < 0.15:
        return data[:at] + _blindly(data[at:], rng)
    return b"\xff\xd8" + b"".join(_rearranged(segments, _jpeg_segment, rng)) + data[at:]


def _jpeg_segment(segment: bytes, rng: random.Random) -> bytes:
    content = _blindly(segment[4:], rng)[: (1 << 16) - 3]
    return segment[:2] + struct.pack(">H", len(content) + 2) + content


def _webp(data: bytes, rng: random.Random) -> bytes:
    chunks = []
    at = 12
    while at + 8 <= len(data):
        (size,) = struct.unpack("<I", data[at + 4 : at + 8])
        chunks.append(data[at : at + 4] + data[at + 8 : at + 8 + size])
        at += 8 + size + size % 2
    body = b"".join(
        part[:4] + struct.pack("<I", max(0, len(part) - 4)) + part[4:] + b"\0" * (len(part) % 2)
        for part in _rearranged(chunks, lambda part, rng: part[:4] + _blindly(part[4:], rng), rng)
    )
    return b"RIFF" + struct.pack("<I", len(body) + 4) + b"WEBP" + body


def _tiff(data: bytes, rng: random.Random) -> bytes:
    """A field of a directory changed: its tag, type, count, or value."""
    order, big = ("<" if data[:2] == b"II" else ">"), data[2:4] in (b"+\0", b"\0+")
    word, size = ("Q", 20) if big else ("I", 12)
    try:
        (at,) = struct.unpack_from(order + word, data, 8 if big else 4)
        for _ in range(rng.randrange(3)):  # a later page
            (count,) = struct.unpack_from(order + ("Q" if big else "H"), data, at)
            (following,) = struct.unpack_from(
                order + word, data, at + (8 if big else 2) + size * count
            )
            at = following or at
        (count,) = struct.unpack_from(order + ("Q" if big else "H"), data, at)
    except (struct.error, OverflowError):
        return _blindly(data, rng)
    if not 0 < count < 1000 or at + size * count > len(data):
        return _blindly(data, rng)
    field = at + (8 if big else 2) + size * rng.randrange(count)
    bits = 8 * struct.calcsize(f"<{word}")
    place, code, number = rng.choice(
        (
            (field, "H", rng.choice(_TIFF_TAGS)),
            (field + 2, "H", rng.randrange(20)),
            (field + 4, word, rng.choice((0, 1, 2, *_NUMBERS)) % (1 << bits)),
            (
                field + size - bits // 8,
                word,
                rng.choice((*_NUMBERS, at, len(data), field)) % (1 << bits),
            ),
            (field + size - bits // 8, "H", rng.choice(_NUMBERS) % (1 << 16)),
        )
    )
    try:
        return (
            data[:place]
            + struct.pack(order + code, number)
            + data[place + struct.calcsize(order + code) :]
        )
    except (struct.error, OverflowError):
        return data
