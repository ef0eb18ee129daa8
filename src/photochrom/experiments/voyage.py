"""What is left to do of an odyssey, and what went wrong on the way."""

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ..errors import PhotochromError
from .grid import Cell, Grid, recipe_of
from .order import LOG, Order, Status, differences, read_order, read_status, write

_TOLD = 3  # differences that a message names


@dataclass
class Voyage:
    """An odyssey under way."""

    grid: Grid
    folder: Path
    """Of the grid's file."""
    root: Path
    """Of the pictures."""
    places: Path
    """Folder of the cells' folders."""
    tell: Callable[[str], None]
    """Told what becomes of each cell."""
    faults: dict[str, str] = field(default_factory=dict)
    """Why cells cannot be done, by name."""

    def plan(self, cells: Sequence[Cell], *, redo: bool) -> list[Order]:
        """Write the order of each cell into its folder.

        Args:
            cells: of the grid.
            redo: throw away what was done under other settings; else that is a fault.

        Returns:
            The orders of those that are not done yet.
        """
        orders = []
        for cell in cells:
            try:
                order = self._ordered(cell, redo)
            except PhotochromError as error:
                self._fault(cell.name, str(error))
                continue
            if order is not None:
                orders.append(order)
        return orders

    def ended(self, order: Order, code: int) -> None:
        """Take note of a cell whose process has ended by itself."""
        folder = self.places / order.name
        status = read_status(folder) or Status(fingerprint=order.fingerprint)
        if code == 0:
            spent = ", ".join(f"{stage} {s:.0f} s" for stage, s in status.seconds.items())
            self.tell(f"{order.name}: done ({spent})")
            return
        reason = status.error or _last_words(folder / LOG, code)
        write(status.model_copy(update={"state": "failed", "error": reason}), folder)
        self._fault(order.name, f"{reason} (all it said: {folder / LOG})")

    def _ordered(self, cell: Cell, redo: bool) -> Order | None:
        """A cell's order, in its folder; None where it is done."""
        folder = self.places / cell.name
        recipe = recipe_of(cell, self.grid, self.folder, self.root)
        order = Order.of(cell, self.grid, recipe, self.root)
        old, status = read_order(folder), read_status(folder)
        if old is not None and old.fingerprint != order.fingerprint:
            changed = differences(old, order)
            more = f" and {len(changed) - _TOLD} more" if len(changed) > _TOLD else ""
            told = "; ".join(changed[:_TOLD]) + more
            if not redo:
                self._fault(
                    cell.name, f"{folder}: was begun otherwise ({told}); --redo does it anew"
                )
                return None
            self.tell(f"{cell.name}: done anew: {told}")
            shutil.rmtree(folder)
            status = None
        write(order, folder)  # its pictures may have been moved
        if status is None:
            write(Status(fingerprint=order.fingerprint), folder)
        elif status.state == "done":
            self.tell(f"{cell.name}: was done before")
            return None
        return order

    def _fault(self, name: str, reason: str) -> None:
        self.faults[name] = reason
        self.tell(f"error: {name}: {reason}")


def _last_words(log: Path, code: int) -> str:
    """Why a process ended that left no reason in its status."""
    if code < 0:
        return f"its process was ended by signal {-code}"
    lines = log.read_text(errors="replace").splitlines() if log.exists() else []
    said = [line.strip() for line in lines if line.strip()]
    return said[-1].removeprefix("error: ") if said else f"its process ended with code {code}"
