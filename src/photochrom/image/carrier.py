"""Strips of pixels as a picture of libvips, which then asks for one after the other.

libvips takes no pixels bit by bit from Python, but files it does: the strips pass as the body of
an uncompressed TIFF file that exists nowhere else. It goes at 2 GB/s.
"""

import struct
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pyvips

from photochrom.image.frame import Pixels
from photochrom.image.header import Header
from photochrom.image.tiff_appending import packed
from photochrom.image.tiff_tags import Directory, Value

_PIECE = 1 << 20  # bytes asked for at once
_BEGINNING = struct.pack("<2sHHHQ", b"II", 43, 8, 0, 16)  # of a BigTIFF, its directory at 16
_SHORT, _LONG, _LONG8 = (3, "H"), (4, "I"), (16, "Q")


@contextmanager
def carried(header: Header, strips: Iterable[Pixels]) -> Iterator[Any]:
    """Give a picture of libvips that pulls `strips` when it is written, once, top to bottom.

    Each is (n, header.width, header.samples), uint8 or uint16 as the header says.

    Raises:
        Whatever `strips` raises, in place of what libvips makes of it.
        ValueError: a strip of another shape or type; too few rows, or too many.
    """
    feed = _Feed(header, iter(strips))
    source = pyvips.SourceCustom()
    source.on_read(feed.read)
    source.on_seek(feed.seek)
    try:
        yield pyvips.Operation.call("tiffload_source", source, access="sequential", fail_on="error")
        feed.end()
    except pyvips.Error:
        if feed.fault is not None:
            raise feed.fault from None
        raise
    finally:
        feed.close()
        del source  # libvips calls its handlers, which die with it


class _Feed:
    """The bytes of the file, made of the strips as they come."""

    def __init__(self, header: Header, strips: Iterator[Pixels]) -> None:
        self.fault: BaseException | None = None
        """What went wrong in a strip's making."""
        self._header = header
        self._strips = strips
        self._rows = 0
        self._left = memoryview(b"")
        self._head = _head(header)
        self._size = len(self._head) + header.height * header.row_bytes
        self._at = 0  # where libvips reads
        self._given = len(self._head)  # how far the strips were handed out

    def seek(self, offset: int, whence: int) -> int:
        self._at = offset + (0, self._at, self._size)[whence]
        return self._at

    def read(self, size: int) -> bytes | memoryview | None:
        if self._at < len(self._head):
            piece: bytes | memoryview = self._head[self._at : self._at + size]
        else:
            piece = self._pixels(size)
        self._at += len(piece)
        return piece or None

    def _pixels(self, size: int) -> memoryview:
        """The next bytes of pixels, none where they end or a strip could not be made."""
        try:
            if self.fault is None and not self._left and self._at < self._size:
                self._left = self._next()
        except BaseException as fault:  # a traceback here would go to the terminal and no further
            self.fault = fault
        if self._at != self._given:
            return memoryview(b"")
        piece, self._left = self._left[:size], self._left[size:]
        self._given += len(piece)
        return piece

    def _next(self) -> memoryview:
        header = self._header
        strip = next(self._strips, None)
        if strip is None:
            raise ValueError(
                f"{header.name}: the strips end at row {self._rows} of {header.height}"
            )
        wanted = (header.width, header.samples, header.bit_depth // 8)
        if strip.ndim != 3 or (*strip.shape[1:], strip.dtype.itemsize) != wanted:
            raise ValueError(
                f"{header.name}: a strip is {strip.dtype} {strip.shape}; it must be of "
                f"{header.width} columns and {header.samples} samples of {header.bit_depth} bits"
            )
        self._rows += len(strip)
        if self._rows > header.height:
            raise ValueError(f"{header.name}: the strips have more rows than {header.height}")
        ordered = strip if sys.byteorder == "little" else strip.byteswap()
        return np.ascontiguousarray(ordered).data.cast("B")

    def end(self) -> None:
        """Let the strips' maker end, too. Raises ValueError where it goes on instead."""
        if self.fault is not None:
            raise self.fault
        if next(self._strips, None) is not None:
            raise ValueError(
                f"{self._header.name}: the strips have more rows than {self._header.height}"
            )

    def close(self) -> None:
        """Let go of whatever the strips' maker holds."""
        self._left = memoryview(b"")
        close = getattr(self._strips, "close", None)
        if close is not None:
            close()


def _head(header: Header) -> bytes:
    """All of the file that comes before its pixels."""
    rows = max(1, _PIECE // header.row_bytes)
    count = -(-header.height // rows)
    sizes = [rows * header.row_bytes] * count
    sizes[-1] = (header.height - rows * (count - 1)) * header.row_bytes
    length = len(_directory(header, rows, sizes, 0))
    return _BEGINNING + _directory(header, rows, sizes, len(_BEGINNING) + length)


def _directory(header: Header, rows: int, sizes: list[int], begin: int) -> bytes:
    """The tags of the file, whose pixels begin at byte `begin`."""
    starts = [begin + index * sizes[0] for index in range(len(sizes))]
    tags: Directory = {
        256: _value(_LONG, header.width),
        257: _value(_LONG, header.height),
        258: _value(_SHORT, *[header.bit_depth] * header.samples),
        259: _value(_SHORT, 1),  # no compression
        262: _value(_SHORT, 1 if header.channels == 1 else 2),  # grey, 0 is black; or RGB
        273: _value(_LONG8, *starts),
        277: _value(_SHORT, header.samples),
        278: _value(_LONG, rows),
        279: _value(_LONG8, *sizes),
        284: _value(_SHORT, 1),  # the samples of a pixel lie together
    }
    if header.has_alpha:
        tags[338] = _value(_SHORT, 2)  # not multiplied into the others
    return packed(tags, len(_BEGINNING), big=True)


def _value(kind: tuple[int, str], *numbers: int) -> Value:
    return Value(kind[0], len(numbers), struct.pack(f"<{len(numbers)}{kind[1]}", *numbers))
