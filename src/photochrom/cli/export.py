"""`photochrom export`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .extras import require

if TYPE_CHECKING:
    from torch import nn

    from ..export.graph import Verdict
    from ..inference.card import Card
    from ..models.decoding import Decoding
    from ..models.network import Network
    from ..training.checkpoint import Stored
    from ..training.settings import Recipe


def export(
    run: Annotated[
        Path,
        typer.Argument(
            metavar="RUN|CHECKPOINT", help="Folder of a training run, or a checkpoint in it."
        ),
    ],
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FILE", help="The ONNX file to write.")
    ],
    facts: Annotated[
        Path | None,
        typer.Option(
            "--card",
            metavar="FACTS.toml",
            help="What no recipe knows: licence; under [training] pictures (a list), commit, "
            "hardware. Replaces what the recipe says: name, summary, working_size, temperature, "
            "training.initialization.",
        ),
    ] = None,
    last: Annotated[
        bool,
        typer.Option(
            "--last",
            help="Of a folder, the last checkpoint instead of that with the lowest validation "
            "loss.",
        ),
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace the file if it exists.")] = False,
) -> None:
    """Turn a trained network into an ONNX file with its card.

    The averaged weights are taken. A discriminator that learned beside the network comes along, as
    it is in the run's last checkpoint, and scores the colors. The file is written only after ONNX
    Runtime has computed from it what PyTorch computes; the largest difference is printed, and the
    file's path as the last line.

    Examples:

      photochrom export runs/autochrome -o autochrome.onnx

      photochrom export runs/autochrome -o autochrome.onnx --card facts.toml --last
    """
    require_export()
    from ..training.checkpoint import BEST, LAST

    refuse_output(output, force=force)
    checkpoint = run
    if run.is_dir():
        checkpoint = run / (BEST if (run / BEST).exists() and not last else LAST)
    write_proven(*_assembled(checkpoint, facts), output)


def require_export() -> None:
    """Make sure that everything is installed that making ONNX files needs.

    Raises:
        MissingExtraError: the extra `export` is not.
    """
    for module in ("torch", "safetensors", "onnx", "onnxscript"):
        require(module, extra="export", purpose="exporting")


def refuse_output(output: Path, *, force: bool) -> None:
    """Tell before the work is done what writing would refuse after it.

    Raises:
        ModelError: the file exists and `force` is not given, or its folder does not exist.
    """
    from ..errors import ModelError

    if output.exists() and not force:
        raise ModelError(f"{output}: exists already; --force replaces it")
    if not output.parent.is_dir():
        raise ModelError(f"{output}: its folder does not exist; make it first")


def write_proven(module: "nn.Module", card: "Card", output: Path) -> None:
    """Write the ONNX file, and print how well it agrees with PyTorch and where it is."""
    from ..export.onnx import export as write
    from ..export.onnx import tolerance

    difference = write(module, card, output)
    typer.echo(
        f"largest difference from PyTorch: {difference:.1e} (allowed: {tolerance(card):.0e})"
    )
    typer.echo(output)


def _assembled(checkpoint: Path, facts: Path | None) -> "tuple[nn.Module, Card]":
    """The module to export and its card."""
    from ..export.assemble import Facts, card_of, default_facts, load_facts, output_of
    from ..export.graph import Decoded, Probabilities, Styled
    from ..models import catalog
    from ..training import checkpoint as checkpoints
    from ..training.build import build, decoding_of, kind_of

    stored = checkpoints.read(checkpoint)
    recipe = _recipe_of(stored, checkpoint)
    network = build(recipe, stored.classes)
    checkpoints.restore_average(network, checkpoint)
    kind, decoding = kind_of(recipe), decoding_of(recipe)
    output = output_of(kind, recipe.model.space)
    plain = recipe.model_dump(mode="json")
    defaults = default_facts(plain, catalog.spec(recipe.model.name).summary, output)
    said = load_facts(facts, defaults) if facts else Facts.model_validate(defaults)
    if decoding is None:
        classes = tuple(stored.classes)
        card = card_of(said, plain, stored.step, network, output, classes=classes)
        return Probabilities(network), card
    verdict, least = _verdict(recipe, checkpoint, network, decoding)
    card = card_of(said, plain, stored.step, network, output, judged_from=least)
    wrapper = Styled if card.style else Decoded
    return wrapper(network, decoding, verdict), card


def _recipe_of(stored: "Stored", checkpoint: Path) -> "Recipe":
    """The recipe in a checkpoint.

    Raises:
        ModelError: it was written by another version, whose settings are not ours.
    """
    from pydantic import ValidationError

    from ..errors import ModelError
    from ..faults import told
    from ..training.settings import Recipe

    try:
        return Recipe.model_validate(stored.recipe)
    except ValidationError as error:
        raise ModelError(
            f"{checkpoint}: its recipe has settings of another version ({told(error)})"
        ) from error


def _verdict(
    recipe: "Recipe", checkpoint: Path, network: "Network", decoding: "Decoding"
) -> "tuple[Verdict | None, int | None]":
    """What the run's discriminator adds to the graph, and the least input that it needs."""
    from ..export.graph import ColorVerdict, PairVerdict
    from ..export.judge import fitted
    from ..models import catalog
    from ..training.checkpoint import LAST, holds, restore_player
    from ..training.games.circle import COLOR_JUDGE
    from ..training.games.judged import JUDGE

    adversarial = recipe.loss.adversarial
    if not adversarial:
        return None, None
    player = COLOR_JUDGE if recipe.loss.cycle else JUDGE
    inputs = decoding.colors + (0 if recipe.loss.cycle else 1)
    known = (path for path in (checkpoint, checkpoint.with_name(LAST)) if path.exists())
    source = next((path for path in known if holds(path, player)), None)
    if source is None:
        typer.echo(f"no {player} beside {checkpoint}: exported without a score", err=True)
        return None, None
    judge = catalog.discriminator(adversarial.discriminator).build(inputs, **adversarial.settings)
    restore_player(judge, source, player)
    judge, least = fitted(judge, inputs, network, recipe.stages[-1].size)
    return (ColorVerdict if recipe.loss.cycle else PairVerdict)(judge), least
