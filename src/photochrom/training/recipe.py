"""A training recipe: a TOML file of `settings`, and what may change between two starts of a run."""

import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from ..errors import RecipeError
from ..faults import told
from .schedule import size_at
from .settings import Recipe

_MAY_DIFFER = {"stages", "checkpoint_every", "film", "data.root"}  # between the starts of one run


def load_recipe(path: Path, overrides: Sequence[str] = ()) -> Recipe:
    """Read a recipe and replace single settings.

    Args:
        path: TOML file.
        overrides: `section.setting=value`, the value in TOML or a bare string.

    Raises:
        RecipeError: the file is missing or not TOML, or a setting is unknown or out of range.
    """
    try:
        settings = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise RecipeError(f"{path}: cannot read the recipe ({error.strerror})") from error
    except ValueError as error:  # not TOML, or not even text
        raise RecipeError(f"{path}: not a TOML file ({error})") from error
    for override in overrides:
        _replace(settings, override, path)
    try:
        return Recipe.model_validate(settings)
    except ValidationError as error:
        raise RecipeError(f"{path}: {told(error)}") from error


def check_same_run(recipe: Recipe, stored: Mapping[str, object], step: int, run: Path) -> None:
    """Make sure that a recipe may go on from a checkpoint.

    Training may be prolonged at its last size (`stages`), saved and filmed at other intervals
    (`checkpoint_every`, `film`) and find its data elsewhere (`data.root`); with any other
    difference the curve would be of no recipe.

    Args:
        recipe: what is asked for now.
        stored: the recipe in the checkpoint.
        step: steps done.
        run: folder of the run, for the message.

    Raises:
        RecipeError: names the settings that differ.
    """
    remedy = "give the recipe it was started with, or another folder"
    try:
        before = Recipe.model_validate(stored)
    except ValidationError as error:
        raise RecipeError(
            f"{run}: its checkpoint has settings that are no longer known ({told(error)}); {remedy}"
        ) from error
    theirs, ours = _flat(before.model_dump(mode="json")), _flat(recipe.model_dump(mode="json"))
    differences = [
        f"{name} was {theirs.get(name)!r} and is {ours.get(name)!r}"
        for name in sorted(theirs.keys() | ours.keys())
        if name not in _MAY_DIFFER and theirs.get(name) != ours.get(name)
    ]
    sizes = [[size_at(at, r.stages) for at in (*range(step), r.steps)] for r in (before, recipe)]
    if sizes[0] != sizes[1]:
        differences.append("stages has other sizes than the steps that were done, or the last one")
    if differences:
        raise RecipeError(f"{run}: started with another recipe: {'; '.join(differences)}; {remedy}")


def _flat(settings: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested settings under dotted names."""
    flat: dict[str, Any] = {}
    for name, value in settings.items():
        if isinstance(value, Mapping):
            flat |= _flat(value, f"{prefix}{name}.")
        else:
            flat[f"{prefix}{name}"] = value
    return flat


def _replace(settings: dict[str, Any], override: str, path: Path) -> None:
    name, separator, value = override.partition("=")
    if not separator:
        raise RecipeError(f"{path}: {override}: an override reads section.setting=value")
    *sections, setting = name.split(".")
    for section in sections:
        settings = settings.setdefault(section, {})
        if not isinstance(settings, dict):
            raise RecipeError(f"{path}: {name}: {section} is no section of settings")
    try:
        settings[setting] = tomllib.loads(f"value = {value}")["value"]
    except tomllib.TOMLDecodeError:
        settings[setting] = value
