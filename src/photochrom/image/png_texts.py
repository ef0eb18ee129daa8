"""The texts of a PNG file: Title, Author, Description, ...

libvips takes Latin-1 for UTF-8 and writes UTF-8 as Latin-1, so that every umlaut would suffer.
Chunks are those of the PNG specification, third edition, section 11.3.3.
"""

import struct
import zlib
from collections.abc import Iterator
from typing import BinaryIO

HEADER_SIZE = 8 + 12 + 13
"""Bytes of the signature and the IHDR chunk, always the first; texts may follow."""

_SIGNATURE_SIZE = 8
_NOT_TEXTS = ("XML:com.adobe.xmp", "Raw profile type ")  # metadata in disguise
_MOST = 1 << 20  # bytes that a text may have, unfolded
_MOST_TEXTS = 1 << 10

Texts = tuple[tuple[str, str], ...]


def read_texts(file: BinaryIO) -> Texts:
    """Keys and texts, in file order; what is damaged or too long is left out."""
    found: list[tuple[str, str]] = []
    for kind, body in _chunks(file):
        key, _, rest = body.partition(b"\0")
        text = {b"tEXt": _plain, b"zTXt": _compressed, b"iTXt": _international}[kind](rest)
        name = key.decode("latin-1")
        if text is not None and name and not name.startswith(_NOT_TEXTS):
            found.append((name, text))
        if len(found) == _MOST_TEXTS:
            break
    return tuple(found)


def packed_texts(texts: Texts) -> bytes:
    """Chunks of these texts, as UTF-8, for the place behind a PNG file's header."""
    return b"".join(_chunk(key, text) for key, text in texts)


def _chunks(file: BinaryIO) -> Iterator[tuple[bytes, bytes]]:
    """Type and body of every chunk of text."""
    at = _SIGNATURE_SIZE
    while True:
        file.seek(at)
        head = file.read(8)
        if len(head) < 8:
            return
        size, kind = struct.unpack(">I4s", head)
        if kind in (b"tEXt", b"zTXt", b"iTXt") and size <= _MOST:
            yield kind, file.read(size)
        at += 12 + size


def _chunk(key: str, text: str) -> bytes:
    body = b"iTXt" + key.encode("latin-1", "replace")[:79] + bytes(5) + text.encode()
    return struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))


def _plain(rest: bytes) -> str | None:
    return rest.decode("latin-1")


def _compressed(rest: bytes) -> str | None:
    unfolded = _unfolded(rest[1:])
    return None if unfolded is None else unfolded.decode("latin-1")


def _international(rest: bytes) -> str | None:
    _language, _, tail = rest[2:].partition(b"\0")
    text: bytes | None = tail.partition(b"\0")[2]
    if rest[:1] == b"\1" and text is not None:
        text = _unfolded(text)
    return None if text is None else text.decode("utf-8", "replace")


def _unfolded(data: bytes) -> bytes | None:
    """Decompressed; None for what is damaged or would become too long."""
    unfolding = zlib.decompressobj()
    try:
        text = unfolding.decompress(data, _MOST)
    except zlib.error:
        return None
    return text if unfolding.eof else None
