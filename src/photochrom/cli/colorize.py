"""`photochrom colorize`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .ordering import ordered

if TYPE_CHECKING:
    from ..archive import Order
    from .plan import Streamed

Workers = Annotated[
    int | None,
    typer.Option(
        metavar="N", min=1, help="Pictures at a time.  [default: as cores and memory allow]"
    ),
]
TimeLimit = Annotated[
    float,
    typer.Option(
        metavar="SECONDS",
        min=0.1,
        help="After so long a worker is ended and its picture tried again, at last set apart.",
    ),
]
Json = Annotated[
    bool, typer.Option("--json", help="Print a JSON object per line and picture, for scripts.")
]
LogFile = Annotated[
    Path | None,
    typer.Option("--log", metavar="FILE", help="Add to this file what became of each picture."),
]


@ordered
def colorize(
    *,
    paths: Annotated[
        list[str],
        typer.Argument(
            metavar="PATH", help="Pictures (JPEG, PNG, TIFF, WebP) and folders; - reads stdin."
        ),
    ],
    output: Annotated[
        str | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE|DIR",
            help="File, whose ending decides the format, or a folder, in which the tree of a "
            "folder given is repeated; - writes stdout.  [default: photo.color.jpg beside "
            "photo.jpg]",
        ),
    ] = None,
    order: "Order",
    force: Annotated[
        bool, typer.Option("--force", help="Replace outputs that exist; never an original.")
    ] = False,
    recursive: Annotated[
        bool, typer.Option("--recursive", "-r", help="Search the subfolders of folders too.")
    ] = False,
    consistent: Annotated[
        bool,
        typer.Option(
            "--consistent",
            help="Give the same things the same colors in all these pictures, of one event or one "
            "film; 40 take minutes.",
        ),
    ] = False,
    retry: Annotated[
        bool, typer.Option("--retry", help="Try pictures again that were set apart.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be done, and do nothing.")
    ] = False,
    workers: Workers = None,
    time_limit: TimeLimit = 600.0,
    json: Json = False,
    log: LogFile = None,
) -> None:
    """Color pictures.

    Size, format, bit depth, color profile and metadata stay what they are. The path of each file
    that was written goes to stdout, a line each; progress and faults go to stderr. A picture that
    fails does not stop the others: the exit code is then 1. In folders, pictures named *.color.*
    are left alone.

    A folder colored into another (-o DIR) is remembered there, in .photochrom.sqlite: the same
    command again goes on where it was stopped or killed, and colors only what is new or changed,
    or was colored by other options. Pictures that have ended their process several times are set
    apart.

    Examples:

      photochrom colorize photo.jpg

      photochrom colorize scan.tif -o colored.png --saturation 1.2

      photochrom colorize -r album -o colored

      photochrom colorize -r album -o colored --dry-run

      photochrom colorize film/*.jpg --consistent

      photochrom colorize portrait.jpg --hints coat.json --candidates 3

      photochrom colorize scan.tif --profile adobe-rgb --preserve-times

      photochrom colorize - < photo.jpg > colored.jpg

      photochrom colorize photo.jpg --model iizuka.onnx --style-from sunset.jpg
    """
    from ..batch.crew import Hiring
    from ..batch.listing import pictures_below, pictures_in
    from .carrying import Carrying, carry_out, rehearse, together
    from .plan import plan
    from .streams import color_stream

    planned = plan(paths, output, pictures_below if recursive else pictures_in)
    if planned.streamed:
        _refuse_terminal(planned.streamed)
        color_stream(planned.streamed, order, overwrite=force)
        return
    wanted = Carrying(
        Hiring(order, workers, time_limit), force=force, retry=retry, json=json, log=log
    )
    if dry_run:
        raise typer.Exit(rehearse(planned, wanted))
    if consistent:
        planned, wanted = together(planned, wanted)
    raise typer.Exit(carry_out(planned, wanted))


def _refuse_terminal(picture: "Streamed") -> None:
    """A picture's bytes would wreck a terminal."""
    import sys

    if picture.target is None and sys.stdout.isatty():
        raise typer.BadParameter("standard output is a terminal; redirect it: > colored.jpg")
