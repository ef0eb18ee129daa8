"""Strips of pixels: what their maker promised, checked as they come."""

import sys
from collections.abc import Generator, Iterable

import numpy as np

from photochrom.image.frame import Pixels
from photochrom.image.header import Header


def checked(header: Header, strips: Iterable[Pixels]) -> Generator[memoryview]:
    """The bytes of the strips, little-endian, that together are the picture of a header.

    Where this ends, well or not, the maker of the strips is closed.

    Raises:
        ValueError: a strip of another width, number of samples or depth; too few rows, too many.
    """
    wanted = (header.width, header.samples, header.bit_depth // 8)
    rows = 0
    try:
        for strip in strips:
            if strip.ndim != 3 or (*strip.shape[1:], strip.dtype.itemsize) != wanted:
                raise ValueError(
                    f"{header.name}: a strip is {strip.dtype} {strip.shape}; it must be of "
                    f"{header.width} columns and {header.samples} samples of "
                    f"{header.bit_depth} bits"
                )
            rows += len(strip)
            if rows > header.height:
                raise ValueError(f"{header.name}: the strips have more rows than {header.height}")
            ordered = strip if sys.byteorder == "little" else strip.byteswap()
            yield np.ascontiguousarray(ordered).data.cast("B")
        if rows < header.height:
            raise ValueError(f"{header.name}: the strips end at row {rows} of {header.height}")
    finally:
        close = getattr(strips, "close", None)
        if close is not None:
            close()
