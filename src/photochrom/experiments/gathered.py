"""What an odyssey has found so far, read back from its cells' folders; needs no pictures."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from ..errors import PhotochromError
from ..evaluation.comparison import Comparison
from ..evaluation.result import Result, read_result
from .grid import Grid
from .judging import Style, read_style
from .order import RESULTS, Order, Status, read_order, read_status

BASELINES = ("grey", "mean tint", "original")


@dataclass(frozen=True)
class Judged:
    """A cell that is done."""

    order: Order
    status: Status
    folder: Path
    results: tuple[Result, ...]
    """Of its network, by rising temperature."""
    style: Style | None


@dataclass(frozen=True)
class Gathered:
    """All that is known."""

    grid: Grid
    cells: Mapping[str, Judged]
    """Those that are done, by name, in the grid's order."""
    missing: Mapping[str, str]
    """Why each other cell is not there, by name."""
    baselines: tuple[Result, ...]
    """Of `BASELINES`; none where no cell is done."""

    @cached_property
    def comparison(self) -> Comparison | None:
        """Every result in one table; None where there is none."""
        found = [*self.baselines, *(one for cell in self.cells.values() for one in cell.results)]
        return Comparison.of(found) if found else None

    def result(self, name: str, temperature: float | None = None) -> Result | None:
        """The result of a baseline, or of a cell at a temperature; None where there is none.

        Args:
            name: of a cell, or one of `BASELINES`.
            temperature: of a network of bins; networks of one color have none, and are found
                whatever is asked for.
        """
        for one in self.baselines:
            if one.way.kind == name:
                return one
        cell = self.cells.get(name)
        for one in cell.results if cell else ():
            if one.way.temperature is None or one.way.temperature == temperature:
                return one
        return None


def gather(grid: Grid, places: Path, faults: Mapping[str, str]) -> Gathered:
    """Read what is done of a grid.

    Args:
        grid: whose cells are looked for; those done under another protocol or for another number
            of pictures count as missing.
        places: folder of the cells' folders.
        faults: why cells failed just now, by name.
    """
    cells, missing, baselines = {}, {}, tuple[Result, ...]()
    for cell in grid.cell:
        folder = places / cell.name
        try:
            found = _read(grid, folder)
        except PhotochromError as error:
            found = str(error)
        if cell.name in faults or isinstance(found, str):
            missing[cell.name] = faults.get(cell.name, str(found))
            continue
        judged, under = found
        baselines = baselines or under
        if under[0].protocol.identity != baselines[0].protocol.identity:
            missing[cell.name] = "judged on other pictures than the first; --redo does it anew"
            continue
        cells[cell.name] = judged
    return Gathered(grid, cells, missing, baselines)


def _read(grid: Grid, folder: Path) -> tuple[Judged, tuple[Result, ...]] | str:
    """A cell that is done, with the baselines of its pictures; or why it is not."""
    order, status = read_order(folder), read_status(folder)
    if order is None or status is None:
        return "not begun"
    if status.state == "failed":
        return status.error
    if status.state != "done":
        return f"stopped on the way ({status.state})"
    budget = grid.budget
    expected = max(1, budget.pictures // order.recipe.batch) * order.recipe.batch
    if order.protocol != grid.protocol or order.pictures != expected:
        return "done under another budget or protocol; --redo does it anew"
    paths = sorted((folder / RESULTS).glob("model*.json"))
    results = sorted((read_result(path) for path in paths), key=_temperature)
    judged = Judged(order, status, folder, tuple(results), read_style(folder))
    return judged, _baselines(folder)


def _baselines(folder: Path) -> tuple[Result, ...]:
    names: Sequence[str] = [kind.replace(" ", "-") for kind in BASELINES]
    return tuple(read_result(folder / RESULTS / f"{name}.json") for name in names)


def _temperature(result: Result) -> float:
    return result.way.temperature or 0.0
