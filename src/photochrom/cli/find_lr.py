"""`photochrom find-lr`."""

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..cache import cache_folder
from ..errors import OutputExistsError, TrainingError
from .training import fabric_for, load_torch

if TYPE_CHECKING:
    from ..training.lr_finder import RangeTest

_ROWS = 12  # of the printed table; the file has all


def find_lr(
    recipe: Annotated[Path, typer.Argument(metavar="RECIPE", help="TOML file.")],
    first: Annotated[float, typer.Option("--from", help="Rate of the first step.")] = 1e-6,
    last: Annotated[float, typer.Option("--to", help="Rate of the last step.")] = 1.0,
    steps: Annotated[int, typer.Option(min=20, help="Steps between them.")] = 200,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE.png",
            help="The plot; a CSV file is written beside it.  [default: NAME-lr.png]",
        ),
    ] = None,
    setting: Annotated[
        list[str] | None,
        typer.Option("--set", help="Replace a setting: SECTION.SETTING=VALUE. Repeatable."),
    ] = None,
    device: Annotated[
        str, typer.Option(help="cpu, cuda, cuda:1 … or auto: a GPU if there is one.")
    ] = "auto",
    threads: Annotated[int, typer.Option(min=0, help="CPU threads; 0 leaves it to PyTorch.")] = 0,
    force: Annotated[
        bool, typer.Option("--force", help="Replace the files if they exist.")
    ] = False,
) -> None:
    """Find a learning rate: raise it step by step and watch where the loss falls fastest.

    The network is trained from its start, at a higher rate with every step, until the loss is four
    times its best (Smith 2017). The plot shows loss against rate. Printed is the rate at the
    steepest fall, in the form that --set takes; where the first steps only move the mean color, as
    with Adam, a tenth of the rate with the lowest loss serves better. Nothing is kept of the
    training, and runs are not touched.

    Examples:

      photochrom find-lr recipes/seeds/beta.toml --set data.root=pictures

      photochrom find-lr recipes/seeds/beta.toml --from 1e-5 --to 10 --steps 400 -o beta-lr.png

      photochrom train RECIPE --set $(photochrom find-lr RECIPE)
    """
    load_torch(threads)
    from ..training.lr_finder import find_rate, rising, table_beside, write_test
    from ..training.recipe import load_recipe
    from .display import Display

    if not 0 < first < last:
        raise typer.BadParameter("--from must be above 0 and below --to")
    loaded = load_recipe(recipe, setting or [])
    plot = output or Path(f"{loaded.name}-lr.png")
    if plot.suffix != ".png":
        raise typer.BadParameter(f"--output {plot}: the plot is a PNG file; end its name in .png")
    for path in (plot, table_beside(plot)):
        if path.exists() and not force:
            raise OutputExistsError(f"{path}: exists already; --force replaces it")
    fabric = fabric_for(loaded, device)
    with Display() as display:
        display.begin(loaded.name)
        test = find_rate(loaded, rising(first, last, steps), cache_folder(), fabric, display)
    table = write_test(test, loaded.name, plot)
    _show(test)
    typer.echo(f"{plot}\n{table}", err=True)
    if test.suggestion is None:
        raise TrainingError(
            f"{recipe}: the loss falls at no rate from {first:g} to {last:g}; give a lower --from, "
            "a higher --to or more --steps"
        )
    typer.echo(f"optimizer.learning_rate={test.suggestion:.1e}")


def _show(test: "RangeTest") -> None:
    """A few lines of the test, on stderr: standard output is for the suggestion."""
    typer.echo("    rate      loss", err=True)
    count = len(test.mean_losses)
    for at in range(0, count, max(1, count // _ROWS)):
        typer.echo(f"{test.mean_rates[at]:8.1e}  {test.mean_losses[at]:8.4g}", err=True)
    if count < len(test.losses):
        typer.echo(f"{test.rates[-1]:8.1e}  no number any more", err=True)
    typer.echo(
        f"steepest fall at {test.suggestion or math.nan:.1e}, lowest at {test.lowest:.1e}; "
        "a tenth of the lowest is the other usual choice",
        err=True,
    )
