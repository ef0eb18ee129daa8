"""Training state in one safetensors file: all players, the average, the optimizers, the step.

No pickle: a checkpoint from a stranger is as harmless as a picture.
"""

import copy
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from ..errors import ModelError, TrainingError
from ..whole import replacing

LAST, BEST = "checkpoint.safetensors", "best.safetensors"
"""In a run's folder: everything, to go on from; and the averaged weights of the checkpoint with the
lowest validation loss."""


@dataclass
class State:
    """What training changes."""

    players: Mapping[str, nn.Module]
    """All that learn or remember; `model` among them."""
    optimizers: Mapping[str, torch.optim.Optimizer]
    """One for each team."""
    average: nn.Module
    """Exponential moving average of the model's weights; this one is validated and exported."""
    classes: Sequence[str] = ()
    """Of the training pictures, in the order of their numbers."""
    step: int = 0
    history: list[tuple[int, float]] = field(default_factory=list)
    """Step and validation loss of every checkpoint so far."""


@dataclass(frozen=True)
class Stored:
    """What a checkpoint says beside its tensors."""

    recipe: dict[str, object]
    """As plain data."""
    step: int
    classes: tuple[str, ...]
    history: list[tuple[int, float]]


def average_of(model: nn.Module) -> nn.Module:
    """A frozen copy of the model to average into."""
    return copy.deepcopy(model).eval().requires_grad_(False)


def save(state: State, path: Path, recipe: str) -> None:
    """Write the state beside `path`, then rename it into place.

    Args:
        state: what to keep.
        path: the checkpoint.
        recipe: the recipe as JSON, kept in the file's metadata.

    Raises:
        TrainingError: the disk is full, or the file cannot be written for another reason; the
            checkpoint that was there stays.
    """
    tensors = {f"average.{name}": t for name, t in state.average.state_dict().items()}
    for player, module in state.players.items():
        tensors |= {f"{player}.{name}": t for name, t in module.state_dict().items()}
    for team, optimizer in state.optimizers.items():
        for at, moments in optimizer.state_dict()["state"].items():
            tensors |= {f"optimizer.{team}.{at}.{name}": t for name, t in moments.items()}
    _write(tensors, path, _metadata(state, recipe))


def save_average(state: State, path: Path, recipe: str) -> None:
    """Write the averaged weights alone, to export them or to start another run from."""
    tensors = {f"average.{name}": t for name, t in state.average.state_dict().items()}
    _write(tensors, path, _metadata(state, recipe))


def _metadata(state: State, recipe: str) -> dict[str, str]:
    return {
        "step": str(state.step),
        "recipe": recipe,
        "classes": json.dumps(list(state.classes)),
        "history": json.dumps(state.history),
    }


def _write(tensors: Mapping[str, Tensor], path: Path, metadata: dict[str, str]) -> None:
    contiguous = {
        name: t.detach().cpu().contiguous().clone()
        for name, t in tensors.items()
        if isinstance(t, Tensor)  # SGD that has no momentum keeps None
    }
    try:
        with replacing(path) as beside:
            save_file(contiguous, beside, metadata)
    except (OSError, SafetensorError) as error:
        reason = " ".join(str(error).split())
        raise TrainingError(
            f"{path}: cannot write the checkpoint ({reason}); make room and give the command "
            "again: it goes on from the checkpoint before"
        ) from error


def restore(state: State, path: Path) -> None:
    """Fill `state` from a checkpoint of the same network and optimizer.

    Raises:
        ModelError: the file is damaged or of another network.
    """
    stored = read(path)
    tensors = _tensors(path)
    for player, module in state.players.items():
        _fill(module, tensors, f"{player}.", path)
    _fill(state.average, tensors, "average.", path)
    for team, optimizer in state.optimizers.items():
        parameters = [p for group in optimizer.param_groups for p in group["params"]]
        moments: dict[int, dict[str, Tensor]] = {at: {} for at in range(len(parameters))}
        prefix = f"optimizer.{team}."
        for key, tensor in tensors.items():
            if key.startswith(prefix):
                at, name = key.removeprefix(prefix).split(".", 1)
                moments[int(at)][name] = _laid_out_like(parameters[int(at)], tensor)
        settings = optimizer.state_dict()["param_groups"]
        optimizer.load_state_dict({"state": moments, "param_groups": settings})
    state.step, state.history = stored.step, stored.history


def restore_average(model: nn.Module, path: Path) -> None:
    """Fill a network with the averaged weights of a checkpoint.

    Raises:
        ModelError: the file is missing, damaged or of another network.
    """
    _fill(model, _tensors(path), "average.", path)


def restore_player(module: nn.Module, path: Path, player: str) -> None:
    """Fill one of a game's players, a discriminator for instance.

    Raises:
        ModelError: the file is missing, damaged or of another game.
    """
    _fill(module, _tensors(path), f"{player}.", path)


def holds(path: Path, player: str) -> bool:
    """Whether a checkpoint holds the weights of this player.

    Raises:
        ModelError: the file is missing or damaged.
    """
    try:
        with safe_open(path, framework="pt") as file:
            return any(name.startswith(f"{player}.") for name in file.keys())  # noqa: SIM118
    except (OSError, SafetensorError) as error:
        raise _unreadable(path, error) from error


def read(path: Path) -> Stored:
    """What a checkpoint says of itself; reads no tensors.

    Raises:
        ModelError: the file is missing, damaged or no checkpoint of a training run.
    """
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
        return Stored(
            recipe=json.loads(metadata["recipe"]),
            step=int(metadata["step"]),
            classes=tuple(json.loads(metadata["classes"])),
            history=[(int(step), float(loss)) for step, loss in json.loads(metadata["history"])],
        )
    except (OSError, SafetensorError) as error:
        raise _unreadable(path, error) from error
    except (KeyError, ValueError, TypeError) as error:
        raise ModelError(f"{path}: not a checkpoint of a training run") from error


def _tensors(path: Path) -> dict[str, Tensor]:
    try:
        return load_file(path)
    except (OSError, SafetensorError) as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: Exception) -> ModelError:
    return ModelError(f"{path}: not a readable checkpoint ({' '.join(str(error).split())})")


def _laid_out_like(parameter: Tensor, moment: Tensor) -> Tensor:
    """The moment with its parameter's strides.

    Files hold tensors in plain order, the optimizer makes its own in the parameter's. A resumed
    run does as an unbroken one does; with two orders its updates were a third slower.
    """
    if moment.shape != parameter.shape:  # a counter, not a moment
        return moment
    return torch.empty_like(parameter).copy_(moment)


def _fill(model: nn.Module, tensors: dict[str, Tensor], prefix: str, path: Path) -> None:
    wanted = {k.removeprefix(prefix): t for k, t in tensors.items() if k.startswith(prefix)}
    try:
        model.load_state_dict(wanted)
    except RuntimeError as error:
        reason = " ".join(str(error).split())
        raise ModelError(f"{path}: checkpoint of another network ({reason})") from error
