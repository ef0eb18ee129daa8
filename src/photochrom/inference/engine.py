"""From a picture to a colored picture: small chroma, full luminance.

The network sees the picture at its card's working size with the aspect ratio kept; chroma comes
back small, is enlarged along the edges of the luminance and joined to the luminance of the
original, which no step changes beyond the rounding of the file's bit depth.
"""

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from .. import image
from ..color import fit_chroma, grey_to_lightness, lab_to_srgb, srgb_to_lab
from .enlarge import Enlargement, Floats, bilinear, guided_lines
from .session import Prediction, Session

_STRIP = 1 << 16  # pixels that are joined at a time: their float arrays fit a core's cache


@dataclass(frozen=True)
class Settings:
    """What a caller may choose for each picture."""

    temperature: float | None = None
    """Of the annealed mean, > 0: small is vivid, 1 is safe; None takes the card's."""
    saturation: float = 1.0
    """Factor on the chroma, >= 0."""
    working_size: int | None = None
    """Side of the square whose area the network's input has; None takes the card's."""


@dataclass(frozen=True)
class Colorized:
    """A colored picture and what is known of it."""

    frame: image.Frame
    """RGB, with the size, bit depth and metadata of the original."""
    entropy: Floats
    """How undecided the network was, `(h, w)` over the whole picture, in nats."""


class Colorizer(Protocol):
    """Whatever colors pictures: an engine, or a router over several."""

    def colorize(self, frame: image.Frame, settings: Settings = Settings()) -> Colorized:
        """Color one picture."""


class Engine:
    """A `Colorizer` around one network. Safe to use from several threads."""

    def __init__(self, session: Session) -> None:
        self.card = session.card
        self._session = session

    def colorize(self, frame: image.Frame, settings: Settings = Settings()) -> Colorized:
        """Color one picture; grey or color, whose chroma is then replaced.

        Args:
            frame: any size, 8 or 16 bit.
            settings: see there.
        """
        size = settings.working_size or self.card.working_size
        temperature = settings.temperature or self.card.temperature
        lightness = self._working_lightness(frame, size)  # (h, w)
        prediction = self._predict(lightness, temperature)
        ab = bilinear(prediction.ab * np.float32(settings.saturation), *lightness.shape)
        lines = guided_lines(lightness, ab)
        pixels = _join(frame, Enlargement(lines, frame.height, frame.width))
        return Colorized(frame.with_pixels(pixels), prediction.entropy)

    def _working_lightness(self, frame: image.Frame, size: int) -> Floats:
        """L* of the picture at the working size, `(h, w)`."""
        scale = size / (frame.height * frame.width) ** 0.5
        height, width = max(1, round(frame.height * scale)), max(1, round(frame.width * scale))
        return _lightness(image.resize(frame.pixels, height, width))

    def _predict(self, lightness: Floats, temperature: float) -> Prediction:
        """Chroma and entropy of exactly the picture, without the padding to the size multiple."""
        multiple = self.card.size_multiple
        height, width = lightness.shape
        padding = [(0, -extent % multiple) for extent in (height, width)]
        padded = np.pad(lightness, padding, mode="edge")
        ab, entropy = self._session.predict(padded, temperature)
        if padded.shape == lightness.shape:
            return Prediction(ab, entropy)
        # Cells rarely end where the picture does: enlarge, then cut.
        return Prediction(
            bilinear(ab, *padded.shape)[:height, :width],
            bilinear(entropy[..., None], *padded.shape)[:height, :width, 0],
        )


def _lightness(pixels: NDArray[np.uint8] | NDArray[np.uint16]) -> Floats:
    """L* `(H, W)` of pixels `(H, W, 1 or 3)`."""
    top = np.iinfo(pixels.dtype).max
    if pixels.shape[2] == 1:
        codes = np.arange(top + 1, dtype=np.float64) / top
        return grey_to_lightness(codes).astype(np.float32)[pixels[..., 0]]
    lightness: Floats = srgb_to_lab(pixels / np.float32(top))[..., 0]
    return lightness


def _join(frame: image.Frame, lines: Enlargement) -> NDArray[np.uint8] | NDArray[np.uint16]:
    """The original's luminance with the chroma of `lines`: pixels `(H, W, 3)` of its depth."""
    joined = np.empty((frame.height, frame.width, 3), dtype=frame.pixels.dtype)
    top = np.iinfo(joined.dtype).max

    def join(rows: slice) -> None:
        lightness = _lightness(frame.pixels[rows])  # (rows, W)
        coefficients = lines.rows(rows.start, rows.stop)  # (rows, W, 4)
        ab = coefficients[..., :2] * lightness[..., None] + coefficients[..., 2:]
        lab = np.concatenate([lightness[..., None], ab], axis=-1)
        srgb = lab_to_srgb(fit_chroma(lab))
        joined[rows] = np.clip(np.rint(srgb * top), 0, top)

    with ThreadPoolExecutor(os.cpu_count()) as threads:
        for _ in threads.map(join, _strips(frame.height, frame.width)):
            pass
    return joined


def _strips(height: int, width: int) -> Iterator[slice]:
    rows = max(1, _STRIP // width)
    for begin in range(0, height, rows):
        yield slice(begin, min(begin + rows, height))
