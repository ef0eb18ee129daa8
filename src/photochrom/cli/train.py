"""`photochrom train`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from .extras import require

if TYPE_CHECKING:
    import torch

    from ..data.pool import Pool


def train(
    recipe: Annotated[Path, typer.Argument(help="Recipe, a TOML file.")],
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
) -> None:
    """Train a network from a recipe.

    A run that was stopped, even by kill -9, goes on from its last checkpoint when the same command
    is given again; a folder with a run of another recipe is refused. The run's folder holds the
    checkpoint, losses.csv, TensorBoard files and a contact sheet for every checkpoint.

    Examples:

      photochrom train recipes/autochrome.toml --set data.root=pictures

      photochrom train recipes/autochrome.toml --set batch=16 --device cpu -o runs/small
    """
    require("torch", extra="train", purpose="training")
    import os

    from ..cache import cache_folder

    # PyTorch would make this folder among the temporary files of the machine.
    os.environ.setdefault("TORCHINDUCTOR_CACHE_DIR", str(cache_folder() / "torch"))
    import torch

    from ..training.loop import train as run_training
    from ..training.recipe import load_recipe

    loaded = load_recipe(recipe, setting or [])
    if threads:
        torch.set_num_threads(threads)
    place = _device(device)
    folder = output or Path("runs") / loaded.name
    with _Display() as display:
        path = run_training(loaded, folder, cache_folder(), place, display)
    typer.echo(path)


def _device(name: str) -> "torch.device":
    """The device of this name; raises BadParameter where there is none."""
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


class _Display:
    """Training's progress on the terminal."""

    def __init__(self) -> None:
        self._console = Console(stderr=True)
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.completed}/{task.total}"),
            TextColumn("{task.fields[note]}"),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            console=self._console,
        )
        self._pictures = self._progress.add_task("decoding", total=None, note="", visible=False)
        self._steps = self._progress.add_task("training", total=None, note="", visible=False)

    def __enter__(self) -> "_Display":
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def decoding(self, done: int) -> None:
        self._progress.update(self._pictures, completed=done, visible=True)

    def pool(self, pool: "Pool") -> None:
        self._progress.update(self._pictures, visible=False)
        self._console.print(
            f"{len(pool):,} pictures; left out: {len(pool.grey):,} nearly grey, "
            f"{len(pool.unreadable):,} unreadable"
        )
        for fault in pool.unreadable:
            self._console.print(f"  {fault}", style="yellow", markup=False)

    def step(self, step: int, steps: int, loss: float, crops_per_second: float) -> None:
        note = f"loss {loss:.3f}  {crops_per_second:.0f} crops/s"
        self._progress.update(self._steps, completed=step, total=steps, note=note, visible=True)

    def watched(self, step: int, loss: float, sheet: Path) -> None:
        self._console.print(f"step {step:,}: validation loss {loss:.4f}, {sheet}", markup=False)
