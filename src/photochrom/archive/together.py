"""Pictures that belong together: their colors are found for all of them before one is painted."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from .. import image
from ..errors import PhotochromError
from ..inference import Colorized, Colorizer, Settings, Sketch, painted
from ..inference.consistency import agreed
from .coloring import sketch_file
from .order import Order

_DEFAULTS = Settings()


class Together:
    """A `Colorizer` of pictures whose colors are known, by the names of their files."""

    def __init__(self, sketches: Mapping[str, Sketch]) -> None:
        """Take the sketches, by the names that the pictures' frames have: their paths."""
        self._sketches = sketches

    def sketch(self, frame: image.Frame, settings: Settings = _DEFAULTS) -> Sketch:
        """The colors that were agreed on; what the settings say had its part in them."""
        return self._sketches[frame.name]

    def colorize(self, frame: image.Frame, settings: Settings = _DEFAULTS) -> Colorized:
        """Color one of the pictures."""
        return painted(frame, self.sketch(frame, settings))


def agree(
    sources: Sequence[Path],
    colorizer: Colorizer,
    order: Order,
    unreadable: Callable[[Path, PhotochromError], None],
) -> Together:
    """Find colors for pictures that belong together; see `consistency.agreed`.

    Args:
        sources: their files.
        colorizer: the network of `order`.
        order: see there.
        unreadable: is told of files that cannot be read or have several pages, which are left out.
    """
    sketches = {}
    for source in sources:
        try:
            sketches[str(source)] = sketch_file(source, colorizer, order)
        except PhotochromError as error:
            unreadable(source, error)
    return Together(dict(zip(sketches, agreed(list(sketches.values())), strict=True)))
