"""A training recipe: a TOML file in which every setting has a meaning and a default."""

import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ..errors import RecipeError


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class Model(_Section):
    """Which network."""

    name: str
    """Network of the catalog; `photochrom models` lists them."""
    settings: dict[str, Any] = {}
    """Keyword arguments of the network's class."""
    backbone: Path | None = None
    """Classifier weights (safetensors) that start the encoder; without, training is from
    scratch."""
    weights: Path | None = None
    """A checkpoint whose averaged weights start the whole network: to go on from another run."""


class Data(_Section):
    """Which pictures."""

    root: Path = Path(".")
    """Folder that the other paths are relative to."""
    train: tuple[Path, ...] = Field(min_length=1)
    """Folders or zip files of color pictures to learn from."""
    validation: tuple[Path, ...] = ()
    """Folders or zip files of color pictures to watch progress on; never learned from."""
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
    """Peak rate of the encoder."""
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
    data: Data
    loss: Loss = Loss()
    optimizer: Optimizer = Optimizer()
    stages: tuple[Stage, ...] = Field(min_length=1)
    """Crop sizes, one after the other; small crops first save time."""
    batch: int = Field(32, ge=1)
    """Crops a step."""
    precision: Literal["fp32", "bf16"] = "fp32"
    """Arithmetic of the convolutions; weights and losses stay in fp32."""
    checkpoint_every: int = Field(500, ge=1)
    """Steps between checkpoints, each with validation and contact sheet."""
    seed: int = 0
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
        settings = tomllib.loads(path.read_text())
    except OSError as error:
        raise RecipeError(f"{path}: cannot read the recipe ({error.strerror})") from error
    except tomllib.TOMLDecodeError as error:
        raise RecipeError(f"{path}: not a TOML file ({error})") from error
    for override in overrides:
        _replace(settings, override)
    try:
        return Recipe.model_validate(settings)
    except ValidationError as error:
        faults = "; ".join(
            f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors()
        )
        raise RecipeError(f"{path}: {faults}") from error


def _replace(settings: dict[str, Any], override: str) -> None:
    name, separator, value = override.partition("=")
    if not separator:
        raise RecipeError(f"{override}: an override reads section.setting=value")
    *sections, setting = name.split(".")
    for section in sections:
        settings = settings.setdefault(section, {})
    try:
        settings[setting] = tomllib.loads(f"value = {value}")["value"]
    except tomllib.TOMLDecodeError:
        settings[setting] = value
