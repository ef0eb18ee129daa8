"""Pictures brought to sRGB while they are read, where no curve and primaries say what codes mean.

`profile.managed` does the same to pixels in memory. Done strip by strip it would make the tables of
a CMYK profile anew each time, 190 ms, and libvips would remember the strips.
"""

from typing import Any

from photochrom.image.admission import CHANNELS, DEPTHS
from photochrom.image.icc import profile_space


def fits(icc: bytes, colors: int) -> bool:
    """Whether a profile was made for pictures of 1, 3 or 4 channels of color."""
    return profile_space(icc) in {1: ("grey", "rgb"), 3: ("rgb",), 4: ("cmyk",)}[colors]


def converted(image: Any, icc: bytes | None) -> Any:
    """A picture of libvips, grey, RGB or CMYK, as sRGB; grey stays grey, and alpha what it is.

    Args:
        image: 8 or 16 bit, with one more channel where it has alpha.
        icc: its profile; without one that fits, CMYK goes through libvips' own.

    Raises:
        pyvips.Error: the profile cannot be used.
    """
    colors = CHANNELS[image.interpretation]
    picture = image.extract_band(0, n=colors).copy(interpretation=image.interpretation)
    usable = icc if icc is not None and fits(icc, colors) else None
    is_grey = colors == 1
    if is_grey and usable is not None and profile_space(usable) == "rgb":  # R = G = B
        deep = image.format == "ushort"
        picture = picture.bandjoin([picture] * 2).copy(interpretation="rgb16" if deep else "srgb")
    if usable is None:
        picture.remove("icc-profile-data")
    done = picture.icc_transform(
        "sgrey" if is_grey and picture.bands == 1 else "srgb",
        embedded=usable is not None,
        intent="relative",
        black_point_compensation=True,
        depth=DEPTHS[image.format],
        **({"input_profile": "cmyk"} if colors == 4 else {}),
    )
    done = done.extract_band(0) if is_grey else done
    has_alpha = image.bands > colors
    return done.bandjoin(image.extract_band(colors)) if has_alpha else done
