"""Where a picture's bytes are: in memory, or in a file that must stay what it was."""

import os
from io import BufferedReader, BytesIO
from pathlib import Path
from typing import Any, BinaryIO

import pyvips

from photochrom.errors import ImageError
from photochrom.image.admission import forget_complaints, open_file
from photochrom.image.frame import Format

_MAPPED = ("jpeg", "webp")
"""Formats whose files libvips would map into memory, and die with them if they are cut short while
it reads them. Most are small enough to be read whole, 10 MB in a millisecond."""
_SMALL = 64 << 20  # bytes of a file that may be held in memory


class Source:
    """A file, or the bytes of one, opened as often as it is needed.

    Raises MissingFileError and ImageError, like `open_file`, where that is impossible.
    """

    def __init__(self, source: str | os.PathLike[str] | bytes, name: str | None) -> None:
        self._source = source if isinstance(source, bytes) else Path(source)
        self.name = name or ("<bytes>" if isinstance(source, bytes) else os.fspath(source))
        """What messages call it."""
        with self.open() as file:
            self._stamp = _stamp(file)

    def open(self) -> BufferedReader | BytesIO:
        """All its bytes, to be read from anywhere."""
        return BytesIO(self._source) if isinstance(self._source, bytes) else open_file(self._source)

    def same(self) -> BufferedReader | BytesIO:
        """What `open` gives. Raises ImageError where it is not what it was in the beginning."""
        file = self.open()
        if _stamp(file) != self._stamp:
            file.close()
            raise ImageError(f"{self.name}: was changed while it was read; try again")
        return file

    def load(self, kind: Format, **options: Any) -> Any:
        """The picture as libvips opens it, to be read from top to bottom. Raises pyvips.Error."""
        options = {"access": "sequential", "fail_on": "error"} | options
        forget_complaints()
        if isinstance(self._source, bytes):
            return pyvips.Operation.call(f"{kind}load_buffer", self._source, **options)
        with self.same() as file:
            if kind in _MAPPED and os.fstat(file.fileno()).st_size <= _SMALL:
                return pyvips.Operation.call(f"{kind}load_buffer", file.read(), **options)
            # By its descriptor: libvips takes no name that is not UTF-8.
            source = pyvips.Source.new_from_descriptor(file.fileno())
        return pyvips.Operation.call(f"{kind}load_source", source, **options)


def _stamp(file: BinaryIO) -> tuple[int, ...]:
    """What tells an open file from another, or from itself once it was written to."""
    if isinstance(file, BytesIO):
        return ()
    state = os.fstat(file.fileno())
    return (state.st_dev, state.st_ino, state.st_size, state.st_mtime_ns)
