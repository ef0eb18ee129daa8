"""From a picture to a colored picture: small chroma, full luminance.

The network sees the picture at its card's working size with the aspect ratio kept; chroma comes
back small, is enlarged along the edges of the luminance and joined to the luminance of the
original, which no step changes beyond the rounding of the file's bit depth.
"""

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from .. import image
from ..color import annealed_mean, bin_centers
from .enlarge import Floats, bilinear
from .painter import Painter
from .session import NEUTRAL, Network, Prediction
from .sketch import Choice, Edit, Sketch
from .truth import true_bins
from .view import View, view_of
from .vividness import Decode, tempered, useful_saturation


@dataclass(frozen=True)
class Settings:
    """What a caller may choose for each picture. Raises ValueError for values out of range."""

    temperature: float | None = None
    """Of the annealed mean, > 0: small is vivid, 1 is safe; None takes the card's."""
    saturation: float = 1.0
    """Factor on the chroma, >= 0."""
    working_size: int | None = None
    """Long side of the network's input, >= 1; None takes the card's. Nothing to networks of a
    single input size."""
    style: image.Frame | None = None
    """Another picture, in whose style this one is colored; for networks whose card says so."""
    edits: tuple[Edit, ...] = ()
    """Changes of the colors, in order, after the saturation."""

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
    score: float | None = None
    """How real the network's discriminator finds the colors, a logit; None where it has none."""
    choice: Choice | None = None
    """How a router chose the network; None without a router."""


def painted(frame: image.Frame, sketch: Sketch, threads: int = 0) -> Colorized:
    """A picture in the colors of a sketch of it; 0 threads: every core."""
    pixels = Painter(sketch, frame.height, frame.width, frame.bit_depth).whole(
        frame.pixels, threads
    )
    return Colorized(frame.with_pixels(pixels), sketch.entropy, sketch.score, sketch.choice)


class Colorizer(Protocol):
    """Whatever colors pictures: an engine, or a router over several."""

    def sketch(self, frame: image.Frame, settings: Settings = Settings()) -> Sketch:
        """The colors of one picture at the working size; a small copy of it will do."""

    def colorize(self, frame: image.Frame, settings: Settings = Settings()) -> Colorized:
        """Color one picture."""


class Engine:
    """A `Colorizer` around one network. Safe to use from several threads."""

    def __init__(self, network: Network) -> None:
        self.card = network.card
        self.network = network

    def sketch(self, frame: image.Frame, settings: Settings = Settings()) -> Sketch:
        """The colors of one picture at the working size.

        Args:
            frame: any size, 8 or 16 bit; a copy reduced to twice the working size gives the same
                colors.
            settings: see there.

        Raises:
            ModelError: the settings have a style, and the network takes none.
        """
        card = self.card
        temperature = card.temperature if settings.temperature is None else settings.temperature
        view = view_of(frame, card, settings.working_size)
        prediction = self._predict(view, temperature, settings)
        ab = prediction.ab
        if card.output == "bins" and temperature != card.temperature:
            decode = self._decoder(view, settings)
            ab = tempered(decode, view.lightness, temperature, card.temperature)
        saturation = useful_saturation(ab, view.lightness, settings.saturation)
        ab = bilinear(ab * np.float32(saturation), view.height, view.width)
        sketch = Sketch(view.lightness, ab, prediction.entropy, prediction.score)
        for edit in settings.edits:
            sketch = edit(sketch)
        return sketch

    def colorize(self, frame: image.Frame, settings: Settings = Settings()) -> Colorized:
        """Color one picture; grey or color, whose chroma is then replaced; see `sketch`."""
        sketch = self.sketch(frame, settings)
        return painted(frame, sketch, self.network.threads)

    def distribution(self, frame: image.Frame, working_size: int | None = None) -> Floats:
        """What the network thinks of a picture before it decides on colors.

        Args:
            frame: any size, 8 or 16 bit; grey or color, of which only the luminance is seen.
            working_size: see `Settings`.

        Returns:
            Logits `(h, w, 313)` over the bins of `color.bin_centers`, before any temperature: one
            distribution for each of the network's cells that the picture reaches into.

        Raises:
            ModelError: the card has no distribution.
            ValueError: the working size is out of range.
        """
        view = self._view(frame, working_size)
        logits = self.network.distribution(view.padded)
        return logits[: -(-view.height // self.cell), : -(-view.width // self.cell)]

    def true_bins(self, frame: image.Frame, working_size: int | None = None) -> NDArray[np.intp]:
        """What `distribution` should have made likely, were the colors of a picture foreseeable.

        Returns:
            `(h, w)`, indices into `color.bin_centers`; see `truth.true_bins`.

        Raises:
            ValueError: the working size is out of range.
        """
        view = self._view(frame, working_size)
        return true_bins(image.resize(frame.pixels, view.height, view.width), self.cell)

    @cached_property
    def cell(self) -> int:
        """Side of the square of input pixels that one color of the network's output is for."""
        side = self.card.smallest
        nothing = np.zeros((side, side), dtype=np.float32)
        return side // len(self.network.predict(nothing, NEUTRAL).ab)

    def _view(self, frame: image.Frame, working_size: int | None) -> View:
        return view_of(frame, self.card, Settings(working_size=working_size).working_size)

    def _decoder(self, view: View, settings: Settings) -> Decode:
        """The picture's colors by temperature; where there is a distribution, of one run."""
        if not self.card.distribution:
            return lambda temperature: self._predict(view, temperature, settings).ab
        logits = self.network.distribution(view.padded, self._style(settings))
        return lambda temperature: view.cut(annealed_mean(logits, bin_centers(), temperature))

    def _style(self, settings: Settings) -> Floats | None:
        """What the network is shown of the style's picture."""
        if settings.style is None:
            return None
        return view_of(settings.style, self.card, settings.working_size).lightness

    def _predict(
        self, view: View, temperature: float, settings: Settings = Settings()
    ) -> Prediction:
        """Chroma and entropy of exactly the picture, without the padding around it."""
        style = self._style(settings)
        ab, entropy, score = self.network.predict(view.padded, temperature, style)
        return Prediction(view.cut(ab), view.cut(entropy[..., None])[..., 0], score)
