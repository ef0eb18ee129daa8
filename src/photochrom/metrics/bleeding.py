"""Edge bleeding: color that changes where the picture itself has no edge."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

FLAT = 2.0
"""Lightness changes below this are no edge, in L* units per pixel."""


def bleeding(ab: NDArray[Any], lightness: NDArray[Any], flat: float = FLAT) -> float:
    """Mean chroma gradient over the pixels where lightness is flat, in ab units per pixel.

    Gradients are forward differences, to the pixel on the right and to the one below, so that the
    last row and column have none. That of chroma has the magnitude
    sqrt(a_x^2 + a_y^2 + b_x^2 + b_y^2), that of lightness sqrt(L_x^2 + L_y^2). A color that stops
    where an object does adds nothing: its step falls on the pixels of the lightness step. A color
    that runs over such an edge and ends in the flat beyond it adds its step there.

    Photographs are not 0: shadows, reflections and things of equal lightness have color edges of
    their own, and JPEG's coarse chroma blurs others. Compare with the figure of the real picture's
    ab under the same lightness. A grey result is 0, so read it beside colorfulness.

    Args:
        ab: of the picture to judge, `(H, W, 2)`.
        lightness: L* of the original, `(H, W)`.
        flat: pixels count whose lightness gradient is below this, in L* units per pixel.

    Returns:
        The figure, >= 0; NaN where no pixel is flat.

    Raises:
        ValueError: the shapes do not belong together, or a side has less than 2 pixels.
    """
    if ab.shape != (*lightness.shape, 2) or lightness.ndim != 2 or min(lightness.shape) < 2:
        raise ValueError(
            f"need ab (H, W, 2) and lightness (H, W), not {ab.shape} and {lightness.shape}"
        )
    is_flat = _steepness(lightness) < flat * flat  # (H - 1, W - 1)
    if not is_flat.any():
        return float("nan")
    steepness = _steepness(ab[..., 0]) + _steepness(ab[..., 1])
    return float(np.mean(np.sqrt(steepness), where=is_flat, dtype=np.float64))


def _steepness(values: NDArray[Any]) -> NDArray[np.float32]:
    """Squared magnitude of the gradient, `(H, W)` to `(H - 1, W - 1)`."""
    values = np.ascontiguousarray(values, dtype=np.float32)
    corner = values[:-1, :-1]
    across, down = values[:-1, 1:] - corner, values[1:, :-1] - corner
    across *= across
    down *= down
    return np.asarray(across + down)
