"""Processes, a few at a time, that are ended when the one that began them ends."""

import subprocess
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TypeVar

_POLL = 0.1  # seconds between looks at the processes
_PATIENCE = 20.0  # seconds that a process has to clean up

Process = subprocess.Popen[bytes]
_T = TypeVar("_T")


def work(
    tasks: Sequence[_T],
    start: Callable[[_T, int], Process],
    ended: Callable[[_T, int], None],
    jobs: int,
    deadline: float | None = None,
) -> list[_T]:
    """Do every task in a process of its own.

    Args:
        tasks: in this order.
        start: begins one, on a place among `jobs`.
        ended: told of each that ended by itself, with its exit code.
        jobs: processes at a time.
        deadline: of `time.monotonic`; what is not done by then is stopped or not begun.

    Returns:
        The tasks that were stopped or not begun.
    """
    waiting, free = list(reversed(tasks)), list(reversed(range(jobs)))
    running: dict[Process, tuple[_T, int]] = {}

    def late() -> bool:
        return deadline is not None and time.monotonic() >= deadline

    try:
        while (waiting or running) and not late():
            while waiting and free:
                task, place = waiting.pop(), free.pop()
                running[start(task, place)] = task, place
            time.sleep(_POLL)
            for process in [one for one in running if one.poll() is not None]:
                task, place = running.pop(process)
                free.append(place)
                ended(task, process.returncode)
        return [task for task, _ in running.values()] + waiting[::-1]
    finally:  # on Ctrl-C too
        stop(list(running))


def stop(processes: Sequence[Process]) -> None:
    """Ask processes to end, and end those that do not."""
    for process in processes:
        process.terminate()
    end = time.monotonic() + _PATIENCE
    for process in processes:
        with suppress(subprocess.TimeoutExpired):
            process.wait(max(0.0, end - time.monotonic()))
        process.kill()
        process.wait()
        if process.stdin:
            process.stdin.close()
