"""Weights in files of others, read as tensors and nothing else."""

import pickle
from pathlib import Path
from zipfile import BadZipFile

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional

from ..errors import ModelError


def read_tensors(path: Path) -> dict[str, Tensor]:
    """The tensors of a PyTorch state dict, by name.

    Args:
        path: `.safetensors`, or what `torch.save` writes, of which only tensors in plain
            containers are read: a pickle that would run code is refused before it does.

    Raises:
        ModelError: the file is missing, damaged, holds code or something else than tensors.
    """
    try:
        if path.suffix == ".safetensors":
            return load_file(path)
        found = torch.load(path, map_location="cpu", weights_only=True)
    except OSError as error:
        raise ModelError(f"{path}: cannot be read ({error.strerror or error})") from error
    except pickle.UnpicklingError as error:
        raise ModelError(
            f"{path}: refused, for it is damaged or holds more than tensors; save the state dict "
            "alone, or as safetensors"
        ) from error
    except (SafetensorError, BadZipFile, RuntimeError, EOFError, ValueError, KeyError) as error:
        reason = " ".join(str(error).split())
        raise ModelError(f"{path}: no file of weights ({reason})") from error
    if not isinstance(found, dict) or not all(isinstance(t, Tensor) for t in found.values()):
        raise ModelError(f"{path}: no state dict, which has a tensor for each name")
    return {str(name): tensor for name, tensor in found.items()}


def start_from_classifier(encoder: nn.Module, path: Path, first: str, classifier: str) -> None:
    """Fill an encoder of grey pictures from the weights of a classifier of color pictures.

    The classifier saw grey pictures as three equal channels, so its first kernels are summed over
    their inputs; kernels of further inputs begin at 0. Tensors that the encoder lacks are not used.

    Args:
        encoder: the module.
        path: as of `read_tensors`.
        first: name of the first kernels.
        classifier: what messages call it.

    Raises:
        ModelError: the file is missing, or its tensors are not this classifier's.
    """
    tensors, ours = read_tensors(path), encoder.state_dict()
    wanted = {name: t.float() for name, t in tensors.items() if name in ours}
    try:
        if first in wanted:
            grey = wanted[first].sum(dim=1, keepdim=True)
            wanted[first] = functional.pad(grey, (0, 0, 0, 0, 0, ours[first].shape[1] - 1))
        encoder.load_state_dict(wanted)
    except (RuntimeError, IndexError) as error:  # IndexError: a tensor of fewer dimensions
        reason = " ".join(str(error).split())
        raise ModelError(f"{path}: not {classifier} weights ({reason})") from error
