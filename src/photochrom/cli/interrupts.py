"""Ctrl-C, once to finish what is in hand, twice to stop at once."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, current_thread, main_thread
from types import FrameType


@contextmanager
def ctrl_c() -> Iterator[Event]:
    """An event that the first Ctrl-C sets; the second interrupts as usual."""
    stop = Event()
    before = signal.getsignal(signal.SIGINT)

    def first(_number: int, _frame: FrameType | None) -> None:
        signal.signal(signal.SIGINT, before)
        stop.set()
        # Past the buffers of sys.stderr, in the middle of whose use we may be.
        os.write(2, b"\nstopping after the pictures in hand; Ctrl-C again stops at once\n")

    # Signals are the main thread's; one that the caller ignores (nohup, a shell's &) stays so.
    ours = before is not signal.SIG_IGN and current_thread() is main_thread()
    if ours:
        signal.signal(signal.SIGINT, first)
    try:
        yield stop
    finally:
        if ours:
            signal.signal(signal.SIGINT, before)
