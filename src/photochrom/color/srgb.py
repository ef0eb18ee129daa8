"""sRGB: the transfer curve and the way to CIE XYZ (IEC 61966-2-1:1999).

Colors lie along the last axis, `(..., 3)`. XYZ is relative to D65 with Y of white = 1.
"""

import numpy as np

from .array import Array, array_namespace, constant

SRGB_TO_XYZ = np.array(
    [
        [0.4124, 0.3576, 0.1805],
        [0.2126, 0.7152, 0.0722],
        [0.0193, 0.1192, 0.9505],
    ]
)
"""Linear sRGB to XYZ, as printed in IEC 61966-2-1."""

XYZ_TO_SRGB = np.linalg.inv(SRGB_TO_XYZ)

WHITE = SRGB_TO_XYZ.sum(axis=1)
"""XYZ of sRGB white (D65). The row sums, so that white is exactly (100, 0, 0) in Lab."""


def srgb_to_linear(srgb: Array) -> Array:
    """Decode sRGB values to linear light.

    Args:
        srgb: any shape, nominally in [0, 1]. Values below 0 follow the linear toe.

    Returns:
        Linear light, same shape, [0, 1] for input in [0, 1] (IEC 61966-2-1, section 5.2).
    """
    xp = array_namespace(srgb)
    # The clamp keeps the power's gradient finite where `where` discards its value.
    curve = ((xp.clip(srgb, 0.04045, None) + 0.055) / 1.055) ** 2.4
    return xp.where(srgb > 0.04045, curve, srgb / 12.92)


def linear_to_srgb(linear: Array) -> Array:
    """Encode linear light as sRGB values; the inverse of `srgb_to_linear`.

    Args:
        linear: any shape, nominally in [0, 1].

    Returns:
        sRGB values, same shape, [0, 1] for input in [0, 1] (IEC 61966-2-1, section 5.3).
    """
    xp = array_namespace(linear)
    curve = 1.055 * xp.clip(linear, 0.0031308, None) ** (1 / 2.4) - 0.055
    return xp.where(linear > 0.0031308, curve, linear * 12.92)


def linear_to_xyz(linear: Array) -> Array:
    """Linear sRGB `(..., 3)` in [0, 1] to XYZ `(..., 3)`, Y in [0, 1]."""
    return linear @ constant(SRGB_TO_XYZ.T, like=linear)


def xyz_to_linear(xyz: Array) -> Array:
    """XYZ `(..., 3)` to linear sRGB `(..., 3)`; outside [0, 1] where sRGB has no such color."""
    return xyz @ constant(XYZ_TO_SRGB.T, like=xyz)
