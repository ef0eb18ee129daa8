"""`photochrom train`."""

from pathlib import Path
from typing import Annotated

import typer

from .training import fabric_for, load_torch


def train(
    recipes: Annotated[list[Path], typer.Argument(metavar="RECIPE...", help="TOML files.")],
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Folder of the run.  [default: runs/NAME]"),
    ] = None,
    setting: Annotated[
        list[str] | None,
        typer.Option("--set", help="Replace a setting: SECTION.SETTING=VALUE. Repeatable."),
    ] = None,
    device: Annotated[
        str, typer.Option(help="cpu, cuda, cuda:1 … or auto: a GPU if there is one.")
    ] = "auto",
    threads: Annotated[int, typer.Option(min=0, help="CPU threads; 0 leaves it to PyTorch.")] = 0,
    devices: Annotated[
        int, typer.Option(min=1, help="GPUs, or processes on the CPU, of each machine.")
    ] = 1,
    nodes: Annotated[int, typer.Option(min=1, help="Machines; torchrun starts each.")] = 1,
) -> None:
    """Train networks from recipes, one after the other.

    A run that was stopped, even by kill -9, goes on from its last checkpoint when the same command
    is given again, and one that is finished is passed over; a folder with a run of another recipe
    is refused. The run's folder holds the last checkpoint and the best, losses.csv, TensorBoard
    files, a contact sheet for every checkpoint, and film.png, which shows colors arriving.

    Examples:

      photochrom train recipes/autochrome.toml --set data.root=pictures

      photochrom train recipes/autochrome.toml --set batch=16 --device cpu -o runs/small

      photochrom train recipes/seeds/*.toml --set data.root=pictures

      torchrun --nnodes 2 --nproc-per-node 4 ... -m photochrom train RECIPE --devices 4 --nodes 2
    """
    load_torch(threads)
    from ..cache import cache_folder
    from ..training.loop import train as run_training
    from ..training.recipe import load_recipe
    from .display import Display

    loaded = [load_recipe(recipe, setting or []) for recipe in recipes]
    if len(loaded) > 1 and (output or devices > 1 or nodes > 1):
        raise typer.BadParameter("--output, --devices and --nodes go with a single recipe")
    with Display() as display:
        for recipe in loaded:
            fabric = fabric_for(recipe, device, devices, nodes)
            display.begin(recipe.name)
            folder = output or Path("runs") / recipe.name
            path = run_training(recipe, folder, cache_folder(), fabric, display)
            if fabric.is_global_zero:
                typer.echo(path)
