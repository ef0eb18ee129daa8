"""A bar for a batch of pictures, on stderr.

Loaded only where somebody looks at it: rich takes about as long as a network does.
"""

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


class Bar:
    """Pictures done, of all; how fast, and for how long yet."""

    def __init__(self, total: int) -> None:
        """Show it, empty; `total` is the number of pictures."""
        self._progress = Progress(
            TextColumn("coloring"),
            BarColumn(),
            MofNCompleteColumn(),
            _Speed(),
            TextColumn("time left"),
            TimeRemainingColumn(),
            console=Console(stderr=True),
            transient=True,
            redirect_stdout=False,  # rich would send it to stderr
        )
        self._task = self._progress.add_task("", total=total)
        self._left = total
        self._progress.start()

    def advance(self) -> None:
        """One picture more is done."""
        self._progress.advance(self._task)

    def leave_out(self) -> None:
        """One picture less is to be done: the time spent on it tells nothing of the rest."""
        self._left -= 1
        self._progress.update(self._task, total=self._left)

    def print_above(self, line: str) -> None:
        """A line for standard output, where that is the same terminal."""
        self._progress.console.print(line, soft_wrap=True, markup=False, highlight=False)

    def remove(self) -> None:
        """Leave the terminal as if there had been none."""
        self._progress.stop()


class _Speed(ProgressColumn):
    """Pictures per second."""

    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed
        return Text("" if speed is None else f"{speed:.1f} pictures/s")
