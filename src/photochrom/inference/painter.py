"""The luminance of the original joined to new chroma, at full size and full bit depth."""

import os
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from threading import local

import numpy as np

from ..color import SRGB, Encoding
from ..color.brush import Brush
from ..color.tones import tables
from .enlarge import Enlargement, Floats, guided_lines
from .luminance import Pixels
from .sketch import Sketch

_AT_ONCE = 1 << 17  # pixels that a brush paints at once: with fewer, threads wait for each other
_STRIP = 1 << 18  # pixels to a strip: enough that a thread is worth its while


class Painter:
    """Paints a picture of any size in the colors of a sketch, some rows at a time.

    Safe to use from several threads.
    """

    def __init__(
        self,
        sketch: Sketch,
        height: int,
        width: int,
        bit_depth: int,
        encoding: Encoding = SRGB,
        into: Encoding | None = None,
    ) -> None:
        """Take the colors, and what the codes of the picture mean.

        Args:
            sketch: see there.
            height: of the picture.
            width: of the picture.
            bit_depth: 8 or 16.
            encoding: of the picture's codes.
            into: of those that it gets; None: the same.
        """
        lines = _to_roots(guided_lines(sketch.lightness, sketch.ab))
        self._lines = Enlargement(lines, height, width)
        self._source = tables(encoding, bit_depth)
        self._target = tables(into or encoding, bit_depth)
        self._width = width
        self._own = local()
        self.strip_rows = max(1, _STRIP // width)
        """Rows that are best given at a time."""

    def rows(self, codes: Pixels, begin: int) -> Pixels:
        """Color some rows.

        Args:
            codes: `(n, W, 1 to 4)`, grey or RGB, with or without alpha: the rows from `begin` on;
                of colors only the luminance is kept.
            begin: number of the first row.

        Returns:
            `(n, W, 3)`, or `(n, W, 4)` with alpha as it was; the same dtype.
        """
        colors = 1 if codes.shape[2] < 3 else 3
        has_alpha = codes.shape[2] > colors
        painted = np.empty((*codes.shape[:2], 3 + has_alpha), dtype=codes.dtype)
        if has_alpha:
            painted[..., 3] = codes[..., colors]
        span = self._lines.span(begin, begin + len(codes))
        brush, lines = self._brush()
        height = lines.shape[1]
        for first in range(0, len(codes), height):
            part = codes[first : first + height]
            for row in range(len(part)):
                span.fill(first + row, lines[:, row])
            flat = lines[:, : len(part)].reshape(4, -1)  # (4, n * W)
            brush.paint(
                part.reshape(-1, part.shape[2])[:, :colors],
                flat[:2],
                flat[2:],
                painted[first : first + height].reshape(-1, painted.shape[2]),
            )
        return painted

    def whole(self, codes: Pixels, threads: int = 0) -> Pixels:
        """Color all rows `(H, W, 1 or 3)` at once; 0 threads: every core."""
        begins = range(0, len(codes), self.strip_rows)
        strips = (codes[begin : begin + self.strip_rows] for begin in begins)
        painted = np.empty((*codes.shape[:2], 3), dtype=codes.dtype)
        begin = 0
        for strip in self.strips(strips, threads if len(begins) > 1 else 1):
            painted[begin : begin + len(strip)] = strip
            begin += len(strip)
        return painted

    def strips(self, strips: Iterable[Pixels], threads: int = 0) -> Iterator[Pixels]:
        """Color strips `(n, W, 1 or 3)` that follow one another from the top; in their order.

        The strips are taken from their source in the caller's thread, a few ahead.
        """
        workers = threads or os.cpu_count() or 1
        placed = _placed(strips)
        if workers == 1:  # a thread takes longer to start than small pictures take to paint
            for strip, begin in placed:
                yield self.rows(strip, begin)
            return
        pending: deque[Future[Pixels]] = deque()
        with ThreadPoolExecutor(workers) as pool:
            for strip, begin in placed:
                pending.append(pool.submit(self.rows, strip, begin))
                if len(pending) > workers:
                    yield pending.popleft().result()
            while pending:
                yield pending.popleft().result()

    def _brush(self) -> tuple[Brush, Floats]:
        """This thread's brush, and room for the lines of the rows that it paints at once."""
        if not hasattr(self._own, "brush"):
            rows = max(1, _AT_ONCE // self._width)
            self._own.brush = Brush(self._source, self._target, rows * self._width)
            self._own.lines = np.empty((4, rows, self._width), dtype=np.float32)
        return self._own.brush, self._own.lines


def _placed(strips: Iterable[Pixels]) -> Iterator[tuple[Pixels, int]]:
    """Each strip with the number of its first row."""
    begin = 0
    for strip in strips:
        yield strip, begin
        begin += len(strip)


def _to_roots(lines: Floats) -> Floats:
    """Lines `(h, w, 4)` from L* to a and b, as lines from g(Y) to g(X) and g(Z); see `Brush.paint`.

    L* = 116 g(Y), g(X) = g(Y) + a / 500 and g(Z) = g(Y) - b / 200 (CIE 15:2004, section 8.2.1).
    """
    share = np.array([1 / 500, -1 / 200], dtype=np.float32)
    slope, offset = share * lines[..., :2], share * lines[..., 2:]
    return np.concatenate([1 + 116 * slope, offset], axis=-1, dtype=np.float32)
