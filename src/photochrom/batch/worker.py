"""A process that colors one picture after the other, for the process that has started it."""

import os
import signal
import threading
from multiprocessing.connection import Connection, wait
from multiprocessing.process import parent_process


class Ready:
    """Says that the network is loaded."""


class Unable(str):
    """Says why no picture can be colored: a fault of the order, not of a picture."""

    __slots__ = ()


def serve(connection: Connection) -> None:
    """Take an order, then tasks, until the other side closes; a report goes back for each.

    Nothing heavy is imported before this runs, because libvips takes its number of threads from
    the environment as it loads: there are as many processes as cores already.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the one that hands out the work
    threading.Thread(target=_end_with_parent, daemon=True).start()
    os.environ.setdefault("VIPS_CONCURRENCY", "1")

    from ..errors import PhotochromError
    from .attempt import attempt

    order = connection.recv()
    try:
        colorizer = order.colorizer(threads=1)
    except PhotochromError as error:
        connection.send(Unable(error))
        return
    connection.send(Ready())
    while True:
        try:
            task = connection.recv()
        except EOFError:
            return
        connection.send(attempt(task, colorizer, order, threads=1))


def _end_with_parent() -> None:
    """A killed run's picture must not take its place while the next run is at work."""
    parent = parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)
