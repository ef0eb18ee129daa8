"""From a recipe, and what a person adds to it, to a network's card."""

import tomllib
from collections.abc import Mapping
from pathlib import Path, PureWindowsPath
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from ..errors import ModelError
from ..faults import told
from ..inference.card import Card, Output, Training
from ..models.network import Network, Stylist
from ..models.spec import Kind

_CHROMA: dict[str, Output] = {"lab": "ab", "yuv": "uv", "hsl": "hs"}


class Provenance(BaseModel):
    """What is known of the training beside the recipe; the fields are those of the card."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    pictures: tuple[str, ...]
    initialization: str
    commit: str = "unknown"
    hardware: str = "not stated"


class Facts(BaseModel):
    """What a person may say of a network that is about to be exported; the fields are the card's.

    Whatever is not said follows from the recipe.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    summary: str
    licence: str = "NOASSERTION"  # SPDX's word for: nobody has said
    working_size: int
    temperature: float
    training: Provenance
    metrics: dict[str, Any] = {}


def default_facts(recipe: Mapping[str, Any], summary: str, output: Output) -> dict[str, Any]:
    """What a recipe tells of its network, as plain data for `Facts`.

    Args:
        recipe: as plain data.
        summary: the network's, from its declaration.
        output: what it predicts.
    """
    return {
        "name": recipe["name"],
        "summary": summary,
        "working_size": recipe["stages"][-1]["size"],
        "temperature": 0.38 if output == "bins" else 1.0,  # one color has no temperature
        "training": {
            "pictures": [_named(source) for source in recipe["data"]["train"]],
            "initialization": _beginning(recipe["model"]),
        },
    }


def load_facts(path: Path, defaults: Mapping[str, Any]) -> Facts:
    """Read facts from a TOML file, over those that are known without it.

    Raises:
        ModelError: the file is missing or not TOML, or a fact is unknown or ill-typed.
    """
    try:
        said = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ModelError(f"{path}: cannot read the facts ({error.strerror})") from error
    except ValueError as error:  # not TOML, or not even text
        raise ModelError(f"{path}: not a TOML file ({error})") from error
    if isinstance(said.get("training"), dict):
        said["training"] = defaults["training"] | said["training"]
    try:
        return Facts.model_validate({**defaults, **said})
    except ValidationError as error:
        raise ModelError(f"{path}: {told(error)}") from error


def output_of(kind: Kind, space: str) -> Output:
    """How cards call a kind of output; `space` is the color space of chroma."""
    return _CHROMA[space] if kind == "chroma" else kind


def card_of(
    facts: Facts,
    recipe: Mapping[str, Any],
    steps: int,
    network: Network,
    output: Output,
    *,
    judged_from: int | None = None,
    classes: tuple[str, ...] = (),
) -> Card:
    """The card of a trained network.

    Args:
        facts: beside the recipe.
        recipe, steps: told by the checkpoint.
        network: what was trained.
        output: what it predicts.
        judged_from: the least input that its discriminator can judge; None: it has none.
        classes: what it tells apart, if that is all it does.
    """
    said = facts.model_dump(exclude={"training"})
    training = Training(**facts.training.model_dump(), recipe=without_places(recipe), steps=steps)
    return Card(
        **said,
        output=output,
        size_multiple=network.size_multiple,
        least_size=judged_from or 1,
        input_size=network.input_size,
        style=isinstance(network, Stylist),
        score=judged_from is not None,
        distribution=output == "bins",
        classes=classes,
        training=training,
    )


def without_places(recipe: Mapping[str, Any]) -> dict[str, Any]:
    """The recipe with file names for paths: where a machine keeps its files is nobody's business.

    The root that paths are relative to becomes `.`, for its last part may be somebody's name.
    """
    named: dict[str, Any] = _named(recipe)
    if isinstance(named.get("data"), dict) and "root" in named["data"]:
        named["data"]["root"] = "."
    return named


def _beginning(model: Mapping[str, Any]) -> str:
    """What the weights were before training, in words."""
    if model.get("weights"):
        return f"the averaged weights of {_named(model['weights'])}"
    how = model.get("initialization", "own")
    drawn = "random" if how == "own" else f"random ({how})"
    if model.get("backbone"):
        return f"encoder from {_named(model['backbone'])}, the rest {drawn}"
    return drawn


def _named(value: Any) -> Any:
    """Every string with a slash of either kind reduced to what follows the last one."""
    if isinstance(value, Mapping):
        return {key: _named(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_named(inner) for inner in value]
    if isinstance(value, str) and ("/" in value or "\\" in value):
        return PureWindowsPath(value).name
    return value
