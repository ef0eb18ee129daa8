"""The report of an odyssey: one page, a text and a table, from what its cells left."""

import json
from base64 import b64encode
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import jinja2

from ..evaluation import tables
from ..evaluation.figures import Estimate
from ..evaluation.result import Result
from ..whole import replacing
from .claims import CLAIMS
from .controls import CONTROLS
from .curves import learning_curves
from .gathered import Gathered, gather
from .grid import Grid
from .judging import file_name
from .order import NAMES, SHOWN
from .verdict import Finding, State, Verdict, finding, verdict

_TEMPLATES = Path(__file__).parent / "templates"
_STYLE = Path(tables.__file__).parent / "templates"  # one style for all pages of figures
_SEEDS = {
    "000": "Learning Image Colorization with Deep Neural Networks in TensorFlow",
    "001": "Black and White Image Colorization with Deep Learning",
    "002": "corolization",
    "003": "Automatic Colorization: A Search Space Odyssey",
    "004": "Image Colorization (Mathematica), after Let there be Color!",
}


@dataclass(frozen=True)
class Strip:
    """The same pictures in one way."""

    title: str
    kind: str
    pictures: tuple[str, ...]
    """As data URLs."""


def write_report(grid: Grid, places: Path, output: Path, faults: Mapping[str, str]) -> list[Path]:
    """Write `report.html`, `report.md` and `table.csv`; earlier ones are replaced.

    Args:
        grid: what was asked for.
        places: folder of the cells' folders.
        output: folder for the report.
        faults: why cells failed just now, by name.
    """
    found = gather(grid, places, faults)
    verdicts = [verdict(claim, found) for claim in CLAIMS]
    texts = {"report.html": _page(found, verdicts), "report.md": _markdown(found, verdicts)}
    if found.comparison:
        texts["table.csv"] = tables.csv(found.comparison)
    output.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        with replacing(output / name) as beside:
            beside.write_text(text, encoding="utf-8")
    return [output / name for name in texts]


def _page(found: Gathered, verdicts: Sequence[Verdict]) -> str:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader([_TEMPLATES, _STYLE]),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    comparison = found.comparison
    text: str = environment.get_template("odyssey.html").render(
        budget=found.grid.budget,
        judging=found.grid.judging,
        cells=list(found.cells.values()),
        all=len(found.grid.cell),
        missing=found.missing,
        verdicts=verdicts,
        counts=_counts(verdicts),
        controls=_controls(found),
        evidence=evidence,
        seeds=_SEEDS,
        tables=[tables.headline(comparison), tables.others(comparison)] if comparison else [],
        protocol=tables.protocol_line(comparison) if comparison else "",
        resamples=found.grid.judging.resamples,
        strips=list(_strips(found)),
        names=_names(found),
        curves=learning_curves(list(found.cells.values())),
    )
    return text


def _markdown(found: Gathered, verdicts: Sequence[Verdict]) -> str:
    budget = found.grid.budget
    parts = [
        "# The odyssey",
        f"{len(found.cells)} of {len(found.grid.cell)} cells are done. Every network has seen "
        f"{budget.pictures:,} crops of {budget.size}×{budget.size} pixels (a few take another "
        "size; see the notes).",
        "## Verdicts",
        _table(
            ("claim", "seeds", "verdict", "what was measured"),
            (
                (
                    one.claim.sentence,
                    ", ".join(one.claim.seeds),
                    one.state,
                    "; ".join(evidence(finding) for finding in one.findings),
                )
                for one in verdicts
            ),
        ),
    ]
    if controls := _controls(found):
        lines = [f"- {evidence(one)}." for one in controls]
        parts += ["## What the seed alone does", "\n".join(lines)]
    if found.comparison:
        parts += ["## Figures", tables.markdown(found.comparison)]
    parts += [
        "## Cells",
        _table(
            ("cell", "crops", "training", "crops/s", "evaluation", "on", "note"),
            (
                (
                    cell.order.title,
                    f"{cell.order.pictures:,}",
                    f"{cell.status.seconds['training']:.0f} s",
                    f"{cell.order.pictures / cell.status.seconds['training']:.0f}",
                    f"{cell.status.seconds['evaluation']:.0f} s",
                    cell.status.device,
                    cell.order.note,
                )
                for cell in found.cells.values()
            ),
        ),
    ]
    if found.missing:
        parts += ["## Not done", "\n".join(f"- {k}: {why}" for k, why in found.missing.items())]
    return "\n\n".join(parts) + "\n"


def evidence(finding: Finding) -> str:
    """A test in words and figures, such as `… (colorfulness over real): 0.31 against 0.52,
    difference -0.21 (-0.24 to -0.18)`."""
    test = finding.test
    if finding.difference is None or finding.left is None:
        return f"{test.words}: not tested, for want of {' and '.join(finding.missing)}"
    digits = test.left.digits
    left = f"{finding.left.value:.{digits}f}"
    right = test.right if finding.right is None else finding.right.value
    return (
        f"{test.words} ({test.left.title}): {left} against {right:.{digits}f}, "
        f"difference {interval(finding.difference, digits)}"
    )


def interval(estimate: Estimate, digits: int) -> str:
    """`-0.21 (-0.24 to -0.18)`, signs always there."""
    value, low, high = (
        f"{number:+.{digits}f}".replace("-", "\N{MINUS SIGN}")
        for number in (estimate.value, estimate.low, estimate.high)
    )
    return f"{value} ({low} to {high})"


def _controls(found: Gathered) -> list[Finding]:
    """Those that both trainings are there for."""
    return [one for one in (finding(check, found) for check in CONTROLS) if one.difference]


def _counts(verdicts: Sequence[Verdict]) -> dict[str, int]:
    """How many of each state, the firm ones first."""
    counts = Counter(one.state for one in verdicts)
    order: tuple[State, ...] = ("confirmed", "contradicted", "not confirmed", "not tested")
    return {state: counts[state] for state in order if counts[state]}


def _strips(found: Gathered) -> Iterable[Strip]:
    """Grey, the originals, then every network at every temperature."""
    for cell in list(found.cells.values())[:1]:
        for result in found.baselines:
            if result.way.kind != "mean tint":
                yield _strip(result, result.way.title, cell.folder)
    for cell in found.cells.values():
        for result in cell.results:
            yield _strip(result, result.way.title, cell.folder)


def _strip(result: Result, title: str, folder: Path) -> Strip:
    files = sorted((folder / SHOWN / file_name(result)).glob("*.jpg"))
    pictures = tuple(
        f"data:image/jpeg;base64,{b64encode(file.read_bytes()).decode()}" for file in files
    )
    return Strip(title, result.way.kind, pictures)


def _names(found: Gathered) -> list[str]:
    """Classes of the pictures shown, as alternative texts."""
    for cell in found.cells.values():
        names: list[str] = json.loads((cell.folder / SHOWN / NAMES).read_text(encoding="utf-8"))
        return [name.rpartition("/")[0] or name for name in names]
    return []


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    def line(cells: Iterable[str]) -> str:
        return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"

    return "\n".join([line(header), line("---" for _ in header), *map(line, rows)])
