"""`photochrom compare`."""

from pathlib import Path
from typing import Annotated

import typer

from .extras import require_evaluate
from .output import check_folder


def compare(
    results: Annotated[
        list[Path],
        typer.Argument(
            metavar="RESULT...",
            help="JSON files that evaluations left in results/, or folders of them.",
        ),
    ],
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Folder for table.md, table.csv and page.html."),
    ] = None,
) -> None:
    """Put results of several evaluations into one table; pictures are compared pair by pair.

    The first network's figures are taken from all others', with the interval of the difference.
    Results of different protocols, or of other pictures, are refused.

    Examples:

      photochrom compare evaluation/results other/results

      photochrom compare a/results b/results -o comparison
    """
    require_evaluate()
    if output:
        check_folder(output)
    from ..evaluation.comparison import Comparison
    from ..evaluation.folder import printed, write_comparison
    from ..evaluation.result import read_results

    comparison = Comparison.of(read_results(results))
    typer.echo(printed(comparison))
    if output:
        for path in write_comparison(comparison, {}, output):
            typer.echo(path)
