"""How a batch of pictures is doing, on stderr."""

import os
import sys
import time
from pathlib import Path
from types import TracebackType

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


class Display:
    """A bar while it lasts, and a line at the end; the bar only where somebody looks at it."""

    def __init__(self, total: int) -> None:
        console = Console(stderr=True)
        self._bar = Progress(
            TextColumn("coloring"),
            BarColumn(),
            MofNCompleteColumn(),
            _Speed(),
            TextColumn("time left"),
            TimeRemainingColumn(),
            console=console,
            disable=not console.is_terminal,
            transient=True,
            redirect_stdout=False,  # rich would send it to stderr
        )
        self._both = console.is_terminal and sys.stdout.isatty()
        self._task = self._bar.add_task("", total=total)
        self._begin = time.monotonic()
        self._done = 0

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

    def done(self) -> None:
        """One picture more, colored or failed."""
        self._bar.advance(self._task)

    def wrote(self, path: Path) -> None:
        """Print a path that was written, a line by itself."""
        self._done += 1
        if self._both:  # above the bar, which shares the terminal
            self._bar.console.print(str(path), soft_wrap=True, markup=False, highlight=False)
        else:
            typer.echo(os.fsencode(path))  # names need not be text

    def summary(self, total: int) -> str:
        """What was done, and how fast."""
        seconds = time.monotonic() - self._begin
        return (
            f"{self._done} of {total} pictures colored in {seconds:.1f} s "
            f"({self._done / max(seconds, 1e-9):.1f} pictures/s)"
        )


class _Speed(ProgressColumn):
    """Pictures per second."""

    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed
        return Text("" if speed is None else f"{speed:.1f} pictures/s")
