"""One picture from standard input, or to standard output, or both."""

import os
import sys

import typer

from ..archive import Order, color_bytes
from ..image.admission import open_file
from ..image.placing import placed
from ..image.saving import format_of
from .plan import Streamed


def color_stream(picture: Streamed, order: Order, *, overwrite: bool) -> None:
    """Color the one picture of which an end is a standard stream.

    Raises:
        PhotochromError: it cannot be read, colored or written.
    """
    target = picture.target
    kind = None if target is None else format_of(target)
    if picture.source is None:
        data = sys.stdin.buffer.read()
    else:
        with open_file(picture.source) as file:
            data = file.read()
    colored = color_bytes(data, order.colorizer(), order, format=kind, name=picture.name)
    if target is None:
        sys.stdout.buffer.write(colored)
        sys.stdout.buffer.flush()
        return
    with placed(target, overwrite=overwrite) as result:
        result.write(colored)
    typer.echo(os.fsencode(target))
