"""Measures of pictures, collected into the result of a way."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from .._version import __version__
from ..metrics import AbErrorCurve, Reliability, frechet_distance
from .learned import Moments
from .observation import Observed
from .protocol import Protocol
from .result import Cells, ReliabilityDiagram, Result, Way

_DIGITS = 7  # significant ones in the file, a few more than any figure shows


@dataclass
class Tally:
    """Grows picture by picture, in order."""

    way: Way
    values: list[dict[str, float]] = field(default_factory=list)
    cells: list[tuple[int, int, int, float]] = field(default_factory=list)
    curve: AbErrorCurve = field(default_factory=AbErrorCurve)
    moments: Moments = field(default_factory=Moments)
    reliability: Reliability = field(default_factory=Reliability)
    nll: list[float] = field(default_factory=list)

    def add(self, observed: Observed) -> None:
        """Count one more picture."""
        at, entries = len(self.values), observed.measured.cells
        self.values.append(observed.measured.values)
        self.moments.add(observed.looks)
        if observed.doubts:
            self.reliability.merge(observed.doubts.reliability)
            self.nll.append(observed.doubts.nll)
        self.cells += [
            (at, int(cell), int(count), float(score))
            for cell, count, score in zip(
                entries.cells, entries.counts, entries.scores, strict=True
            )
        ]
        self.curve.merge(observed.measured.curve)

    def result(self, protocol: Protocol, names: Sequence[str], real: Moments) -> Result:
        """All of it, as it is written.

        Args:
            protocol: locked.
            names: of the pictures that were added.
            real: of the originals.
        """
        columns = sorted({name for values in self.values for name in values})
        pictures, cells, counts, scores = zip(*self.cells, strict=True)
        return Result(
            photochrom=__version__,
            protocol=protocol,
            way=self.way,
            pictures=tuple(names),
            values={
                name: tuple(_rounded(values.get(name, math.nan)) for values in self.values)
                for name in columns
            },
            cells=Cells(
                pictures=pictures,
                cells=cells,
                counts=counts,
                scores=tuple(map(_rounded, scores)),
            ),
            whole=self._whole(real),
            curve=tuple(map(_rounded, self.curve.curve())),
            rebalanced_curve=tuple(map(_rounded, self.curve.rebalanced_curve())),
            reliability=self._diagram(),
        )

    def _whole(self, real: Moments) -> dict[str, float]:
        whole = {}
        if self.moments.found and real.found and len(self.values) > 1:
            whole["frechet"] = frechet_distance(self.moments.found, real.found)
        if self.nll:
            whole["ece"] = self.reliability.ece()
            whole["nll"] = float(np.mean(self.nll))
        return {name: _rounded(value) for name, value in whole.items()}

    def _diagram(self) -> ReliabilityDiagram | None:
        if not self.nll:
            return None
        curve = self.reliability.curve()
        return ReliabilityDiagram(
            counts=tuple(map(int, curve.counts)),
            confidence=tuple(map(_rounded, curve.confidence)),
            accuracy=tuple(map(_rounded, curve.accuracy)),
        )


def _rounded(value: float) -> float:
    return float(f"{value:.{_DIGITS}g}")
