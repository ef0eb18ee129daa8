"""What the verbs that train have in common; imports torch when it is called."""

from typing import TYPE_CHECKING

import typer

from ..cache import cache_folder
from .extras import require

if TYPE_CHECKING:
    import torch
    from lightning_fabric import Fabric

    from ..training.settings import Recipe


def load_torch(threads: int) -> None:
    """Import PyTorch, keep its files in our cache folder, and set its threads; 0: its own choice.

    Raises:
        MissingExtraError: the extra `train` is not installed.
    """
    for module in ("torch", "lightning_fabric", "safetensors", "tensorboard", "matplotlib"):
        require(module, extra="train", purpose="training")
    import os

    # PyTorch would make this folder among the temporary files of the machine.
    os.environ.setdefault("TORCHINDUCTOR_CACHE_DIR", str(cache_folder() / "torch"))
    os.environ.setdefault("MPLCONFIGDIR", str(cache_folder() / "matplotlib"))
    if threads:  # Fabric, starting processes, sets what this leaves open
        os.environ["OMP_NUM_THREADS"] = str(threads)
    import torch

    if threads:
        torch.set_num_threads(threads)


def fabric_for(recipe: "Recipe", device: str, devices: int = 1, nodes: int = 1) -> "Fabric":
    """Devices, precision and processes for a recipe, launched.

    Lightning Fabric and not Accelerate: it starts processes from the same command, knows torchrun
    and Slurm, leaves the loop to us and brings no hub that looks hosts up.

    Args:
        recipe: its precision and batch count.
        device: `auto`, `cpu`, `cuda` or `cuda:N`.
        devices: processes on each machine.
        nodes: machines.

    Raises:
        BadParameter: there is no such device, or the batch cannot be shared out.
    """
    import logging

    from lightning_fabric import Fabric

    processes = devices * nodes
    halves = 2 if recipe.loss.cycle else 1  # half of a circle's pictures are shown in grey
    if recipe.batch % (processes * halves):
        raise typer.BadParameter(f"a batch of {recipe.batch} cannot be shared by {processes}")
    kind, chosen = _device(device, devices)
    logging.getLogger("lightning_fabric").setLevel(logging.ERROR)
    fabric = Fabric(
        accelerator=kind,
        devices=chosen,
        num_nodes=nodes,
        strategy="ddp" if processes > 1 else "auto",
        precision="bf16-mixed" if recipe.precision == "bf16" else "32-true",
    )
    fabric.launch()
    return fabric


def device_named(name: str) -> "torch.device":
    """A device of this machine; `auto` is a GPU if there is one.

    Raises:
        BadParameter: there is none of that name.
    """
    import torch

    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        device = torch.device(name)
        torch.empty(0, device=device)  # a name may be right and its device absent
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        reason = str(error).partition("\n")[0]
        raise typer.BadParameter(f"{name}: no such device here ({reason})") from error
    return device


def _device(name: str, devices: int) -> tuple[str, list[int] | int]:
    """Fabric's accelerator and devices for a device's name."""
    import torch

    device = device_named(name)
    if device.type not in ("cpu", "cuda") or name.startswith("cpu:"):
        raise typer.BadParameter(f"{name}: give cpu, cuda or cuda:N")
    if device.type == "cuda" and devices > torch.cuda.device_count():
        raise typer.BadParameter(f"{devices} devices: there are {torch.cuda.device_count()} GPUs")
    if device.index is not None and devices > 1:
        raise typer.BadParameter(f"{name}: is one device, not {devices}; give cuda")
    return device.type, devices if device.index is None else [device.index]
