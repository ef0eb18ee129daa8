"""One evaluation: a network, a protocol, a set of pictures; figures, table and sheets."""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from .. import image
from ..inference import Engine, Settings, uncolored
from ..whole import replacing
from . import report
from .pictures import Sample, center_crop, frames
from .scores import Colorize, Scores, by, score

SHOWN = 40  # pictures on the sheet


@dataclass(frozen=True)
class Protocol:
    """How pictures are shown to a network, decoded and measured."""

    size: int = 128
    """Pictures are center-cropped and reduced to a square of this side."""
    working_size: int = 128
    """Side of the network's input."""
    temperatures: tuple[float, ...] = (0.38,)
    """Of the annealed mean; a row of the table each. Sheets show the last."""
    saturation: float = 1.0
    """Factor on the chroma."""
    limit: int | None = None
    """First pictures only."""


@dataclass(frozen=True)
class Evaluation:
    """What came out."""

    protocol: Protocol
    scores: dict[str, Scores]
    """By row title; the first row is grey."""
    shown: list[image.Frame]
    """The originals on the sheet."""

    def figures(self) -> dict[str, Any]:
        """Protocol and figures as plain data."""
        rows = {title: asdict(scores) for title, scores in self.scores.items()}
        return {**asdict(self.protocol), "rows": rows}


def evaluate(
    engine: Engine,
    sources: Sequence[Path],
    protocol: Protocol,
    progress: Callable[[int], None] = lambda done: None,
) -> Evaluation:
    """Measure a network on the pictures of folders and zip files.

    Raises:
        DatasetError: a source is missing or empty.
    """
    ways: dict[str, Colorize] = {"grey": uncolored}
    for temperature in protocol.temperatures:
        settings = Settings(temperature, protocol.saturation, protocol.working_size)
        ways[f"{engine.card.name}, {_decoding(settings)}"] = by(engine, settings)
    sample = Sample(SHOWN)
    crops = (center_crop(frame, protocol.size) for frame in frames(sources))
    scores = score(ways, sample.watch(islice(crops, protocol.limit)), progress)
    return Evaluation(protocol, scores, sample.frames())


def write(evaluation: Evaluation, engine: Engine, old: Sequence[Path], folder: Path) -> list[Path]:
    """Write table, figures and sheets into a folder; earlier ones there are replaced.

    Args:
        evaluation: what was measured.
        engine: the network, for the sheets.
        old: folders and zip files of pictures that were never in color, for a sheet of their own
            at the card's working size.
        folder: made if it is not there.
    """
    folder.mkdir(parents=True, exist_ok=True)
    protocol = evaluation.protocol
    texts = {
        "table.md": report.table(evaluation.scores),
        "figures.json": json.dumps(evaluation.figures(), indent=2) + "\n",
    }
    for name, text in texts.items():
        with replacing(folder / name) as beside:
            beside.write_text(text)
    written = [folder / name for name in texts]
    temperature = protocol.temperatures[-1]
    settings = Settings(temperature, protocol.saturation, protocol.working_size)
    sheets = {"sheet.png": report.comparison_sheet(by(engine, settings), evaluation.shown)}
    if old:
        as_served = by(engine, Settings(temperature, protocol.saturation))
        sheets["old.png"] = report.colored_sheet(as_served, list(frames(old)))
    for name, sheet in sheets.items():
        image.write(image.from_array(sheet), folder / name, overwrite=True)
        written.append(folder / name)
    return written


def _decoding(settings: Settings) -> str:
    """The knobs in the title of a row; saturation only where it is turned."""
    title = f"T = {settings.temperature:g}"
    return title if settings.saturation == 1 else f"{title}, saturation {settings.saturation:g}"
