"""A training recipe: a TOML file in which every setting has a meaning and a default."""

import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ..errors import RecipeError

_MAY_DIFFER = {"stages", "checkpoint_every", "data.root"}  # between the starts of one run


class _Section(BaseModel):
    model_config = ConfigDict(
        extra="forbid", frozen=True, use_attribute_docstrings=True, allow_inf_nan=False
    )


class Model(_Section):
    """Which network."""

    name: str
    """Network of the catalog; `photochrom models` lists them."""
    settings: dict[str, Any] = {}
    """Keyword arguments of the network's class."""
    backbone: Path | None = None
    """Classifier weights (safetensors) that start the encoder; without, it starts at random."""
    weights: Path | None = None
    """A checkpoint whose averaged weights start the whole network: to go on from another run."""


class Data(_Section):
    """Which pictures."""

    root: Path = Path(".")
    """Folder that the other paths are relative to."""
    train: tuple[Path, ...] = Field(min_length=1)
    """Folders or zip files of color pictures to learn from."""
    validation: tuple[Path, ...] = ()
    """Folders or zip files of color pictures to watch progress on; never learned from. Without
    any, the training pictures stand in."""
    short_side: int = Field(160, ge=32)
    """Pictures with a longer short side are reduced to this when they are decoded."""
    min_colorfulness: float = 6.0
    """Hasler-Süsstrunk colorfulness below which a picture counts as grey and is left out."""


class Loss(_Section):
    """Rebalanced cross-entropy over the ab bins."""

    neighbors: int = Field(5, ge=1)
    """Bins that share a pixel's target."""
    sigma: float = Field(5.0, gt=0)
    """Width of the Gaussian over those bins, in ab units."""
    rebalance: float = Field(0.5, gt=0, le=1)
    """Share of the uniform distribution in the prior that weights are inverse to; 1 turns
    rebalancing off."""


class Optimizer(_Section):
    """AdamW with linear warm-up and cosine decay."""

    learning_rate: float = Field(2e-3, gt=0)
    """Peak rate of layers that start from nothing."""
    backbone_rate: float = Field(2e-4, gt=0)
    """Peak rate of the encoder, where the network has one that takes a backbone."""
    weight_decay: float = Field(0.01, ge=0)
    """Decoupled weight decay."""
    warmup_steps: int = Field(200, ge=0)
    """Steps over which the rate rises from 0."""
    final_fraction: float = Field(0.01, ge=0, le=1)
    """The rate at the end, as a fraction of the peak."""
    clip_norm: float = Field(1.0, gt=0)
    """Gradients with a larger norm are scaled down to it."""
    ema_decay: float = Field(0.999, ge=0, lt=1)
    """Decay of the moving average of weights, which is what gets exported."""


class Stage(_Section):
    """A stretch of training at one crop size."""

    size: int = Field(ge=32)
    """Side of the square crops; a multiple of the network's size multiple."""
    steps: int = Field(ge=1)
    """Optimizer steps."""


class Recipe(_Section):
    """Everything that decides what a training run computes."""

    name: str
    """Name of the run and of the exported network."""
    model: Model
    """Which network, and what it starts from."""
    data: Data
    """Which pictures."""
    loss: Loss = Loss()
    """What is made smaller."""
    optimizer: Optimizer = Optimizer()
    """How it is made smaller."""
    stages: tuple[Stage, ...] = Field(min_length=1)
    """Crop sizes, one after the other; small crops first save time."""
    batch: int = Field(32, ge=1)
    """Crops a step."""
    precision: Literal["fp32", "bf16"] = "fp32"
    """Arithmetic of the convolutions; weights and losses stay in fp32."""
    checkpoint_every: int = Field(500, ge=1)
    """Steps between checkpoints, each with validation and contact sheet."""
    seed: int = Field(0, ge=0, lt=2**31)
    """Decides initial weights and the order of everything."""

    @property
    def steps(self) -> int:
        """Optimizer steps of all stages."""
        return sum(stage.steps for stage in self.stages)


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
        raise RecipeError(f"{path}: {_faults(error)}") from error


def check_same_run(recipe: Recipe, stored: Mapping[str, object], run: Path) -> None:
    """Make sure that a recipe may go on from a checkpoint.

    Training may be prolonged (`stages`), saved at other intervals (`checkpoint_every`) and find
    its data elsewhere (`data.root`); with any other difference the curve would be of no recipe.

    Args:
        recipe: what is asked for now.
        stored: the recipe in the checkpoint.
        run: folder of the run, for the message.

    Raises:
        RecipeError: names the settings that differ.
    """
    remedy = "give the recipe it was started with, or another folder"
    try:
        before = Recipe.model_validate(stored)
    except ValidationError as error:
        raise RecipeError(
            f"{run}: its checkpoint has settings that are no longer known ({_faults(error)}); "
            f"{remedy}"
        ) from error
    theirs, ours = _flat(before.model_dump(mode="json")), _flat(recipe.model_dump(mode="json"))
    differences = [
        f"{name} was {theirs.get(name)!r} and is {ours.get(name)!r}"
        for name in sorted(theirs.keys() | ours.keys())
        if name not in _MAY_DIFFER and theirs.get(name) != ours.get(name)
    ]
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


def _faults(error: ValidationError) -> str:
    """What a validation found, in one line."""
    return "; ".join(
        f"{'.'.join(map(str, fault['loc']))}: {' '.join(fault['msg'].split())}"
        for fault in error.errors()
    )


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
