"""From answers to figures: how often people were fooled, how sure that is, whose answers count."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median, quantiles

import numpy as np

from ..metrics.intervals import (
    Interval,
    cluster_bootstrap,
    percentile_interval,
    raters_needed,
    wilson,
)
from .answers import Answer, by_person, tests

RESAMPLES = 10_000
_SEED = 0


@dataclass(frozen=True)
class Rule:
    """Whose answers count, decided before anybody looks at rates."""

    checks: float = 0.75
    """Least share of a person's answered attention checks that must be right."""
    milliseconds: int = 200
    """Least median time of a person's answers: people need as long to react to a flash of light."""

    def told(self) -> str:
        """In words."""
        return (
            f"Left out: whoever got fewer than {self.checks:.0%} of the attention checks right, "
            f"answered none of those given, or took less than "
            f"{self.milliseconds} ms at the median."
        )

    def reason(self, answers: Sequence[Answer]) -> str | None:
        """Why a person is left out; None for people whose answers count.

        Args:
            answers: all of one person.
        """
        checks = [answer.correct for answer in answers if answer.kind == "check"]
        counted = tests(answers)
        if answers[0].checks and not checks:
            return "no check answered"
        if checks and sum(checks) < self.checks * len(checks):
            return f"{sum(checks)} of {len(checks)} checks right"
        if counted and median(a.milliseconds for a in counted) < self.milliseconds:
            return "answers too fast"
        return None


@dataclass(frozen=True)
class FooledRate:
    """How often a network's pictures were taken for the real ones; 0.5 is indistinguishable."""

    network: str
    raters: int
    answers: int
    fooled: int
    wilson: Interval
    """95 %, as if every answer were another person's."""
    bootstrap: Interval | None
    """95 %, whole people drawn anew: the one to quote. None for a single rater."""
    milliseconds: tuple[float, float, float]
    """Quartiles of the time that answers took."""
    intraclass: float
    """How far the answers of one person resemble each other, in [0, 1]."""

    @property
    def rate(self) -> float:
        """Share of answers in [0, 1]."""
        return self.fooled / self.answers

    def raters_for(self, half_width: float) -> int:
        """Raters with this many answers each that bring the interval to ± `half_width`."""
        each = max(1, round(self.answers / self.raters))
        expected = min(max(self.rate, 0.1), 0.9)  # rates near 0 or 1 may be luck: ask for more
        return raters_needed(half_width, each, self.intraclass, expected)


@dataclass(frozen=True)
class Study:
    """All that a report says."""

    rule: Rule
    participants: int
    """People who answered anything."""
    excluded: dict[int, str]
    """Why people are left out, by participant."""
    networks: tuple[FooledRate, ...]
    """The most convincing one first."""
    second: tuple[int, int]
    """Answers that took the second, or right, picture for the fake, of how many. The fake is there
    in half of them."""
    modes: tuple[str, ...]
    """How pictures were shown."""


def study(answers: Sequence[Answer], rule: Rule = Rule()) -> Study:
    """Figures of all answers there are, practice and checks among them."""
    people = by_person(answers)
    reasons = {number: rule.reason(own) for number, own in people.items()}
    excluded = {number: reason for number, reason in reasons.items() if reason}
    counted = [a for a in tests(answers) if a.participant not in excluded]
    networks = sorted({answer.network for answer in counted})
    rates = [fooled_rate(name, [a for a in counted if a.network == name]) for name in networks]
    return Study(
        rule=rule,
        participants=len(people),
        excluded=excluded,
        networks=tuple(sorted(rates, key=lambda rate: -rate.rate)),
        second=(sum(answer.choice for answer in counted), len(counted)),
        modes=tuple(sorted({_mode(answer) for answer in answers})),
    )


def fooled_rate(network: str, answers: Sequence[Answer]) -> FooledRate:
    """Figures of one network.

    Args:
        network: its name.
        answers: tests that show it, of everybody who counts; at least one.
    """
    people = by_person(answers)
    shown = np.array([len(own) for own in people.values()])
    fooled = np.array([sum(a.fooled for a in own) for own in people.values()])
    total, of = int(fooled.sum()), int(shown.sum())
    times = [float(answer.milliseconds) for answer in answers]
    quartiles = quantiles(times, n=4, method="inclusive") if len(times) > 1 else times * 3
    bootstrap = None
    if len(people) > 1:
        bootstrap = percentile_interval(cluster_bootstrap(fooled, shown, RESAMPLES, _SEED))
    return FooledRate(
        network=network,
        raters=len(people),
        answers=of,
        fooled=total,
        wilson=wilson(total, of),
        bootstrap=bootstrap,
        milliseconds=(quartiles[0], quartiles[1], quartiles[2]),
        intraclass=intraclass(fooled, shown),
    )


def intraclass(
    fooled: "np.ndarray[tuple[int], np.dtype[np.int_]]",
    shown: "np.ndarray[tuple[int], np.dtype[np.int_]]",
) -> float:
    """Correlation of two answers of one person, by analysis of variance.

    rho = (MSB - MSW) / (MSB + (m0 - 1) MSW), with m0 = (N - sum m_i² / N) / (k - 1) answers a
    person (Donner 1986, section 3; for 0 and 1, Ridout, Demétrio and Firth 1999, section 2.1).

    Args:
        fooled, shown: `(k,)` answers in which each person was fooled, and in all.

    Returns:
        In [0, 1]; negative estimates are 0. 0 where there is one person, or one answer each.
    """
    people, answers = len(shown), int(shown.sum())
    if people < 2 or answers <= people:
        return 0.0
    rate, own = fooled.sum() / answers, fooled / shown
    between = float((shown * (own - rate) ** 2).sum() / (people - 1))
    within = float((shown * own * (1 - own)).sum() / (answers - people))
    each = (answers - float((shown**2).sum()) / answers) / (people - 1)
    spread = between + (each - 1) * within
    return max(0.0, (between - within) / spread) if spread > 0 else 0.0


def _mode(answer: Answer) -> str:
    if answer.mode == "sequence":
        return f"one after the other, {answer.seconds:g} s each"
    return "side by side"
