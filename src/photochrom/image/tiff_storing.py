"""TIFF files of any number of pages, each stored in its own way."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, BinaryIO, TypeVar

import pyvips

from photochrom.image.carrier import carried
from photochrom.image.exif import to_tags
from photochrom.image.frame import Pixels
from photochrom.image.header import Header
from photochrom.image.saving import dressed, options
from photochrom.image.tiff_appending import append
from photochrom.image.tiff_plain import beginning, write_plain
from photochrom.image.tiff_tags import Tiff

_BIG = 3_500_000_000  # bytes of pixels above which offsets get 64 bits, to stay clear of 4 GB
_ALIGNMENT = 16

_Result = TypeVar("_Result")

Page = tuple[Header, Iterable[Pixels]]
"""What a page is, and its pixels."""


def store_tiff(file: BinaryIO, pages: Sequence[Page]) -> None:
    """Write a TIFF file, page by page, each stored as its layout says.

    It is a BigTIFF where one of the layouts says so, or where it might come near 4 GB.

    Args:
        file: empty, open to be written and read.
        pages: one at least; strips as `store` takes them.

    Raises:
        ValueError: strips are not what their header says.
        pyvips.Error, OSError: it cannot be written.
        Whatever the strips raise.
    """
    size = sum(header.height * header.row_bytes for header, _ in pages)
    big = size > _BIG or any(header.layout.bigtiff for header, _ in pages)
    link = 8 if big else 4
    file.write(beginning(big=big).ljust(_ALIGNMENT, b"\0"))
    for header, strips in pages:
        is_plain = header.layout.compression == "none" and header.layout.tile is None
        write = write_plain if is_plain else _write_compressed
        link = write(file, header, strips, link=link, big=big)


def _write_compressed(
    file: BinaryIO, header: Header, strips: Iterable[Pixels], *, link: int, big: bool
) -> int:
    """Let libvips write a page at the end of a file, as a file of its own, and adopt it.

    Takes and gives what `write_plain` does.
    """
    base = file.seek(0, 2)
    base += -base % _ALIGNMENT
    file.seek(base)
    rest = _Rest(file, base)
    target = pyvips.TargetCustom()
    target.on_write(rest.write)
    target.on_read(rest.read)
    target.on_seek(rest.seek)
    try:
        with carried(header, strips) as image:
            pyvips.Operation.call(
                "tiffsave_target",
                dressed(image, header, "tiff"),
                target,
                **options(header, "tiff", 0) | {"bigtiff": big},
            )
    except pyvips.Error:
        if rest.fault is not None:
            raise rest.fault from None
        raise
    structure = Tiff.begin(file, base)
    if structure is None:
        raise pyvips.Error("no TIFF structure came of it")
    return append(structure, to_tags(header.metadata.exif, header.metadata.iptc), link)


class _Rest:
    """A file from some place on, as libvips writes to it. What raises here would reach nobody."""

    def __init__(self, file: BinaryIO, base: int) -> None:
        self.fault: OSError | None = None
        """What the system refused."""
        self._file = file
        self._base = base

    def write(self, data: Any) -> int:
        return self._tried(lambda: self._file.write(data), -1)

    def read(self, size: int) -> bytes:
        return self._tried(lambda: self._file.read(size), b"")

    def seek(self, offset: int, whence: int) -> int:
        beginning = 0 if whence else self._base
        return self._tried(lambda: self._file.seek(beginning + offset, whence) - self._base, -1)

    def _tried(self, act: Callable[[], _Result], otherwise: _Result) -> _Result:
        try:
            return act()
        except OSError as fault:
            self.fault = self.fault or fault
            return otherwise
