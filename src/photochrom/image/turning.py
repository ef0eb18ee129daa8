"""Pictures that were stored turned or mirrored (EXIF 2.32, tag 274: eight ways), set upright."""

from typing import Any

import numpy as np
import pyvips

from photochrom.image.admission import DEPTHS
from photochrom.image.frame import Pixels

UPRIGHT, MIRRORED = 1, 2
"""Ways to store a picture whose rows can be read in order; the second is mirrored row by row."""
ON_ITS_SIDE = 5
"""From this way on, height and width change places."""

_IN_MEMORY = 100_000_000  # bytes above which a picture waits in a temporary file


def orientation_of(image: Any) -> int:
    """How the picture that libvips opened was stored, 1 to 8."""
    found = int(image.get("orientation")) if image.get_typeof("orientation") else UPRIGHT
    return found if 1 <= found <= 8 else UPRIGHT


def upright(image: Any) -> Any:
    """A picture that libvips opened to be read in order, as it is meant to be seen, likewise.

    Where rows were columns, or the last row the first, it is decoded here, and waits in memory or,
    where it is large, in a temporary file that goes when nobody holds it any more.
    """
    if orientation_of(image) <= MIRRORED:
        return image.autorot()
    if image.height * image.width * image.bands * DEPTHS[image.format] // 8 <= _IN_MEMORY:
        return image.copy_memory().autorot()
    file = pyvips.Image.new_temp_file("%s.v")
    image.write(file)
    return file.autorot()


def turned(samples: Pixels, orientation: int) -> Pixels:
    """A picture in memory, (H, W, bands), that was stored so, as it is meant to be seen."""
    if orientation == UPRIGHT:
        return samples
    image = pyvips.Image.new_from_array(samples)
    image.set_type(pyvips.GValue.gint_type, "orientation", orientation)
    seen = image.autorot()
    return np.asarray(seen.numpy()).reshape(seen.height, seen.width, -1)
