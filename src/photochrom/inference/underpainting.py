"""Colors laid out so that painting them gives the wanted ones.

Painting moves colors to the edges of the luminance (`enlarge`), for it takes them to be as blurred
as networks make them. Colors that have such edges already would be driven beyond them: beside an
edge of 25 L*, a hint of chroma 64 moved what lies within 8 pixels beyond it by ΔE 6.
"""

import numpy as np

from .enlarge import Floats, guided_lines
from .sketch import Sketch

STEPS = 4  # of Richardson's iteration; then that ΔE is below 0.1
LENGTH = 0.8  # of a step: painting sharpens, and by whole ones it would overshoot


def as_painted(sketch: Sketch) -> Floats:
    """How a sketch's colors come out, ab `(h, w, 2)`, at its own size."""
    lines = guided_lines(sketch.lightness, sketch.ab)
    return lines[..., :2] * sketch.lightness[..., None] + lines[..., 2:]


def underpainted(sketch: Sketch, wanted: Floats) -> Sketch:
    """The sketch in colors that come out as `wanted`, ab `(h, w, 2)`, or nearly.

    Where they come out so already, and around it, they stay as they are.
    """
    for _ in range(STEPS):
        step = np.float32(LENGTH) * (wanted - as_painted(sketch))
        sketch = sketch.with_ab(sketch.ab + step)
    return sketch
