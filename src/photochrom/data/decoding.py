"""Decode pictures in threads, and tell those that are of use from those that are not."""

import os
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .. import image
from ..color import colorfulness
from ..errors import ImageError


@dataclass(frozen=True)
class Picture:
    """A picture of use."""

    name: str
    pixels: NDArray[np.uint8]
    """`(H, W, 3)` sRGB."""


@dataclass(frozen=True)
class Grey:
    """A picture with too little color."""

    name: str


@dataclass(frozen=True)
class Unreadable:
    """A damaged picture."""

    fault: str
    """Its name and what is wrong."""


Decoded = Picture | Grey | Unreadable


def decoded(
    items: Iterable[tuple[str, bytes]], short_side: int, min_colorfulness: float
) -> Iterator[Decoded]:
    """Decode in threads, in order, with a bounded number of pictures in flight.

    Args:
        items: names and contents of files.
        short_side: pictures with a longer one are reduced to this, in pixels.
        min_colorfulness: a picture with less counts as grey.
    """
    workers = os.cpu_count() or 1
    with ThreadPoolExecutor(workers) as threads:
        waiting: deque[Future[Decoded]] = deque()
        for name, data in items:
            waiting.append(threads.submit(_decode, name, data, short_side, min_colorfulness))
            if len(waiting) > 8 * workers:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def _decode(name: str, data: bytes, short_side: int, min_colorfulness: float) -> Decoded:
    try:
        frame = image.decode(data, name=name).to_8_bit()
    except ImageError as error:
        return Unreadable(str(error))
    if frame.is_grey:
        return Grey(name)
    pixels: NDArray[np.uint8] = frame.pixels
    scale = short_side / min(frame.height, frame.width)
    if scale < 1:
        pixels = image.resize(pixels, round(frame.height * scale), round(frame.width * scale))
    if float(colorfulness(pixels / np.float32(255))) < min_colorfulness:
        return Grey(name)
    return Picture(name, pixels)
