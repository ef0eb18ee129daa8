"""The training loop.

Every step is a function of the recipe and the step's number: windows come from (seed, step), noise
and dropout too. So a run that was killed goes on from its last checkpoint to the same loss curve;
on GPUs as nearly as their sums are the same twice. Losses stay on the device until they are logged;
a GPU never waits for the CPU.
"""

import math
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from lightning_fabric import Fabric
from torch import Tensor, nn

from ..data.pool import Pool
from ..errors import RecipeError, TrainingError
from . import checkpoint
from .batch import Batch
from .build import decoding_of
from .checkpoint import LAST, State, Stored
from .games.game import MODEL, Game
from .processes import average_gradients, share
from .recipe import check_same_run
from .record import Progress, Record, Stretch
from .rehearsal import rehearse
from .schedule import rate_factor, size_at
from .settings import Optimizer, Recipe
from .start import game_of, optimizers_of, start
from .supply import Supply, held_out, open_supply, prior_of
from .watch import Watch

LOG_EVERY = 20  # steps between log lines; each costs a GPU one wait


@dataclass(frozen=True)
class Setting:
    """All that a step needs."""

    recipe: Recipe
    fabric: Fabric
    supply: Supply
    game: Game
    state: State


def train(recipe: Recipe, run: Path, cache: Path, fabric: Fabric, progress: Progress) -> Path:
    """Train a network, going on from the run's last checkpoint if there is one.

    Args:
        recipe: what to do.
        run: folder for checkpoint, loss curve, TensorBoard files and contact sheets.
        cache: folder for decoded pictures and priors.
        fabric: devices, precision and processes, launched.
        progress: told how it goes.

    Returns:
        Path of the final checkpoint.

    Raises:
        DatasetError, ModelError, RecipeError: what the recipe names is missing or does not fit,
            or the folder holds a run of another recipe.
        TrainingError: a loss is no number any more, or the disk is full; the last checkpoint is
            as it was.
    """
    # First, so that a fault in recipe or weights is told before pictures are decoded.
    path, stored = run / LAST, _stored(recipe, run, fabric)
    if stored and stored.step >= recipe.steps:
        return path
    rehearse(recipe)
    with open_supply(recipe, cache, fabric, progress.decoding) as supply:
        setting = setting_of(recipe, supply, cache, fabric)
        if stored:
            _check_classes(recipe, stored, supply)
            checkpoint.restore(setting.state, path)
        # Here every process still waits for the others; from the first step on none can.
        with fabric.rank_zero_first(local=True):
            unseen = held_out(recipe, supply, cache, progress.decoding)
        if not fabric.is_global_zero:
            _train(setting, None)
            return path
        progress.pool(supply.first)
        try:
            _recorded(setting, unseen, run, progress)
        except OSError as error:
            raise TrainingError(
                f"{run}: cannot be written to ({error.strerror or error}); make room and give the "
                "command again: it goes on from the last checkpoint"
            ) from error
    return path


def _stored(recipe: Recipe, run: Path, fabric: Fabric) -> Stored | None:
    """What the run's last checkpoint says; None where there is none.

    Raises:
        RecipeError: it is of another recipe.
        TrainingError: another process sees another one.
    """
    stored = checkpoint.read(run / LAST) if (run / LAST).exists() else None
    step = stored.step if stored else 0
    if fabric.broadcast(step) != step:
        raise TrainingError(
            f"{run}: is at step {step:,} here and at another on the first machine; the folder of "
            "a run must be one that all machines share"
        )
    if stored:
        check_same_run(recipe, stored.recipe, stored.step, run)
    return stored


def _check_classes(recipe: Recipe, stored: Stored, supply: Supply) -> None:
    """Make sure that the classes are numbered as they were."""
    if recipe.loss.classification and list(stored.classes) != list(supply.first.classes):
        raise RecipeError(
            f"{recipe.name}: the pictures were of the classes {', '.join(stored.classes)} and are "
            f"of {', '.join(supply.first.classes)}"
        )


def _recorded(setting: Setting, unseen: Pool, run: Path, progress: Progress) -> None:
    """Train, and keep a record of it."""
    recipe, device = setting.recipe, setting.fabric.device
    run.mkdir(parents=True, exist_ok=True)
    decoding = decoding_of(recipe)
    watch = Watch(
        setting.game,
        decoding.to(device) if decoding else None,
        setting.supply.first,
        unseen,
        recipe.stages[-1].size,
        device,
    )
    with Record(run, recipe, setting.state, watch, progress) as record:
        _train(setting, record)


def setting_of(recipe: Recipe, supply: Supply, cache: Path, fabric: Fabric) -> Setting:
    """Everything as it is before the first step."""
    model = start(recipe, supply.first.classes, fabric.device)
    average = checkpoint.average_of(model)
    # Of the first process: where pictures stream, each has seen others.
    prior = fabric.broadcast(prior_of(recipe, supply, cache))
    game = game_of(recipe, model, prior, fabric)
    state = State(game.players, optimizers_of(recipe, game, model), average, supply.first.classes)
    share(game, fabric)
    return Setting(recipe, fabric, supply, game, state)


def _train(setting: Setting, record: Record | None) -> None:
    """Do the steps that remain; the first process alone keeps a record."""
    state = setting.state
    for stretch in _stretches(setting):
        if not all(math.isfinite(loss) for losses in stretch.losses for loss in losses):
            raise _diverged(setting.recipe, state.step)
        if record:
            record.stretch(stretch)
        if record and state.step in setting.recipe.film_steps:
            record.frame()  # before a checkpoint, which says that all before it is there
        if stretch.ends_in_checkpoint:
            unseen = setting.fabric.broadcast(record.validation_loss() if record else 0.0)
            if not math.isfinite(unseen):
                raise _diverged(setting.recipe, state.step)
            state.history.append((state.step, unseen))
            if record:
                record.checkpoint()


def _diverged(recipe: Recipe, step: int) -> TrainingError:
    return TrainingError(
        f"{recipe.name}: the loss is no number any more by step {step:,}; give a lower "
        "optimizer.learning_rate or optimizer.clip_norm, and another folder; the last checkpoint "
        "is as it was"
    )


def _stretches(setting: Setting) -> Iterator[Stretch]:
    """Do the steps that remain, and tell of them a few at a time."""
    recipe, state = setting.recipe, setting.state
    pending: list[Tensor] = []
    began = time.monotonic()
    while state.step < recipe.steps:
        losses = [loss for _, loss in state.history]
        pending.append(
            step(setting, rate_factor(state.step, recipe.steps, recipe.schedule, losses))
        )
        due = state.step % recipe.checkpoint_every == 0 or state.step == recipe.steps
        if due or state.step % LOG_EVERY == 0 or state.step in recipe.film_steps:
            mean: Any = setting.fabric.all_reduce(torch.stack(pending), reduce_op="mean")
            told: list[list[float]] = mean.tolist()  # waits for the device
            yield Stretch(state.step, told, time.monotonic() - began, due)
            pending, began = [], time.monotonic()


def step(setting: Setting, factor: float) -> Tensor:
    """One step of every team at `factor` of its peak rates.

    Returns:
        Their losses `(teams,)` in this process, still on the device.
    """
    recipe, state, fabric = setting.recipe, setting.state, setting.fabric
    torch.manual_seed(_noise_seed(recipe.seed, state.step, fabric.global_rank))
    turns = setting.game.turns(_batch(setting))
    losses = [_move(setting, team, loss, factor) for team, loss in turns]
    update_average(state, recipe.optimizer)
    state.step += 1
    return torch.stack(losses)


def _batch(setting: Setting) -> Batch:
    """This process's part of the step's crops."""
    recipe, step, fabric = setting.recipe, setting.state.step, setting.fabric
    pictures = setting.supply.at(step)
    size = size_at(step, recipe.stages)
    windows = pictures.random_windows(step, recipe.batch, size, recipe.seed)
    each = recipe.batch // fabric.world_size
    mine = windows.part(fabric.global_rank * each, (fabric.global_rank + 1) * each)
    return Batch(pictures.crops(mine, size), pictures.labels_of(mine))


def _move(setting: Setting, team: str, loss: Tensor, factor: float) -> Tensor:
    """Move a team's parameters one step; returns the loss."""
    optimizer, clip = setting.state.optimizers[team], setting.recipe.optimizer.clip_norm
    for group in optimizer.param_groups:
        group["lr"] = group["peak"] * factor
    parameters = [p for group in optimizer.param_groups for p in group["params"]]
    optimizer.zero_grad()
    torch.autograd.backward(loss)
    average_gradients(parameters, setting.fabric)
    if clip:
        nn.utils.clip_grad_norm_(parameters, clip)
    optimizer.step()
    return loss.detach()


def _noise_seed(seed: int, step: int, rank: int) -> int:
    """Of dropout and noise in a step: other numbers in every process, the same ones again."""
    return ((seed * 1_000_003 + step) * 1_009 + rank) % 2**32


@torch.no_grad()
def update_average(state: State, settings: Optimizer) -> None:
    """Move the averaged weights towards the current ones.

    Early on the decay is lower, so that the average does not drag the random start along.
    """
    decay = min(settings.ema_decay, (1 + state.step) / (10 + state.step))
    averaged, current = state.average.state_dict(), state.players[MODEL].state_dict()
    floating = [name for name, t in averaged.items() if t.is_floating_point()]
    torch._foreach_lerp_(
        [averaged[name] for name in floating], [current[name] for name in floating], 1 - decay
    )
