"""Threads that color a few pictures: no processes to wait for, and none to outlive a crash."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from queue import Empty, SimpleQueue

from .task import Report, Task


class Threads:
    """A crew of threads in this process."""

    def __init__(self, work: Callable[[Task], Report], count: int) -> None:
        """Start the threads.

        Args:
            work: colors one picture.
            count: pictures at a time, >= 1.
        """
        self._work = work
        self._count = count
        self._busy = 0
        self._done: SimpleQueue[Future[Report]] = SimpleQueue()
        self._threads = ThreadPoolExecutor(count)

    @property
    def idle(self) -> int:
        """Tasks that can be given now."""
        return self._count - self._busy

    @property
    def busy(self) -> int:
        """Tasks that were given and not reported on."""
        return self._busy

    def give(self, task: Task) -> None:
        """Have a picture colored; one thread must be idle."""
        self._busy += 1
        self._threads.submit(self._work, task).add_done_callback(self._done.put)

    def reports(self, timeout: float) -> list[Report]:
        """What has happened since; waits for something, `timeout` seconds at most.

        Raises whatever the work raises, which would else be waited for in vain.
        """
        found: list[Future[Report]] = []
        with suppress(Empty):
            found.append(self._done.get(timeout=timeout))
            while True:
                found.append(self._done.get_nowait())
        self._busy -= len(found)
        return [future.result() for future in found]

    def close(self) -> None:
        """Let the threads end with what they have in hand."""
        self._threads.shutdown(cancel_futures=True)
