"""The command `photochrom`: one file per verb, heavy imports inside the verb."""

from typing import Annotated

import typer

from .._version import __version__
from .colorize import colorize
from .compare import compare
from .demo import demo
from .evaluate import evaluate
from .export import export
from .faults import verbs
from .find_lr import find_lr
from .importing import import_weights
from .inspect import inspect
from .models import models
from .odyssey import odyssey
from .quantize import quantize
from .sweep import sweep
from .train import train
from .turing import turing
from .uncolor import uncolor
from .verify import verify
from .watch import watch

app = verbs()
for verb in (
    colorize,
    demo,
    models,
    train,
    find_lr,
    sweep,
    evaluate,
    compare,
    odyssey,
    export,
    inspect,
    verify,
    uncolor,
    quantize,
    watch,
):
    app.command()(verb)
app.command("import")(import_weights)  # a word of Python's own, which no function can bear
app.add_typer(turing, name="turing")


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"photochrom {__version__}")
        raise typer.Exit


@app.callback()
def main(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Print the version."),
    ] = False,
) -> None:
    """Color black-and-white photographs; train and compare the networks that do it.

    Examples:

      photochrom demo

      photochrom colorize photo.jpg

      photochrom colorize --help
    """
