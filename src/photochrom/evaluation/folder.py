"""The folder that an evaluation leaves: to read, to look at, and to compare with others."""

import math
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import image
from ..inference import Settings
from ..whole import replacing
from .comparison import Comparison
from .contestants import Contestant
from .figures import FIGURES, Estimate
from .page import PictureStrip, chosen, page
from .protocol import evenly, write_protocol
from .result import Way, write_result
from .run import Evaluation, colored
from .sheets import comparison_sheet, old_sheet
from .tables import csv, differences_markdown, markdown, per_picture_csv

SHOWN = 40  # pictures on the sheet


def write(
    evaluation: Evaluation,
    contestants: Sequence[Contestant],
    sources: Sequence[Path],
    old: Sequence[Path],
    folder: Path,
) -> list[Path]:
    """Write everything into a folder; what an earlier evaluation left there is replaced.

    Args:
        evaluation: what was measured.
        contestants, sources: by whom, and on what.
        old: folders and zip files of pictures that were never in color, for a sheet of their own
            at the first contestant's own working size.
        folder: made if it is not there.

    Returns:
        The paths, what one reads first at the end.
    """
    results = folder / "results"
    results.mkdir(parents=True, exist_ok=True)
    for earlier in results.glob("*.json"):
        earlier.unlink()
    (folder / "old.png").unlink(missing_ok=True)
    comparison = Comparison.of(evaluation.results)
    for label, result in zip(comparison.labels, comparison.results, strict=True):
        write_result(result, results / f"{_slug(label)}.json")
    write_protocol(evaluation.protocol, folder / "protocol.json")
    written = [results, folder / "protocol.json", folder / "pictures.csv"]
    _write_text(per_picture_csv(comparison), written[-1])
    numbers = {index: evaluation.numbers[index] for index in chosen(comparison)}
    shown = colored(contestants, sources, evaluation.protocol, numbers.values())
    strips = {index: PictureStrip(*shown[number]) for index, number in numbers.items()}
    read_first = write_comparison(comparison, strips, folder)
    sheets = {"sheet.png": _sheet(evaluation, comparison, contestants, sources)}
    if old:
        temperature = _last(comparison, contestants[0]).temperature
        settings = Settings(temperature, evaluation.protocol.saturation)
        sheets["old.png"] = old_sheet(contestants[0], settings, old)
    for name, sheet in sheets.items():
        image.write(image.from_array(sheet), folder / name, overwrite=True)
        written.append(folder / name)
    return written + read_first


def write_comparison(
    comparison: Comparison, strips: Mapping[int, PictureStrip], folder: Path
) -> list[Path]:
    """Write table.md, table.csv and page.html into a folder; earlier ones there are replaced."""
    folder.mkdir(parents=True, exist_ok=True)
    texts = {
        "table.md": printed(comparison),
        "table.csv": csv(comparison),
        "page.html": page(comparison, strips),
    }
    for name, text in texts.items():
        _write_text(text, folder / name)
    return [folder / name for name in texts]


def printed(comparison: Comparison) -> str:
    """The tables as Markdown: all figures and, of several networks, their differences."""
    return "\n".join(filter(None, [markdown(comparison), differences_markdown(comparison)]))


def figures_of(evaluation: Evaluation, contestant: Contestant) -> dict[str, Any]:
    """What a network's card keeps: the protocol, and its figures with their intervals."""
    comparison = Comparison.of(evaluation.results)
    rows = {
        comparison.labels[at]: {**_finite(comparison.estimates(at)), **result.whole}
        for at, result in enumerate(comparison.results)
        if result.way.kind == "grey" or result.way.sha256 == contestant.sha256
    }
    protocol = comparison.protocol
    return {
        "identity": protocol.identity,
        "protocol": protocol.model_dump(mode="json"),
        "rows": rows,
    }


def _finite(estimates: Mapping[str, Estimate]) -> dict[str, list[float]]:
    """Value, low and high of each figure that is a number, two digits longer than in tables."""
    digits = {one.name: one.digits + 2 for one in FIGURES}
    return {
        name: [round(end, digits[name]) for end in (one.value, one.low, one.high)]
        for name, one in estimates.items()
        if math.isfinite(one.value)
    }


def _sheet(
    evaluation: Evaluation,
    comparison: Comparison,
    contestants: Sequence[Contestant],
    sources: Sequence[Path],
) -> NDArray[np.uint8]:
    """Some pictures, evenly spread, as the first network's last row has them."""
    numbers = [evaluation.numbers[at] for at in evenly(len(evaluation.numbers), SHOWN)]
    title = _last(comparison, contestants[0]).title
    shown = colored(contestants[:1], sources, evaluation.protocol, numbers).values()
    return comparison_sheet(
        [(frames["grey"], frames[title], frames["original"]) for _, frames in shown]
    )


def _last(comparison: Comparison, contestant: Contestant) -> Way:
    ways = [result.way for result in comparison.results]
    return [way for way in ways if way.sha256 == contestant.sha256][-1]


def _slug(title: str) -> str:
    """A title as a file's name."""
    return re.sub(r"[^\w.+]+", "-", title).strip("-.")


def _write_text(text: str, path: Path) -> None:
    with replacing(path) as beside:
        beside.write_text(text, encoding="utf-8")
