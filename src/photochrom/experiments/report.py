"""The report of an odyssey: one page, a text and a table, from what its cells left."""

from collections.abc import Mapping
from pathlib import Path

from ..evaluation import tables
from ..whole import replacing
from .gathered import gather
from .grid import Grid


def write_report(grid: Grid, places: Path, output: Path, faults: Mapping[str, str]) -> list[Path]:
    """Write `report.md` and `table.csv`; earlier ones are replaced."""
    found = gather(grid, places, faults)
    texts = {}
    if found.comparison:
        texts = {
            "report.md": tables.markdown(found.comparison),
            "table.csv": tables.csv(found.comparison),
        }
    for name, text in texts.items():
        with replacing(output / name) as beside:
            beside.write_text(text, encoding="utf-8")
    return [output / name for name in texts]
