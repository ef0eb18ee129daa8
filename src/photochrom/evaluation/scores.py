"""Figures of colorizers over a set of color pictures, in one pass."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from .. import image
from ..color import colorfulness, srgb_to_lab
from ..inference import Colorizer, Settings
from ..metrics import AbErrorCurve, psnr

Colorize: TypeAlias = Callable[[image.Frame], image.Frame]
"""A picture to its colored version, of the same size and depth."""

WORKERS = 2  # pictures at a time, each on one core


@dataclass(frozen=True)
class Scores:
    """Figures over a set; what each means is told in `metrics`."""

    pictures: int
    auc: float
    """Area under the curve of ab errors, thresholds 0 to 150, percent."""
    rebalanced_auc: float
    """The same, every 10-unit ab cell that occurs in the set weighing alike, percent."""
    psnr: float
    """Mean over pictures of the sRGB peak signal-to-noise ratio, dB."""
    colorfulness_ratio: float
    """Mean colorfulness over mean colorfulness of the originals."""


@dataclass
class _Tally:
    curve: AbErrorCurve = field(default_factory=AbErrorCurve)
    psnr: list[float] = field(default_factory=list)
    colorfulness: list[float] = field(default_factory=list)
    real_colorfulness: list[float] = field(default_factory=list)

    def add(self, ours: NDArray[Any], real: NDArray[Any]) -> None:
        """Count one picture; both sRGB `(H, W, 3)` in [0, 1]."""
        self.curve.add(srgb_to_lab(ours)[..., 1:], srgb_to_lab(real)[..., 1:])
        self.psnr.append(float(psnr(ours, real)))
        self.colorfulness.append(float(colorfulness(ours)))
        self.real_colorfulness.append(float(colorfulness(real)))

    def scores(self) -> Scores:
        return Scores(
            pictures=len(self.psnr),
            auc=self.curve.auc(),
            rebalanced_auc=self.curve.rebalanced_auc(),
            psnr=float(np.mean(self.psnr)),
            colorfulness_ratio=float(np.mean(self.colorfulness) / np.mean(self.real_colorfulness)),
        )


def score(
    ways: Mapping[str, Colorize],
    originals: Iterable[image.Frame],
    progress: Callable[[int], None] = lambda done: None,
) -> dict[str, Scores]:
    """Color every picture in every way and compare the results with the picture.

    Args:
        ways: what is compared, by the titles that tables give them.
        originals: color pictures.
        progress: told how many are done.

    Returns:
        The figures of each way.

    Raises:
        ValueError: there are no pictures.
    """
    tallies = {title: _Tally() for title in ways}

    def work(original: image.Frame) -> dict[str, NDArray[Any]]:
        return {title: _unit(colorize(original)) for title, colorize in ways.items()}

    for done, (original, results) in enumerate(_in_threads(work, originals), start=1):
        for title, ours in results.items():
            tallies[title].add(ours, _unit(original))
        progress(done)
    return {title: tally.scores() for title, tally in tallies.items()}


def by(colorizer: Colorizer, settings: Settings) -> Colorize:
    """A colorizer under fixed settings."""
    return lambda frame: colorizer.colorize(frame, settings).frame


def _in_threads(
    work: Callable[[image.Frame], dict[str, NDArray[Any]]], frames: Iterable[image.Frame]
) -> Iterator[tuple[image.Frame, dict[str, NDArray[Any]]]]:
    """Each frame with the work's result, in order, few in memory at a time."""
    with ThreadPoolExecutor(WORKERS) as threads:
        waiting: list[tuple[image.Frame, Future[dict[str, NDArray[Any]]]]] = []
        for frame in frames:
            waiting.append((frame, threads.submit(work, frame)))
            if len(waiting) > 4 * WORKERS:
                first, future = waiting.pop(0)
                yield first, future.result()
        for first, future in waiting:
            yield first, future.result()


def _unit(frame: image.Frame) -> NDArray[np.float64]:
    """Pixels `(H, W, 3)` in [0, 1]; grey pictures repeated into three channels."""
    pixels = frame.pixels / np.float64(np.iinfo(frame.pixels.dtype).max)
    return np.broadcast_to(pixels, (frame.height, frame.width, 3))
