"""The command `photochrom`: one file per verb, heavy imports inside the verb."""

import atexit
import gc
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

_OBJECTS = 10_000  # made and not freed before garbage is looked for; Python's own number: 700

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
    # Loading makes tens of thousands of objects and hardly any garbage. By itself Python would look
    # through all of them time and again, and twice more before the process ends, which frees them
    # anyhow: a fifth of what it took to color a picture of 2 megapixels.
    gc.set_threshold(_OBJECTS)
    atexit.register(gc.freeze)
