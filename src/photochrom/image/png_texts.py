"""The texts of a PNG file: Title, Author, Description, ...; the XMP packet among them; EXIF.

libvips takes Latin-1 for UTF-8 and writes UTF-8 as Latin-1, so that every umlaut would suffer; it
writes XMP where the XMP specification (part 3, section 1.1.5) does not look for it; and it leaves
EXIF tags out that libexif does not know. Chunks are those of the PNG specification, third edition,
section 11.3.
"""

import struct
import zlib
from collections.abc import Iterator
from typing import BinaryIO

HEADER_SIZE = 8 + 12 + 13
"""Bytes of the signature and the IHDR chunk, always the first; texts may follow."""

_SIGNATURE_SIZE = 8
_XMP, _XMP_IN_DIGITS = "XML:com.adobe.xmp", "Raw profile type xmp"  # the latter is ImageMagick's
_NOT_TEXTS = (_XMP, "Raw profile type ")  # metadata in disguise
_EXIF = b"Exif\0\0"
_MOST = 1 << 20  # bytes that a text may have, unfolded
_MOST_TEXTS = 1 << 10
_MOST_XMP = 1 << 24

Texts = tuple[tuple[str, str], ...]


def read_texts(file: BinaryIO) -> Texts:
    """Keys and texts, in file order; what is damaged or too long is left out."""
    found: list[tuple[str, str]] = []
    for kind, key, rest in _chunks(file, _MOST):
        if not key or key.startswith(_NOT_TEXTS):
            continue
        text = _TEXT_IN[kind](rest, _MOST)
        if text is not None:
            encoding = "utf-8" if kind == b"iTXt" else "latin-1"
            found.append((key, text.decode(encoding, "replace")))
        if len(found) == _MOST_TEXTS:
            break
    return tuple(found)


def read_xmp(file: BinaryIO) -> bytes | None:
    """The XMP packet, in whichever kind of chunk it is; None for none, or more than 16 MB."""
    for kind, key, rest in _chunks(file, _MOST_XMP):
        if key in (_XMP, _XMP_IN_DIGITS):
            packet = _TEXT_IN[kind](rest, _MOST_XMP)
            if packet and key == _XMP_IN_DIGITS:
                packet = _of_digits(packet)
            if packet:
                return packet
    return None


def packed(exif: bytes | None, xmp: bytes | None, texts: Texts) -> bytes:
    """Chunks of an EXIF block, an XMP packet and texts, for the place behind a PNG file's header.

    XMP is not compressed, as its specification wants it: programs that know no PNG find it.
    """
    chunks = [] if exif is None else [_chunk(b"eXIf", exif.removeprefix(_EXIF))]
    chunks += [] if xmp is None else [_international_chunk(_XMP, xmp)]
    chunks += [_international_chunk(key, text.encode()) for key, text in texts]
    return b"".join(chunks)


def _chunks(file: BinaryIO, most: int) -> Iterator[tuple[bytes, str, bytes]]:
    """Type, key and the rest of the body of every chunk of text of at most so many bytes."""
    at = _SIGNATURE_SIZE
    while True:
        file.seek(at)
        head = file.read(8)
        if len(head) < 8:
            return
        size, kind = struct.unpack(">I4s", head)
        if kind in _TEXT_IN and size <= most:
            key, _, rest = file.read(size).partition(b"\0")
            yield kind, key.decode("latin-1"), rest
        at += 12 + size


def _chunk(kind: bytes, body: bytes) -> bytes:
    checked = kind + body
    return struct.pack(">I", len(body)) + checked + struct.pack(">I", zlib.crc32(checked))


def _international_chunk(key: str, text: bytes) -> bytes:
    return _chunk(b"iTXt", key.encode("latin-1", "replace")[:79] + bytes(5) + text)


def _plain(rest: bytes, most: int) -> bytes | None:
    return rest if len(rest) <= most else None


def _compressed(rest: bytes, most: int) -> bytes | None:
    """Decompressed; None for what is damaged or would become too long."""
    unfolding = zlib.decompressobj()
    try:
        text = unfolding.decompress(rest[1:], most)
    except zlib.error:
        return None
    return text if unfolding.eof else None


def _international(rest: bytes, most: int) -> bytes | None:
    _language, _, tail = rest[2:].partition(b"\0")
    text = tail.partition(b"\0")[2]
    return _compressed(b"\0" + text, most) if rest[:1] == b"\1" else _plain(text, most)


_TEXT_IN = {b"tEXt": _plain, b"zTXt": _compressed, b"iTXt": _international}


def _of_digits(profile: bytes) -> bytes | None:
    """What ImageMagick wrote in hexadecimal digits, behind a name and a length."""
    try:
        return bytes.fromhex(b"".join(profile.split()[2:]).decode("ascii"))
    except ValueError:
        return None
