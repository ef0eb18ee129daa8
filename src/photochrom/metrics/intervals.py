"""How sure a figure is: intervals by resampling and for rates, and how many answers they take."""

from math import ceil, sqrt
from statistics import NormalDist
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray


class Interval(NamedTuple):
    """A confidence interval, in the units of its figure."""

    low: float
    high: float


def bootstrap_weights(pictures: int, resamples: int, seed: int) -> NDArray[np.int64]:
    """How often each picture is drawn in each resample with replacement (Efron 1979).

    A mean over pictures is then `weights @ figures / pictures`. Figures of two networks on the
    same pictures are compared paired by giving both the same weights.

    Args:
        pictures, resamples: >= 1.
        seed: the same seed gives the same weights.

    Returns:
        Multinomial counts `(resamples, pictures)`; each row sums to `pictures`.

    Raises:
        ValueError: no pictures or no resamples.
    """
    if pictures < 1 or resamples < 1:
        raise ValueError(f"cannot draw {resamples} resamples of {pictures} pictures")
    chances = np.full(pictures, 1 / pictures)
    return np.random.default_rng(seed).multinomial(pictures, chances, size=resamples)


def percentile_interval(values: NDArray[Any], level: float = 0.95) -> Interval:
    """The percentile interval of a figure (Efron and Tibshirani 1993, chapter 13).

    Its ends are values themselves, the k-th from either end with k = floor((B + 1) (1 - level) / 2)
    (as in their section 12.5), so that infinite figures need no interpolation.

    Args:
        values: `(B,)`, the figure in each resample; infinite ones may be among them.
        level: in (0, 1).

    Raises:
        ValueError: another shape, a NaN, or too few values for the level (39 are needed for 95 %).
    """
    tail = (1 - _checked(level)) / 2
    if values.ndim != 1:
        raise ValueError(f"need one value per resample (B,), not {values.shape}")
    if np.any(np.isnan(values)):
        raise ValueError("the figure of a resample is not a number")
    k = int((len(values) + 1) * tail * (1 + _SLACK))
    if k < 1:
        raise ValueError(f"{len(values)} resamples are too few for an interval of {level:.3g}")
    ordered = np.sort(values)
    return Interval(float(ordered[k - 1]), float(ordered[-k]))


def wilson(successes: int, trials: int, level: float = 0.95) -> Interval:
    """The score interval of a rate from independent trials (Wilson 1927).

    Unlike the rate ± z standard errors it never leaves [0, 1] and stays honest near the ends. It
    takes every trial for independent: where people answer many times each, see `cluster_bootstrap`.

    Raises:
        ValueError: not 0 <= successes <= trials, no trials, or `level` not in (0, 1).
    """
    if not 0 <= successes <= trials or not trials:
        raise ValueError(f"no rate of {successes} successes in {trials} trials")
    z = _deviations(level)
    rate, shrink = successes / trials, 1 + z * z / trials
    center = (rate + z * z / (2 * trials)) / shrink
    half = z / shrink * sqrt(rate * (1 - rate) / trials + (z / (2 * trials)) ** 2)
    # Rounding must not shut out the rates 0 and 1 where they are what was seen.
    low = center - half if successes else 0.0
    high = center + half if successes < trials else 1.0
    return Interval(low, high)


def cluster_bootstrap(
    fooled_per_participant: NDArray[Any],
    shown_per_participant: NDArray[Any],
    resamples: int,
    seed: int,
) -> NDArray[np.float64]:
    """Fooled rates when whole participants are drawn with replacement, for `percentile_interval`.

    Answers of one person resemble each other, so people are what is resampled (Davison and Hinkley
    1997, section 3.8); the rate is all fooled answers over all answers of the people drawn. The
    rates of two networks shown to the same people pair up under the same seed: the interval of
    their difference is that of the difference of what this returns for each.

    Args:
        fooled_per_participant: `(P,)`, answers in which each was fooled.
        shown_per_participant: `(P,)`, answers each gave, >= 1.
        resamples: number B of resamples.
        seed: the same seed gives the same resamples.

    Returns:
        Rates in [0, 1], `(B,)`.

    Raises:
        ValueError: the shapes differ, fewer than 2 participants, or not 0 <= fooled <= shown.
    """
    fooled, shown = fooled_per_participant, shown_per_participant
    if fooled.shape != shown.shape or fooled.ndim != 1 or len(fooled) < 2:
        raise ValueError(
            f"need two arrays (P,) of at least 2 participants, not {fooled.shape} and {shown.shape}"
        )
    if not np.all((shown >= 1) & (fooled >= 0) & (fooled <= shown)):
        raise ValueError("a participant gave no answers, or was fooled in more than were given")
    weights = bootstrap_weights(len(shown), resamples, seed)  # (B, P)
    return np.asarray((weights @ fooled) / (weights @ shown))


def raters_needed(
    half_width: float,
    answers_per_rater: int,
    intraclass: float,
    rate: float = 0.5,
    level: float = 0.95,
) -> int:
    """How many raters bring the interval of a fooled rate down to ± `half_width`.

    n = z² p (1 - p) / d² independent answers (Cochran 1977, chapter 4), times the design effect
    1 + (m - 1) rho of m answers a rater that resemble each other (Kish 1965), over m.
    It is the normal approximation: good where n p and n (1 - p) are well above 5.

    Args:
        half_width: d, in (0, 0.5].
        answers_per_rater: m >= 1.
        intraclass: rho in [0, 1], the correlation of two answers of one rater: 0 if raters are all
            alike, 1 if each always answers the same.
        rate: p in (0, 1), what is expected; 0.5, the worst case, if nothing is known.
        level: in (0, 1).

    Raises:
        ValueError: a value is out of range.
    """
    in_range = 0 < half_width <= 0.5 and answers_per_rater >= 1 and 0 <= intraclass <= 1
    if not in_range or not 0 < rate < 1:
        raise ValueError(
            f"no sample size for ± {half_width} around {rate} by {answers_per_rater} answers a "
            f"rater, intraclass correlation {intraclass}"
        )
    answers = _deviations(level) ** 2 * rate * (1 - rate) / half_width**2
    design_effect = 1 + (answers_per_rater - 1) * intraclass
    return ceil(answers * design_effect / answers_per_rater * (1 - _SLACK))


_SLACK = 1e-9  # relative: whole numbers a rounding error off must not be rounded to the next


def _checked(level: float) -> float:
    if not 0 < level < 1:
        raise ValueError(f"a level of confidence lies between 0 and 1, not {level}")
    return level


def _deviations(level: float) -> float:
    """z such that a normal variable lies within ± z standard deviations with chance `level`."""
    return NormalDist().inv_cdf((1 + _checked(level)) / 2)
