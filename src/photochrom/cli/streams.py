"""One picture from standard input, or to standard output, or both."""

import os
import sys

import typer

from .. import image
from ..archive import Order
from .plan import Streamed


def color_stream(picture: Streamed, order: Order, *, overwrite: bool) -> None:
    """Color the one picture of which an end is a standard stream.

    Raises:
        PhotochromError: it cannot be read, colored or written.
    """
    colorizer = order.colorizer()
    if picture.source is None:
        frame = image.decode(sys.stdin.buffer.read(), name=picture.name)
    else:
        frame = image.read(picture.source)
    colored = colorizer.colorize(frame, order.settings).frame
    if picture.target is not None:
        image.write(colored, picture.target, overwrite=overwrite, quality=order.quality)
        typer.echo(os.fsencode(picture.target))
        return
    sys.stdout.buffer.write(image.encode(colored, quality=order.quality))
    sys.stdout.buffer.flush()
