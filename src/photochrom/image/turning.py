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

_PART = 512  # columns, of pictures on their side
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


def rows_of(image: Any, top: int, count: int) -> Pixels:
    """Some rows of a picture of libvips, (count, W, bands), uint8 or uint16.

    Each time by another region, for they belong to the thread that made them, and `store` asks
    from several.
    """
    return _part(image, 0, top, image.width, count)


def rows_of_columns(image: Any, top: int, count: int) -> Pixels:
    """The same where rows were columns, a part of each at a time.

    Whole ones would bring all of a temporary file into memory, of which they need a little of each
    row.
    """
    lefts = range(0, image.width, _PART)
    parts = [_part(image, x, top, min(_PART, image.width - x), count) for x in lefts]
    return np.concatenate(parts, axis=1)


def _part(image: Any, left: int, top: int, width: int, height: int) -> Pixels:
    data = pyvips.Region.new(image).fetch(left, top, width, height)
    dtype = np.uint8 if image.format == "uchar" else np.uint16
    return np.frombuffer(data, dtype).reshape(height, width, image.bands)


def turned(samples: Pixels, orientation: int) -> Pixels:
    """A picture in memory, (H, W, bands), that was stored so, as it is meant to be seen."""
    if orientation == UPRIGHT:
        return samples
    image = pyvips.Image.new_from_array(samples)
    image.set_type(pyvips.GValue.gint_type, "orientation", orientation)
    seen = image.autorot()
    return np.asarray(seen.numpy()).reshape(seen.height, seen.width, -1)
