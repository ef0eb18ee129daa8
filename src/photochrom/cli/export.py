"""`photochrom export`."""

from pathlib import Path
from typing import Annotated

import typer

from .extras import require


def export(
    run: Annotated[
        Path,
        typer.Argument(
            metavar="RUN|CHECKPOINT", help="Folder of a training run, or its checkpoint."
        ),
    ],
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FILE", help="The ONNX file to write.")
    ],
    facts: Annotated[
        Path,
        typer.Option(
            "--card",
            metavar="FACTS.toml",
            help="What no checkpoint knows: name, summary, licence, working_size, temperature; "
            "under [training] pictures (a list), initialization, commit, hardware.",
        ),
    ],
    force: Annotated[bool, typer.Option("--force", help="Replace the file if it exists.")] = False,
) -> None:
    """Turn a trained network into an ONNX file with its card.

    The averaged weights of the checkpoint are taken. The file is written only after ONNX Runtime
    has computed from it what PyTorch computes; the largest difference is printed, and the file's
    path as the last line.

    Examples:

      photochrom export runs/autochrome -o autochrome.onnx --card facts.toml
    """
    for module in ("torch", "safetensors", "onnx", "onnxscript"):
        require(module, extra="export", purpose="exporting")
    from ..errors import ModelError
    from ..export.assemble import card_of, load_facts, network_of
    from ..export.graph import decoded
    from ..export.onnx import TOLERANCE
    from ..export.onnx import export as write_proven
    from ..training.checkpoint import read_recipe, restore_average

    if output.exists() and not force:
        raise ModelError(f"{output}: exists already; --force replaces it")
    if not output.parent.is_dir():
        raise ModelError(f"{output}: its folder does not exist; make it first")
    said = load_facts(facts)
    checkpoint = run / "checkpoint.safetensors" if run.is_dir() else run
    recipe, steps = read_recipe(checkpoint)
    network, spec = network_of(recipe)
    restore_average(network, checkpoint)
    card = card_of(said, recipe, steps, spec)
    difference = write_proven(decoded(network, spec), card, output)
    typer.echo(f"largest difference from PyTorch: {difference:.1e} (allowed: {TOLERANCE:.0e})")
    typer.echo(output)
