"""`photochrom uncolor`."""

import os
from pathlib import Path
from typing import Annotated

import typer


def uncolor(
    colored: Annotated[Path, typer.Argument(help="A picture that Photochrom has colored.")],
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="File, whose ending decides the format.  [default: photo.grey.tif beside "
            "photo.color.tif]",
        ),
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Replace the output if it exists.")
    ] = False,
) -> None:
    """Give back the grey picture that was colored.

    Of PNG and TIFF files it is identical to the original: every 8- or 16-bit code, transparency,
    resolution, metadata and the grey profile. Of a JPEG that was colored exactly, a grey JPEG with
    the same coefficients. Other JPEG and WebP files become TIFF files, as grey as they are. The
    path of the file that was written goes to stdout.

    Examples:

      photochrom uncolor scan.color.tif

      photochrom uncolor photo.color.png -o photo.png
    """
    from ..archive.uncoloring import uncolor_file, uncolored_name
    from .pixels import pixels_watched

    target = output or uncolored_name(colored)
    if target.exists() and colored.exists() and target.samefile(colored):
        raise typer.BadParameter("is the colored file itself", param_hint="--output")
    with pixels_watched("uncoloring", colored) as watch:
        uncolor_file(colored, target, overwrite=force, watch=watch)
    typer.echo(os.fsencode(target))
