"""How a batch of pictures is doing, on stderr."""

import os
import sys
import time
from collections import Counter
from types import TracebackType
from typing import TYPE_CHECKING

import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from .lines import json_line, picture_line

if TYPE_CHECKING:
    from ..batch.task import Outcome

_STATES = ("colored", "current", "failed", "quarantined")


class Display:
    """A bar while it lasts, and a line at the end; the bar only where somebody looks at it."""

    def __init__(self, total: int | None, *, json: bool) -> None:
        """Begin to count.

        Args:
            total: pictures that there are; None: nobody knows, and there is no bar.
            json: whether standard output gets a line of JSON for each, instead of the paths of
                those that were written.
        """
        console = Console(stderr=True)
        self._bar = Progress(
            TextColumn("coloring"),
            BarColumn(),
            MofNCompleteColumn(),
            _Speed(),
            TextColumn("time left"),
            TimeRemainingColumn(),
            console=console,
            disable=total is None or not console.is_terminal,
            transient=True,
            redirect_stdout=False,  # rich would send it to stderr
        )
        self._both = not self._bar.disable and sys.stdout.isatty()
        self._json = json
        self._task = self._bar.add_task("", total=total)
        self._left = total or 0
        self._begin = time.monotonic()
        self._states: Counter[str] = Counter()

    def __enter__(self) -> "Display":
        self._bar.start()
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        self._bar.stop()

    def show(self, outcome: "Outcome") -> None:
        """One picture more, whatever became of it."""
        self._states[outcome.state] += 1
        if outcome.state == "current":  # no time was spent on it, so it tells nothing of the rest
            self._left -= 1
            self._bar.update(self._task, total=self._left)
        else:
            self._bar.advance(self._task)
        if self._json:
            self._print(picture_line(outcome))
        elif outcome.state == "colored":
            self._print(str(outcome.target))

    def summary(self, total: int) -> str:
        """What was done, and how fast.

        Args:
            total: pictures and faults.
        """
        seconds = time.monotonic() - self._begin
        colored, current = self._states["colored"], self._states["current"]
        before = f", {current} were already," if current else ""
        return (
            f"{colored} of {total} pictures colored{before} in {seconds:.1f} s "
            f"({colored / max(seconds, 1e-9):.1f} pictures/s)"
        )

    def end_line(self, *, interrupted: bool) -> str:
        """The summary, as JSON."""
        seconds = round(time.monotonic() - self._begin, 3)
        states = {state: self._states[state] for state in _STATES}
        return json_line("end", **states, interrupted=interrupted, seconds=seconds)

    def _print(self, line: str) -> None:
        if self._both:  # above the bar, which shares the terminal
            self._bar.console.print(line, soft_wrap=True, markup=False, highlight=False)
        else:
            typer.echo(os.fsencode(line))  # names need not be text


class _Speed(ProgressColumn):
    """Pictures per second."""

    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed
        return Text("" if speed is None else f"{speed:.1f} pictures/s")
