"""CIE L*a*b* and L*C*h, D65, 2° observer (CIE 15:2004, section 8.2).

Colors lie along the last axis, `(..., 3)`: L in [0, 100]; a and b of sRGB colors within [-108, 99].
"""

import math

from .array import Array, array_namespace, constant, root
from .srgb import (
    SRGB_TO_XYZ,
    WHITE,
    XYZ_TO_SRGB,
    linear_to_srgb,
    linear_to_xyz,
    srgb_to_linear,
)

_DELTA = 6 / 29  # where the cube root hands over to the straight line near black
_GREY = 1e-15  # chroma, in ab units; its square and the inverse of that are still normal in float32


def _f(t: Array) -> Array:
    xp = array_namespace(t)
    root = xp.clip(t, _DELTA**3, None) ** (1 / 3)
    return xp.where(t > _DELTA**3, root, t / (3 * _DELTA**2) + 4 / 29)


def _f_inverse(f: Array) -> Array:
    xp = array_namespace(f)
    return xp.where(f > _DELTA, f * f * f, 3 * _DELTA**2 * (f - 4 / 29))


def _relative_xyz(lab: Array) -> tuple[Array, Array, Array]:
    """X, Y and Z of L*a*b* colors, each with 1 for white."""
    fy = (lab[..., 0] + 16) / 116
    fx, fz = fy + lab[..., 1] / 500, fy - lab[..., 2] / 200
    return _f_inverse(fx), _f_inverse(fy), _f_inverse(fz)


def xyz_to_lab(xyz: Array) -> Array:
    """XYZ `(..., 3)` with Y of white = 1 to L*a*b* `(..., 3)`."""
    xp = array_namespace(xyz)
    f = _f(xyz / constant(WHITE, like=xyz))
    fx, fy, fz = f[..., 0], f[..., 1], f[..., 2]
    return xp.stack([116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)], axis=-1)


def lab_to_xyz(lab: Array) -> Array:
    """L*a*b* `(..., 3)` to XYZ `(..., 3)` with Y of white = 1."""
    xp = array_namespace(lab)
    return xp.stack(_relative_xyz(lab), axis=-1) * constant(WHITE, like=lab)


def srgb_to_lab(srgb: Array) -> Array:
    """sRGB `(..., 3)` in [0, 1] to L*a*b* `(..., 3)`."""
    return xyz_to_lab(linear_to_xyz(srgb_to_linear(srgb)))


def lab_to_linear(lab: Array, from_xyz: Array = XYZ_TO_SRGB) -> Array:
    """L*a*b* `(..., 3)` to linear sRGB `(..., 3)`; outside [0, 1] where sRGB has no such color.

    The three channels of a grey are equal to the last bit. `from_xyz` `(3, 3)`, an inverse of
    `Encoding.to_xyz`, leads to another RGB.
    """
    x, y, z = _relative_xyz(lab)
    # The luminance, and what a and b add to it: nothing in a grey, where a product with the whole
    # matrix would leave rounding errors that differ by channel.
    x, z = x - y, z - y
    channels = [y + float(red) * x + float(blue) * z for red, _, blue in from_xyz * WHITE]
    return array_namespace(lab).stack(channels, axis=-1)


def lab_to_srgb(lab: Array) -> Array:
    """L*a*b* `(..., 3)` to sRGB `(..., 3)`; outside [0, 1] where sRGB has no such color.

    Pass colors of doubtful origin through `gamut.fit_chroma` first: clipping RGB would change L.
    """
    return linear_to_srgb(lab_to_linear(lab))


def linear_to_lightness(linear: Array) -> Array:
    """L* `(...)` in [0, 100] of linear sRGB `(..., 3)` in [0, 1], where a and b are not needed."""
    return 116 * _f(linear @ constant(SRGB_TO_XYZ[1], like=linear)) - 16


def grey_to_lightness(grey: Array) -> Array:
    """L* in [0, 100] of grey sRGB values in [0, 1], any shape (all three channels alike)."""
    return 116 * _f(srgb_to_linear(grey)) - 16


def lightness_to_grey(lightness: Array) -> Array:
    """The sRGB value in [0, 1] of the grey with this L* in [0, 100]; any shape."""
    return linear_to_srgb(_f_inverse((lightness + 16) / 116))


def polar(a: Array, b: Array) -> tuple[Array, Array]:
    """Chroma >= 0 and hue in degrees in [0, 360) of a and b, any shape.

    Where chroma is below 1e-15 the color is taken for grey: chroma and hue are 0, and so are their
    gradients.
    """
    xp = array_namespace(a, b)
    squared = a * a + b * b
    # Of smaller numbers the squares run out of digits, and 1 / squared, in the gradient of the
    # hue, out of range.
    is_grey = squared < _GREY**2
    b = xp.where(is_grey, xp.zeros_like(b), b)
    hue = xp.atan2(b, xp.where(is_grey, xp.ones_like(a), a)) * (180 / math.pi)
    hue = xp.where(hue < 0, hue + 360, hue)
    # A hue a hair below 0 rounds up to 360, which is 0.
    hue = xp.where(hue >= 360, hue - 360, hue)
    return root(xp.where(is_grey, xp.zeros_like(squared), squared)), hue


def lab_to_lch(lab: Array) -> Array:
    """L*a*b* `(..., 3)` to L*C*h `(..., 3)`: chroma >= 0, hue in degrees in [0, 360)."""
    xp = array_namespace(lab)
    chroma, hue = polar(lab[..., 1], lab[..., 2])
    return xp.stack([lab[..., 0], chroma, hue], axis=-1)


def lch_to_lab(lch: Array) -> Array:
    """L*C*h `(..., 3)`, hue in degrees, to L*a*b* `(..., 3)`."""
    xp = array_namespace(lch)
    hue = lch[..., 2] * (math.pi / 180)
    chroma = lch[..., 1]
    return xp.stack([lch[..., 0], chroma * xp.cos(hue), chroma * xp.sin(hue)], axis=-1)
