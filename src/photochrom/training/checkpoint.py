"""Training state in one safetensors file: weights, their average, the optimizer, the step.

No pickle: a checkpoint from a stranger is as harmless as a picture.
"""

import copy
import json
import os
from dataclasses import dataclass
from pathlib import Path

import safetensors.torch
import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor, nn

from ..errors import ModelError


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
    beside = path.with_suffix(f".{os.getpid()}.part")
    try:
        safetensors.torch.save_file(contiguous, beside, metadata)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def restore(state: State, path: Path) -> None:
    """Fill `state` from a checkpoint of the same network and optimizer.

    Raises:
        ModelError: the file is damaged or of another network.
    """
    tensors, metadata = _read(path)
    _fill(state.model, tensors, "model.", path)
    _fill(state.average, tensors, "average.", path)
    moments: dict[int, dict[str, Tensor]] = {}
    for key, tensor in tensors.items():
        if key.startswith("optimizer."):
            _, at, name = key.split(".", 2)
            moments.setdefault(int(at), {})[name] = tensor
    groups = state.optimizer.state_dict()["param_groups"]
    state.optimizer.load_state_dict({"state": moments, "param_groups": groups})
    state.step = int(metadata["step"])


def restore_average(model: nn.Module, path: Path) -> None:
    """Fill a network with the averaged weights of a checkpoint.

    Raises:
        ModelError: the file is missing, damaged or of another network.
    """
    tensors, _ = _read(path)
    _fill(model, tensors, "average.", path)


def read_recipe(path: Path) -> tuple[dict[str, object], int]:
    """The recipe, as plain data, and the step of a checkpoint.

    Raises:
        ModelError: the file is missing or damaged.
    """
    _, metadata = _read(path)
    return json.loads(metadata["recipe"]), int(metadata["step"])


def _read(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    try:
        with safe_open(path, framework="pt") as file:
            return {name: file.get_tensor(name) for name in file.keys()}, file.metadata() or {}
    except (OSError, SafetensorError) as error:
        raise ModelError(f"{path}: not a readable checkpoint ({error})") from error


def _fill(model: nn.Module, tensors: dict[str, Tensor], prefix: str, path: Path) -> None:
    wanted = {k.removeprefix(prefix): t for k, t in tensors.items() if k.startswith(prefix)}
    try:
        model.load_state_dict(wanted)
    except RuntimeError as error:
        reason = " ".join(str(error).split())
        raise ModelError(f"{path}: checkpoint of another network ({reason})") from error
