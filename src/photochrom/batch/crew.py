"""Who colors, and how many: processes for many pictures, threads here for a few."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from ..archive import Order
from ..inference import Colorizer
from .task import Report, Task, stamp_of

_FEW = 3  # pictures that are done before processes would have started
_SMALL = 30_000_000  # bytes of all of them
_MEMORY = 1_000_000_000  # bytes that a worker may come to need


class Crew(Protocol):
    """Whoever colors: `processes.Processes` or `threads.Threads`."""

    @property
    def idle(self) -> int:
        """Tasks that can be given now."""

    @property
    def busy(self) -> int:
        """Tasks that were given and not reported on."""

    def give(self, task: Task) -> None:
        """Have a picture colored; somebody must be idle."""

    def reports(self, timeout: float) -> list[Report]:
        """What has happened since; waits for something, `timeout` seconds at most."""

    def close(self) -> None:
        """End the crew."""


@dataclass(frozen=True)
class Hiring:
    """How a crew is put together, once it is known that there is work."""

    order: Order
    """How every picture is colored."""
    workers: int | None = None
    """Pictures at a time; None: as cores and memory allow."""
    limit: float = 600.0
    """Seconds that a picture may take in a process of its own."""
    lasting: bool = False
    """Whether pictures will come that nobody knows of yet."""
    colorizer: Colorizer | None = None
    """Who colors where the order alone does not say it; in threads, as it cannot be sent."""

    def crew(self, tasks: Sequence[Task], *, all_there: bool) -> Crew:
        """Somebody to color these tasks, and those that follow where they are not `all_there`.

        Raises:
            ModelError: there is no such network, or its file is damaged.
            MissingExtraError: the executor is not installed.
        """
        workers = self.workers or default_workers()
        all_there = all_there and not self.lasting
        few = all_there and len(tasks) <= _FEW and _bytes(tasks) <= _SMALL
        if few or self.colorizer is not None:
            from .attempt import attempt
            from .threads import Threads

            # A single picture takes every core; several are faster each on its own (measured:
            # nearly twice), because much of the work around the network does not divide.
            count = max(1, min(workers, len(tasks)))
            threads = 0 if count == 1 else 1
            colorizer = self.colorizer or self.order.colorizer(threads)
            return Threads(lambda task: attempt(task, colorizer, self.order, threads), count)
        from .processes import Processes

        count = min(workers, len(tasks)) if all_there else workers
        return Processes(self.order, max(1, count), self.limit)


def default_workers() -> int:
    """As many as there are cores for this process, and memory for each."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    memory = _available_memory()
    return max(1, min(cores or 1, cores or 1 if memory is None else memory // _MEMORY))


def _available_memory() -> int | None:
    """Bytes that can be had without swapping; None where that is not to be known (not Linux)."""
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
        values = dict(line.split(":", 1) for line in lines)
        return int(values["MemAvailable"].split()[0]) * 1024
    except (OSError, KeyError, ValueError):
        return None


def _bytes(tasks: Sequence[Task]) -> int:
    stamps = [stamp_of(task.source) for task in tasks]
    return sum(stamp.size for stamp in stamps if stamp)
