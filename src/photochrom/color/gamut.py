"""Keeping colors inside sRGB without touching their luminance."""

from .array import Array, array_namespace
from .lab import lab_to_linear

_TOLERANCE = 1e-5  # of linear light: a thirtieth of the darkest 8-bit step, above float32 noise
_HALVINGS = 14  # chroma known to 1 part in 16,384: below 0.01 units


def in_srgb(lab: Array) -> Array:
    """Whether each L*a*b* color `(..., 3)` is an sRGB color; bool `(...)`."""
    xp = array_namespace(lab)
    linear = lab_to_linear(lab)
    inside = (linear >= -_TOLERANCE) & (linear <= 1 + _TOLERANCE)
    return xp.all(inside, axis=-1)


def fit_chroma(lab: Array) -> Array:
    """Shrink chroma at constant L and hue until every color is an sRGB color.

    Clipping RGB instead would change the luminance and turn the hue.

    Args:
        lab: `(..., 3)`, L in [0, 100].

    Returns:
        `(..., 3)` with the same L; colors inside sRGB are returned as they are. Gradients flow to
        a and b, the factor taken as constant.
    """
    xp = array_namespace(lab)
    outside = ~in_srgb(lab)
    if not xp.any(outside):
        return lab
    stray = lab[outside]  # (n, 3): the search runs on these alone
    lightness, ab = stray[:, :1], stray[:, 1:]
    low, high = xp.zeros_like(lightness), xp.ones_like(lightness)
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        fits = in_srgb(xp.concat([lightness, ab * middle], axis=-1))[:, None]
        low, high = xp.where(fits, middle, low), xp.where(fits, high, middle)
    fitted = lab + 0  # a copy that keeps the gradient
    fitted[outside] = xp.concat([lightness, ab * low], axis=-1)
    return fitted
