"""Pictures as a protocol sees them."""

import dataclasses
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np

from .. import image
from ..data.sources import pictures
from ..errors import ImageError


def frames(sources: Sequence[Path]) -> Iterator[image.Frame]:
    """The readable pictures of folders and zip files, in order.

    Damaged ones are passed over: a figure is of the others, and says of how many.

    Raises:
        DatasetError: a source is missing or empty.
    """
    for source in sources:
        for name, data in pictures(source):
            try:
                frame = image.decode(data, name=name)
            except ImageError:
                continue
            yield frame


def center_crop(frame: image.Frame, size: int) -> image.Frame:
    """The largest centered square, resampled to `size` × `size` pixels."""
    side = min(frame.height, frame.width)
    top, left = (frame.height - side) // 2, (frame.width - side) // 2
    square = frame.pixels[top : top + side, left : left + side]
    return dataclasses.replace(frame, pixels=image.resize(square, size, size), alpha=None)


class Sample:
    """Passes pictures through and keeps some of them: evenly drawn, always the same ones."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._kept: dict[int, tuple[int, image.Frame]] = {}
        self._random = np.random.default_rng(0)

    def watch(self, passing: Iterable[image.Frame]) -> Iterator[image.Frame]:
        """Yield every picture unchanged (reservoir sampling: Vitter 1985, algorithm R)."""
        for at, frame in enumerate(passing):
            slot = at if at < self._count else int(self._random.integers(at + 1))
            if slot < self._count:
                self._kept[slot] = (at, frame)
            yield frame

    def frames(self) -> list[image.Frame]:
        """The pictures kept, in the order in which they passed."""
        return [frame for _, frame in sorted(self._kept.values(), key=lambda kept: kept[0])]
