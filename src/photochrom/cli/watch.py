"""`photochrom watch`."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .colorize import Json, LogFile, TimeLimit, Workers
from .extras import require
from .ordering import ordered

if TYPE_CHECKING:
    from ..archive import Order
    from .carrying import Carrying


@ordered
def watch(
    *,
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder into which pictures come.")],
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="DIR",
            help="Folder in which its tree is repeated.  [default: results beside the pictures]",
        ),
    ] = None,
    order: "Order",
    force: Annotated[
        bool, typer.Option("--force", help="Replace outputs that exist; never an original.")
    ] = False,
    settle: Annotated[
        float,
        typer.Option(
            metavar="SECONDS", min=0, help="A file is whole when it has not changed for so long."
        ),
    ] = 2.0,
    workers: Workers = None,
    time_limit: TimeLimit = 600.0,
    json: Json = False,
    log: LogFile = None,
) -> None:
    """Color pictures as they come into a folder.

    Those that are there already are colored first, subfolders included. What is done is remembered
    in .photochrom.sqlite in the folder of results, which `photochrom colorize -r DIR -o OUT` knows
    too, so that nothing is colored twice. Ctrl-C ends it after the pictures in hand; the exit code
    is 1 if any picture could not be colored.

    Examples:

      photochrom watch scans -o colored

      photochrom watch scans -o colored --json --log watch.log
    """
    require("watchfiles", extra="archive", purpose="watching a folder")
    from ..batch.crew import Hiring
    from .carrying import Carrying

    if not folder.is_dir():
        raise typer.BadParameter(f"{folder} is no folder", param_hint="DIR")
    hiring = Hiring(order, workers, time_limit, lasting=True)
    wanted = Carrying(hiring, force=force, retry=False, json=json, log=log)
    raise typer.Exit(_attend(folder, output or folder, settle, wanted))


def _attend(folder: Path, output: Path, settle: float, wanted: "Carrying") -> int:
    """Color what comes until Ctrl-C; returns the exit code."""
    from ..batch.arrivals import Arrivals
    from ..batch.names import result_of
    from .carrying import under_way

    with under_way(output, None, wanted) as (job, telling, stop):
        typer.echo(f"watching {os.fspath(folder)!r}; Ctrl-C ends it", err=True)
        for paths in Arrivals(folder, settle).settled(stop):
            pictures = [(path, output / result_of(path.relative_to(folder))) for path in paths]
            if pictures:
                for outcome in job.run(pictures):
                    telling.picture(outcome)
                telling.say()
    return 1 if telling.failed else 0
