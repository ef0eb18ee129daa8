"""`photochrom evaluate`."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn


def evaluate(
    data: Annotated[list[Path], typer.Argument(help="Folders or zip files of color pictures.")],
    model: Annotated[str, typer.Option(help="Network: name or ONNX file.")] = "autochrome",
    size: Annotated[
        int, typer.Option(min=16, help="Pictures are center-cropped and reduced to this square.")
    ] = 128,
    working_size: Annotated[
        int | None,
        typer.Option(min=16, help="Side of the network's input.  [default: the same as --size]"),
    ] = None,
    temperature: Annotated[
        list[float] | None,
        typer.Option(help="A row of the table each. Repeatable.  [default: the model's own]"),
    ] = None,
    saturation: Annotated[float, typer.Option(min=0, help="Factor on the chroma.")] = 1.0,
    limit: Annotated[int | None, typer.Option(min=1, help="First pictures only.")] = None,
    old: Annotated[
        list[Path] | None,
        typer.Option(help="Black-and-white pictures for a second sheet. Repeatable."),
    ] = None,
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Folder for table, figures and sheets.")
    ] = Path("evaluation"),
    record: Annotated[
        str | None,
        typer.Option(help="Keep the figures, by this name, in the card of the model's file."),
    ] = None,
) -> None:
    """Measure a network on color pictures, and show what it does to them.

    Writes table.md, figures.json, sheet.png (40 pictures: grey, colored, original) and, with
    --old, old.png into the output folder, over earlier ones. Prints the table.

    Examples:

      photochrom evaluate pictures/ --size 128

      photochrom evaluate val.zip --temperature 1 --temperature 0.38 --old historical.zip
    """
    from ..evaluation.report import table
    from ..evaluation.run import Protocol, write
    from ..evaluation.run import evaluate as run_evaluation
    from ..export.record import record_metrics
    from ..inference import load_engine

    engine = load_engine(model, threads=1)
    protocol = Protocol(
        size=size,
        working_size=working_size or size,
        temperatures=tuple(temperature or [engine.card.temperature]),
        saturation=saturation,
        limit=limit,
    )
    with Progress(
        SpinnerColumn(),
        TextColumn("{task.completed} pictures measured"),
        TimeElapsedColumn(),
        console=Console(stderr=True),
    ) as progress:
        task = progress.add_task("", total=None)
        evaluation = run_evaluation(
            engine, data, protocol, lambda done: progress.update(task, completed=done)
        )
    written = write(evaluation, engine, old or [], output)
    if record:
        record_metrics(Path(model), record, evaluation.figures())
    typer.echo(table(evaluation.scores))
    for path in written:
        typer.echo(path)
