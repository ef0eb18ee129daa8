"""How the luminance of two pictures compares, pixel by pixel, strip by strip."""

import os
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import local

import numpy as np
import numpy.typing as npt

from ..color.brush import Brush
from ..color.tones import tables
from ..image import Original
from ..image.frame import Pixels
from .painted import painted_encoding

MAP_SCALE = 100
"""Codes of a map that stand for one unit of L*; 255, the brightest, for 2.55 and above."""

_AT_ONCE = 1 << 15  # pixels that a brush reads at once: its arrays fit a core's cache
_STRIP = 1 << 18
_BIN = 0.01  # L*
_BINS = 10_001
_EXACT = 0.5  # of what parts two grey codes

Floats = npt.NDArray[np.float32]


@dataclass
class Luminance:
    """How the pixels of two pictures differ."""

    pixels: int = 0
    """That were compared."""
    largest: float = 0.0
    """Of |ΔL*|."""
    largest_step: float = 0.0
    """Of the difference in grey codes of the colored file's encoding, with its fraction."""
    changed: int = 0
    """Pixels whose luminance is nearest to another grey code than the original's."""
    alpha: int = 0
    """Pixels whose transparency is another."""
    _sum: float = 0.0
    _steps: float = 0.0
    _counts: npt.NDArray[np.int64] = field(default_factory=lambda: np.zeros(_BINS, np.int64))

    @property
    def mean(self) -> float:
        """Of |ΔL*|."""
        return self._sum / max(self.pixels, 1)

    @property
    def mean_step(self) -> float:
        """Of the difference in grey codes."""
        return self._steps / max(self.pixels, 1)

    @property
    def is_exact(self) -> bool:
        """Whether every pixel, read back, has the grey that it was painted on."""
        return self.largest_step < _EXACT

    def at_most(self, share: float) -> float:
        """The |ΔL*| that a share of the pixels stays within, up to 0.01 more than it is."""
        reached = np.searchsorted(np.cumsum(self._counts), share * self.pixels)
        return min(float(reached + 1) * _BIN, self.largest)

    def add(self, lightness: Floats, steps: Floats, changed: int, alpha: int) -> None:
        """Add pixels: |ΔL*| and the differences in grey codes `(n,)`, and how many have others."""
        self.pixels += lightness.size
        self.largest = max(self.largest, float(lightness.max()))
        self.largest_step = max(self.largest_step, float(steps.max()))
        self.changed += changed
        self.alpha += alpha
        self._sum += float(lightness.sum(dtype=np.float64))
        self._steps += float(steps.sum(dtype=np.float64))
        bins = np.minimum(lightness * np.float32(1 / _BIN), _BINS - 1).astype(np.intp)
        self._counts += np.bincount(bins, minlength=_BINS)


class Gauge:
    """Compares two pictures of one size and depth, whatever their encodings are."""

    def __init__(self, original: Original, colored: Original) -> None:
        """Take what was opened; nothing is read yet."""
        self.luminance = Luminance()
        """What was found so far."""
        self._original, self._colored = original, colored
        before, after = original.header, colored.header
        # Under the profile that they came in, colors were painted by that profile.
        is_kept = before.channels == 3 and before.icc == after.icc
        encoding = before.encoding if is_kept else painted_encoding(after)
        self._before = tables(before.encoding, before.bit_depth)
        self._after = tables(encoding, before.bit_depth)
        self._own = local()

    def strips(self, threads: int = 0) -> Iterator[Pixels]:
        """Read both pictures; give, strip by strip, the map of |ΔL*|: uint8 `(n, width, 1)`.

        Args:
            threads: 0 takes every core.

        Raises what `Original.strips` raises.
        """
        rows = max(1, _STRIP // self._original.header.width)
        pairs = zip(self._original.strips(rows), self._colored.strips(rows), strict=True)
        workers = threads or os.cpu_count() or 1
        pending: deque[Future[_Compared]] = deque()
        with ThreadPoolExecutor(workers) as pool:
            for before, after in pairs:
                pending.append(pool.submit(self._compared, before, after))
                if len(pending) > workers:
                    yield self._added(pending.popleft().result())
            while pending:
                yield self._added(pending.popleft().result())

    def _added(self, found: "_Compared") -> Pixels:
        self.luminance.add(found.lightness.ravel(), found.steps, found.changed, found.alpha)
        scaled = np.minimum(np.rint(found.lightness * np.float32(MAP_SCALE)), 255)
        strip: Pixels = scaled[..., None].astype(np.uint8)
        return strip

    def _compared(self, before: Pixels, after: Pixels) -> "_Compared":
        """Two strips `(n, width, samples)` of the same pixels."""
        brushes = self._brushes()
        old, new = self._reading(before, brushes.original), self._reading(after, brushes.colored)
        changed = int(np.count_nonzero(np.rint(old.greys) != np.rint(new.greys)))
        lightness = np.abs(np.subtract(old.lightness, new.lightness, out=old.lightness))
        steps = np.abs(np.subtract(old.greys, new.greys, out=old.greys))
        has_alpha = self._original.header.has_alpha
        alpha = int(np.count_nonzero(before[..., -1] != after[..., -1])) if has_alpha else 0
        return _Compared(lightness.reshape(before.shape[:2]), steps, changed, alpha)

    def _reading(self, strip: Pixels, brush: Brush) -> "_Reading":
        """L* and grey codes of a strip, in the colored file's encoding."""
        colors = 1 if strip.shape[2] < 3 else 3
        codes = strip.reshape(-1, strip.shape[2])[:, :colors]
        lightness, greys = np.empty((2, len(codes)), dtype=np.float32)
        for begin in range(0, len(codes), _AT_ONCE):
            part = slice(begin, begin + _AT_ONCE)
            brush.lightness(codes[part], lightness[part])
            brush.greys(codes[part], greys[part])
        return _Reading(lightness, greys)

    def _brushes(self) -> "_Brushes":
        """This thread's brushes."""
        if not hasattr(self._own, "brushes"):
            after = self._after
            self._own.brushes = _Brushes(
                Brush(self._before, after, _AT_ONCE), Brush(after, after, _AT_ONCE)
            )
        brushes: _Brushes = self._own.brushes
        return brushes


@dataclass(frozen=True)
class _Brushes:
    """What reads strips, as codes of the colored file's encoding."""

    original: Brush
    colored: Brush


@dataclass(frozen=True)
class _Reading:
    lightness: Floats
    """`(n,)`: L*."""
    greys: Floats
    """`(n,)`: grey codes with their fractions."""


@dataclass(frozen=True)
class _Compared:
    lightness: Floats
    """`(rows, width)`: |ΔL*|."""
    steps: Floats
    """`(n,)`."""
    changed: int
    alpha: int
