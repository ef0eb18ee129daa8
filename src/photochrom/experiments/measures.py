"""What claims are tested by: figures of a set of pictures in every bootstrap resample."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ..evaluation.figures import FIGURES, Figure, Rows, Weights, mean_of
from ..evaluation.result import Result
from ..metrics import bootstrap_weights
from .gathered import BASELINES, Gathered

Floats: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True)
class At:
    """A way to color."""

    cell: str
    """Or one of `gathered.BASELINES`."""
    temperature: float | None = None
    """Of the annealed mean, for networks of bins."""

    def found(self, gathered: Gathered) -> Result | None:
        """Its result, if it is there."""
        return gathered.result(self.cell, self.temperature)

    def heading(self, gathered: Gathered) -> str:
        """As tables name it."""
        result = self.found(gathered)
        return result.way.title if result else self.cell


class Measure(Protocol):
    """A number, of the pictures as they are and of every resample of them."""

    def missing(self, gathered: Gathered) -> list[str]:
        """What it needs and is not there."""

    def drawn(self, gathered: Gathered, seed: int) -> Floats:
        """`(1 + resamples,)`, the first of the pictures as they are.

        Args:
            gathered: with nothing missing.
            seed: measures of the same pictures and seed are paired.
        """

    def words(self, gathered: Gathered) -> str:
        """What it is of, for a table."""

    @property
    def title(self) -> str:
        """What it is."""

    @property
    def digits(self) -> int:
        """Behind the point."""


@dataclass(frozen=True)
class Of:
    """A figure of a way, of all pictures or of some classes."""

    figure: str
    way: At
    classes: tuple[str, ...] = ()
    """Without any, all pictures."""

    def missing(self, gathered: Gathered) -> list[str]:
        return _missing(gathered, self.way, self.classes)

    def drawn(self, gathered: Gathered, seed: int) -> Floats:
        rows, weights = _chosen(gathered, self.way, self.classes, seed)
        return _figure(self.figure).of(rows, weights)

    def words(self, gathered: Gathered) -> str:
        return self.way.heading(gathered)

    @property
    def title(self) -> str:
        return _figure(self.figure).title

    @property
    def digits(self) -> int:
        return _figure(self.figure).digits


@dataclass(frozen=True)
class Gain:
    """How much of the error of grey pictures, in percent, a way takes away.

    Colorful pictures are far from grey, so that errors of two groups of pictures do not compare;
    these shares do.
    """

    way: At
    classes: tuple[str, ...]

    def missing(self, gathered: Gathered) -> list[str]:
        return _missing(gathered, self.way, self.classes)

    def drawn(self, gathered: Gathered, seed: int) -> Floats:
        ours, grey = (
            _figure("pixel_l2").of(*_chosen(gathered, way, self.classes, seed))
            for way in (self.way, At("grey"))
        )
        return 100 * (1 - ours / grey)

    def words(self, gathered: Gathered) -> str:
        return self.way.heading(gathered)

    title = "share of the grey picture's ab error taken away, percent"
    digits = 1


@dataclass(frozen=True)
class PerColor:
    """A figure over the mean colorfulness of the same pictures: pale pictures have less of it."""

    figure: str
    way: At

    def missing(self, gathered: Gathered) -> list[str]:
        return _missing(gathered, self.way, ())

    def drawn(self, gathered: Gathered, seed: int) -> Floats:
        rows, weights = _chosen(gathered, self.way, (), seed)
        return _figure(self.figure).of(rows, weights) / mean_of("colorfulness")(rows, weights)

    def words(self, gathered: Gathered) -> str:
        return self.way.heading(gathered)

    @property
    def title(self) -> str:
        return f"{_figure(self.figure).title} over colorfulness"

    @property
    def digits(self) -> int:
        return _figure(self.figure).digits + 1


@dataclass(frozen=True)
class StyleChange:
    """Mean CIEDE2000 between a picture in its own style and in another picture's."""

    cell: str

    def missing(self, gathered: Gathered) -> list[str]:
        cell = gathered.cells.get(self.cell)
        if cell is None:
            return [f"the cell {self.cell}"]
        return [] if cell.style else [f"styles of {self.cell}"]

    def drawn(self, gathered: Gathered, seed: int) -> Floats:
        style = gathered.cells[self.cell].style
        assert style is not None  # not missing
        differences = np.array(style.differences)
        weights = _weights(len(differences), style.protocol.resamples, seed)
        return np.asarray(weights @ differences / weights.sum(axis=1))

    def words(self, gathered: Gathered) -> str:
        return gathered.cells[self.cell].order.title

    title = "ΔE2000 between own and other style"
    digits = 2


def _figure(name: str) -> Figure:
    return {one.name: one for one in FIGURES}[name]


def _missing(gathered: Gathered, way: At, classes: Sequence[str]) -> list[str]:
    result = way.found(gathered)
    if result is None:
        if way.cell in BASELINES:
            return ["any cell that is done"]
        at = "" if way.temperature is None else f" at T = {way.temperature:g}"
        return [f"the cell {way.cell}{at}"]
    if classes and len(_numbers(result, classes)) < 2:
        return [f"pictures of {' or '.join(classes)}"]
    return []


def _chosen(gathered: Gathered, way: At, classes: Sequence[str], seed: int) -> tuple[Rows, Weights]:
    """The rows of a way and how they weigh."""
    result = way.found(gathered)
    assert result is not None  # not missing
    rows = result.rows.of(_numbers(result, classes)) if classes else result.rows
    return rows, _weights(len(rows.counts), result.protocol.resamples, seed)


def _numbers(result: Result, classes: Sequence[str]) -> list[int]:
    return sorted(at for name in classes for at in result.classes.get(name, []))


def _weights(pictures: int, resamples: int, seed: int) -> Weights:
    """Every picture once, then the resamples: with seed 0 those of `evaluation.comparison`."""
    everyone = np.ones((1, pictures))
    return np.concatenate([everyone, bootstrap_weights(pictures, resamples, seed)])
