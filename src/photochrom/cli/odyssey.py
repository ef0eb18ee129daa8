"""`photochrom odyssey`."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated

import typer

from .extras import require
from .faults import tell
from .training import load_torch

if TYPE_CHECKING:
    from ..experiments.crew import Process
    from ..experiments.grid import Cell, Grid
    from ..experiments.order import Order

_CELLS = "cells"


def odyssey(
    grid: Annotated[
        Path, typer.Option(metavar="FILE", help="TOML file: budget, pictures, cells.")
    ] = Path("recipes/odyssey.toml"),
    data_root: Annotated[
        Path, typer.Option(help="Folder that the grid's pictures are relative to.")
    ] = Path("."),
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Folder of cells and report.")
    ] = Path("odyssey"),
    budget: Annotated[
        float | None,
        typer.Option(min=0, metavar="MINUTES", help="Of this call; the next one goes on."),
    ] = None,
    jobs: Annotated[int, typer.Option(min=1, help="Cells at a time, each a process.")] = 1,
    cells: Annotated[
        list[str] | None,
        typer.Option("--cells", metavar="NAME", help="Do these only. Repeatable."),
    ] = None,
    pictures: Annotated[
        int | None,
        typer.Option(min=1, help="Crops that every network sees, instead of the grid's number."),
    ] = None,
    cluster: Annotated[
        bool,
        typer.Option(
            "--cluster",
            help="Do the cells as tasks of Ray, on every machine of its cluster. The output folder "
            "and the pictures must lie where all of them find them by the same path.",
        ),
    ] = False,
    cluster_address: Annotated[
        str | None,
        typer.Option(
            metavar="HOST:PORT",
            help="Of the cluster; without, one is started on this machine for as long as it takes.",
        ),
    ] = None,
    redo: Annotated[
        bool, typer.Option("--redo", help="Do cells anew whose settings have changed since.")
    ] = False,
    report_only: Annotated[
        bool, typer.Option("--report-only", help="Write the report from what is done.")
    ] = False,
    device: Annotated[
        str,
        typer.Option(help="cpu, cuda, cuda:1 … or auto; several by commas, for as many jobs."),
    ] = "auto",
    threads: Annotated[
        int, typer.Option(min=0, help="CPU threads of each cell; 0: the cores, over --jobs.")
    ] = 0,
) -> None:
    """Train and judge a grid of networks under one budget, and hold the seeds' claims against it.

    Each cell of the grid is trained from a recipe, exported and measured under one protocol, all
    with as many pictures seen. Then OUTPUT/report.html tells everything: the table, the curves, the
    same pictures by all networks, and a verdict with its interval on every claim. The same command
    goes on with what was stopped, even by kill -9, and passes over what is done; a cell that fails
    is named, and the others go on.

    Examples:

      photochrom odyssey --data-root DATA

      photochrom odyssey --data-root DATA --budget 30 --jobs 2 -o runs/odyssey

      photochrom odyssey --data-root DATA --cells beta --cells gamma --pictures 2000

      photochrom odyssey --report-only
    """
    deadline = None if budget is None else time.monotonic() + 60 * budget
    for module in ("jinja2", "matplotlib"):
        require(module, extra="evaluate", purpose="the odyssey's report")
    if cluster or cluster_address:
        require("ray", extra="cluster", purpose="an odyssey on several machines")
    load_torch(threads)
    from ..experiments.crew import work
    from ..experiments.grid import load_grid
    from ..experiments.report import write_report
    from ..experiments.voyage import Voyage

    asked = load_grid(grid)
    if pictures:
        asked = asked.with_pictures(pictures)
    chosen = _chosen(asked, cells or [])
    places = output.resolve() / _CELLS
    voyage = Voyage(asked, grid.parent, data_root, places, _say)
    if not report_only:
        orders = voyage.plan(chosen, redo=redo)
        if jobs > 1 and not threads:
            threads = max(1, (os.cpu_count() or 1) // jobs)
        launch = _Launch(places, device.split(","), threads)
        with _ended_alike():
            if cluster or cluster_address:
                from ..experiments.cluster import work_on_cluster

                left = work_on_cluster(
                    orders,
                    launch.arguments,
                    places,
                    voyage.ended,
                    cluster_address,
                    jobs,
                    deadline,
                )
            else:
                left = work(orders, launch.start, voyage.ended, jobs, deadline)
        for order in left:
            _say(f"{order.name}: not done, the time is over; the same command goes on")
    for path in write_report(asked, places, output, voyage.faults):
        typer.echo(path)
    if voyage.faults:
        raise typer.Exit(1)


@dataclass(frozen=True)
class _Launch:
    """How a cell's process is begun."""

    places: Path
    devices: Sequence[str]
    threads: int

    def arguments(self, order: "Order", place: int) -> list[str]:
        """Of Python, for a cell on a place among the jobs."""
        device = self.devices[place % len(self.devices)]
        folder = str(self.places / order.name)
        options = ["--device", device, "--threads", str(self.threads)]
        return ["-m", "photochrom.cli.cell", folder, *options]

    def start(self, order: "Order", place: int) -> "Process":
        """Begin or go on with a cell on this machine."""
        from ..experiments.order import LOG

        command = [sys.executable, *self.arguments(order, place)]
        with (self.places / order.name / LOG).open("ab") as log:
            return subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=log, stderr=subprocess.STDOUT
            )


def _chosen(grid: "Grid", names: Sequence[str]) -> "list[Cell]":
    known = {cell.name: cell for cell in grid.cell}
    unknown = [name for name in names if name not in known]
    if unknown:
        raise typer.BadParameter(f"--cells {unknown[0]}: the grid has {', '.join(known)}")
    return [cell for cell in grid.cell if not names or cell.name in names]


def _say(told: str) -> None:
    """A line of progress, or an error in the form of all errors."""
    if told.startswith("error: "):
        tell(told.removeprefix("error: "))
    else:
        typer.echo(told, err=True)


@contextmanager
def _ended_alike() -> Iterator[None]:
    """Let SIGTERM end us as Ctrl-C does: the cells' processes first."""

    def end(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
