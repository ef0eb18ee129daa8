"""A comparison as tables: Markdown to read on, CSV to count on."""

import math
from collections.abc import Iterable, Sequence
from csv import writer
from dataclasses import dataclass
from io import StringIO

from .comparison import Comparison
from .figures import WHOLES, Column, Estimate
from .interpretability import way_from_grey

HEADLINE = ("auc", "rebalanced_auc", "psnr", "colorfulness_ratio", "ciede2000")
"""Figures of the first table."""

CHANCE = (
    "Paired: both on the same bootstrap resamples of the pictures. A figure differs where the "
    "95 % interval leaves out 0; of twenty figures one does by chance."
)
"""What to know when reading differences."""

_MINUS, _MISSING = "\N{MINUS SIGN}", "–"


@dataclass(frozen=True)
class Cell:
    """One figure of one way, in letters."""

    value: str
    interval: str = ""
    """Empty where there is none, or it has no width."""

    def __str__(self) -> str:
        return f"{self.value} ({self.interval})" if self.interval else self.value


@dataclass(frozen=True)
class Row:
    """One way."""

    label: str
    kind: str
    """See `result.Way`."""
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class Table:
    """Some figures of every way."""

    columns: tuple[Column, ...]
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class Difference:
    """A figure of one network less that of another."""

    column: Column
    estimate: Estimate
    cell: Cell
    verdict: str


@dataclass(frozen=True)
class Pair:
    """One network less another, in every figure that both have."""

    label: str
    against: str
    differences: tuple[Difference, ...]


def cell(estimate: Estimate, digits: int) -> Cell:
    """A value and its interval, rounded alike."""
    ends = [_number(end, digits) for end in (estimate.low, estimate.high)]
    value = _number(estimate.value, digits)
    if not math.isfinite(estimate.value) or ends[0] == ends[1] == value:
        return Cell(value)
    return Cell(value, (" to " if min(estimate.low, estimate.high) < 0 else "–").join(ends))


def headline(comparison: Comparison) -> Table:
    """The five figures that say most."""
    return _table(comparison, [one for one in comparison.figures() if one.name in HEADLINE])


def others(comparison: Comparison) -> Table:
    """All other figures that any result has, those of the whole set last."""
    columns: list[Column] = [one for one in comparison.figures() if one.name not in HEADLINE]
    columns += [one for one in WHOLES if any(one.name in r.whole for r in comparison.results)]
    return _table(comparison, columns)


def pairs(comparison: Comparison) -> list[Pair]:
    """Every network against the first."""
    first, *rest = comparison.models or (0,)
    labels = comparison.labels
    return [Pair(labels[at], labels[first], _differences(comparison, at, first)) for at in rest]


def protocol_line(comparison: Comparison) -> str:
    """What the figures depend on, in one line."""
    protocol = comparison.protocol
    extractor = protocol.extractor.name if protocol.extractor else "none"
    return (
        f"Protocol version {protocol.version}, {protocol.identity}: "
        f"{pictures_measured(comparison)}, {protocol.crop} of {protocol.size} pixels, "
        f"working size {protocol.working_size}, extractor {extractor}."
    )


def pictures_measured(comparison: Comparison) -> str:
    """How many pictures, and of how many where some are damaged."""
    measured, protocol = len(comparison.results[0].pictures), comparison.protocol
    listed = protocol.pictures.count if protocol.pictures else measured
    noun = "picture" if listed == 1 else "pictures"
    return f"{measured:,} {noun}" if measured == listed else f"{measured:,} of {listed:,} {noun}"


def markdown(comparison: Comparison) -> str:
    """Two tables of all ways, under a line that says the protocol."""
    parts = [protocol_line(comparison)]
    parts += [_markdown(one) for one in (headline(comparison), others(comparison)) if one.columns]
    resamples = comparison.protocol.resamples
    parts.append(f"In brackets: 95 % intervals of {resamples:,} bootstrap resamples of pictures.")
    parts += _ways_from_grey(comparison)
    return "\n\n".join(parts) + "\n"


def differences_markdown(comparison: Comparison) -> str:
    """A table for every network but the first; empty where there is only one."""
    parts = []
    for pair in pairs(comparison):
        rows = [[one.column.title, str(one.cell), one.verdict] for one in pair.differences]
        heading = _escaped(f"{pair.label} less {pair.against}")
        parts.append(f"### {heading}\n\n" + _grid(["figure", "difference", ""], rows))
    return "\n\n".join([*parts, CHANCE]) + "\n" if parts else ""


def csv(comparison: Comparison) -> str:
    """A line for every figure of every way: way, figure, value, low, high; unrounded."""
    lines: list[Sequence[object]] = []
    shown = [one.name for one in comparison.figures()]
    for at, (label, result) in enumerate(zip(comparison.labels, comparison.results, strict=True)):
        estimates = comparison.estimates(at)
        for name in shown:
            one = estimates[name]
            lines.append((label, name, *map(_plain, (one.value, one.low, one.high))))
        for column in WHOLES:
            if column.name in result.whole:
                lines.append((label, column.name, _plain(result.whole[column.name]), "", ""))
    return _lines(("way", "figure", "value", "low", "high"), lines)


def per_picture_csv(comparison: Comparison) -> str:
    """A line for every picture and way, with all that is kept of it and its AuC; unrounded."""
    names = sorted({name for result in comparison.results for name in result.values})
    lines: list[Sequence[object]] = []
    for label, result in zip(comparison.labels, comparison.results, strict=True):
        auc = 100 * result.rows.scores.sum(axis=1) / result.rows.counts.sum(axis=1)
        columns = [result.values.get(name) for name in names]
        for at, picture in enumerate(result.pictures):
            values = [_plain(column[at]) if column else "" for column in columns]
            lines.append((label, picture, _plain(float(auc[at])), *values))
    return _lines(("way", "picture", "auc", *names), lines)


def _ways_from_grey(comparison: Comparison) -> list[str]:
    """How far each network leads the extractor from grey to real; nothing without labels."""
    grey = [at for at, one in enumerate(comparison.results) if one.way.kind == "grey"]
    columns = [one for one in comparison.figures() if one.name in ("top1", "top5")]
    if not (grey and columns and comparison.models):
        return []

    def way(at: int, name: str) -> float:
        ours, without = (comparison.estimates(one)[name].value / 100 for one in (at, grey[0]))
        return 100 * float(way_from_grey(ours, without))

    told = (
        f"{comparison.labels[at]} "
        + ", ".join(f"{one.title} {_number(way(at, one.name), 0)}" for one in columns)
        for at in comparison.models
    )
    return [f"Way from grey to real, percent: {'; '.join(told)}."]


def _table(comparison: Comparison, columns: Sequence[Column]) -> Table:
    rows = []
    for at, (label, result) in enumerate(zip(comparison.labels, comparison.results, strict=True)):
        wholes = {name: Estimate(value, value, value) for name, value in result.whole.items()}
        known = {**comparison.estimates(at), **wholes}
        cells = tuple(
            cell(known[one.name], one.digits) if one.name in known else Cell(_MISSING)
            for one in columns
        )
        rows.append(Row(label, result.way.kind, cells))
    return Table(tuple(columns), tuple(rows))


def _differences(comparison: Comparison, at: int, other: int) -> tuple[Difference, ...]:
    differences = comparison.differences(at, other)
    return tuple(
        Difference(
            one,
            differences[one.name],
            cell(differences[one.name], one.digits),
            "differs" if differences[one.name].differs else "no difference shown",
        )
        for one in comparison.figures()
        if math.isfinite(differences[one.name].value)
    )


def _number(value: float, digits: int) -> str:
    if math.isnan(value):
        return _MISSING
    if math.isinf(value):
        return "∞" if value > 0 else f"{_MINUS}∞"
    text = f"{value:z.{digits}f}"
    return text.replace("-", _MINUS)


def _markdown(table: Table) -> str:
    rows = [[_escaped(row.label), *map(str, row.cells)] for row in table.rows]
    return _grid(["", *(one.title for one in table.columns)], rows)


def _grid(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    rule = ["---", *["---:"] * (len(head) - 1)]
    return "\n".join(f"| {' | '.join(row)} |" for row in (head, rule, *rows))


def _escaped(text: str) -> str:
    """Text that ends no cell of a Markdown table."""
    return " ".join(text.replace("|", "\\|").split())


def _plain(value: float) -> str:
    """Every digit; nothing where there is no value."""
    return "" if math.isnan(value) else repr(value)


def _lines(head: Sequence[str], lines: Iterable[Sequence[object]]) -> str:
    text = StringIO()
    written = writer(text, lineterminator="\n")
    written.writerow(head)
    written.writerows(lines)
    return text.getvalue()
