"""Differences of two colors in L*a*b*: about 1 is just noticeable.

Colors lie along the last axis, `(..., 3)`, L in [0, 100], D65; two arrays of colors broadcast.
"""

import math

from .array import Array, array_namespace, root
from .lab import polar

_DEGREE = math.pi / 180


def delta_e_76(first: Array, second: Array) -> Array:
    """The Euclidean distance in L*a*b* (CIE 15:2004, section 8.2.1.3).

    Args:
        first, second: L*a*b* `(..., 3)`.

    Returns:
        `(...)`, >= 0. The gradient is 0 where the colors are equal.
    """
    offset = first - second
    return root(array_namespace(offset).sum(offset * offset, axis=-1))


def ciede2000(first: Array, second: Array) -> Array:
    """CIEDE2000 with kL = kC = kH = 1 (Sharma, Wu and Dalal 2005, equations 2 to 22).

    Args:
        first, second: L*a*b* `(..., 3)`.

    Returns:
        `(...)`, >= 0, symmetric in its arguments. The formula itself jumps where the two hues are
        opposite (by less than 0.28 for colors within 5 units, says the paper). Where the colors are
        equal, or one is grey, it has a kink or a cusp: what has no derivative there adds 0.
    """
    xp = array_namespace(first, second)
    (chroma_1, hue_1), (chroma_2, hue_2) = _stretched(first, second)
    product = chroma_1 * chroma_2
    turn = _shorter_way(hue_2 - hue_1)
    lightness = (first[..., 0] + second[..., 0]) / 2  # eq. 12
    chroma = (chroma_1 + chroma_2) / 2  # eq. 13
    # Equation 14. A grey has no hue: then the mean is the other color's, whose grey partner counts
    # as 0.
    halfway = hue_1 + turn / 2
    hue = xp.where(product > 0, halfway, hue_1 + hue_2)

    delta_l = second[..., 0] - first[..., 0]  # eq. 8
    delta_c = chroma_2 - chroma_1  # eq. 9
    delta_h = 2 * root(product) * xp.sin(turn * (_DEGREE / 2))  # eq. 11

    bend = (lightness - 50) ** 2
    scaled_l = delta_l / (1 + 0.015 * bend / xp.sqrt(20 + bend))  # eq. 18
    scaled_c = delta_c / (1 + 0.045 * chroma)  # eq. 19
    scaled_h = delta_h / (1 + 0.015 * chroma * _hue_weight(hue))  # eq. 20
    rotation = _rotation(hue, chroma)
    return root(  # eq. 22
        scaled_l**2 + scaled_c**2 + scaled_h**2 + rotation * scaled_c * scaled_h
    )


def _stretched(first: Array, second: Array) -> list[tuple[Array, Array]]:
    """Chroma C' and hue h' of both colors, a stretched near the grey axis (eq. 2 to 7)."""
    mean = (polar(first[..., 1], first[..., 2])[0] + polar(second[..., 1], second[..., 2])[0]) / 2
    stretch = 1.5 - 0.5 * _vividness(mean)
    return [polar(lab[..., 1] * stretch, lab[..., 2]) for lab in (first, second)]


def _vividness(chroma: Array) -> Array:
    """sqrt(C^7 / (C^7 + 25^7)), written so that its gradient at 0 is 0 and not NaN."""
    return chroma**3.5 / array_namespace(chroma).sqrt(chroma**7 + 25.0**7)


def _shorter_way(turn: Array) -> Array:
    """A difference of hues in (-360, 360) degrees, taken the shorter way round (eq. 10)."""
    xp = array_namespace(turn)
    turn = xp.where(turn > 180, turn - 360, turn)
    return xp.where(turn < -180, turn + 360, turn)


def _hue_weight(hue: Array) -> Array:
    """T of equation 15."""
    xp = array_namespace(hue)
    return (
        1
        - 0.17 * xp.cos((hue - 30) * _DEGREE)
        + 0.24 * xp.cos(2 * hue * _DEGREE)
        + 0.32 * xp.cos((3 * hue + 6) * _DEGREE)
        - 0.20 * xp.cos((4 * hue - 63) * _DEGREE)
    )


def _rotation(hue: Array, chroma: Array) -> Array:
    """R_T of equations 16, 17 and 21: chroma and hue differences trade off in the blues."""
    xp = array_namespace(hue)
    # `halfway` may leave [0, 360) by a quarter turn; only this term is not periodic by itself. (A
    # remainder would cost as much as ten sines.)
    hue = xp.where(hue < 0, hue + 360, xp.where(hue < 360, hue, hue - 360))
    angle = 30 * xp.exp(-(((hue - 275) / 25) ** 2))
    return -2 * _vividness(chroma) * xp.sin(2 * angle * _DEGREE)
