"""The texts of a PNG file: Title, Author, Description, ...

libvips takes Latin-1 for UTF-8 and writes UTF-8 as Latin-1, so that every umlaut would suffer.
Chunks are those of the PNG specification, third edition, section 11.3.3.
"""

import struct
import zlib
from collections.abc import Iterator

_SIGNATURE_SIZE = 8
_HEADER_SIZE = 12 + 13  # the IHDR chunk, always the first
_NOT_TEXTS = ("XML:com.adobe.xmp", "Raw profile type ")  # metadata in disguise
_MOST = 1 << 20  # bytes that a compressed text may unfold to

Texts = tuple[tuple[str, str], ...]


def read_texts(png: bytes) -> Texts:
    """Keys and texts, in file order; what is damaged or too long is left out."""
    found = []
    for kind, body in _chunks(png):
        key, _, rest = body.partition(b"\0")
        text = {b"tEXt": _plain, b"zTXt": _compressed, b"iTXt": _international}[kind](rest)
        name = key.decode("latin-1")
        if text is not None and name and not name.startswith(_NOT_TEXTS):
            found.append((name, text))
    return tuple(found)


def add_texts(png: bytes, texts: Texts) -> bytes:
    """A PNG file with these texts, as UTF-8, behind its header."""
    at = _SIGNATURE_SIZE + _HEADER_SIZE
    return b"".join([png[:at], *(_chunk(key, text) for key, text in texts), png[at:]])


def _chunks(png: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Type and body of every chunk of text."""
    at = _SIGNATURE_SIZE
    while at + 12 <= len(png):
        size, kind = struct.unpack_from(">I4s", png, at)
        if kind in (b"tEXt", b"zTXt", b"iTXt"):
            yield kind, png[at + 8 : at + 8 + size]
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
