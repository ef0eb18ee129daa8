"""A comparison as one HTML file that needs nothing else: tables, curves, pictures."""

import base64
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from .. import image
from . import tables
from .comparison import Comparison
from .figures import WHOLES, Column, Estimate, figure
from .plots import error_plot, rebalanced_error_plot, reliability_plot, style_of
from .protocol import Protocol

EXTREMES, MIDDLE = 8, 4
"""Pictures shown of either end and of the middle of the errors of a network."""

LEAST_IN_CLASS = 5
"""Pictures; smaller classes have no line."""

_TOGETHER = 4  # networks side by side in a strip; of more, each strip shows its own alone
_WIDEST = 8  # figures beside each other: what a sheet of paper holds
_SIDE = 256  # pixels of a picture's longer side
_MOST_BYTES = 25_000
_QUALITIES = (85, 75, 60, 45, 30, 15)
_ERROR = "ciede2000"
_BY_CLASS = (_ERROR, "colorfulness_ratio")


@dataclass(frozen=True)
class PictureStrip:
    """One picture, colored in several ways."""

    name: str
    """As in the results."""
    frames: Mapping[str, image.Frame]
    """By title of the way, 8 bits; ways that are not there are not shown."""


@dataclass(frozen=True)
class Ranked:
    """Numbers of pictures by a network's CIEDE2000."""

    best: tuple[int, ...]
    """From the best on."""
    middle: tuple[int, ...]
    worst: tuple[int, ...]
    """From the worst on."""


@dataclass(frozen=True)
class _Tile:
    label: str
    alt: str
    uri: str
    error: str
    """Empty of the original."""
    own: bool
    """Whether the strip stands where it does by this error."""


@dataclass(frozen=True)
class _Strip:
    name: str
    tiles: tuple[_Tile, ...]


@dataclass(frozen=True)
class _Gallery:
    label: str
    groups: tuple[tuple[str, tuple[_Strip, ...]], ...]
    """Headings and strips."""
    columns: int


@dataclass(frozen=True)
class _ClassCell:
    value: float
    cell: tables.Cell


@dataclass(frozen=True)
class _ClassRow:
    name: str
    count: int
    cells: tuple[_ClassCell, ...]


def ranked(comparison: Comparison, at: int) -> Ranked:
    """Which pictures of result `at` are shown; those without an error are not."""
    result = comparison.results[at]
    errors = np.array(result.values.get(_ERROR, [np.nan] * len(result.pictures)))
    order = [int(n) for n in np.argsort(errors, kind="stable") if not np.isnan(errors[n])]
    ends = min(EXTREMES, len(order) // 2)
    between = order[ends : len(order) - ends]
    before = max(0, (len(between) - MIDDLE) // 2)
    worst = order[len(order) - ends :][::-1]
    return Ranked(tuple(order[:ends]), tuple(between[before : before + MIDDLE]), tuple(worst))


def chosen(comparison: Comparison) -> frozenset[int]:
    """Numbers, in the results' `pictures`, of those that the page shows."""
    shown = [ranked(comparison, at) for at in comparison.models]
    return frozenset(n for one in shown for n in (*one.best, *one.middle, *one.worst))


def page(comparison: Comparison, pictures: Mapping[int, PictureStrip]) -> str:
    """The whole page.

    Args:
        comparison: what was measured.
        pictures: by number, of those that `chosen` names; what is missing is not shown.

    Returns:
        HTML that asks no host for anything.

    Raises:
        ValueError: a strip is of another picture than the one of its number.
    """
    for number, strip in pictures.items():
        if strip.name != comparison.results[0].pictures[number]:
            raise ValueError(
                f"picture {number} is {comparison.results[0].pictures[number]}, not {strip.name}"
            )
    environment = Environment(
        loader=PackageLoader("photochrom.evaluation"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["marked"] = _marked
    labels = [comparison.labels[at] for at in comparison.models]
    curves = (error_plot, rebalanced_error_plot, reliability_plot)
    pairs = tables.pairs(comparison)
    return environment.get_template("page.html").render(
        title=" against ".join(labels) if len(labels) in (1, 2) else f"{len(labels)} networks",
        labels=labels,
        count=tables.pictures_measured(comparison),
        protocol=comparison.protocol,
        settings=list(_settings(comparison.protocol)),
        results=comparison.results,
        named=list(zip(comparison.labels, comparison.results, strict=True)),
        swatches=[style_of(comparison, at) for at in range(len(comparison.results))],
        headline=tables.headline(comparison),
        others=list(_narrow(tables.others(comparison))),
        galleries=list(_galleries(comparison, pictures)),
        curves=[Markup(svg) for svg in (curve(comparison) for curve in curves) if svg],
        pairs=[(pair, [_bar(one.estimate) for one in pair.differences]) for pair in pairs],
        chance=tables.CHANCE,
        class_columns=list(_class_columns(comparison)),
        classes=list(_classes(comparison)),
        least=LEAST_IN_CLASS,
        definitions=_definitions(comparison),
    )


def data_uri(frame: image.Frame) -> str:
    """A picture as a WebP of at most 25 kB, its longer side at most 256 pixels."""
    scale = min(1.0, _SIDE / max(frame.height, frame.width))
    height, width = (max(1, round(side * scale)) for side in (frame.height, frame.width))
    small = image.from_array(image.resize(frame.pixels, height, width))
    for quality in _QUALITIES:
        content = image.encode(small, format="webp", quality=quality)
        if len(content) <= _MOST_BYTES:
            break
    return f"data:image/webp;base64,{base64.b64encode(content).decode()}"


def _galleries(comparison: Comparison, pictures: Mapping[int, PictureStrip]) -> Iterator[_Gallery]:
    for at in comparison.models:
        models = comparison.models if len(comparison.models) <= _TOGETHER else (at,)
        shown = [
            n
            for n, result in enumerate(comparison.results)
            if result.way.kind in ("grey", "original") or n in models
        ]
        one = ranked(comparison, at)
        groups = tuple(
            (heading, tuple(_strip(comparison, at, n, pictures[n], shown) for n in there))
            for heading, numbers in (
                ("Nearest to the original", one.best),
                ("In the middle", one.middle),
                ("Farthest from it", one.worst),
            )
            if (there := [n for n in numbers if n in pictures])
        )
        if groups:
            yield _Gallery(comparison.labels[at], groups, len(shown))


def _strip(
    comparison: Comparison, at: int, number: int, strip: PictureStrip, shown: Sequence[int]
) -> _Strip:
    tiles = []
    for n in shown:
        result, label = comparison.results[n], comparison.labels[n]
        frame = strip.frames.get(result.way.title)
        if frame is not None:
            said = f"colored by {label}" if result.way.kind == "model" else label
            known = result.way.kind != "original" and _ERROR in result.values
            error = f"{result.values[_ERROR][number]:.1f}" if known else ""
            tiles.append(_Tile(label, f"{strip.name}, {said}", data_uri(frame), error, n == at))
    return _Strip(strip.name, tuple(tiles))


def _narrow(table: tables.Table) -> Iterator[tables.Table]:
    """The table in parts of about as many columns."""
    columns, parts = len(table.columns), -(-len(table.columns) // _WIDEST)
    for part in range(parts):
        piece = slice(part * columns // parts, (part + 1) * columns // parts)
        rows = (tables.Row(row.label, row.kind, row.cells[piece]) for row in table.rows)
        yield tables.Table(table.columns[piece], tuple(rows))


def _bar(estimate: Estimate) -> dict[str, float]:
    """An interval on a line from 0 to 100 with 50 for no difference."""
    scale = 46 / (max(abs(estimate.low), abs(estimate.high), abs(estimate.value)) or 1)
    ends = {"low": estimate.low, "high": estimate.high, "value": estimate.value}
    return {name: round(50 + scale * end, 1) for name, end in ends.items()}


def _class_columns(comparison: Comparison) -> Iterator[tuple[str, int]]:
    """What the class table shows: title of the figure and number of the result."""
    for at, result in enumerate(comparison.results):
        if result.way.kind == "grey":
            yield figure(_ERROR).title, at
        if result.way.kind == "model":
            yield from ((figure(name).title, at) for name in _BY_CLASS)


def _classes(comparison: Comparison) -> Iterator[_ClassRow]:
    titles = {figure(name).title: name for name in _BY_CLASS}
    columns = [(figure(titles[title]), at) for title, at in _class_columns(comparison)]
    for name, members in comparison.results[0].classes.items():
        if len(members) >= LEAST_IN_CLASS:
            within = comparison.within(members, _BY_CLASS)
            found = [(within[at][one.name], one.digits) for one, at in columns]
            cells = tuple(_ClassCell(e.value, tables.cell(e, digits)) for e, digits in found)
            yield _ClassRow(name, len(members), cells)


def _settings(protocol: Protocol) -> Iterator[tuple[str, str, str]]:
    """Name, value and meaning of every setting."""
    plain = protocol.model_dump(mode="json")
    for name, field in Protocol.model_fields.items():
        yield name.replace("_", " "), _said(plain[name]), field.description or ""


def _marked(text: str) -> Markup:
    """Text with what stands between backticks as code."""
    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(text))))


def _said(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {_said(part)}" for name, part in value.items())
    if isinstance(value, list):
        return ", ".join(map(_said, value)) or "none"
    return "none" if value is None else str(value)


def _definitions(comparison: Comparison) -> list[Column]:
    known = {name for result in comparison.results for name in result.whole}
    return [*comparison.figures(), *(one for one in WHOLES if one.name in known)]
