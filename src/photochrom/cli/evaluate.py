"""`photochrom evaluate`."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .extras import require_evaluate
from .faults import tell
from .output import check_folder

if TYPE_CHECKING:
    from ..evaluation.protocol import Protocol


def evaluate(
    data: Annotated[
        list[Path], typer.Option(help="Folder or zip file of color pictures. Repeatable.")
    ],
    model: Annotated[
        list[str] | None,
        typer.Option(
            help="Network: name, ONNX file or a router's TOML file. Repeatable: the others are "
            "compared with the first, pair by pair.  [default: autochrome]"
        ),
    ] = None,
    protocol: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="A protocol.json that an evaluation left: the same settings, and no other "
            "pictures than its own.",
        ),
    ] = None,
    size: Annotated[
        int | None,
        typer.Option(min=16, help="Side of the center square that is measured.  [default: 256]"),
    ] = None,
    working_size: Annotated[
        int | None,
        typer.Option(min=16, help="Side of the network's input.  [default: the same as --size]"),
    ] = None,
    temperature: Annotated[
        list[float] | None,
        typer.Option(help="A row of the table each. Repeatable.  [default: the model's own]"),
    ] = None,
    saturation: Annotated[
        float | None, typer.Option(min=0, help="Factor on the chroma.  [default: 1]")
    ] = None,
    limit: Annotated[
        int | None, typer.Option(min=1, help="At most so many pictures, evenly spread.")
    ] = None,
    extractor: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Classifier for Fréchet distance and labels: backbone weights (.safetensors) or "
            "a description of an ONNX file (.toml).",
        ),
    ] = None,
    old: Annotated[
        list[Path] | None,
        typer.Option(help="Black-and-white pictures for a sheet of their own. Repeatable."),
    ] = None,
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Folder for all that is written.")
    ] = Path("evaluation"),
    record: Annotated[
        str | None,
        typer.Option(help="Keep the figures, by this name, in the card of the model's file."),
    ] = None,
) -> None:
    """Measure networks on color pictures, under a protocol, and show what they do to them.

    Writes into the output folder, over an earlier evaluation: page.html (tables, curves, best and
    worst pictures, classes), table.md, table.csv, pictures.csv, protocol.json, results/ for
    `photochrom compare`, sheet.png (40 pictures: grey, colored, original) and, with --old, old.png.
    Prints the table.

    Examples:

      photochrom evaluate --data pictures/

      photochrom evaluate --model mine.onnx --data val.zip --size 128 --old historical.zip

      photochrom evaluate --model a.onnx --model b.onnx --data val.zip --temperature 0.38

      photochrom evaluate --model mine.onnx --data val.zip --protocol evaluation/protocol.json
    """
    require_evaluate()
    # Two pictures are measured at a time. With threads of its own for each, OpenBLAS (numpy's
    # matrix products) took 5 times the CPU time, by waiting; it reads this when it is loaded.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    from ..cache import cache_folder
    from ..data.sources import names
    from ..evaluation.comparison import Comparison
    from ..evaluation.contestants import contestants_of
    from ..evaluation.extractor import load_extractor
    from ..evaluation.folder import figures_of, printed, write
    from ..evaluation.run import evaluate as run_evaluation
    from ..export.record import record_metrics

    models = model or ["autochrome"]
    settings = {
        "size": size,
        "working_size": working_size,
        "temperature": temperature,
        "saturation": saturation,
        "limit": limit,
    }
    given = {name: value for name, value in settings.items() if value not in (None, [])}
    chosen = _protocol(protocol, given)
    check_folder(output)
    _check_results(output)
    contestants = contestants_of(models)
    if record:
        _check_recordable(models)
    for source in old or []:
        next(names(source))  # before the work: may raise
    looks = load_extractor(extractor) if extractor else None
    columns = TextColumn("pictures"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
    with Progress(*columns, TimeRemainingColumn(), console=Console(stderr=True)) as progress:
        task = progress.add_task("", total=None)
        evaluation = run_evaluation(
            contestants,
            data,
            chosen,
            looks,
            cache_folder(),
            lambda done, count: progress.update(task, completed=done, total=count),
        )
    for fault in evaluation.damaged:
        tell(fault)
    written = write(evaluation, contestants, data, old or [], output)
    if record:
        for name, one in zip(models, contestants, strict=True):
            record_metrics(Path(name), record, figures_of(evaluation, one))
    typer.echo(printed(Comparison.of(evaluation.results)))
    for path in written:
        typer.echo(path)


def _protocol(file: Path | None, settings: dict[str, Any]) -> "Protocol":
    """The protocol of a file, or of settings.

    Raises:
        BadParameter: both are given, or a setting is out of range.
    """
    from pydantic import ValidationError

    from ..evaluation.protocol import Protocol, read_protocol
    from ..faults import told

    if file is None:
        plural = {"temperatures": settings.pop("temperature", ())}
        sizes = {"working_size": settings["size"]} if "size" in settings else {}
        try:
            return Protocol(**{**sizes, **settings, **plural})
        except ValidationError as error:
            raise typer.BadParameter(told(error)) from error
    if settings:
        options = ", ".join(f"--{name.replace('_', '-')}" for name in settings)
        raise typer.BadParameter(f"--protocol says {options} already")
    return read_protocol(file)


def _check_results(output: Path) -> None:
    """Refuse a folder whose `results`, which are replaced, are nobody's evaluation.

    Raises:
        BadParameter: JSON files are there, and no protocol.json as evaluations leave it.
    """
    results = output / "results"
    if any(results.glob("*.json")) and not (output / "protocol.json").exists():
        raise typer.BadParameter(
            f"{results}: holds JSON files that no evaluation has left there and that would be "
            "replaced; choose another folder",
            param_hint="--output",
        )


def _check_recordable(models: list[str]) -> None:
    """Refuse to record figures where no card could keep them.

    Raises:
        BadParameter: a model is of the package, or a router.
    """
    for model in models:
        if model.endswith(".toml") or not Path(model).is_file():
            raise typer.BadParameter(
                f"{model}: is no ONNX file, whose card could keep the figures; give a network's "
                "own file",
                param_hint="--record",
            )
