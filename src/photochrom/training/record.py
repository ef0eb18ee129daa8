"""What a run leaves in its folder: checkpoints, curves, contact sheets, a film strip."""

from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

from torch.utils.tensorboard.writer import SummaryWriter

from ..data.pool import Pool
from ..models.network import Network
from . import checkpoint
from .checkpoint import BEST, LAST, State
from .curve import LossCurve
from .games.game import MODEL
from .plots import loss_plot
from .schedule import rate_factor
from .settings import Recipe
from .watch import Watch


class Progress(Protocol):
    """Whoever wants to know how training goes."""

    def decoding(self, done: int) -> None:
        """So many pictures were decoded into the pool."""

    def pool(self, pool: Pool) -> None:
        """The training pool is ready."""

    def step(self, step: int, steps: int, loss: float, crops_per_second: float) -> None:
        """Training has done `step` of `steps`."""

    def watched(self, step: int, loss: float, sheet: Path) -> None:
        """A checkpoint was written, with its validation loss and contact sheet."""


@dataclass(frozen=True)
class Stretch:
    """The steps between two log lines."""

    end: int
    """Steps done when it was over."""
    losses: list[list[float]]
    """Of each of its steps, one of each team."""
    seconds: float
    ends_in_checkpoint: bool


class Record:
    """Writes down how a run goes; closed, the run's folder is complete."""

    def __init__(
        self, run: Path, recipe: Recipe, state: State, watch: Watch, progress: Progress
    ) -> None:
        self._run = run
        self._recipe = recipe
        self._state = state
        self._watch = watch
        self._progress = progress
        self._teams = list(state.optimizers)
        self._curve = LossCurve(run / "losses.csv", self._teams, state.step)
        self._board = SummaryWriter(run / "tensorboard", purge_step=state.step + 1)
        for frame in self._frames():
            if int(frame.stem) > state.step:
                frame.unlink()
        if state.step == 0:
            self.frame()

    def stretch(self, stretch: Stretch) -> None:
        """Note the losses of some steps."""
        first = stretch.end - len(stretch.losses)
        for at, losses in enumerate(stretch.losses, start=first):
            self._curve.add(at, losses)
        means = [sum(column) / len(column) for column in zip(*stretch.losses, strict=True)]
        for team, mean in zip(self._teams, means, strict=True):
            self._board.add_scalar(f"loss/{team}", mean, stretch.end)
        recipe, losses = self._recipe, [loss for _, loss in self._state.history]
        rate = rate_factor(stretch.end, recipe.steps, recipe.schedule, losses)
        self._board.add_scalar("rate", rate, stretch.end)
        pace = len(stretch.losses) * recipe.batch / stretch.seconds
        self._progress.step(stretch.end, recipe.steps, means[self._teams.index(MODEL)], pace)

    def validation_loss(self) -> float:
        """The loss of the averaged weights on fixed unseen pictures."""
        return self._watch.loss(self._state.average)

    def checkpoint(self) -> None:
        """Keep the state, whose history already holds this step's validation loss.

        What a run goes on from is written last: killed before, it does the rest of this again.
        """
        state, recipe = self._state, self._recipe.model_dump_json()
        _, unseen = state.history[-1]
        self._curve.flush()
        if unseen <= min(loss for _, loss in state.history):
            checkpoint.save_average(state, self._run / BEST, recipe)
        loss_plot(self._run, state.history)
        self._board.add_scalar("loss/validation", unseen, state.step)
        path = self._run / "sheets" / f"step-{state.step:06}.png"
        sheet = self._watch.sheet(self._average, path)
        checkpoint.save(state, self._run / LAST, recipe)
        self._progress.watched(state.step, unseen, sheet)

    def frame(self) -> None:
        """Add what the network makes of fixed pictures to the film strip."""
        self._watch.frame(self._average, self._run / "frames" / f"{self._state.step:06}.png")
        self._watch.film(self._frames(), self._run / "film.png")

    @property
    def _average(self) -> Network:
        average: Network = self._state.average  # type: ignore[assignment]
        return average

    def _frames(self) -> list[Path]:
        return sorted((self._run / "frames").glob("*.png"))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._curve.__exit__(kind, error, trace)
        self._board.close()
