"""From a recipe and the facts that no checkpoint knows to a network and its card."""

import tomllib
from pathlib import Path, PureWindowsPath
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError
from torch import nn

from ..errors import ModelError
from ..inference.card import Card, Training
from ..models import catalog
from ..models.spec import ModelSpec


class Provenance(BaseModel):
    """What is known of the training beside the recipe; the fields are those of the card."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    pictures: tuple[str, ...]
    initialization: str
    commit: str
    hardware: str


class Facts(BaseModel):
    """What a person says of a network that is about to be exported; the fields are the card's."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    summary: str
    licence: str
    working_size: int
    temperature: float
    training: Provenance
    metrics: dict[str, Any] = {}


def load_facts(path: Path) -> Facts:
    """Read the facts from a TOML file.

    Raises:
        ModelError: the file is missing or not TOML, or a fact is missing, unknown or ill-typed.
    """
    try:
        return Facts.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise ModelError(f"{path}: cannot read the facts ({error.strerror})") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ModelError(f"{path}: not a TOML file ({error})") from error
    except ValidationError as error:
        faults = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise ModelError(f"{path}: {faults}") from error


def network_of(recipe: dict[str, Any]) -> tuple[nn.Module, ModelSpec]:
    """The network that a recipe trains, with weights that mean nothing yet, and its declaration.

    Raises:
        ModelError: there is no such network, or it does not take the recipe's settings.
    """
    try:
        name, settings = recipe["model"]["name"], recipe["model"].get("settings", {})
    except (KeyError, TypeError) as error:
        raise ModelError(f"the checkpoint's recipe names no network ({error!r})") from error
    spec = catalog.spec(name)
    try:
        return spec.build(**settings), spec
    except (TypeError, ValueError) as error:
        raise ModelError(f"{name}: does not take the recipe's settings ({error})") from error


def card_of(facts: Facts, recipe: dict[str, Any], steps: int, spec: ModelSpec) -> Card:
    """The card of a trained network.

    Args:
        facts: said by a person.
        recipe, steps: told by the checkpoint.
        spec: declared beside the network.
    """
    said = facts.model_dump(exclude={"training"})
    training = Training(**facts.training.model_dump(), recipe=without_places(recipe), steps=steps)
    return Card(**said, output=spec.output, size_multiple=spec.size_multiple, training=training)


def without_places(recipe: dict[str, Any]) -> dict[str, Any]:
    """The recipe with file names for paths: where a machine keeps its files is nobody's business.

    The root that paths are relative to becomes `.`, for its last part may be somebody's name.
    """
    named: dict[str, Any] = _named(recipe)
    if isinstance(named.get("data"), dict) and "root" in named["data"]:
        named["data"]["root"] = "."
    return named


def _named(value: Any) -> Any:
    """Every string with a slash of either kind reduced to what follows the last one."""
    if isinstance(value, dict):
        return {key: _named(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_named(inner) for inner in value]
    if isinstance(value, str) and ("/" in value or "\\" in value):
        return PureWindowsPath(value).name
    return value
