"""Contact sheets of an evaluation, to be looked at."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import image
from ..data.sources import pictures
from ..errors import DatasetError, ImageError
from ..inference import Settings
from .contestants import Contestant

TRIPLES = 4  # pictures beside each other on a sheet


def comparison_sheet(
    triples: Sequence[tuple[image.Frame, image.Frame, image.Frame]], tile: int = 160
) -> NDArray[np.uint8]:
    """Grey, colored and original of color pictures in 8 bits, `TRIPLES` pictures a row."""
    titles = ["grey", "colored", "original"] * min(TRIPLES, len(triples))
    return image.contact_sheet(_rows(triples), column_titles=titles, tile=tile)


def old_sheet(
    contestant: Contestant, settings: Settings, sources: Iterable[Path], tile: int = 320
) -> NDArray[np.uint8]:
    """Pictures that were never in color, and what a network makes of them.

    Raises:
        DatasetError: a source is missing or empty, or none of the pictures can be read.
    """
    pairs, fault = [], ""
    for source in sources:
        for name, data in pictures(source):
            try:
                frame = image.decode(data, name=name)
            except ImageError as error:
                fault = str(error)
                continue
            colored = contestant.colorizer.colorize(frame, settings).frame
            pairs.append((frame.to_8_bit(), colored.to_8_bit()))
    if not pairs:
        raise DatasetError(f"no black-and-white picture can be read: {fault}")
    titles = ["black and white", "colored"] * min(TRIPLES, len(pairs))
    return image.contact_sheet(_rows(pairs), column_titles=titles, tile=tile)


def _rows(cells: Sequence[Sequence[image.Frame]]) -> list[list[NDArray[Any]]]:
    return [
        [frame.pixels for group in cells[begin : begin + TRIPLES] for frame in group]
        for begin in range(0, len(cells), TRIPLES)
    ]
