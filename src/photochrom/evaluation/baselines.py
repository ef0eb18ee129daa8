"""What every table holds beside the networks: no color, one constant color, the true colors."""

from collections.abc import Callable
from typing import TypeAlias

import numpy as np

from .. import image
from ..inference import Sketch, painted, uncolored
from .protocol import Protocol
from .result import Way

Colorize: TypeAlias = Callable[[image.Frame], image.Frame]
"""A picture to its colored version, of the same size and depth."""


def baselines(protocol: Protocol) -> dict[Way, Colorize]:
    """The ways that need no network."""
    return {
        Way(title="grey", kind="grey"): uncolored,
        Way(title="mean tint", kind="mean tint"): lambda frame: tinted(frame, protocol.tint),
        Way(title="original", kind="original"): lambda frame: frame,
    }


def tinted(frame: image.Frame, tint: tuple[float, float]) -> image.Frame:
    """The picture's luminance with one constant ab color, paler where sRGB has none such."""
    nothing = np.zeros((1, 1), np.float32)
    sketch = Sketch(nothing, np.array(tint, np.float32)[None, None], nothing)
    return painted(frame, sketch).frame
