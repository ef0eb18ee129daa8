"""`photochrom turing machine`."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .training import device_named, load_torch

if TYPE_CHECKING:
    from ..experiments.machine_verdict import Exhibit, Verdict
    from ..turing.pairs import PairFolder


def machine(
    pairs: Annotated[
        Path, typer.Option(metavar="DIR", help="Folder that `photochrom turing pairs` has made.")
    ],
    network: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Judge these of its networks only. Repeatable."),
    ] = None,
    steps: Annotated[int, typer.Option(min=1, help="That each judge learns.")] = 200,
    minutes: Annotated[
        float | None,
        typer.Option(min=0, help="Begin no judge after so long; the same command goes on."),
    ] = None,
    folds: Annotated[
        int, typer.Option(min=2, help="Parts of the pairs, each judged by one that never saw it.")
    ] = 5,
    width: Annotated[
        int, typer.Option(min=1, help="Channels of a judge's first layer: more see more, slower.")
    ] = 16,
    seed: Annotated[int, typer.Option(min=0, help="Of all that is random.")] = 0,
    device: Annotated[str, typer.Option(help="cpu, cuda, cuda:1 … or auto.")] = "auto",
    threads: Annotated[int, typer.Option(min=0, help="CPU threads; 0: PyTorch's own choice.")] = 0,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", metavar="FILE.json", help="[default: DIR.machine.json, beside DIR]"
        ),
    ] = None,
) -> None:
    """Let a machine tell recolored pictures from real ones. No people are asked.

    Discriminators learn from some of the pairs and are asked about the others, whose originals they
    have never seen. Prints how often they find the fake, with 95 % intervals, beside controls: grey
    pictures, which they must nearly always find; copies of the originals, where they can only
    guess; and originals in their own colors, but as coarse as networks tell colors. A machine's
    verdict, not people's: `photochrom turing serve` asks people.

    Writes a JSON file, and beside it the judges that are done, so that what was stopped goes on.

    Examples:

      photochrom turing machine --pairs pairs

      photochrom turing machine --pairs pairs --network autochrome --steps 1000 --device cuda
    """
    deadline = None if minutes is None else time.monotonic() + 60 * minutes
    load_torch(threads)
    from rich.console import Console
    from rich.progress import Progress

    from ..experiments.machine_judge import Setup
    from ..experiments.machine_verdict import examine, text
    from ..turing.pairs import read_pairs

    folder = read_pairs(pairs)
    target = output or pairs.resolve().with_name(f"{pairs.resolve().name}.machine.json")
    if not target.parent.is_dir():
        raise typer.BadParameter(f"{target.parent}: no such folder", param_hint="--output")
    exhibit = _exhibit(folder, network or [])
    setup = Setup(folds=folds, steps=steps, width=width, seed=seed)
    total = len(exhibit.rows) * folds * steps
    with Progress(console=Console(stderr=True)) as progress:
        task = progress.add_task("judging", total=total)
        found = examine(
            exhibit,
            setup,
            target.with_name(f"{target.stem}.folds.json"),
            device_named(device),
            deadline,
            lambda done: progress.advance(task, done),
        )
    _write(found, target)
    typer.echo(text(found))
    typer.echo(target)


def _exhibit(folder: "PairFolder", wanted: Sequence[str]) -> "Exhibit":
    """The pairs whose answers would count; pictures of the networks are read when it is their turn.

    Raises:
        ImageError: a picture cannot be read.
    """
    import numpy as np

    from .. import image
    from ..experiments.machine_verdict import Exhibit

    names = folder.pairs.names
    there = [network.name for network in folder.pairs.networks]
    unknown = [name for name in wanted if name not in there]
    if unknown:
        raise typer.BadParameter(
            f"{unknown[0]}: the pairs have {', '.join(there)}", param_hint="--network"
        )
    real = np.stack([image.read(folder.real("test", name)).pixels for name in names])

    def load(network: str) -> "np.ndarray[tuple[int, ...], np.dtype[np.uint8]]":
        return np.stack([image.read(folder.fake("test", name, network)).pixels for name in names])

    fakes = {name: (lambda name=name: load(name)) for name in there if name in (wanted or there)}
    return Exhibit(folder.identity, names, real, fakes)


def _write(found: "Verdict", target: Path) -> None:
    from ..errors import DatasetError
    from ..whole import replacing

    try:
        with replacing(target) as beside:
            beside.write_text(found.model_dump_json(indent=1) + "\n", encoding="utf-8")
    except OSError as error:
        raise DatasetError(
            f"{target}: cannot be written ({error.strerror}); choose another --output"
        ) from error
