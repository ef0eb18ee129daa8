"""Whether colors depend on a picture's size."""

import dataclasses

import numpy as np

from .. import image
from ..inference.luminance import lab_of
from ..metrics import size_drift
from .baselines import Colorize


def unsteadiness(colorize: Colorize, square: image.Frame, sizes: tuple[int, ...]) -> float:
    """Mean CIEDE2000 between results of one picture at several sizes, brought to the least.

    Args:
        colorize: what is tested.
        square: a square picture at the size that it has.
        sizes: sides of its copies; larger ones are enlarged, and hold no more detail.
    """
    least = min(sizes)
    results = []
    for size in sizes:
        copy = dataclasses.replace(square, pixels=image.resize(square.pixels, size, size))
        results.append(lab_of(image.resize(colorize(copy).pixels, least, least)))
    return size_drift(np.stack(results))
