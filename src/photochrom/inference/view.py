"""How a network sees a picture: its lightness at the network's own size, padded to fit."""

from dataclasses import dataclass

import numpy as np

from .. import image
from .card import Card
from .enlarge import Floats, bilinear
from .luminance import lightness_of


@dataclass(frozen=True)
class View:
    """The lightness of a picture as a network is shown it."""

    padded: Floats
    """L* `(H, W)` of a size that the network takes; the picture is its upper left part."""
    height: int
    width: int
    """Extent of the picture itself."""

    @property
    def lightness(self) -> Floats:
        """L* `(h, w)` of the picture alone."""
        return self.padded[: self.height, : self.width]

    def cut(self, planes: Floats) -> Floats:
        """What belongs to the picture, of planes `(i, j, C)` that the network drew of it all."""
        if self.padded.shape == (self.height, self.width):
            return planes
        # Cells rarely end where the picture does: enlarge, then cut.
        return bilinear(planes, *self.padded.shape)[: self.height, : self.width]


def view_of(frame: image.Frame, card: Card, size: int | None = None) -> View:
    """A picture as the network of a card sees it.

    Args:
        frame: any size.
        card: of the network.
        size: replaces the card's working size; nothing to networks of a single input size.
    """
    if card.input_size:
        shape = inscribed_shape(frame.height, frame.width, card.input_size)
    else:
        side = card.working_size if size is None else size
        shape = working_shape(frame.height, frame.width, side, card.smallest)
    return padded(lightness_of(image.resize(frame.pixels, *shape)), card)


def padded(lightness: Floats, card: Card) -> View:
    """L* `(h, w)` with mirrored edges to the right and below, up to a size that the network takes.

    Mirrored, the picture goes on as pictures do. Repeated edges are streaks, and with them the
    colors of four photographs moved a quarter further from those without padding.
    """
    height, width = lightness.shape
    padding = [(0, _extent(extent, card) - extent) for extent in (height, width)]
    return View(np.pad(lightness, padding, mode="symmetric"), height, width)


def _extent(extent: int, card: Card) -> int:
    """The least height or width, from this on, that the network takes."""
    multiple = card.input_size or card.size_multiple
    return max(card.smallest, extent + -extent % multiple)


def working_shape(height: int, width: int, size: int, narrowest: int) -> tuple[int, int]:
    """Height and width at which the network sees a picture: the long side is `size`.

    So no copy whose long side has that many pixels is enlarged, and any larger one gives the
    network the same: enlarged by a quarter, to the area of the square, pictures of 3:2 and 256
    pixels were colored up to 7.5 CIEDE2000 unlike their large copies; now at most 0.7. Square
    pictures are what they were. Others, of the validation set, came 0.6 AuC closer to their
    originals by it.

    Strips would be padding for the most part: their short side is held at `narrowest`, as far as
    their area stays below the square's. A scan line of a thousand pixels would take the memory of
    a poster.
    """
    longest, shortest = max(height, width), min(height, width)
    strip = min(narrowest / shortest, size * size / (narrowest * longest))
    scale = max(size / longest, strip)
    return max(1, round(height * scale)), max(1, round(width * scale))


def inscribed_shape(height: int, width: int, side: int) -> tuple[int, int]:
    """Height and width of the picture where it just fits a square, its aspect ratio kept."""
    scale = side / max(height, width)
    return max(1, round(height * scale)), max(1, round(width * scale))
