"""From figures to verdicts on claims.

A claim is made of tests, each a difference with the side on which the claim wants it. Differences
on the same pictures are paired: both sides are drawn from the same resamples. A test is

    confirmed       where the 95 % interval of the difference lies wholly on the claimed side,
    contradicted    where it lies wholly on the other,
    not confirmed   else.

That something does not help is judged otherwise, for no interval shows that a difference is 0.
Such a test is contradicted where the interval lies wholly on the better side, confirmed where all
of it is short of an improvement by 1 % of the figure, and else not confirmed: too few pictures to
tell.

A claim is confirmed where all of its tests are, contradicted where any is, and not tested where
anything is missing.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from ..evaluation.comparison import estimate
from ..evaluation.figures import Estimate
from .gathered import Gathered
from .measures import Floats, Measure

State = Literal["confirmed", "not confirmed", "contradicted", "not tested"]
Side = Literal["above", "below", "not below"]
"""Where a difference is claimed to be: above or below 0; or, of an error, not below 0 by more than
`MARGIN`, because what is compared does not help."""

MARGIN = 0.01
"""An improvement that is not worth the name, as a share of the figure."""


@dataclass(frozen=True)
class Check:
    """One measure against another, or against a number."""

    words: str
    """What the test asks, as a statement."""
    left: Measure
    right: Measure | float
    side: Side
    """Of 0, where left less right is claimed to be."""
    paired: bool = True
    """Whether both are of the same pictures, drawn together; groups of pictures are not."""


@dataclass(frozen=True)
class Claim:
    """What somebody said of networks that color."""

    id: str
    seeds: tuple[str, ...]
    """Who said it: numbers of the seed documents."""
    sentence: str
    tests: tuple[Check, ...]
    """All must hold."""
    also: tuple[Check, ...] = ()
    """Told beside, without a say in the verdict."""
    remark: str = ""
    """What a reader should know of the way in which it is tested."""


@dataclass(frozen=True)
class Finding:
    """What came of a test."""

    test: Check
    state: State
    left: Estimate | None = None
    right: Estimate | None = None
    """None where the other side is a number."""
    difference: Estimate | None = None
    missing: tuple[str, ...] = ()


@dataclass(frozen=True)
class Verdict:
    """What came of a claim."""

    claim: Claim
    state: State
    findings: tuple[Finding, ...]
    also: tuple[Finding, ...] = field(default=())

    @property
    def missing(self) -> list[str]:
        """What its tests need and is not there."""
        return list(dict.fromkeys(one for found in self.findings for one in found.missing))


def verdict(claim: Claim, gathered: Gathered) -> Verdict:
    """Hold a claim against what an odyssey has found."""
    findings = tuple(finding(test, gathered) for test in claim.tests)
    also = tuple(finding(test, gathered) for test in claim.also)
    return Verdict(claim, _together([found.state for found in findings]), findings, also)


def finding(test: Check, gathered: Gathered) -> Finding:
    """Do one test."""
    sides = [side for side in (test.left, test.right) if not isinstance(side, float)]
    missing = [one for side in sides for one in side.missing(gathered)]
    if missing:
        return Finding(test, "not tested", missing=tuple(dict.fromkeys(missing)))
    left = test.left.drawn(gathered, seed=0)
    right: Floats | float = test.right if isinstance(test.right, float) else np.nan
    if not isinstance(test.right, float):
        right = test.right.drawn(gathered, seed=0 if test.paired else 1)
    difference = estimate(left - right)
    if math.isnan(difference.value):  # no picture has it
        return Finding(test, "not tested", missing=(f"values of {test.left.title}",))
    if isinstance(right, float):
        state = judged(difference, test.side, right)
        return Finding(test, state, estimate(left), None, difference)
    state = judged(difference, test.side, float(right[0]))
    return Finding(test, state, estimate(left), estimate(right), difference)


def judged(difference: Estimate, side: Side, against: float) -> State:
    """The rule.

    Args:
        difference: left less right.
        side: where it is claimed to be.
        against: the right value, of which an improvement is a share.
    """
    if side == "not below":
        if difference.high < 0:
            return "contradicted"
        return "confirmed" if difference.low > -MARGIN * abs(against) else "not confirmed"
    above, below = difference.low > 0, difference.high < 0
    if side == "below":
        above, below = below, above
    return "confirmed" if above else "contradicted" if below else "not confirmed"


def _together(states: Sequence[State]) -> State:
    for state in ("not tested", "contradicted", "not confirmed"):
        if state in states:
            return state
    return "confirmed"
