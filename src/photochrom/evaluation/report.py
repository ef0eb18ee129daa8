"""What an evaluation leaves behind: a table and a contact sheet to look at."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import image
from ..inference import uncolored
from .scores import Colorize, Scores

TRIPLES = 4  # pictures beside each other on a sheet


def table(rows: dict[str, Scores]) -> str:
    """Scores as a Markdown table, a row each."""
    head = "| | AuC | rebalanced AuC | PSNR | colorfulness over real |"
    lines = [head, "| --- | --- | --- | --- | --- |"]
    lines += [
        f"| {title} | {s.auc:.2f} | {s.rebalanced_auc:.2f} | {s.psnr:.2f} "
        f"| {s.colorfulness_ratio:.2f} |"
        for title, s in rows.items()
    ]
    return "\n".join(lines) + "\n"


def comparison_sheet(
    colorize: Colorize, frames: Sequence[image.Frame], tile: int = 160
) -> NDArray[np.uint8]:
    """Grey, colored and original of color pictures, `TRIPLES` pictures a row."""
    cells = [
        [shown.to_8_bit().pixels for shown in (uncolored(frame), colorize(frame), frame)]
        for frame in frames
    ]
    titles = ["grey", "colored", "original"] * min(TRIPLES, len(frames))
    return image.contact_sheet(_rows(cells), column_titles=titles, tile=tile)


def colored_sheet(
    colorize: Colorize, frames: Sequence[image.Frame], tile: int = 320
) -> NDArray[np.uint8]:
    """Original and colored of pictures that were never in color."""
    cells = [[shown.to_8_bit().pixels for shown in (frame, colorize(frame))] for frame in frames]
    titles = ["black and white", "colored"] * min(TRIPLES, len(frames))
    return image.contact_sheet(_rows(cells), column_titles=titles, tile=tile)


def _rows(cells: Sequence[Sequence[NDArray[Any]]]) -> list[list[NDArray[Any]]]:
    return [
        [cell for group in cells[begin : begin + TRIPLES] for cell in group]
        for begin in range(0, len(cells), TRIPLES)
    ]
