"""Training state in one safetensors file: weights, their average, the optimizer, the step.

No pickle: a checkpoint from a stranger is as harmless as a picture.
"""

import copy
import json
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from ..errors import ModelError
from ..whole import replacing


@dataclass
class State:
    """What training changes."""

    model: nn.Module
    average: nn.Module
    """Exponential moving average of the model's weights; this one is validated and exported."""
    optimizer: torch.optim.Optimizer
    step: int = 0


def average_of(model: nn.Module) -> nn.Module:
    """A frozen copy of the model to average into."""
    return copy.deepcopy(model).eval().requires_grad_(False)


def save(state: State, path: Path, recipe: str) -> None:
    """Write the state beside `path`, then rename it into place.

    Args:
        state: what to keep.
        path: the checkpoint.
        recipe: the recipe as JSON, kept in the file's metadata.
    """
    tensors = {f"model.{name}": t for name, t in state.model.state_dict().items()}
    tensors |= {f"average.{name}": t for name, t in state.average.state_dict().items()}
    for at, moments in state.optimizer.state_dict()["state"].items():
        tensors |= {f"optimizer.{at}.{name}": t for name, t in moments.items()}
    contiguous = {name: t.detach().cpu().contiguous().clone() for name, t in tensors.items()}
    metadata = {"step": str(state.step), "recipe": recipe}
    with replacing(path) as beside:
        save_file(contiguous, beside, metadata)


def restore(state: State, path: Path) -> None:
    """Fill `state` from a checkpoint of the same network and optimizer.

    Raises:
        ModelError: the file is damaged or of another network.
    """
    _, step = read_recipe(path)
    tensors = _tensors(path)
    _fill(state.model, tensors, "model.", path)
    _fill(state.average, tensors, "average.", path)
    groups = state.optimizer.param_groups
    parameters = [parameter for group in groups for parameter in group["params"]]
    moments: dict[int, dict[str, Tensor]] = {at: {} for at in range(len(parameters))}
    for key, tensor in tensors.items():
        if key.startswith("optimizer."):
            _, at, name = key.split(".", 2)
            moments[int(at)][name] = _laid_out_like(parameters[int(at)], tensor)
    settings = state.optimizer.state_dict()["param_groups"]
    state.optimizer.load_state_dict({"state": moments, "param_groups": settings})
    state.step = step


def restore_average(model: nn.Module, path: Path) -> None:
    """Fill a network with the averaged weights of a checkpoint.

    Raises:
        ModelError: the file is missing, damaged or of another network.
    """
    _fill(model, _tensors(path), "average.", path)


def read_recipe(path: Path) -> tuple[dict[str, object], int]:
    """The recipe, as plain data, and the step of a checkpoint.

    Raises:
        ModelError: the file is missing, damaged or no checkpoint of a training run.
    """
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
        return json.loads(metadata["recipe"]), int(metadata["step"])
    except (OSError, SafetensorError) as error:
        raise _unreadable(path, error) from error
    except (KeyError, ValueError) as error:
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
