"""One file colored into another."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from .. import image
from ..inference import Colorizer
from .order import Order


@dataclass(frozen=True)
class Receipt:
    """What was done."""

    target: Path
    source_sha256: str
    result_sha256: str


def color_file(
    source: Path, target: Path, colorizer: Colorizer, order: Order, *, overwrite: bool = False
) -> Receipt:
    """Color the picture in one file into another.

    Args:
        source: never changed.
        target: the format is what its ending means; it appears when it is complete.
        colorizer: the network of `order`, as `order.colorizer` loads it.
        order: see there.
        overwrite: replace the target if it exists.

    Raises:
        ImageError: the picture cannot be read, or not be written as asked; of the many kinds that
            `errors` lists.
        ModelError: the network does not go with the order.
    """
    frame = image.read(source)
    colored = colorizer.colorize(frame, order.settings).frame
    image.write(colored, target, overwrite=overwrite, quality=order.quality)
    return Receipt(target, _sha256(source), _sha256(target))


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
