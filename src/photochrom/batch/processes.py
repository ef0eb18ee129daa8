"""Worker processes: watched, replaced when they die, ended when they take too long."""

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess

from ..archive import Order
from ..errors import PhotochromError
from .leftovers import remove_abandoned
from .task import Died, Report, Task
from .worker import Ready, Unable, serve

_STILLBORN = 5  # workers in a row that may end before they were ready
_START = 120.0  # seconds that a worker has to load its network


@dataclass
class _Worker:
    """One process and what it has in hand."""

    process: SpawnProcess
    connection: Connection
    since: float
    """When it was started, or was given its task; of `time.monotonic`."""
    ready: bool = False
    task: Task | None = None


class Processes:
    """A crew of processes, each with its own network. One that dies costs its picture alone."""

    def __init__(self, order: Order, count: int, limit: float) -> None:
        """Start the processes; they load their networks meanwhile.

        Args:
            order: how every picture is colored.
            count: processes, >= 1.
            limit: seconds that a picture may take, > 0.
        """
        self._order = order
        self._limit = limit
        self._stillborn = 0
        self._context = get_context("spawn")
        self._workers = [self._start() for _ in range(count)]

    @property
    def idle(self) -> int:
        """Tasks that can be given now."""
        return sum(worker.ready and worker.task is None for worker in self._workers)

    @property
    def busy(self) -> int:
        """Tasks that were given and not reported on."""
        return sum(worker.task is not None for worker in self._workers)

    def give(self, task: Task) -> None:
        """Have a picture colored; one process must be idle."""
        worker = next(one for one in self._workers if one.ready and one.task is None)
        worker.task, worker.since = task, time.monotonic()
        with suppress(OSError):  # it has just died, which `reports` is about to see
            worker.connection.send(task)

    def reports(self, timeout: float) -> list[Report]:
        """What has happened since; waits for something, `timeout` seconds at most.

        Raises:
            PhotochromError: no worker can color anything: the order asks for what is not there, or
                processes end as they start.
        """
        found: list[Report] = []
        by_connection = {worker.connection: worker for worker in self._workers}
        for connection in wait(list(by_connection), timeout):
            worker = by_connection[connection]  # type: ignore[index]
            try:
                message = worker.connection.recv()
            except (EOFError, OSError):
                found += self._bury(worker, "")
                continue
            if isinstance(message, Unable):
                raise PhotochromError(str(message))
            if isinstance(message, Ready):
                worker.ready, self._stillborn = True, 0
            else:
                worker.task = None
                found.append(message)
        for worker in [one for one in self._workers if self._is_late(one)]:
            found += self._bury(worker, f"it took longer than {self._limit:g} s")
        return found

    def close(self) -> None:
        """End the processes. What one has in hand is lost, which never leaves half a file."""
        for worker in self._workers:
            worker.process.kill()
        for worker in self._workers:
            self._forget(worker)
        self._workers = []

    def _start(self) -> _Worker:
        ours, theirs = self._context.Pipe()
        process = self._context.Process(target=serve, args=(theirs,), daemon=True)
        with _deaf_to_ctrl_c():
            process.start()
        theirs.close()
        worker = _Worker(process, ours, time.monotonic())
        with suppress(OSError):  # dead already: seen by `reports`
            ours.send(self._order)
        return worker

    def _is_late(self, worker: _Worker) -> bool:
        if worker.ready and worker.task is None:
            return False
        limit = self._limit if worker.ready else _START
        return time.monotonic() - worker.since > limit

    def _bury(self, worker: _Worker, reason: str) -> list[Report]:
        """Replace a worker that has died, or is ended here; tells of what it had in hand."""
        if not reason:
            worker.process.join(1)  # of itself, so that its exit code tells why
        worker.process.kill()
        self._forget(worker)
        if not worker.ready:
            self._stillborn += 1
        reason = reason or _epitaph(worker.process.exitcode)
        if self._stillborn >= _STILLBORN:
            raise PhotochromError(
                f"worker processes end as they start ({reason}); check the memory that is left, "
                "and try --workers 1"
            )
        self._workers[self._workers.index(worker)] = self._start()
        return [] if worker.task is None else [Died(worker.task, reason)]

    def _forget(self, worker: _Worker) -> None:
        worker.process.join()
        worker.connection.close()
        if worker.task is not None:
            remove_abandoned(worker.task.target.parent)


def _epitaph(code: int | None) -> str:
    """How a process ended."""
    if code is None or code >= 0:
        return f"its process ended with code {code}"
    try:
        name = signal.Signals(-code).name
    except ValueError:
        name = f"signal {-code}"
    memory = ", perhaps for want of memory" if -code == signal.SIGKILL else ""
    return f"its process was killed by {name}{memory}"


@contextmanager
def _deaf_to_ctrl_c() -> Iterator[None]:
    """Have processes that start here never hear of Ctrl-C, not even before they can say so."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
