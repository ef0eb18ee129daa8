"""What every kind of source can do, and which files count as pictures."""

from collections.abc import Callable, Iterator
from pathlib import PurePosixPath
from typing import Protocol

from .. import image

Wanted = Callable[[int], bool]
"""Whether to read the picture of this number in its source."""


class Source(Protocol):
    """Pictures with names; the last folder of a name is the picture's class.

    Both iterators go through the same pictures in the same order: a picture's number is its place
    in either.
    """

    def names(self) -> Iterator[str]:
        """Every picture's name, without reading pictures."""
        ...

    def pictures(self, wanted: Wanted) -> Iterator[tuple[str, bytes]]:
        """Names and contents, as files, of the pictures wanted; the others are not read."""
        ...

    def traits(self) -> Iterator[str]:
        """What changes when pictures are added, removed or replaced; reads no pictures."""
        ...


def is_picture(name: str) -> bool:
    """Whether a file's name is a picture's."""
    return PurePosixPath(name).suffix.lower() in image.SUFFIXES
