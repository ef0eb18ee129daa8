"""The result of one way to color under a protocol, picture by picture, in one JSON file."""

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Literal, Self

import numpy as np
from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from ..errors import ProtocolError
from ..faults import told
from ..metrics.ab import THRESHOLDS
from ..whole import replacing
from .figures import Floats, Rows
from .protocol import Protocol


class _Part(BaseModel):
    model_config = ConfigDict(
        extra="forbid", frozen=True, use_attribute_docstrings=True, ser_json_inf_nan="strings"
    )


class Way(_Part):
    """How pictures were colored."""

    title: str
    """As tables name it."""
    kind: Literal["grey", "mean tint", "original", "model"]
    """Nothing, one constant color, the picture itself, or a network."""
    sha256: str | None = None
    """Of the network's file; of a router's, with all that it names."""
    temperature: float | None = None
    """Of the annealed mean, as it was used."""


class Cells(_Part):
    """What `metrics.cell_scores` says of all pictures, one after the other."""

    pictures: tuple[int, ...]
    """Number of the picture that an entry is of."""
    cells: tuple[int, ...]
    """Cell of the ab plane."""
    counts: tuple[int, ...]
    """Pixels."""
    scores: tuple[float, ...]
    """Sum of their shares of thresholds reached."""


class ReliabilityDiagram(_Part):
    """How often the likeliest bin is right, by how sure the network is of it (15 bins)."""

    counts: tuple[int, ...]
    confidence: tuple[float, ...]
    """Mean in the bin; NaN where it is empty."""
    accuracy: tuple[float, ...]


class Result(_Part):
    """All that is known of one way."""

    photochrom: str
    """Version of the package."""
    protocol: Protocol
    """Locked to its pictures."""
    way: Way
    pictures: tuple[str, ...]
    """Names, in order."""
    values: dict[str, tuple[float, ...]]
    """By name, one for each picture; NaN where it has none."""
    cells: Cells
    whole: dict[str, float]
    """Figures of the set that no mean of pictures makes: `frechet`, `ece`, `nll`. Without
    intervals: a bootstrap of the first is biased upwards."""
    curve: tuple[float, ...]
    """Share of pixels within each threshold 0 to 150."""
    rebalanced_curve: tuple[float, ...]
    """The same, every cell weighing alike."""
    reliability: ReliabilityDiagram | None = None
    """None where there is no distribution."""

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        cells, pictures = self.cells, len(self.pictures)
        entries = (cells.pictures, cells.cells, cells.counts, cells.scores)
        fits = (
            pictures > 0
            and all(len(column) == pictures for column in self.values.values())
            and len({len(column) for column in entries}) == 1
            and all(0 <= at < pictures for at in cells.pictures)
            and len(self.curve) == len(self.rebalanced_curve) == THRESHOLDS
        )
        if not fits:
            raise ValueError("its columns are of different lengths")
        return self

    @cached_property
    def rows(self) -> Rows:
        """What figures are made of."""
        values = {name: np.array(column) for name, column in self.values.items()}
        return Rows(values, self._spread(self.cells.counts), self._spread(self.cells.scores))

    def _spread(self, entries: Sequence[float]) -> Floats:
        """Entries as `(pictures, cells)`; only cells that occur."""
        occurring, column = np.unique(self.cells.cells, return_inverse=True)
        table = np.zeros((len(self.pictures), len(occurring)))
        table[np.array(self.cells.pictures), column] = entries
        return table

    @property
    def classes(self) -> Mapping[str, list[int]]:
        """Numbers of the pictures of each class, which is the last folder of a name."""
        found: dict[str, list[int]] = {}
        for at, name in enumerate(self.pictures):
            folders = name.split("/")[:-1]
            if folders:
                found.setdefault(folders[-1], []).append(at)
        return dict(sorted(found.items()))


def read_result(path: Path) -> Result:
    """Read a result's JSON file.

    Raises:
        ProtocolError: the file is missing, damaged, or a result of another version.
    """
    try:
        return Result.model_validate_json(path.read_bytes())
    except OSError as error:
        raise ProtocolError(f"{path}: cannot read the result ({error.strerror})") from error
    except ValidationError as error:
        raise ProtocolError(
            f"{path}: no result of protocol version 1 ({told(error)[:300]}); evaluate again"
        ) from error


def read_results(paths: Iterable[Path]) -> list[Result]:
    """Read results; of a folder, all JSON files in it, or in the `results` of an evaluation's.

    Raises:
        ProtocolError: see `read_result`; or a folder holds none.
    """
    files: list[Path] = []
    for path in paths:
        folder = path / "results" if (path / "results").is_dir() else path
        inside = sorted(folder.glob("*.json")) if path.is_dir() else [path]
        if not inside:
            raise ProtocolError(f"{path}: holds no results; give the folder results/ of one")
        files += inside
    return [read_result(path) for path in files]


def write_result(result: Result, path: Path) -> None:
    """Write a result; an earlier file is replaced."""
    with replacing(path) as beside:
        beside.write_text(result.model_dump_json() + "\n", encoding="utf-8")
