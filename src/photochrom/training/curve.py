"""The losses of every step, as a CSV file that survives being killed."""

from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from ..errors import TrainingError
from ..whole import replacing


class LossCurve:
    """Appends a line for each step: its number and the loss of every team.

    On opening, lines at and after `step` are dropped: they are of steps that were done after the
    checkpoint that training goes on from.

    Raises:
        TrainingError: there is a file of this name that holds something else.
    """

    def __init__(self, path: Path, teams: Sequence[str], step: int) -> None:
        text = path.read_text() if path.exists() else ""
        header, *lines = text.splitlines(keepends=True) or [""]
        if not (header.startswith("step") or "step".startswith(header)):
            raise TrainingError(f"{path}: is not of a run; choose another folder for this one")
        # A line without its end was being written when the process died; its number may be cut
        # to that of an earlier step.
        whole = [line for line in lines if line.endswith("\n")]
        kept = [line for line in whole if int(line.partition(",")[0]) < step]
        with replacing(path) as beside:
            beside.write_text("".join([",".join(["step", *teams]) + "\n", *kept]))
        self._file = path.open("a")

    def add(self, step: int, losses: Sequence[float]) -> None:
        """Note one step's losses, in the order of the teams."""
        self._file.write(",".join([str(step), *map(repr, losses)]) + "\n")

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


def read_curve(path: Path) -> tuple[list[str], list[list[float]]]:
    """The teams and, for each step, their losses, of a file that `LossCurve` wrote."""
    header, *lines = path.read_text().splitlines()
    return header.split(",")[1:], [[float(x) for x in line.split(",")[1:]] for line in lines]
