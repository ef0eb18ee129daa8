"""Several results of one picture, for the network was undecided: ranked, coherent, distinct.

All come of one distribution, that of one run. What looks alike to the network (its expectation, its
doubt, the lightness, the place) makes up a region; the colors that the network finds possible there
fall into a few groups. A candidate supposes of one region, or of some, that the color is of another
group than the usual: the distribution of each cell is multiplied by a Gaussian around the group, as
by Bayes' rule, so that places which are sure of their color keep it and the rest moves together.
"""

from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from .. import image
from ..color import annealed_mean, bin_centers, log_softmax, soft_encode
from ..errors import ModelError
from .engine import Colorizer, Engine, Settings
from .enlarge import Floats, bilinear
from .regions import Groups, groups_of, regions_of
from .session import check_distribution
from .sketch import Sketch
from .vividness import useful_saturation

APART = 4.0  # mean ΔE of any two over the picture, where there is so much doubt
NEARER = 0.8  # factor on it, as often as too few are found
FEWEST = 1.0  # mean ΔE below which two are one
SPREAD = 18.0  # ab units: standard deviation of the Gaussian around a group
FAR = 14.0  # ab units from the usual color of a region: what is nearer is no other color
TOGETHER = 3  # regions that change at once, at most


_DEFAULTS = Settings()


@dataclass(frozen=True)
class Candidate:
    """One way to color a picture."""

    sketch: Sketch
    log_likelihood: float
    """Mean over the picture of the logarithm of the probability that the network gives to the bins
    around the colors, in nats: <= 0. Colors as they were before saturation and edits."""


@dataclass(frozen=True)
class _Change:
    """What it does to suppose that a region's color is another."""

    region: int
    shift: Floats
    """Of ab `(i, j, 2)`."""
    cost: float
    """Log-likelihood that it takes."""


def candidates(
    colorizer: Colorizer, frame: image.Frame, count: int, settings: Settings = _DEFAULTS
) -> tuple[Candidate, ...]:
    """Color one picture in several ways.

    Args:
        colorizer: an engine whose network puts out its distribution.
        frame: any size, 8 or 16 bit; a copy reduced to twice the working size gives the same.
        count: how many, >= 1.
        settings: see there; each way gets the same saturation and edits.

    Returns:
        The ordinary result first, then others, the likelier the earlier; fewer than `count` where
        the network has not so many opinions. Any two differ by a mean ΔE of `APART` over the
        picture, or by less, of at least `FEWEST`, where there is less doubt. Always the same for
        the same picture.

    Raises:
        ModelError: a router, a network without a distribution, or a style.
        ValueError: the count is out of range.
    """
    if count < 1:
        raise ValueError(f"{count} candidates are not 1 or more")
    engine = _checked(colorizer, settings)
    card = engine.card
    temperature = card.temperature if settings.temperature is None else settings.temperature
    usual = engine.sketch(frame, replace(settings, edits=(), saturation=1))
    logits = log_softmax(np.ascontiguousarray(engine.distribution(frame, settings.working_size)))
    decoded = annealed_mean(logits, bin_centers(), temperature)
    base = _log_likelihood(logits, decoded)
    lightness = image.resize(usual.lightness, *logits.shape[:2], kernel="linear")
    changes = _changes(logits, decoded, lightness, temperature, base)
    found = [Candidate(_finished(usual, usual.ab, settings), base)]
    height, width = usual.lightness.shape
    for shift in _distinct(changes, count - 1):
        cells = [extent * engine.cell for extent in shift.shape[:2]]
        ab = usual.ab + bilinear(shift, cells[0], cells[1])[:height, :width]
        likelihood = _log_likelihood(logits, decoded + shift)
        found.append(Candidate(_finished(usual, ab, settings), likelihood))
    others = sorted(found[1:], key=lambda one: -one.log_likelihood)
    return (found[0], *others)


def _checked(colorizer: Colorizer, settings: Settings) -> Engine:
    if not isinstance(colorizer, Engine):
        raise ModelError(
            "a router is no single network, and has no distribution that candidates could come of; "
            "name one of its networks"
        )
    check_distribution(colorizer.card)
    if settings.style is not None:
        raise ModelError(f"{colorizer.card.name}: candidates take no style; leave one of both out")
    return colorizer


def _changes(
    logits: Floats, decoded: Floats, lightness: Floats, temperature: float, base: float
) -> list[_Change]:
    """All that one region could be instead."""
    centers = bin_centers()
    probabilities = np.exp(logits)
    changes = []
    for number, weight in enumerate(regions_of(probabilities, lightness)):  # weight (i, j)
        total = weight.sum()
        usual = np.tensordot(weight, decoded, 2) / total
        for center in _other_colors(groups_of(np.tensordot(weight, probabilities, 2)), usual):
            squared = ((centers - center) ** 2).sum(axis=-1) / (2 * SPREAD**2)
            supposed = logits - weight[..., None] * squared.astype(np.float32)
            shift = annealed_mean(supposed, centers, temperature) - decoded
            cost = base - _log_likelihood(logits, decoded + shift)
            changes.append(_Change(number, shift, cost))
    return changes


def _other_colors(groups: Groups, usual: NDArray[np.float64]) -> NDArray[np.float64]:
    """Those of the groups that are not the usual color, `(n, 2)`."""
    others: NDArray[np.float64] = groups.centers[np.hypot(*(groups.centers - usual).T) >= FAR]
    return others


def _distinct(changes: list[_Change], count: int) -> list[Floats]:
    """Shifts of the likeliest sets of changes that differ from each other and from none."""
    sets = sorted(
        (
            chosen
            for size in range(1, TOGETHER + 1)
            for chosen in combinations(changes, size)
            if len({one.region for one in chosen}) == size
        ),
        key=lambda chosen: sum(one.cost for one in chosen),
    )
    apart, found = APART, list[Floats]()
    while len(found) < count and apart >= FEWEST:
        for chosen in sets:
            if len(found) == count:
                break
            shift: Floats = np.sum([one.shift for one in chosen], axis=0)
            if all(_distance(shift, other) >= apart for other in [np.zeros_like(shift), *found]):
                found.append(shift)
        apart *= NEARER
    return found


def _distance(one: Floats, other: Floats) -> float:
    """Mean ΔE (CIE 1976) of two shifts of the same colors: their lightness is one."""
    offset = one - other
    return float(np.hypot(offset[..., 0], offset[..., 1]).mean())


def _log_likelihood(log_probabilities: Floats, ab: Floats) -> float:
    """Mean logarithm of the probability of the bins around colors, by how near they are."""
    nearest, weights = soft_encode(ab, bin_centers())
    near = np.exp(np.take_along_axis(log_probabilities, nearest, axis=-1))
    return float(np.log((weights * near).sum(axis=-1) + 1e-12).mean())


def _finished(usual: Sketch, ab: Floats, settings: Settings) -> Sketch:
    """A way to color, with the saturation and the edits that were asked for."""
    saturation = useful_saturation(ab, usual.lightness, settings.saturation)
    sketch = usual.with_ab(ab * np.float32(saturation))
    for edit in settings.edits:
        sketch = edit(sketch)
    return sketch
