"""The loss of every step, as a CSV file that survives being killed."""

from pathlib import Path
from types import TracebackType
from typing import Self

from ..whole import replacing


class LossCurve:
    """Appends `step,loss` lines.

    On opening, lines at and after `step` are dropped: they are of steps that were done after the
    checkpoint that training goes on from.
    """

    def __init__(self, path: Path, step: int) -> None:
        lines = path.read_text().splitlines(keepends=True)[1:] if path.exists() else []
        # A line without its end was being written when the process died; its number may be cut
        # to that of an earlier step.
        whole = [line for line in lines if line.endswith("\n")]
        kept = [line for line in whole if int(line.partition(",")[0]) < step]
        with replacing(path) as beside:
            beside.write_text("".join(["step,loss\n", *kept]))
        self._file = path.open("a")

    def add(self, step: int, loss: float) -> None:
        """Note one step's loss."""
        self._file.write(f"{step},{loss!r}\n")

    def flush(self) -> None:
        """Hand everything noted to the operating system."""
        self._file.flush()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.close()
