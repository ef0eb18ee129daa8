"""Strips of pixels as a picture of libvips, which then asks for one after the other.

libvips takes no pixels bit by bit from Python, but files it does: the strips pass as the body of
an uncompressed TIFF file that exists nowhere else. It goes at 2 GB/s.
"""

from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import pyvips

from photochrom.image.frame import Pixels
from photochrom.image.header import Header
from photochrom.image.strips import checked
from photochrom.image.tiff_appending import packed
from photochrom.image.tiff_plain import beginning, pixel_tags


@contextmanager
def carried(header: Header, strips: Iterable[Pixels]) -> Iterator[Any]:
    """Give a picture of libvips that pulls `strips` when it is written, once, top to bottom.

    Each is (n, header.width, header.samples), uint8 or uint16 as the header says.

    Raises:
        Whatever `strips` raises, in place of what libvips makes of it.
        ValueError: a strip of another shape or type; too few rows, or too many.
    """
    checks = checked(header, strips)
    feed = _Feed(header, checks)
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
        checks.close()
        del source  # libvips calls its handlers, which die with it


class _Feed:
    """The bytes of the file, made of the strips as they come."""

    def __init__(self, header: Header, strips: Generator[memoryview]) -> None:
        self.fault: BaseException | None = None
        """What went wrong in a strip's making."""
        self._strips = strips
        self._strip = memoryview(b"")  # what is left of the last
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

    def end(self) -> None:
        """Let the maker of the strips end, too."""
        if self.fault is not None:
            raise self.fault
        for _ in self._strips:
            pass  # an empty strip

    def _pixels(self, size: int) -> memoryview:
        """The next bytes of pixels, none where they end or a strip could not be made."""
        if self.fault is not None or self._at != self._given:
            return memoryview(b"")
        try:
            while not self._strip and self._at < self._size:
                self._strip = next(self._strips)
        except BaseException as fault:  # a traceback here would go to the terminal and no further
            self.fault = fault
        piece, self._strip = self._strip[:size], self._strip[size:]
        self._given += len(piece)
        return piece


def _head(header: Header) -> bytes:
    """All of the file that comes before its pixels."""
    at = len(beginning(big=True))
    length = len(packed(pixel_tags(header, 0, big=True), at, big=True))
    tags = pixel_tags(header, at + length, big=True)
    return beginning(big=True, first=at) + packed(tags, at, big=True)
