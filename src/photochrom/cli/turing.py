"""`photochrom turing`: pairs, serve, report; and machine, in a file of its own."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from .extras import require
from .faults import verbs
from .machine import machine

turing = verbs()
turing.command()(machine)

_DATABASE = typer.Option(
    metavar="URL",
    help="sqlite:///FILE or postgresql://USER@HOST/NAME.  [default: SQLite, beside the pairs]",
)


@turing.callback()
def main() -> None:
    """Ask people which of two pictures a network has colored.

    Examples:

      photochrom turing pairs --data val.zip --model autochrome -o pairs

      photochrom turing serve --pairs pairs

      photochrom turing report --pairs pairs
    """


@turing.command()
def pairs(
    data: Annotated[Path, typer.Option(help="Folder or zip file of color pictures.")],
    output: Annotated[Path, typer.Option("--output", "-o", metavar="DIR", help="New folder.")],
    model: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME|FILE",
            help="Network: a name, an ONNX file or a router's file. Repeatable.  "
            "[default: autochrome]",
        ),
    ] = None,
    count: Annotated[int, typer.Option(min=1, help="Pairs whose answers count.")] = 60,
    practice: Annotated[int, typer.Option(min=0, help="Pairs to learn the task with.")] = 6,
    checks: Annotated[
        int, typer.Option(min=0, help="Pairs with an absurd fake, which attentive people find.")
    ] = 8,
    size: Annotated[
        int, typer.Option(min=32, help="Pictures are center-cropped and reduced to this square.")
    ] = 256,
    seed: Annotated[int, typer.Option(min=0, help="Which pictures are drawn.")] = 0,
) -> None:
    """Make pairs of a real and a recolored picture.

    Pictures that are damaged, nearly grey or smaller than --size are passed over. The recolored
    ones keep the luminance of the real ones. Writes pairs.json, real/ and a folder per network,
    and practice/ and checks/ from further pictures.

    Examples:

      photochrom turing pairs --data val.zip -o pairs

      photochrom turing pairs --data val.zip --model autochrome --model mine.onnx -o pairs
    """
    from rich.console import Console
    from rich.progress import Progress

    from ..turing.making import Wanted, make_pairs

    wanted = Wanted(count, practice, checks, size, seed)
    with Progress(console=Console(stderr=True)) as progress:
        task = progress.add_task("pairs", total=wanted.total)
        make_pairs(
            data,
            model or ["autochrome"],
            output,
            wanted,
            lambda done: progress.update(task, completed=done),
        )
    typer.echo(output / "pairs.json")


@turing.command()
def serve(
    pairs: Annotated[
        Path, typer.Option(metavar="DIR", help="Folder that `photochrom turing pairs` has made.")
    ],
    database: Annotated[str | None, _DATABASE] = None,
    host: Annotated[
        str, typer.Option(help="Address to listen on; 0.0.0.0 for other machines too.")
    ] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Port to listen on; 0 takes a free one.")
    ] = 8000,
    mode: Annotated[
        Literal["sequence", "side-by-side"],
        typer.Option(help="One picture after the other, or both at once."),
    ] = "sequence",
    seconds: Annotated[
        float, typer.Option(min=0.05, max=60, help="How long each picture of a sequence is shown.")
    ] = 1.0,
    trials: Annotated[int, typer.Option(min=1, help="Pairs per person that count.")] = 40,
    practice: Annotated[int, typer.Option(min=0, help="Pairs at first, to learn the task.")] = 4,
    checks: Annotated[int, typer.Option(min=0, help="Attention checks among the pairs.")] = 4,
) -> None:
    """Show the pairs to people, in browsers, and keep their answers.

    Prints the address when it is ready; Ctrl-C ends it. Started again it goes on where it was, for
    everybody who began. Nothing is stored of people but answers and times. For raters elsewhere
    put a server with HTTPS before it.

    Examples:

      photochrom turing serve --pairs pairs

      photochrom turing serve --pairs pairs --mode side-by-side --database postgresql://me@db/answers
    """
    _require("serving the Turing test")
    require("fastapi", extra="turing", purpose="serving the Turing test")
    from ..turing.app import build
    from ..turing.database import default_url
    from ..turing.plan import Plan
    from ..turing.serving import listen
    from ..turing.serving import serve as run

    wanted = Plan(mode, seconds, trials, practice, checks)
    app = build(pairs, database or default_url(pairs), wanted)
    plan: Plan = app.state.setup.plan
    if plan != wanted:
        typer.echo(
            f"fewer pairs than asked for: {plan.trials} trials, {plan.practice} for practice, "
            f"{plan.checks} checks per person",
            err=True,
        )
    try:
        listening = listen(host, port)
    except OSError as error:
        raise typer.BadParameter(
            f"cannot listen on {host}:{port} ({error.strerror}); give another --port or --host",
            param_hint="--port",
        ) from None
    run(app, listening, lambda address: print(f"Photochrom's Turing test: {address}", flush=True))


@turing.command()
def report(
    pairs: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Folder whose pairs were shown.")
    ] = None,
    database: Annotated[str | None, _DATABASE] = None,
    csv: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write all answers there, a row each.")
    ] = None,
) -> None:
    """Tell how often people took recolored pictures for real ones.

    Prints, for each network, the rate with 95 % intervals, over people and by Wilson; who was left
    out by which rule; response times, a bias of position, and how many raters narrower intervals
    take. The server may be running.

    Examples:

      photochrom turing report --pairs pairs

      photochrom turing report --database postgresql://me@db/answers --csv answers.csv
    """
    _require("the report")
    from ..turing.answers import write_csv
    from ..turing.database import default_url, refuse_missing
    from ..turing.report import text
    from ..turing.statistics import study
    from ..turing.store import Store

    if not pairs and not database:
        raise typer.BadParameter("give the pairs' folder or a database", param_hint="--pairs")
    url = database or default_url(pairs or Path())
    refuse_missing(url)
    store = Store(url)
    answers = store.answers()
    store.close()
    found = study(answers)
    if csv:
        write_csv(answers, found.excluded, csv)
    typer.echo(text(found))


def _require(purpose: str) -> None:
    for module in ("sqlalchemy", "alembic"):
        require(module, extra="turing", purpose=purpose)
