"""Cells as tasks of Ray: on one machine, or on every machine of a cluster.

Ray and not a job queue of our own: it finds free machines, sends tasks there and notices when one
dies. A task is the same process that is started without it; all files stay where they are, in
folders that every machine must find by the same path.
"""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from .crew import stop
from .order import LOG, Order

_STORE = 100 * 2**20  # bytes for objects that tasks pass around: ours pass a number
_POLL = 0.5  # seconds between looks at tasks


def work_on_cluster(
    orders: Sequence[Order],
    arguments: Callable[[Order, int], list[str]],
    places: Path,
    ended: Callable[[Order, int], None],
    address: str | None,
    jobs: int,
    deadline: float | None = None,
) -> list[Order]:
    """Do cells as Ray tasks; see `crew.work`.

    Args:
        orders: of the cells.
        arguments: of Python, for an order on a place among the jobs.
        places: folder of the cells' folders, for every machine.
        ended: told of each that ended by itself, with its exit code.
        address: of a running cluster; None starts one here, of `jobs` places.
        jobs: cells at a time; each takes a CPU of the cluster.
        deadline: of `time.monotonic`.

    Returns:
        The orders that were stopped or not begun.
    """
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"  # nothing of ours calls home
    import ray

    if address:
        ray.init(address=address, log_to_driver=False)
    else:
        ray.init(
            num_cpus=jobs,
            include_dashboard=False,
            object_store_memory=_STORE,
            log_to_driver=False,
        )
    task = ray.remote(num_cpus=1, max_retries=0)(in_process)
    waiting, running = list(reversed(orders)), dict[Any, tuple[Order, int]]()
    free = list(reversed(range(jobs)))
    try:
        while (waiting or running) and not (deadline and time.monotonic() >= deadline):
            while waiting and free:
                order, place = waiting.pop(), free.pop()
                log = str(places / order.name / LOG)
                running[task.remote(arguments(order, place), log, dict(_environment()))] = (
                    order,
                    place,
                )
            finished, _ = ray.wait(list(running), timeout=_POLL)
            for one in finished:
                order, place = running.pop(one)
                free.append(place)
                ended(order, _code(ray, one))
        return [order for order, _ in running.values()] + waiting[::-1]
    finally:
        for one in running:
            ray.cancel(one)  # raises KeyboardInterrupt in the task, which stops its process
        with suppress(Exception):
            ray.wait(list(running), num_returns=len(running), timeout=30)
        ray.shutdown()


def in_process(arguments: Sequence[str], log: str, environment: Mapping[str, str]) -> int:
    """Run Python with these arguments to its end, on the machine of the task; its exit code."""
    with open(log, "ab") as file:
        process = subprocess.Popen(
            [sys.executable, *arguments],
            stdin=subprocess.PIPE,
            stdout=file,
            stderr=subprocess.STDOUT,
            env=os.environ | dict(environment),
        )
    try:
        while process.poll() is None:
            time.sleep(_POLL)  # Ray interrupts between two lines of Python, never in a wait
        return process.returncode
    finally:
        stop([process])


def _environment() -> Mapping[str, str]:
    """What a task's process must know that a cluster's daemons do not."""
    ours = ("PHOTOCHROM_CACHE", "PYTHONPATH", "XDG_CACHE_HOME")
    return {name: os.environ[name] for name in ours if name in os.environ}


def _code(ray: Any, task: Any) -> int:
    """The exit code of a task's process; 1 where the task itself died."""
    try:
        return int(ray.get(task))
    except ray.exceptions.RayError:
        return 1
