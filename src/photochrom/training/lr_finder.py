"""The learning-rate range test of Smith 2017 (arXiv:1506.01186, section 3.3).

The rate grows with every step from one that moves nothing to one that breaks everything; where the
loss falls fastest, the network learns fastest. Two things differ from the paper: the rate grows by
a constant factor, for decades are searched and not one, and one rate is suggested, where the
smoothed loss falls most steeply over the logarithm of the rate.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from time import monotonic

import numpy as np
from lightning_fabric import Fabric

from ..errors import TrainingError
from ..whole import replacing
from .games.game import MODEL
from .loop import Setting, setting_of, step
from .plots import Floats, rate_plot, smoothed
from .record import Progress
from .rehearsal import rehearse
from .settings import Recipe
from .supply import open_supply

_MEMORY = 10.0  # steps; a decay of 0.9
_WINDOW = 21  # smoothed losses that a slope is measured over
_BROKEN = 4.0  # times the best smoothed loss, where the test ends


@dataclass(frozen=True)
class RangeTest:
    """The network's loss at each learning rate."""

    rates: Sequence[float]
    """Ascending, each the same multiple of the one before."""
    losses: Sequence[float]
    """Before the step at that rate; the last may be no number."""

    @cached_property
    def mean_losses(self) -> list[float]:
        """The smoothed losses, of finite ones."""
        finite = [loss for loss in self.losses if math.isfinite(loss)]
        means: list[float] = smoothed(finite, _MEMORY).tolist()
        return means

    @cached_property
    def mean_rates(self) -> list[float]:
        """The rates that belong to them.

        Smoothed like the losses, in their logarithm: a mean over past losses is of past rates, and
        drawn against the present one it would suggest rates that are too high.
        """
        logarithms = np.log(self.rates[: len(self.mean_losses)])
        means: list[float] = np.exp(smoothed(logarithms, _MEMORY)).tolist()
        return means

    @cached_property
    def lowest(self) -> float:
        """The rate with the lowest smoothed loss."""
        return self.mean_rates[int(np.argmin(self.mean_losses))]

    @cached_property
    def suggestion(self) -> float | None:
        """The rate at the steepest fall; None where the loss falls nowhere."""
        # The first means are of few losses, and their noise falls more steeply than any loss.
        begin = min(int(_MEMORY), max(0, len(self.mean_losses) - _WINDOW))
        line = np.array(self.mean_losses[begin:])
        # Beyond its lowest point the loss only falls back from where it broke out to.
        line = line[: max(_WINDOW, int(line.argmin()) + 1)] if len(line) else line
        if len(line) < _WINDOW:
            return None
        slopes = _slopes(line)
        at = int(slopes.argmin())
        return self.mean_rates[begin + at + _WINDOW // 2] if slopes[at] < 0 else None


def find_rate(
    recipe: Recipe, rates: Sequence[float], cache: Path, fabric: Fabric, progress: Progress
) -> RangeTest:
    """Train a network from its start, a step at each rate, and keep nothing of it.

    The recipe's schedule is not used. Rates of a backbone and of a discriminator keep their
    proportion to the network's.

    Args:
        recipe: what would be trained.
        rates: ascending; the test ends early where the loss breaks away.
        cache: folder for decoded pictures and priors.
        fabric: device and precision, one process.
        progress: told how it goes.

    Raises:
        DatasetError, ModelError, RecipeError: what the recipe names is missing or does not fit.
        TrainingError: even the first loss is no number.
    """
    rehearse(recipe)
    with open_supply(recipe, cache, fabric, progress.decoding) as supply:
        progress.pool(supply.first)
        losses: list[float] = []
        began = monotonic()
        for loss in _climb(setting_of(recipe, supply, cache, fabric), rates):
            losses.append(loss)
            pace = recipe.batch * len(losses) / (monotonic() - began)
            progress.step(len(losses), len(rates), loss, pace)
    if not math.isfinite(losses[0]):
        raise TrainingError(f"{recipe.name}: the loss is no number before the first step")
    return RangeTest(rates[: len(losses)], losses)


def rising(first: float, last: float, steps: int) -> list[float]:
    """Rates from `first` to `last`, each the same multiple of the one before."""
    rates: list[float] = np.geomspace(first, last, steps).tolist()
    return rates


def table_beside(plot: Path) -> Path:
    """Where the figures of a plot are written."""
    return plot.with_suffix(".csv")


def write_test(test: RangeTest, name: str, plot: Path) -> Path:
    """Draw the test, and write its figures beside the plot as CSV.

    Args:
        test: with at least one finite loss.
        name: of the recipe.
        plot: PNG file.

    Returns:
        Path of the CSV file: `rate,loss,mean_rate,mean_loss`.
    """
    table = table_beside(plot)
    means = zip(test.mean_rates, test.mean_losses, strict=True)
    rows = zip(test.rates, test.losses, means, strict=False)  # a last loss that is none has no mean
    lines = [",".join(map(repr, (rate, loss, *mean))) for rate, loss, mean in rows]
    rate_plot(
        plot,
        f"{name}: learning-rate range test",
        (test.rates, test.losses),
        (test.mean_rates, test.mean_losses),
        test.suggestion,
    )
    with replacing(table) as beside:
        beside.write_text("\n".join(["rate,loss,mean_rate,mean_loss", *lines]) + "\n")
    return table


def _climb(setting: Setting, rates: Sequence[float]) -> Iterator[float]:
    """The network's loss at each rate, until it breaks away."""
    team = list(setting.game.teams).index(MODEL)
    losses: list[float] = []
    best = math.inf
    for rate in rates:
        losses.append(float(step(setting, rate / setting.recipe.optimizer.learning_rate)[team]))
        yield losses[-1]
        mean = float(smoothed(losses, _MEMORY)[-1])
        best = min(best, mean)
        if not mean <= _BROKEN * best:  # neither is a loss that is no number
            return


def _slopes(line: Floats) -> Floats:
    """Least-squares slopes of every `_WINDOW` neighbors, per step; `(n,)` to `(n - 20,)`."""
    offsets = np.arange(_WINDOW) - (_WINDOW - 1) / 2
    windows = np.lib.stride_tricks.sliding_window_view(line, _WINDOW)
    slopes: Floats = windows @ offsets / np.square(offsets).sum()
    return slopes
