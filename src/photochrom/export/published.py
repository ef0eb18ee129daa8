"""Weights in files of others, read as tensors and nothing else."""

import pickle
from pathlib import Path
from zipfile import BadZipFile

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

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
