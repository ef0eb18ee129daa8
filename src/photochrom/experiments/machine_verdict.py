"""What machine judges say of networks, with intervals, and of controls that tell whether they can
be trusted. Every fold that is judged is kept in a file, so that a stopped test goes on."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, ValidationError

from .._version import __version__
from ..errors import DatasetError
from ..faults import told
from ..metrics.intervals import Interval, bootstrap_weights, percentile_interval, wilson
from ..whole import replacing
from .machine_judge import Pictures, Setup, coarsened, folds_of, margins, rejoined

LABEL = "A machine's verdict, not people's."

FEW = 100
"""Pairs to learn from, below which a verdict comes with a warning."""

TRUSTED = 0.95
"""Share of grey pictures that a judge worth asking finds."""

GREY, COPY, OWN = "control: grey", "control: copy", "control: own colors"
"""What stands beside the networks; their names have no blanks.

Grey pictures must be found. Copies of the originals cannot be. Originals in their own colors, but
no finer than a network tells them, show how much is told by that alone: where judges find these,
50 % is out of reach for a network, however good its colors.
"""

_RESAMPLES = 9_999


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)


class Row(_Part):
    """What judges say of one network, or of a control."""

    name: str
    kind: Literal["control", "network"]
    pairs: int
    """Held out, which is every pair once."""
    found: int
    """Pairs whose fake was told; every second tie counts."""
    ties: int
    """Pairs whose two pictures had the same score: the judge could only guess."""
    accuracy: float
    """Share of pairs whose fake was told; 0.5 is guessing."""
    wilson: Interval
    """Of the accuracy, 95 %."""
    bootstrap: Interval
    """Of the accuracy, 95 %, over pictures."""
    fooled: float
    """1 - accuracy: what the report on people calls fooled."""
    margins: dict[str, float]
    """By picture: how much more real the original seemed, in logits."""


class Verdict(_Part):
    """All that was found."""

    label: str = LABEL
    photochrom: str = __version__
    """Version of the package."""
    pairs: str
    """SHA-256 of the pairs' `pairs.json`."""
    setup: Setup
    rows: tuple[Row, ...]
    """Controls, then networks."""
    missing: tuple[str, ...]
    """What is not judged yet: the time was over."""
    warnings: tuple[str, ...]
    """Why the figures are to be doubted."""


class Record(_Part):
    """Folds that are judged, as they are kept."""

    version: Literal[1] = 1
    pairs: str
    setup: Setup
    folds: dict[str, dict[int, dict[str, float]]] = {}
    """Margins by network or control, number of the fold, and picture."""


@dataclass(frozen=True)
class Exhibit:
    """Pairs to be judged."""

    pairs: str
    """SHA-256 that stands for them."""
    names: Sequence[str]
    """Of the pictures."""
    real: Pictures
    """The originals, in the order of `names`."""
    fakes: Mapping[str, Callable[[], Pictures]]
    """Loads what each network made of them."""

    @property
    def rows(self) -> Mapping[str, Callable[[], Pictures]]:
        """Everything that is held against the originals, controls first."""
        return {
            GREY: lambda: rejoined(self.real, 0),
            COPY: lambda: rejoined(self.real, 1),
            OWN: lambda: coarsened(self.real),
            **self.fakes,
        }


def examine(
    exhibit: Exhibit,
    setup: Setup,
    kept: Path,
    device: torch.device,
    deadline: float | None = None,
    advance: Callable[[int], None] = lambda steps: None,
) -> Verdict:
    """Have every network judged, and the controls.

    Args:
        exhibit: what is judged.
        setup: how.
        kept: file of the folds that are done; made, or gone on with.
        device: where judges learn.
        deadline: by `time.monotonic`; no fold is begun after it, but for the first.
        advance: told the steps done, those of earlier calls first.

    Raises:
        DatasetError: too few or too small pictures, or `kept` is of another test or damaged.
    """
    parts = folds_of(exhibit.real, setup)
    record = _opened(kept, exhibit.pairs, setup)
    rows = exhibit.rows
    advance(setup.steps * sum(len(record.folds.get(row, {})) for row in rows))
    begun = False
    for row, load in rows.items():
        done = record.folds.setdefault(row, {})
        left = [fold for fold in range(setup.folds) if fold not in done]
        fake: Pictures | None = None
        for fold in left:
            if begun and deadline is not None and time.monotonic() >= deadline:
                break
            begun = True
            fake = load() if fake is None else fake
            held_out = parts == fold
            found = margins(exhibit.real, fake, held_out, setup, fold, device, lambda: advance(1))
            names = [exhibit.names[number] for number in np.flatnonzero(held_out).tolist()]
            done[fold] = dict(zip(names, found.tolist(), strict=True))
            _keep(record, kept)
    return verdict(record, tuple(rows), len(exhibit.names))


def verdict(record: Record, rows: Sequence[str], pairs: int) -> Verdict:
    """The figures of what is judged.

    Args:
        record: margins.
        rows: names of networks and controls, in order.
        pairs: that there are.
    """
    setup = record.setup
    merged = {
        row: {name: margin for fold in folds.values() for name, margin in fold.items()}
        for row, folds in record.folds.items()
        if len(folds) == setup.folds
    }
    complete = [row_of(row, merged[row], setup.seed) for row in rows if row in merged]
    return Verdict(
        pairs=record.pairs,
        setup=setup,
        rows=tuple(complete),
        missing=tuple(row for row in rows if row not in merged),
        warnings=tuple(_doubts(complete, pairs * (setup.folds - 1) // setup.folds)),
    )


def row_of(name: str, of: Mapping[str, float], seed: int) -> Row:
    """Figures from margins.

    Judges that see no difference guess, and guesses are right every other time: of the ties, in the
    order of the pictures, every second one counts as found.

    Args:
        name: of the network or control.
        of: margin by picture.
        seed: of the bootstrap.
    """
    values = np.array([margin for _, margin in sorted(of.items())])
    right: NDArray[np.bool_] = values > 0
    ties = np.flatnonzero(values == 0)
    right[ties[1::2]] = True
    found, pairs = int(right.sum()), len(right)
    resampled = bootstrap_weights(pairs, _RESAMPLES, seed) @ right / pairs
    return Row(
        name=name,
        kind="control" if name in (GREY, COPY, OWN) else "network",
        pairs=pairs,
        found=found,
        ties=len(ties),
        accuracy=found / pairs,
        wilson=wilson(found, pairs),
        bootstrap=percentile_interval(resampled),
        fooled=1 - found / pairs,
        margins=dict(sorted(of.items())),
    )


def text(found: Verdict) -> str:
    """A verdict in words and one table, in Markdown."""
    setup = found.setup
    lines = [
        "# Machine Turing test",
        "",
        f"**{LABEL}** Networks of one kind learned which of two pictures is recolored: "
        f"{setup.folds} judges for each row, {setup.steps} steps each, asked about originals that "
        "they had never seen.",
        "",
        "| network | held-out pairs | accuracy | Wilson 95 % | over pictures 95 % | fooled |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for row in found.rows:
        intervals = f"{_percent(row.wilson)} | {_percent(row.bootstrap)}"
        lines.append(
            f"| {row.name} | {row.pairs} | {row.accuracy:.1%} | {intervals} | {row.fooled:.1%} |"
        )
    lines += [
        "",
        "Fooled: the judge took the original for the recolored picture; 50 % is indistinguishable "
        "to it. Intervals tell the luck of the pictures, not that of learning: try another --seed.",
        *(f"warning: {warning}" for warning in found.warnings),
    ]
    if found.missing:
        lines.append(f"Not judged yet: {', '.join(found.missing)}; the same command goes on.")
    return "\n".join([*lines, ""])


def _doubts(rows: Sequence[Row], taught: int) -> list[str]:
    by_name = {row.name: row for row in rows}
    grey, copy, own = by_name.get(GREY), by_name.get(COPY), by_name.get(OWN)
    doubts = []
    if taught < FEW:
        doubts.append(
            f"each judge learns from {taught} pairs, fewer than {FEW}: it misses what it would "
            "find with more, and intervals are wide; make more pairs"
        )
    if grey and grey.accuracy < TRUSTED:
        doubts.append(
            f"only {grey.accuracy:.1%} of grey pictures are told from real ones: the judges have "
            "learned too little to be trusted; give more --steps"
        )
    if copy and not copy.wilson.low <= 0.5 <= copy.wilson.high:
        doubts.append(
            f"copies are told from their originals in {copy.accuracy:.1%}: the judges go by how "
            "pictures are written, and their accuracies say nothing of colors"
        )
    if own and own.wilson.low > 0.5:
        doubts.append(
            "originals in their own colors, but as coarse as a network's, are found in "
            f"{own.accuracy:.1%}: judges go by how fine colors are, so hold networks against this "
            "row rather than against 50 %"
        )
    return doubts


def _opened(kept: Path, pairs: str, setup: Setup) -> Record:
    if not kept.exists():
        return Record(pairs=pairs, setup=setup)
    try:
        record = Record.model_validate_json(kept.read_bytes())
    except OSError as error:
        raise DatasetError(f"{kept}: cannot be read ({error.strerror}); delete it") from error
    except ValidationError as error:
        raise DatasetError(f"{kept}: {told(error)[:200]}; delete it to begin anew") from error
    if (record.pairs, record.setup) != (pairs, setup):
        raise DatasetError(
            f"{kept}: begun with other pairs or settings; give them again, another --output, or "
            "delete the file"
        )
    return record


def _keep(record: Record, kept: Path) -> None:
    try:
        with replacing(kept) as beside:
            beside.write_text(record.model_dump_json() + "\n", encoding="utf-8")
    except OSError as error:
        raise DatasetError(
            f"{kept}: cannot be written ({error.strerror}); choose another --output"
        ) from error


def _percent(interval: Interval) -> str:
    return f"{interval.low:.1%} – {interval.high:.1%}"
