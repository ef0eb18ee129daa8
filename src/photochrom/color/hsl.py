"""HSL: hue, saturation and lightness of gamma-encoded RGB (Joblove and Greenberg 1978).

Colors lie along the last axis, `(..., 3)`. Its lightness is the middle between the largest and the
smallest channel, and so is neither the luma of `yuv` nor the luminance that L* is made from.
"""

from .array import Array, array_namespace


def rgb_to_hsl(rgb: Array) -> Array:
    """Gamma-encoded RGB in [0, 1] to HSL.

    Args:
        rgb: `(..., 3)`.

    Returns:
        `(..., 3)`: hue in turns in [0, 1), saturation and lightness in [0, 1]. Hue is 0 for greys;
        saturation is 0 for greys, black and white, and jumps to any value next to them.
    """
    xp = array_namespace(rgb)
    red, green, blue = rgb[..., 0], rgb[..., 1], rgb[..., 2]
    highest = xp.maximum(xp.maximum(red, green), blue)
    lowest = xp.minimum(xp.minimum(red, green), blue)
    span = highest - lowest
    lightness = (highest + lowest) / 2
    room = 1 - xp.abs(2 * lightness - 1)
    flat = (span <= 0) | (room <= 0)
    one = xp.ones_like(span)
    saturation = xp.where(flat, 0 * span, span / xp.where(flat, one, room))
    over = xp.where(flat, one, span)
    sextant = xp.where(
        highest == red,
        (green - blue) / over,
        xp.where(highest == green, (blue - red) / over + 2, (red - green) / over + 4),
    )
    turns = xp.where(flat, 0 * span, sextant / 6)
    hue = turns - xp.floor(turns)
    hue = xp.where(hue >= 1, 0 * hue, hue)  # a hair below 0 rounds up to a whole turn
    return xp.stack([hue, xp.clip(saturation, 0, 1), lightness], axis=-1)


def hsl_to_rgb(hsl: Array) -> Array:
    """HSL `(..., 3)` to gamma-encoded RGB `(..., 3)` in [0, 1]; the inverse of `rgb_to_hsl`."""
    xp = array_namespace(hsl)
    hue, saturation, lightness = hsl[..., 0], hsl[..., 1], hsl[..., 2]
    reach = saturation * xp.where(lightness < 0.5, lightness, 1 - lightness)
    channels = []
    for offset in (0, 8, 4):  # twelfths of a turn at which red, green and blue peak
        twelfth = offset + 12 * hue
        twelfth = twelfth - 12 * xp.floor(twelfth / 12)
        slope = xp.clip(xp.minimum(twelfth - 3, 9 - twelfth), -1, 1)
        channels.append(lightness - reach * slope)
    return xp.stack(channels, axis=-1)
