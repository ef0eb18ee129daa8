"""How a batch of pictures is doing, on stderr."""

import os
import sys
import time
from collections import Counter
from types import TracebackType
from typing import TYPE_CHECKING

import typer

from .lines import json_line, picture_line

if TYPE_CHECKING:
    from ..batch.task import Outcome
    from .bar import Bar

_STATES = ("colored", "current", "failed", "quarantined")


class Display:
    """A bar while it lasts, and a line at the end.

    The bar only where somebody looks at it, and for more than one picture: over a single one it
    would leap from nothing to the end.
    """

    def __init__(self, total: int | None, *, json: bool) -> None:
        """Begin to count.

        Args:
            total: pictures that there are; None: nobody knows, and there is no bar.
            json: whether standard output gets a line of JSON for each, instead of the paths of
                those that were written.
        """
        self._bar = None if total is None else _bar_over(total)
        self._json = json
        self._begin = time.monotonic()
        self._states: Counter[str] = Counter()

    def __enter__(self) -> "Display":
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        if self._bar is not None:
            self._bar.remove()

    def show(self, outcome: "Outcome") -> None:
        """One picture more, whatever became of it."""
        self._states[outcome.state] += 1
        if self._bar is not None:
            if outcome.state == "current":
                self._bar.leave_out()
            else:
                self._bar.advance()
        if self._json:
            self._print(picture_line(outcome))
        elif outcome.state == "colored":
            for path in (outcome.target, *outcome.beside):
                self._print(str(path))

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
        if self._bar is not None and sys.stdout.isatty():
            self._bar.print_above(line)
        else:
            typer.echo(os.fsencode(line))  # names need not be text


def _bar_over(total: int) -> "Bar | None":
    if total < 2 or not sys.stderr.isatty():
        return None
    from .bar import Bar

    return Bar(total)
