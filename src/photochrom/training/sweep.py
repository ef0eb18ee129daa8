"""Runs that differ in a few settings, every combination of them, and how they compare."""

import csv
import hashlib
import io
import itertools
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from statistics import median

import numpy as np
from tensorboard.backend.event_processing.event_accumulator import (  # type: ignore[import-untyped]
    EventAccumulator,
)

from ..errors import RecipeError
from ..whole import replacing
from . import checkpoint
from .checkpoint import LAST
from .curve import read_curve
from .games.game import MODEL
from .plots import Curve, Floats, comparison_plot, memory_of, smoothed
from .recipe import check_same_run, load_recipe
from .rehearsal import rehearse
from .settings import Recipe

_LONGEST_NAME = 120  # of a folder; file systems take 255 bytes
_CLOSING = {"]": "[", "}": "{"}


@dataclass(frozen=True)
class Axis:
    """A setting and the values that it takes."""

    setting: str
    values: tuple[str, ...]
    """As they are written."""


@dataclass(frozen=True)
class Run:
    """One combination."""

    values: tuple[str, ...]
    """Of each axis."""
    overrides: tuple[str, ...]
    """The same, and what holds for all runs, as `load_recipe` takes them."""
    folder: Path
    recipe: Recipe


@dataclass(frozen=True)
class Result:
    """What a finished run came to."""

    run: Run
    losses: Floats
    """`(steps,)`: the network's."""
    validation: tuple[int, float]
    """Step and loss of the best checkpoint."""
    pace: float | None
    """Crops a second, checkpoints left out; None where a run was too short to tell."""

    @property
    def pictures(self) -> int:
        """Crops it was trained on."""
        return len(self.losses) * self.run.recipe.batch

    def loss_after(self, pictures: int) -> float:
        """Smoothed training loss when it had seen so many, at most `self.pictures`."""
        line = smoothed(self.losses, memory_of(len(self.losses)))
        return float(line[max(0, pictures // self.run.recipe.batch - 1)])


def parse_axis(text: str) -> Axis:
    """Read `setting=value,value`.

    Values are separated by commas; those within brackets, braces or quotes separate nothing, so a
    value may be a TOML list: `data.classes=["face"],["landscape","mountain"]`.

    Raises:
        RecipeError: there is no value, or one is given twice, or brackets and quotes do not close.
    """
    setting, separator, rest = text.partition("=")
    values = tuple(value.strip() for value in _split(rest, text))
    if not setting.strip() or not separator or not all(values):
        raise RecipeError(f"{text}: a sweep reads section.setting=value,value")
    if len(set(values)) < len(values):
        raise RecipeError(f"{text}: a value is given twice")
    return Axis(setting.strip(), values)


def plan(path: Path, axes: Sequence[Axis], overrides: Sequence[str], output: Path) -> list[Run]:
    """Every combination, each in a folder of its own below `output`.

    Raises:
        ModelError, RecipeError: the recipe is wrong with one of the combinations, or a folder
            holds a run of another recipe; told before anything is trained.
    """
    settings = [axis.setting for axis in axes]
    if len(set(settings)) < len(settings):
        raise RecipeError(f"{path}: a setting is swept twice")
    runs: dict[Path, Run] = {}
    for values in itertools.product(*(axis.values for axis in axes)):
        chosen = [f"{name}={value}" for name, value in zip(settings, values, strict=True)]
        everything = (*overrides, *chosen)
        folder = output / _name(settings, values)
        run = Run(values, everything, folder, load_recipe(path, everything))
        if runs.setdefault(folder, run) is not run:
            raise RecipeError(f"{folder}: would hold two runs, {chosen} one of them")
        rehearse(run.recipe)
        if (folder / LAST).exists():
            stored = checkpoint.read(folder / LAST)
            check_same_run(run.recipe, stored.recipe, stored.step, folder)
    return list(runs.values())


def is_finished(run: Run) -> bool:
    """Whether all steps of a run are done."""
    path = run.folder / LAST
    return path.exists() and checkpoint.read(path).step >= run.recipe.steps


def result_of(run: Run) -> Result:
    """Read what a finished run left.

    Raises:
        ModelError: its checkpoint is damaged.
    """
    teams, losses = read_curve(run.folder / "losses.csv")
    column = np.array([line[teams.index(MODEL)] for line in losses])
    history = checkpoint.read(run.folder / LAST).history
    best = min(history, key=lambda point: point[1])
    return Result(run, column, best, _pace(run))


def write_comparison(
    axes: Sequence[Axis], results: Sequence[Result], output: Path
) -> tuple[str, list[Path]]:
    """Compare finished runs.

    Args:
        axes: what they differ in.
        results: one for each, at least one.
        output: folder for `sweep.png`, `sweep.md` and `sweep.csv`; earlier ones are replaced.

    Returns:
        The table as Markdown, and the paths.
    """
    header, rows = _table(axes, results)
    markdown = _markdown(header, rows)
    plot, table, figures = (output / f"sweep.{kind}" for kind in ("png", "md", "csv"))
    swept = ", ".join(axis.setting for axis in axes)
    comparison_plot(_curves(axes, results), f"{output.name}: {swept}", plot)
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([header, *rows])
    for path, content in ((table, markdown), (figures, text.getvalue())):
        with replacing(path) as beside:
            beside.write_text(content, encoding="utf-8")
    return markdown, [plot, table, figures]


def _pace(run: Run) -> float | None:
    """The median between the log lines of a run: checkpoints and pauses do not weigh in it."""
    board = EventAccumulator(str(run.folder / "tensorboard"))
    board.Reload()
    if "rate" not in board.Tags()["scalars"]:
        return None
    lines = [(line.wall_time, line.step) for line in board.Scalars("rate")]
    paces = [(to - since) / (end - begin) for (begin, since), (end, to) in pairwise(lines)]
    return run.recipe.batch * median(paces) if paces else None


def _split(values: str, text: str) -> Iterable[str]:
    """Split at commas outside brackets, braces and quotes, as TOML reads those."""
    parts, open_brackets, quote = [""], list[str](), ""
    for at, character in enumerate(values):
        if quote:
            escaped = quote == '"' and _is_escaped(values, at)
            quote = "" if character == quote and not escaped else quote
        elif character in "\"'":
            quote = character
        elif character in _CLOSING.values():
            open_brackets.append(character)
        elif character in _CLOSING:
            if not open_brackets or open_brackets.pop() != _CLOSING[character]:
                raise RecipeError(f"{text}: {character} closes nothing")
        elif character == "," and not open_brackets:
            parts.append("")
            continue
        parts[-1] += character
    if quote or open_brackets:
        raise RecipeError(f"{text}: {quote or open_brackets[-1]} is not closed")
    return parts


def _is_escaped(text: str, at: int) -> bool:
    before = text[:at]
    return (len(before) - len(before.rstrip("\\"))) % 2 == 1


def _name(settings: Sequence[str], values: Sequence[str]) -> str:
    """`optimizer.name=adam,batch=16`, without what a shell or a file system might stumble over."""
    plain = [re.sub(r"[^\w.+-]+", "-", value).strip("-") for value in values]
    pairs = zip(settings, plain, strict=True)
    name = ",".join(f"{setting}={value}" for setting, value in pairs)
    if len(name) <= _LONGEST_NAME:
        return name
    return f"{name[:_LONGEST_NAME]}-{hashlib.sha256(','.join(values).encode()).hexdigest()[:8]}"


def _curves(axes: Sequence[Axis], results: Sequence[Result]) -> list[Curve]:
    """The first setting shows in the color, all others together in the dashes."""
    others = list(itertools.product(*(axis.values for axis in axes[1:])))
    curves = []
    for result in results:
        first, *rest = result.run.values
        seen = result.run.recipe.batch * np.arange(1.0, 1 + len(result.losses))
        color, dash = axes[0].values.index(first), others.index(tuple(rest))
        curves.append(Curve(", ".join(result.run.values), seen, result.losses, color, dash))
    return curves


def _table(axes: Sequence[Axis], results: Sequence[Result]) -> tuple[list[str], list[list[str]]]:
    """Header and a row for each run, the lowest validation loss first."""
    shortest = min(result.pictures for result in results)
    header = [
        *(axis.setting for axis in axes),
        "pictures",
        "training loss",
        f"after {shortest} pictures",
        "validation loss",
        "at step",
        "pictures/s",
    ]
    rows = []
    for result in sorted(results, key=lambda result: result.validation[1]):
        step, loss = result.validation
        rows.append(
            [
                *result.run.values,
                str(result.pictures),
                f"{result.loss_after(result.pictures):.5g}",
                f"{result.loss_after(shortest):.5g}",
                f"{loss:.5g}",
                str(step),
                "" if result.pace is None else f"{result.pace:.3g}",
            ]
        )
    return header, rows


def _markdown(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    def line(cells: Iterable[str]) -> str:
        return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |\n"

    return "".join([line(header), line("---" for _ in header), *map(line, rows)])
