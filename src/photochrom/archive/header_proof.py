"""Whether a colored file has its original's size, depth, resolution and color profile."""

import numpy as np

from ..color import SRGB, Encoding
from ..image import Header
from ..image.icc import description, profile_of, profile_space, rgb_counterpart
from .metadata_proof import Comparison
from .painted import chosen_space

_SAME_CURVE = 1e-3  # linear light, between profiles that mean the same
_SAME_RESOLUTION = 0.5 / 25.4  # half a pixel per inch: some formats hold whole numbers only


def header_faults(before: Header, after: Header) -> list[str]:
    """What the headers disagree in."""
    alpha = {True: "an alpha channel", False: "no alpha channel"}
    told = [
        (
            "size",
            f"{before.width} x {before.height}",
            f"{after.width} x {after.height}",
        ),
        ("bit depth", str(before.bit_depth), str(after.bit_depth)),
        ("transparency", alpha[before.has_alpha], alpha[after.has_alpha]),
    ]
    faults = [
        f"{what}: {old} in the original, {new} in the colored file"
        for what, old, new in told
        if old != new
    ]
    stated = before.metadata.resolution
    if stated is not None and after.format != "webp":  # which has it in EXIF alone
        got = after.metadata.resolution
        if got is None or np.abs(np.subtract(stated, got)).max() > _SAME_RESOLUTION:
            faults.append(f"resolution: {_dpi(stated)} in the original, {_dpi(got)} in the colored")
    return faults


def _dpi(resolution: tuple[float, float] | None) -> str:
    if resolution is None:
        return "none"
    across, down = (value * 25.4 for value in resolution)
    return f"{across:.2f} x {down:.2f} per inch"


def compare_profiles(before: Header, after: Header, found: Comparison) -> None:
    """Add to what was found whether the colored file has the profile that it should have:

    the one that was asked for, as it says itself, or the original's, of a grey one the RGB profile
    of the same curve.
    """
    chosen = chosen_space(after)
    wanted, encoding = before.icc, before.encoding
    if chosen is not None:
        wanted, encoding = profile_of(chosen), chosen
    elif wanted is not None and profile_space(wanted) == "grey" and after.channels == 3:
        wanted = rgb_counterpart(wanted, SRGB)
    if after.icc == wanted:
        return
    names = [description(icc) or "nameless" if icc else "none" for icc in (wanted, after.icc)]
    told = f"profile: {names[1]} instead of {names[0]}"
    if _mean_the_same(encoding, after.encoding):
        found.notes.append(f"{told}, which means the same")
    else:
        found.faults.append(told)


def _mean_the_same(one: Encoding, other: Encoding) -> bool:
    codes = np.linspace(0, 1, 1001)
    apart = np.abs(np.subtract(one.curve(codes), other.curve(codes))).max()
    return bool(max(apart, np.abs(one.to_xyz - other.to_xyz).max()) < _SAME_CURVE)
