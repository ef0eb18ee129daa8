"""Pictures as a protocol sees them."""

import dataclasses
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from .. import image
from ..data.sources import names, pictures
from ..errors import ImageError
from .protocol import PictureList, Protocol, evenly


@dataclass(frozen=True)
class Sighted:
    """A picture of a protocol's list."""

    number: int
    """In the list."""
    name: str
    original: image.Frame
    """Uncropped."""
    crop: image.Frame
    """As it is colored and measured."""


def listed(sources: Sequence[Path], limit: int | None = None) -> PictureList:
    """The list of the pictures of folders and zip files, by content; decodes none.

    Raises:
        DatasetError: a source is missing or empty.
    """
    return PictureList.of(_files(sources, limit))


def sighted(
    sources: Sequence[Path],
    protocol: Protocol,
    damaged: Callable[[str], None] = lambda fault: None,
    numbers: Collection[int] | None = None,
) -> Iterator[Sighted]:
    """The readable pictures of a protocol's list, in order.

    Args:
        sources: folders and zip files.
        protocol: which of them, and how they are cropped.
        damaged: told the error of each that cannot be read; figures are of the others.
        numbers: only these of the list; None takes all.

    Raises:
        DatasetError: a source is missing or empty.
    """
    for number, (name, data) in enumerate(_files(sources, protocol.limit)):
        if numbers is not None and number not in numbers:
            continue
        try:
            original = image.decode(data, name=name)
        except ImageError as error:
            damaged(str(error))
            continue
        yield Sighted(number, name, original, center_crop(original, protocol.size))


def center_square(frame: image.Frame) -> image.Frame:
    """The largest centered square."""
    side = min(frame.height, frame.width)
    top, left = (frame.height - side) // 2, (frame.width - side) // 2
    square = frame.pixels[top : top + side, left : left + side]
    return dataclasses.replace(frame, pixels=square, alpha=None)


def center_crop(frame: image.Frame, size: int) -> image.Frame:
    """The largest centered square, resampled to `size` × `size` pixels (lanczos3)."""
    square = center_square(frame)
    return dataclasses.replace(square, pixels=image.resize(square.pixels, size, size))


def _files(sources: Sequence[Path], limit: int | None) -> Iterator[tuple[str, bytes]]:
    """Names and contents; of a limited list, those evenly spread over it."""
    if limit is None:
        for source in sources:
            yield from pictures(source)
        return
    counts = [sum(1 for _ in names(source)) for source in sources]
    chosen, before = evenly(sum(counts), limit), 0
    for source, count in zip(sources, counts, strict=True):
        mine = frozenset(number - before for number in chosen)
        yield from pictures(source, mine.__contains__)
        before += count
