"""Where one picture shows what another shows, by lightness alone.

Patches whose course of lightness correlates are candidates. Chance matches point anywhere; those
of one scene agree about the shift from one picture to the other, up to parallax, at one of some
scales: so a peak of votes decides whether there is a scene in common at all.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .. import image
from .enlarge import Floats

STEP = 4  # pixels of the working size in one cell: as those of most networks
SIDE = 7  # cells of a patch
STRIDE = 2  # cells from one patch that is looked for to the next
ALIKE = 0.9  # correlation of two patches of the same thing
TEXTURE = 3.0  # L*: standard deviation of a patch, below which it could be anything
SCALES = (1.0, 1.25, 0.8, 1.6, 0.625)  # of the other picture
PARALLAX = 5  # cells that shifts of one scene differ by, at most
VOTES = 0.12  # share of the patches that must agree, of those with texture
FEWEST = 25  # patches that must agree
REACH = 4.0  # cells: standard deviation of the Gaussian that spreads shifts
KNOWN = 0.1  # weight of matches from which on a shift is known
EXPOSURE = 15.0  # L*: difference beyond which a place is not the same


class _Matches(NamedTuple):
    """Patches of one picture found in another."""

    places: NDArray[np.intp]
    """`(n, 2)`, cells."""
    shifts: NDArray[np.float64]
    """`(n, 2)`, cells of the scaled other picture."""


def coarse(lightness: Floats) -> Floats:
    """L* `(h, w)` in cells of STEP pixels."""
    height, width = (max(1, round(extent / STEP)) for extent in lightness.shape)
    return image.resize(np.ascontiguousarray(lightness), height, width, kernel="linear")


def seen_in(picture: Floats, other: Floats, planes: Floats) -> Floats | None:
    """What another picture says of the places of one.

    Args:
        picture, other: L* in cells, `(i, j)` and `(k, l)`; see `coarse`.
        planes: `(k, l, C)` of the other; the last weighs the others.

    Returns:
        `(i, j, C)`, the last plane 0 where the place is not found; None where nothing is.
    """
    best, best_votes = None, 0
    for scale in SCALES:
        extent = [max(1, round(side * scale)) for side in other.shape]
        scaled = image.resize(other, *extent, kernel="linear")
        found = _agreeing(_matches(picture, scaled))
        if found is not None and len(found.places) > best_votes:
            best, best_votes = (found, scaled), len(found.places)
    if best is None:
        return None
    found, scaled = best
    shift, known = _field(found, picture.shape)
    rows, columns = np.indices(picture.shape)
    at = np.rint(np.stack([rows, columns], axis=-1) + shift).astype(int)
    inside = ((at >= 0) & (at < scaled.shape)).all(axis=-1)
    place = at.clip(0, np.array(scaled.shape) - 1)
    same = abs(scaled[place[..., 0], place[..., 1]] - picture) < EXPOSURE
    there = (place * (np.array(other.shape) / scaled.shape)).astype(int)
    seen: Floats = planes[there[..., 0], there[..., 1]].copy()
    seen[..., -1] *= inside & same & known
    return seen


def _patches(lightness: Floats, stride: int) -> tuple[NDArray[np.intp], Floats]:
    """Places `(n, 2)` and patches `(n, SIDE²)` of mean 0 and length 1, those with texture."""
    if min(lightness.shape) < SIDE:
        return np.empty((0, 2), dtype=np.intp), np.empty((0, SIDE**2), dtype=np.float32)
    windows = np.lib.stride_tricks.sliding_window_view(lightness, (SIDE, SIDE))[::stride, ::stride]
    places = np.moveaxis(np.indices(windows.shape[:2]), 0, -1).reshape(-1, 2) * stride + SIDE // 2
    patches = windows.reshape(-1, SIDE**2)
    patches = patches - patches.mean(axis=1, keepdims=True)
    length = np.linalg.norm(patches, axis=1)
    rich = length > TEXTURE * SIDE
    return places[rich], (patches[rich] / length[rich, None]).astype(np.float32)


def _matches(picture: Floats, other: Floats) -> tuple[_Matches, int]:
    """The most alike patch of the other picture for each patch, and how many patches there are."""
    places, patches = _patches(picture, STRIDE)
    candidates, known = _patches(other, 1)
    if not len(places) or not len(candidates):
        return _Matches(places[:0], np.empty((0, 2))), len(places)
    likeness = patches @ known.T  # (n, m)
    nearest = likeness.argmax(axis=1)
    alike = likeness[np.arange(len(places)), nearest] > ALIKE
    shifts = (candidates[nearest] - places)[alike].astype(np.float64)
    return _Matches(places[alike], shifts), len(places)


def _agreeing(matched: tuple[_Matches, int]) -> _Matches | None:
    """The matches of one scene; None where there is none."""
    matches, patches = matched
    if len(matches.places) < FEWEST:
        return None
    apart = abs(matches.shifts[:, None] - matches.shifts).max(axis=-1)  # (n, n)
    votes = (apart <= PARALLAX / 2).sum(axis=1)
    leader = int(votes.argmax())
    if votes[leader] < max(FEWEST, VOTES * patches):
        return None
    agree = apart[leader] <= PARALLAX
    return _Matches(matches.places[agree], matches.shifts[agree])


def _field(matches: _Matches, shape: tuple[int, ...]) -> tuple[Floats, NDArray[np.bool_]]:
    """Shifts `(i, j, 2)` of all cells by those of the matches near them, and where any are near."""
    rows, columns = (np.arange(extent)[:, None] for extent in shape)
    down = np.exp(-((rows - matches.places[:, 0]) ** 2) / (2 * REACH**2))  # (i, n)
    across = np.exp(-((columns - matches.places[:, 1]) ** 2) / (2 * REACH**2))  # (j, n)
    weight = down @ across.T  # (i, j)
    sums = np.stack([(down * shift) @ across.T for shift in matches.shifts.T], axis=-1)
    return (sums / (weight[..., None] + 1e-9)).astype(np.float32), weight > KNOWN
