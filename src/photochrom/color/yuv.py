"""Y'UV of ITU-R BT.601: luma and two color differences of gamma-encoded RGB, full range.

Colors lie along the last axis, `(..., 3)`. Y' weighs encoded values and so is not the luminance
that L* of `lab` is made from: coloring at constant Y' still changes how light a picture looks.
"""

import numpy as np

from .array import Array, constant

KR, KB = 0.299, 0.114
"""Shares of red and blue in luma (BT.601-7, section 2.5.1)."""

KG = 1 - KR - KB

U_MAX, V_MAX = 0.436, 0.615
"""The largest U (of pure blue) and V (of pure red) in analog composite video.

ITU-R BT.470-6 prints nearly the same as factors: U = 0.493 (B' - Y'), V = 0.877 (R' - Y').
"""

_LUMA = np.array([KR, KG, KB])
RGB_TO_YUV = np.stack(
    [
        _LUMA,
        (np.array([0, 0, 1]) - _LUMA) * (U_MAX / (1 - KB)),
        (np.array([1, 0, 0]) - _LUMA) * (V_MAX / (1 - KR)),
    ]
)
"""Gamma-encoded RGB to Y'UV, `(3, 3)`."""

YUV_TO_RGB = np.linalg.inv(RGB_TO_YUV)


def rgb_to_yuv(rgb: Array) -> Array:
    """Gamma-encoded RGB to Y'UV.

    Args:
        rgb: `(..., 3)` in [0, 1], sRGB values as they are in a file.

    Returns:
        `(..., 3)`: Y' in [0, 1], U in [-0.436, 0.436], V in [-0.615, 0.615]; U and V are 0 for
        greys. Y' = Kr R' + Kg G' + Kb B', U = 0.436 (B' - Y') / (1 - Kb),
        V = 0.615 (R' - Y') / (1 - Kr) (BT.601-7, section 2.5, with U and V scaled as `U_MAX` says).
    """
    return rgb @ constant(RGB_TO_YUV.T, like=rgb)


def yuv_to_rgb(yuv: Array) -> Array:
    """Y'UV `(..., 3)` to gamma-encoded RGB `(..., 3)`; the inverse of `rgb_to_yuv`.

    Outside [0, 1] where RGB has no such color.
    """
    return yuv @ constant(YUV_TO_RGB.T, like=yuv)
