"""From a picture to a colored picture: small chroma, full luminance.

The network sees the picture at its card's working size with the aspect ratio kept; chroma comes
back small, is enlarged along the edges of the luminance and joined to the luminance of the
original, which no step changes beyond the rounding of the file's bit depth.
"""

import math
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from .. import image
from .enlarge import Enlargement, Floats, bilinear, guided_lines
from .join import join
from .luminance import lightness_of
from .session import Network, Prediction


@dataclass(frozen=True)
class Settings:
    """What a caller may choose for each picture. Raises ValueError for values out of range."""

    temperature: float | None = None
    """Of the annealed mean, > 0: small is vivid, 1 is safe; None takes the card's."""
    saturation: float = 1.0
    """Factor on the chroma, >= 0."""
    working_size: int | None = None
    """Side of the square whose area the network's input has, >= 1; None takes the card's."""

    def __post_init__(self) -> None:
        if self.temperature is not None and not 0 < self.temperature < math.inf:
            raise ValueError(f"temperature {self.temperature} is not above 0")
        if not 0 <= self.saturation < math.inf:
            raise ValueError(f"saturation {self.saturation} is not 0 or above")
        if self.working_size is not None and self.working_size < 1:
            raise ValueError(f"working size {self.working_size} is not 1 or above")


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

    def __init__(self, network: Network) -> None:
        self.card = network.card
        self.network = network

    def colorize(self, frame: image.Frame, settings: Settings = Settings()) -> Colorized:
        """Color one picture; grey or color, whose chroma is then replaced.

        Args:
            frame: any size, 8 or 16 bit.
            settings: see there.
        """
        card = self.card
        size = card.working_size if settings.working_size is None else settings.working_size
        temperature = card.temperature if settings.temperature is None else settings.temperature
        shape = working_shape(frame.height, frame.width, size, card.size_multiple)
        lightness = lightness_of(image.resize(frame.pixels, *shape))  # (h, w)
        prediction = self._predict(lightness, temperature)
        ab = bilinear(prediction.ab * np.float32(settings.saturation), *shape)
        lines = Enlargement(guided_lines(lightness, ab), frame.height, frame.width)
        pixels = join(frame.pixels, lines, self.network.threads)
        return Colorized(frame.with_pixels(pixels), prediction.entropy)

    def _predict(self, lightness: Floats, temperature: float) -> Prediction:
        """Chroma and entropy of exactly the picture, without the padding to the size multiple."""
        multiple = self.card.size_multiple
        height, width = lightness.shape
        padding = [(0, -extent % multiple) for extent in (height, width)]
        # Mirrored, the picture goes on as pictures do. Repeated edges are streaks, and with them
        # the colors of four photographs moved a quarter further from those without padding.
        padded = np.pad(lightness, padding, mode="symmetric")
        ab, entropy = self.network.predict(padded, temperature)
        if padded.shape == lightness.shape:
            return Prediction(ab, entropy)
        # Cells rarely end where the picture does: enlarge, then cut.
        return Prediction(
            bilinear(ab, *padded.shape)[:height, :width],
            bilinear(entropy[..., None], *padded.shape)[:height, :width, 0],
        )


def working_shape(height: int, width: int, size: int, multiple: int) -> tuple[int, int]:
    """Height and width at which the network sees a picture.

    The area of a square of side `size` in the picture's aspect ratio. Strips longer than that
    area at a width of `multiple` are reduced to its length: they would be padding for the most
    part, and a scan line of a thousand pixels would take the memory of a poster.
    """
    longest = max(size, size * size / multiple)
    scale = min(size / math.sqrt(height * width), longest / max(height, width))
    return max(1, round(height * scale)), max(1, round(width * scale))
