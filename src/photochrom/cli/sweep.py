"""`photochrom sweep`."""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..experiments.crew import work
from .faults import tell
from .training import load_torch

if TYPE_CHECKING:
    from ..training.sweep import Run

_LOG = "train.log"


def sweep(
    recipe: Annotated[Path, typer.Argument(metavar="RECIPE", help="TOML file.")],
    over: Annotated[
        list[str],
        typer.Option(
            metavar="SETTING=VALUE,VALUE",
            help="A setting and its values: TOML or bare words, between commas. Commas within "
            "[brackets], {braces} and quotes separate nothing, so a value can be a list. "
            "Repeatable: every combination is trained.",
        ),
    ],
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Folder of the runs.  [default: runs/NAME-sweep]"),
    ] = None,
    setting: Annotated[
        list[str] | None,
        typer.Option("--set", help="Replace a setting in all runs: SECTION.SETTING=VALUE."),
    ] = None,
    jobs: Annotated[int, typer.Option(min=1, help="Runs at a time, each a process.")] = 1,
    device: Annotated[
        str,
        typer.Option(help="cpu, cuda, cuda:1 … or auto; several by commas, for as many jobs."),
    ] = "auto",
    threads: Annotated[
        int, typer.Option(min=0, help="CPU threads of each run; 0: the cores, over --jobs.")
    ] = 0,
) -> None:
    """Train every combination of some settings, and compare the losses.

    Each run is one of `photochrom train`, in a folder named by its settings. The same command goes
    on with runs that were stopped and passes over finished ones; a run that fails is named, and the
    others go on. At the end sweep.png shows all losses against the pictures seen, sweep.md and
    sweep.csv list them. Losses of different kinds cannot be compared.

    Examples:

      photochrom sweep recipes/seeds/beta.toml --over optimizer.name=adam,sgd --over batch=16,64

      photochrom sweep RECIPE --over 'data.classes=["face"],["sea","sky"]' --jobs 2

      photochrom sweep RECIPE --over seed=1,2 --jobs 2 --device cuda:0,cuda:1 -o runs/seeds
    """
    load_torch(threads)
    from ..training.recipe import load_recipe
    from ..training.sweep import is_finished, parse_axis, plan, result_of, write_comparison

    axes = [parse_axis(text) for text in over]
    folder = output or Path("runs") / f"{load_recipe(recipe, setting or []).name}-sweep"
    runs = plan(recipe, axes, setting or [], folder)
    missing = [run for run in runs if not is_finished(run)]
    if jobs > 1 and not threads:
        threads = max(1, (os.cpu_count() or 1) // jobs)
    _Crew(recipe, device.split(","), threads).train(missing, jobs)
    finished = [run for run in runs if is_finished(run)]
    if finished:
        table, written = write_comparison(axes, [result_of(run) for run in finished], folder)
        typer.echo(table)
        for path in written:
            typer.echo(path)
    if len(finished) < len(runs):
        raise typer.Exit(1)


class _Crew:
    """Processes of `photochrom train`, a few at a time, each with a log in its run's folder."""

    def __init__(self, recipe: Path, devices: Sequence[str], threads: int) -> None:
        self._recipe = recipe
        self._devices = devices
        self._threads = threads

    def train(self, runs: Sequence["Run"], jobs: int) -> None:
        """Train them all; name those that fail and those that end well."""
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            Progress,
            TextColumn,
            TimeElapsedColumn,
        )

        columns = TextColumn("runs"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
        with Progress(*columns, console=Console(stderr=True)) as progress:
            task = progress.add_task("", total=len(runs))

            def ended(run: "Run", code: int) -> None:
                _report(run, code)
                progress.advance(task)

            work(runs, self._start, ended, jobs)  # on Ctrl-C, runs keep their last checkpoints

    def _start(self, run: "Run", place: int) -> "subprocess.Popen[bytes]":
        """Begin or go on with a run, on the device of its place among the jobs."""
        run.folder.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "photochrom", "train", str(self._recipe)]
        command += ["--output", str(run.folder), "--threads", str(self._threads)]
        command += ["--device", self._devices[place % len(self._devices)]]
        for override in run.overrides:
            command += ["--set", override]
        with (run.folder / _LOG).open("wb") as log:
            return subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT
            )


def _report(run: "Run", code: int) -> None:
    """Tell how a run ended; a failed one with the line that its process gave as reason."""
    if code == 0:
        typer.echo(f"{run.folder}: trained", err=True)
        return
    log = run.folder / _LOG
    lines = [line for line in log.read_text(errors="replace").splitlines() if line.strip()]
    errors = [line.removeprefix("error: ") for line in lines if line.startswith("error: ")]
    reason = (errors or lines or [f"ended with code {code}"])[-1]
    tell(f"{run.folder}: {reason} (all it said: {log})")
