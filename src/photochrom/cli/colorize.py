"""`photochrom colorize`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from .faults import INTERRUPTED, tell

if TYPE_CHECKING:
    from ..inference.library import Executor
    from .crew import Order
    from .plan import Plan


def colorize(
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
    model: Annotated[
        str,
        typer.Option(
            metavar="NAME|FILE",
            help="Network: a name (`photochrom models` lists them), an ONNX file, or the TOML file "
            "of a router over several.",
        ),
    ] = "autochrome",
    style_from: Annotated[
        Path | None,
        typer.Option(
            metavar="PICTURE",
            help="Color in the style of this picture; for networks whose card says style: True.",
        ),
    ] = None,
    temperature: Annotated[
        float | None,
        typer.Option(
            metavar="T",
            help="0.01 (vivid, sometimes spotted) to 1 (safe, sometimes dull).  "
            "[default: the network's own]",
        ),
    ] = None,
    saturation: Annotated[
        float, typer.Option(metavar="S", help="Factor on the colors' strength, 0 or more.")
    ] = 1.0,
    quality: Annotated[
        int, typer.Option(metavar="Q", min=1, max=100, help="Of JPEG and WebP.")
    ] = 95,
    executor: Annotated[
        Literal["onnxruntime", "openvino"],
        typer.Option(help="What the network runs on; openvino is in the extra `fast`."),
    ] = "onnxruntime",
    force: Annotated[
        bool, typer.Option("--force", help="Replace outputs that exist; never an original.")
    ] = False,
    recursive: Annotated[
        bool, typer.Option("--recursive", "-r", help="Search the subfolders of folders too.")
    ] = False,
) -> None:
    """Color pictures.

    Size, format, bit depth, color profile and metadata stay what they are. The path of each file
    that was written goes to stdout, a line each; progress and faults go to stderr. A picture that
    fails does not stop the others: the exit code is then 1. In folders, pictures named *.color.*
    are left alone.

    Examples:

      photochrom colorize photo.jpg

      photochrom colorize scan.tif -o colored.png --saturation 1.2

      photochrom colorize -r album -o colored

      photochrom colorize - < photo.jpg > colored.jpg

      photochrom colorize photo.jpg --model iizuka.onnx --style-from sunset.jpg
    """
    from ..api import checked_settings
    from ..image import read
    from .crew import Order
    from .plan import pictures_below, pictures_in, plan

    style = None if style_from is None else read(style_from)
    try:
        settings = checked_settings(temperature, saturation, style)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
    listing = pictures_below if recursive else pictures_in
    planned = plan(paths, output, listing, force=force)
    _refuse_terminal(planned)
    raise typer.Exit(_carry_out(planned, model, executor, Order(settings, quality, force)))


def _refuse_terminal(planned: "Plan") -> None:
    """A picture's bytes would wreck a terminal."""
    import sys

    if any(picture.target is None for picture in planned.pictures) and sys.stdout.isatty():
        raise typer.BadParameter("standard output is a terminal; redirect it: > colored.jpg")


def _carry_out(planned: "Plan", model: str, executor: "Executor", order: "Order") -> int:
    """Color what was planned; returns the exit code."""
    import os

    from ..inference import load_colorizer
    from .crew import color, ctrl_c, work_through
    from .plan import Fault
    from .progress import Display

    faults = list(planned.faults)
    total = len(planned.pictures) + len(faults)
    # A single picture takes every core; several are faster each on its own (measured: nearly
    # twice), because much of the work around the network does not divide.
    workers = max(1, min(os.cpu_count() or 1, len(planned.pictures)))
    with Display(len(planned.pictures)) as display, ctrl_c() as stop:
        if planned.pictures:
            colorizer = load_colorizer(model, 0 if workers == 1 else 1, executor)
            outcomes = work_through(
                planned.pictures,
                lambda picture: color(picture, colorizer, order),
                workers=workers,
                stop=stop,
                done=display.done,
            )
            for outcome in outcomes:
                if isinstance(outcome, Fault):
                    faults.append(outcome)
                elif outcome.target is not None:
                    display.wrote(outcome.target)
        interrupted = stop.is_set()
    for fault in faults:
        tell(fault.message if fault.name in fault.message else f"{fault.name}: {fault.message}")
    if total > 1:
        typer.echo(display.summary(total), err=True)
    if interrupted:
        return INTERRUPTED
    return 1 if faults else 0
