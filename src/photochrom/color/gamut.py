"""Keeping colors inside sRGB without touching their luminance."""

import numpy as np
import numpy.typing as npt

from .array import Array, array_namespace
from .lab import lab_to_linear
from .srgb import XYZ_TO_SRGB

_TOLERANCE = 2e-6  # share of the brightest channel: twice the errors of float32
_DARKEST = 0.01  # of linear light: in the dark the errors stay those of this
_BEYOND = 300.0  # chroma that no RGB reaches
_HALVINGS = 14  # chroma known to 1 part in 16,384: below 0.01 units


def in_srgb(lab: Array) -> Array:
    """Whether each L*a*b* color `(..., 3)` is an sRGB color; bool `(...)`."""
    return _within(lab_to_linear(lab))


def fit_chroma(lab: Array) -> Array:
    """Shrink chroma at constant L and hue until every color is an sRGB color.

    Clipping RGB instead would change the luminance and turn the hue.

    Args:
        lab: `(..., 3)`, L in [0, 100].

    Returns:
        `(..., 3)` with the same L; colors inside sRGB are returned as they are. Gradients flow to
        a and b, the factor taken as constant.
    """
    outside = ~in_srgb(lab)
    if not array_namespace(lab).any(outside):
        return lab
    fitted = lab + 0  # a copy that keeps the gradient
    fitted[outside] = _shrunk(lab[outside])
    return fitted


def fit_to_linear(lab: Array, from_xyz: Array = XYZ_TO_SRGB) -> Array:
    """Linear sRGB `(..., 3)` of `fit_chroma(lab)`, in about half the time of the two steps.

    `from_xyz`: see `lab_to_linear`; the gamut is then that RGB's.
    """
    linear = lab_to_linear(lab, from_xyz)
    outside = ~_within(linear)
    if array_namespace(lab).any(outside):
        linear[outside] = lab_to_linear(_shrunk(lab[outside], from_xyz), from_xyz)
    return linear


def chroma_limits(
    lightness: int, hues: int, from_xyz: Array = XYZ_TO_SRGB
) -> npt.NDArray[np.float64]:
    """The most chroma that a gamut has, `(lightness + 1, hues + 1)`, by L* from 0 to 100 and by hue
    from 0 to 2 pi.

    `from_xyz`: see `lab_to_linear`.
    """
    L, hue = np.meshgrid(
        np.linspace(0, 100, lightness + 1), np.linspace(0, 2 * np.pi, hues + 1), indexing="ij"
    )
    rays = np.stack([L, _BEYOND * np.cos(hue), _BEYOND * np.sin(hue)], axis=-1)
    ends = _shrunk(rays.reshape(-1, 3), from_xyz)
    chroma: npt.NDArray[np.float64] = np.hypot(ends[:, 1], ends[:, 2]).reshape(L.shape)
    return chroma


def _within(linear: Array) -> Array:
    """Whether linear sRGB `(..., 3)` lies in [0, 1], up to rounding errors; bool `(...)`.

    What is below 0 by the tolerance is cut off when colors are written. A fixed tolerance that
    suits bright colors would be many 16-bit steps of the luminance of dark ones.
    """
    xp = array_namespace(linear)
    red, green, blue = linear[..., 0], linear[..., 1], linear[..., 2]
    lowest = xp.minimum(xp.minimum(red, green), blue)
    highest = xp.maximum(xp.maximum(red, green), blue)
    return (lowest >= -_TOLERANCE * (highest + _DARKEST)) & (highest <= 1 + _TOLERANCE)


def _shrunk(stray: Array, from_xyz: Array = XYZ_TO_SRGB) -> Array:
    """Colors `(n, 3)` outside the gamut with their chroma shrunk to its surface."""
    xp = array_namespace(stray)
    lightness, a, b = stray[:, 0], stray[:, 1], stray[:, 2]
    kept = xp.zeros_like(lightness)  # share of the chroma
    for halving in range(_HALVINGS):
        more = kept + 0.5 ** (halving + 1)
        fits = _within(lab_to_linear(xp.stack([lightness, a * more, b * more], axis=-1), from_xyz))
        kept = xp.where(fits, more, kept)
    return xp.stack([lightness, a * kept, b * kept], axis=-1)
