"""How a person is asked: how many pairs, of which kinds, shown in which way."""

import dataclasses
from dataclasses import dataclass
from math import ceil
from typing import Literal, Self

from .pairs import Pairs

Mode = Literal["sequence", "side-by-side"]

_BESIDE: dict[Mode, float] = {"sequence": 3.0, "side-by-side": 4.0}
"""Seconds a pair beside those that pictures are shown for: the cross, the blanks, the answer."""


@dataclass(frozen=True)
class Plan:
    """What a person goes through. Raises ValueError for values out of range."""

    mode: Mode = "sequence"
    """One picture after the other (Zhang et al. 2016, section 3.1), or both at once."""
    seconds: float = 1.0
    """How long each picture of a sequence is shown."""
    trials: int = 40
    """Pairs whose answers count."""
    practice: int = 4
    """Pairs at the beginning, after which the answer is told."""
    checks: int = 4
    """Pairs with an absurd fake, spread among the trials, that attentive people get right."""

    def __post_init__(self) -> None:
        if not 0.05 <= self.seconds <= 60:
            raise ValueError(f"{self.seconds:g} seconds; show pictures for 0.05 to 60")
        if self.trials < 1 or self.practice < 0 or self.checks < 0:
            raise ValueError("at least 1 trial; practice and checks cannot be negative")

    @property
    def total(self) -> int:
        """Pairs of all kinds."""
        return self.practice + self.trials + self.checks

    @property
    def minutes(self) -> int:
        """How long it takes, about, rounded up."""
        shown = 2 * self.seconds if self.mode == "sequence" else 0
        return ceil(self.total * (shown + _BESIDE[self.mode]) / 60)

    def fitted(self, pairs: Pairs) -> Self:
        """The plan with no more pairs of a kind than there are, for nobody sees one twice."""
        return dataclasses.replace(
            self,
            trials=min(self.trials, len(pairs.names)),
            practice=min(self.practice, len(pairs.practice)),
            checks=min(self.checks, len(pairs.checks)),
        )
