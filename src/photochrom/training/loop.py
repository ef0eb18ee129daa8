"""The training loop.

Every step is a function of the recipe and the step's number: windows come from (seed, step), so a
run that was killed goes on from its last checkpoint to the same loss curve. Losses stay on the
device until they are logged; a GPU never waits for the CPU.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import torch
from torch import Tensor, nn
from torch.utils.tensorboard.writer import SummaryWriter

from ..data.crops import DevicePool
from ..data.pool import Pool, Rules, load_pool
from ..data.prior import load_prior
from ..models import catalog
from . import checkpoint
from .checkpoint import State
from .curve import LossCurve
from .objective import Objective
from .recipe import Optimizer, Recipe, check_same_run
from .schedule import rate_factor, size_at
from .start import start
from .watch import Watch

LOG_EVERY = 20  # steps between log lines; each costs a GPU one wait


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


def train(recipe: Recipe, run: Path, cache: Path, device: torch.device, progress: Progress) -> Path:
    """Train a network, going on from the run's last checkpoint if there is one.

    Args:
        recipe: what to do.
        run: folder for checkpoint, loss curve, TensorBoard files and contact sheets.
        cache: folder for decoded pictures and priors.
        device: where to compute.
        progress: told how it goes.

    Returns:
        Path of the final checkpoint.

    Raises:
        DatasetError, ModelError, RecipeError: what the recipe names is missing or does not fit,
            or the folder holds a run of another recipe.
    """
    path = run / "checkpoint.safetensors"
    # First, so that a fault in recipe or weights is told before pictures are decoded.
    state = _state(recipe, path, device)
    run.mkdir(parents=True, exist_ok=True)
    pool = _pool(recipe, recipe.data.train, cache, progress)
    progress.pool(pool)
    held_out = _pool(recipe, recipe.data.validation or recipe.data.train, cache, progress)
    objective = Objective(recipe, load_prior(pool, cache), device)
    watch = Watch(objective, pool, held_out, recipe.stages[-1].size, device)
    pictures = DevicePool(pool, device)
    with (
        LossCurve(run / "losses.csv", state.step) as curve,
        SummaryWriter(run / "tensorboard", purge_step=state.step) as board,
    ):
        for stretch in _stretches(recipe, state, pictures, objective):
            done, losses = stretch.end, stretch.losses
            for at, loss in enumerate(losses, start=done - len(losses)):
                curve.add(at, loss)
            mean = sum(losses) / len(losses)
            board.add_scalar("loss/train", mean, done)
            board.add_scalar("rate", rate_factor(done, recipe.steps, recipe.optimizer), done)
            progress.step(done, recipe.steps, mean, len(losses) * recipe.batch / stretch.seconds)
            if stretch.ends_in_checkpoint:
                curve.flush()
                checkpoint.save(state, path, recipe.model_dump_json())
                unseen = watch.loss(state.average)
                board.add_scalar("loss/validation", unseen, done)
                sheet = watch.sheet(state.average, run / "sheets" / f"step-{done:06}.png")
                progress.watched(done, unseen, sheet)
    return path


def _state(recipe: Recipe, path: Path, device: torch.device) -> State:
    """What to go on from: the checkpoint if there is one, else the start."""
    if not path.exists():
        return start(recipe, catalog.spec(recipe.model.name), device)
    stored, _ = checkpoint.read_recipe(path)
    check_same_run(recipe, stored, path.parent)
    state = start(recipe, catalog.spec(recipe.model.name), device)
    checkpoint.restore(state, path)
    return state


def _pool(recipe: Recipe, sources: tuple[Path, ...], cache: Path, progress: Progress) -> Pool:
    rules = Rules(recipe.data.short_side, recipe.data.min_colorfulness)
    return load_pool(
        [recipe.data.root / source for source in sources], rules, cache, progress.decoding
    )


@dataclass(frozen=True)
class _Stretch:
    """The steps between two log lines."""

    end: int
    """Steps done when it was over."""
    losses: list[float]
    """Of each of its steps."""
    seconds: float
    ends_in_checkpoint: bool


def _stretches(
    recipe: Recipe, state: State, pictures: DevicePool, objective: Objective
) -> Iterator[_Stretch]:
    """Do the steps that remain."""
    pending: list[Tensor] = []
    began = time.monotonic()
    while state.step < recipe.steps:
        pending.append(_step(recipe, state, pictures, objective))
        state.step += 1
        due = state.step % recipe.checkpoint_every == 0 or state.step == recipe.steps
        if due or state.step % LOG_EVERY == 0:
            losses: list[float] = torch.stack(pending).tolist()  # waits for the device
            yield _Stretch(state.step, losses, time.monotonic() - began, due)
            pending, began = [], time.monotonic()


def _step(recipe: Recipe, state: State, pictures: DevicePool, objective: Objective) -> Tensor:
    """One optimizer step; returns the loss, still on the device."""
    settings = recipe.optimizer
    size = size_at(state.step, recipe.stages)
    windows = pictures.random_windows(state.step, recipe.batch, size, recipe.seed)
    crops = pictures.crops(windows, size)  # (B, S, S, 3)
    factor = rate_factor(state.step, recipe.steps, settings)
    for group in state.optimizer.param_groups:
        group["lr"] = group["peak"] * factor
    loss = objective.loss(state.model, crops)
    state.optimizer.zero_grad()
    torch.autograd.backward(loss)
    nn.utils.clip_grad_norm_(state.model.parameters(), settings.clip_norm)
    state.optimizer.step()
    update_average(state, settings)
    return loss.detach()


@torch.no_grad()
def update_average(state: State, settings: Optimizer) -> None:
    """Move the averaged weights towards the current ones.

    Early on the decay is lower, so that the average does not drag the random start along.
    """
    decay = min(settings.ema_decay, (1 + state.step) / (10 + state.step))
    averaged, current = state.average.state_dict(), state.model.state_dict()
    floating = [name for name, t in averaged.items() if t.is_floating_point()]
    torch._foreach_lerp_(
        [averaged[name] for name in floating], [current[name] for name in floating], 1 - decay
    )
