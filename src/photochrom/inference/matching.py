"""Where another picture shows the same thing, found by luminance alone.

Coarse: points every `CELL` pixels are described by the normalized lightness around them at two
scales and compared with all points of the other picture, which is tried mirrored and at several
scales. A match is believed as far as it holds in both directions and its neighbors matched alike:
pictures that have nothing in common hardly match anywhere in such a way. Fine: around the coarse
match, the place where the locally normalized lightness agrees best.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .enlarge import Floats, bilinear
from .windows import window_mean

Indices = NDArray[np.intp]

CELL = 8  # pixels between the points that are described
SAMPLES = 5  # along each side of the square that describes a point
SQUARES = ((1, 3), (4, 7))  # (radius of blur, spacing of the samples), in pixels: 13 and 29 wide
GRAIN = 3.0  # deviation of lightness, in L* units, that is no structure yet
SCALES = (0.5, 0.71, 1.0, 1.41, 2.0)  # of the other picture; descriptions bear a factor of 1.2
TOLERANCE = 8.0  # pixels by which matches may differ that are alike
NEIGHBORS = 2  # radius of the square of points that are asked whether they matched alike
BELIEVED = 0.4  # share of them that must have
FEWEST = 0.04  # share of points whose matches must be believed; of 50 pairs of pictures that have
# nothing in common none reached it
AROUND = 4  # radius of the square by which lightness is normalized, in pixels
JUDGED = 3  # radius of the square over which places are compared
SEARCHES = ((6, 2), (1, 1))  # (farthest, step) of the places tried, one search after the other
EFFORT = 0.002  # what a squared pixel farther away must gain, in squared deviations
UNLIKE, ALIKE = 0.5, 0.9  # local correlation at which a match counts for nothing, and in full
FLAT = 0.1  # what a believed match counts where there is no structure to compare


class Match(NamedTuple):
    """What another picture shows at each pixel."""

    row: Floats
    column: Floats
    """`(h, w)`, where, as shares of the other picture's height and width, in [0, 1)."""
    confidence: Floats
    """`(h, w)`, in [0, 1]; 0 where nothing is known."""


class _Field(NamedTuple):
    """Coarse matches of the points `(i, j)`."""

    away: Floats
    """`(2, i, j)`, how many pixels farther down and to the right."""
    belief: Floats
    """`(i, j)`, share of the neighbors that matched alike; 0 where no match holds both ways."""
    other: Floats
    """Lightness of the other picture, at the scale and, it may be, mirrored, as it was matched."""
    is_mirrored: bool


def matched(lightness: Floats, other_at: Callable[[float], Floats]) -> Match | None:
    """Find what another picture shows at each pixel; None where they have nothing in common.

    Args:
        lightness: `(h, w)`, L* in [0, 100], of about 256×256 pixels in all.
        other_at: the other picture's lightness, so large that its area is this one's times the
            square of the given scale.
    """
    fields = []
    if min(lightness.shape) >= 2 * CELL:
        points = _described(lightness)
        fields = [_field(points, other, way) for other, way in _others(other_at)]
    best = max(fields, key=lambda field: float(field.belief.sum()), default=None)
    if best is None or (best.belief > BELIEVED).mean() < FEWEST:
        return None
    return _refined(lightness, best)


def _others(other_at: Callable[[float], Floats]) -> Iterator[tuple[Floats, bool]]:
    """The other picture at all scales, as it is and mirrored."""
    for scale in SCALES:
        other = other_at(scale)
        if min(other.shape) >= 2 * CELL:
            yield other, False
            yield np.ascontiguousarray(other[:, ::-1]), True


# Coarse


def _described(lightness: Floats) -> Floats:
    """Descriptions `(i, j, D)` of the points in the middle of cells, at most 1 long."""
    rows, columns = (np.arange(CELL // 2, extent, CELL)[:, None] for extent in lightness.shape)
    parts = []
    for blur, spacing in SQUARES:
        reach = SAMPLES // 2 * spacing
        soft = np.pad(window_mean(lightness, blur), reach, mode="symmetric")
        steps = np.arange(SAMPLES) * spacing
        down, across = rows + steps, columns + steps  # (i, S), (j, S)
        square = soft[down[:, None, :, None], across[None, :, None, :]]  # (i, j, S, S)
        samples = square.reshape(len(rows), len(columns), -1)
        samples = samples - samples.mean(axis=-1, keepdims=True)
        deviation = np.sqrt((samples**2).mean(axis=-1, keepdims=True))
        parts.append(samples / ((deviation + GRAIN) * SAMPLES * np.sqrt(len(SQUARES))))
    return np.concatenate(parts, axis=-1, dtype=np.float32)


def _field(points: Floats, other: Floats, is_mirrored: bool) -> _Field:
    """The nearest description of another picture for each point, and how far it is believed."""
    theirs = _described(other)
    width, their_width = points.shape[1], theirs.shape[1]
    one, two = (array.reshape(-1, array.shape[-1]) for array in (points, theirs))
    product = one @ two.T
    # Of two squared distances the part that differs: descriptions of flat places are short.
    forth = (product - (two**2).sum(axis=-1) / 2).argmax(axis=1)
    back = (product - (one**2).sum(axis=-1)[:, None] / 2).argmax(axis=0)[forth]

    at = np.indices(points.shape[:2])
    found = np.stack([forth // their_width, forth % their_width]).reshape(at.shape)
    returned = np.stack([back // width, back % width]).reshape(at.shape)
    away = CELL * (found - at).astype(np.float32)
    holds = CELL * np.hypot(*(returned - at)) <= TOLERANCE
    return _Field(away, holds * _agreement(away, holds), other, is_mirrored)


def _agreement(away: Floats, holds: NDArray[np.bool_]) -> Floats:
    """Share `(i, j)` of the neighbors whose matches hold and are as far away."""
    height, width = holds.shape
    rim = (NEIGHBORS, NEIGHBORS)
    nowhere = 1e9  # so far away that nothing agrees
    padded = np.pad(np.where(holds, away, nowhere), [(0, 0), rim, rim], constant_values=nowhere)
    agreeing = np.zeros((height, width), dtype=np.float32)
    side = 2 * NEIGHBORS + 1
    for y in range(side):
        for x in range(side):
            offset = padded[:, y : y + height, x : x + width] - away
            agreeing += np.hypot(*offset) <= TOLERANCE
    return (agreeing - 1) / np.float32(side**2 - 1)  # each agrees with itself


# Fine


def _refined(lightness: Floats, field: _Field) -> Match:
    """Coarse matches to pixels."""
    height, width = lightness.shape
    belief = np.where(field.belief > BELIEVED, field.belief, np.float32(0))
    away = _continued(field.away, belief > 0)
    # What lies beyond the last point belongs to it.
    rows, columns = (
        np.minimum(np.arange(extent) // CELL, count - 1)
        for extent, count in zip(lightness.shape, belief.shape, strict=True)
    )
    place = np.indices(lightness.shape, np.float64) + away[:, rows[:, None], columns]

    mine, structure = _normalized(lightness)
    theirs, _ = _normalized(field.other)
    for search in SEARCHES:
        place, unlikeness = _searched(mine, theirs, place, search)
    correlation = 1 - unlikeness / 2  # of normalized values
    likeness = ((correlation - UNLIKE) / (ALIKE - UNLIKE)).clip(0, 1)
    sure = bilinear(window_mean(belief, 1)[..., None], height, width)[..., 0]
    extent = np.array(theirs.shape)[:, None, None]
    is_inside = ((place >= 0) & (place < extent)).all(axis=0)
    confidence = is_inside * sure * likeness * (FLAT + (1 - FLAT) * structure)
    row, column = ((place.clip(0, extent - 1) + 0.5) / extent).astype(np.float32)
    return Match(row, 1 - column if field.is_mirrored else column, confidence.astype(np.float32))


def _continued(planes: Floats, known: NDArray[np.bool_]) -> Floats:
    """Planes `(C, i, j)`, where unknown by the mean of the known around, from there outward."""
    while not known.all():
        share = window_mean(known.astype(np.float32), 1)
        means = [window_mean(plane * known, 1) / share.clip(1e-6) for plane in planes]
        planes = np.where(known, planes, np.stack(means))
        known = share > 0
    return planes


def _normalized(lightness: Floats) -> tuple[Floats, Floats]:
    """Lightness in local deviations from its local mean, and how much structure that is."""
    away = lightness - window_mean(lightness, AROUND)
    variance = window_mean(away**2, AROUND)
    return away / (np.sqrt(variance) + 1), variance / (variance + np.float32(GRAIN))


def _searched(
    mine: Floats, theirs: Floats, place: NDArray[np.float64], search: Sequence[int]
) -> tuple[NDArray[np.float64], Floats]:
    """The best place `(2, h, w)` around each, and the mean squared difference there, `(h, w)`."""
    farthest, step = search
    last = np.array(theirs.shape)[:, None, None] - 1
    least = np.full(mine.shape, np.inf, dtype=np.float32)
    best = place
    for y in range(-farthest, farthest + 1, step):
        for x in range(-farthest, farthest + 1, step):
            tried = place + np.array([y, x])[:, None, None]
            row, column = np.rint(tried).astype(np.intp).clip(0, last)
            cost = window_mean((mine - theirs[row, column]) ** 2, JUDGED)
            cost += np.float32(EFFORT * (y * y + x * x))
            is_better = cost < least
            least, best = np.where(is_better, cost, least), np.where(is_better, tried, best)
    return best, least
