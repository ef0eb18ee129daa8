"""How training shows itself on the terminal."""

from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

if TYPE_CHECKING:
    from ..data.pool import Pool


class Display:
    """Training's progress on the terminal."""

    def __init__(self) -> None:
        self._console = Console(stderr=True)
        self._name = ""
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.completed}/{task.total}"),
            TextColumn("{task.fields[note]}"),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            console=self._console,
        )
        self._pictures = self._progress.add_task("decoding", total=None, note="", visible=False)
        self._steps = self._progress.add_task("training", total=None, note="", visible=False)

    def __enter__(self) -> "Display":
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def begin(self, name: str) -> None:
        """Tell of another run from here on."""
        self._name = name
        self._progress.reset(self._steps, visible=False)

    def decoding(self, done: int) -> None:
        self._progress.update(self._pictures, completed=done, visible=True)

    def pool(self, pool: "Pool") -> None:
        self._progress.update(self._pictures, visible=False)
        self._console.print(
            f"{len(pool):,} pictures; left out: {len(pool.grey):,} nearly grey, "
            f"{len(pool.unreadable):,} unreadable"
        )
        for fault in pool.unreadable:
            self._console.print(f"  {fault}", style="yellow", markup=False)

    def step(self, step: int, steps: int, loss: float, crops_per_second: float) -> None:
        note = f"loss {loss:.3f}  {crops_per_second:.0f} crops/s"
        self._progress.update(
            self._steps,
            description=self._name,
            completed=step,
            total=steps,
            note=note,
            visible=True,
        )

    def watched(self, step: int, loss: float, sheet: Path) -> None:
        self._console.print(f"step {step:,}: validation loss {loss:.4f}, {sheet}", markup=False)
