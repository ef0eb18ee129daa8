"""How colorful a picture looks, in one number."""

from .array import Array, array_namespace, root


def colorfulness(srgb: Array) -> Array:
    """The colorfulness of pictures: M(3) of Hasler and Suesstrunk (2003), the one of opponent RGB.

    Args:
        srgb: `(..., H, W, 3)` sRGB values in [0, 1].

    Returns:
        `(...)`, >= 0, on the paper's scale of 0..255 values: 0 is grey, 15 slightly, 33 moderately,
        59 quite, 109 extremely colorful. With rg = R - G and yb = (R + G) / 2 - B over
        the pixels, sqrt(var rg + var yb) + 0.3 sqrt(mean(rg)^2 + mean(yb)^2). The gradient is 0 for
        a picture of one grey.
    """
    xp = array_namespace(srgb)
    red, green, blue = srgb[..., 0], srgb[..., 1], srgb[..., 2]  # (..., H, W)
    opponents = xp.stack([red - green, (red + green) / 2 - blue])  # (2, ..., H, W)
    mean = xp.mean(opponents, axis=(-2, -1))  # (2, ...)
    variance = xp.var(opponents, axis=(-2, -1))  # of the population, as in the paper
    return 255 * (root(xp.sum(variance, axis=0)) + 0.3 * root(xp.sum(mean * mean, axis=0)))
