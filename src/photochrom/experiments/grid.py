"""The grid of an odyssey: cells that share everything but what they are about."""

import json
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from ..errors import RecipeError
from ..evaluation.protocol import Protocol
from ..faults import told
from ..training.recipe import load_recipe
from ..training.rehearsal import rehearse
from ..training.settings import Recipe


class _Section(BaseModel):
    model_config = ConfigDict(
        extra="forbid", frozen=True, use_attribute_docstrings=True, allow_inf_nan=False
    )


class Budget(_Section):
    """What every cell may spend."""

    pictures: int = Field(ge=1)
    """Crops that each network sees; steps are these over the batch."""
    size: int = Field(64, ge=16)
    """Side of the crops."""
    batch: int = Field(32, ge=1)
    """Crops a step."""
    checkpoints: int = Field(5, ge=1)
    """Of each cell, evenly spread: what a stopped one loses at most is the stretch between two."""


class Pictures(_Section):
    """What every cell learns from."""

    train: tuple[str, ...] = Field(min_length=1)
    """Sources below the data root, as recipes name them."""
    validation: tuple[str, ...] = ()
    """For the loss on unseen pictures."""
    limit: int | None = Field(None, ge=1)
    """At most so many training pictures, a fixed random sample."""
    short_side: int = Field(96, ge=16)
    """Pictures are reduced to it when they are decoded."""


class Judging(_Section):
    """How every cell is measured; see `evaluation.protocol`."""

    pictures: tuple[str, ...] = Field(min_length=1)
    """Folders and zip files below the data root, none of them learned from."""
    limit: int | None = Field(None, ge=1)
    """At most so many, evenly spread."""
    size: int = Field(64, ge=16)
    """Side of the square that is colored and measured."""
    temperatures: tuple[float, ...] = (0.38,)
    """Each network of bins is measured at all of them."""
    resamples: int = Field(1000, ge=100)
    """Of the bootstrap."""
    shown: int = Field(8, ge=1)
    """Pictures of the grid on the report page, evenly spread over the list."""
    styles: int = Field(200, ge=0)
    """Pictures that networks which take styles color in another one's style too."""


class Cell(_Section):
    """One network, loss and set of pictures."""

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")
    """Of its folder; claims ask for cells by it."""
    title: str = ""
    """In tables; without, the name."""
    recipe: Path
    """Training recipe, relative to the grid's file."""
    set: tuple[str, ...] = ()
    """Settings of the recipe that this cell replaces, `section.setting=value`."""
    note: str = ""
    """What a reader of the report must know, such as where a network is smaller than published."""

    @property
    def heading(self) -> str:
        """The title, or the name."""
        return self.title or self.name


class Grid(_Section):
    """Cells, and what they share."""

    budget: Budget
    data: Pictures
    judging: Judging
    set: tuple[str, ...] = ()
    """Settings that all recipes have replaced, before a cell replaces its own."""
    cell: tuple[Cell, ...] = Field(min_length=1)
    """In the order in which they are done."""

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        for kind in ("name", "heading"):
            names = [getattr(cell, kind) for cell in self.cell]
            doubled = sorted({one for one in names if names.count(one) > 1})
            if doubled:
                raise ValueError(f"two cells are called {doubled[0]}")
        return self

    @property
    def protocol(self) -> Protocol:
        """How all are measured, not yet locked to the pictures."""
        return Protocol(
            size=self.judging.size,
            working_size=self.budget.size,
            limit=self.judging.limit,
            temperatures=self.judging.temperatures,
            stability_pictures=0,  # networks trained at one small size are not held to others
            resamples=self.judging.resamples,
        )

    def with_pictures(self, pictures: int) -> Self:
        """The same grid under another budget."""
        return self.model_copy(
            update={"budget": self.budget.model_copy(update={"pictures": pictures})}
        )


def load_grid(path: Path) -> Grid:
    """Read a grid's TOML file.

    Raises:
        RecipeError: the file is missing or not TOML, or a setting is missing, unknown or ill-typed.
    """
    try:
        return Grid.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise RecipeError(f"{path}: cannot read the grid ({error.strerror})") from error
    except ValidationError as error:  # a ValueError too
        raise RecipeError(f"{path}: {told(error)}") from error
    except ValueError as error:  # not TOML, or not even text
        raise RecipeError(f"{path}: not a TOML file ({error})") from error


def recipe_of(cell: Cell, grid: Grid, folder: Path, root: Path) -> Recipe:
    """A cell's recipe under the grid's budget, checked as far as that goes without pictures.

    Args:
        cell, grid: what is asked for.
        folder: of the grid's file.
        root: of the pictures.

    Raises:
        RecipeError, ModelError: the recipe is missing or wrong, with the cell's name.
    """
    first = load_recipe(folder / cell.recipe, (*shared(grid), *cell.set))
    size = first.stages[-1].size
    batch = first.batch
    steps = max(1, grid.budget.pictures // batch)
    every = max(1, -(-steps // grid.budget.checkpoints))
    recipe = load_recipe(
        folder / cell.recipe,
        (
            *shared(grid),
            *cell.set,
            f"name={json.dumps(cell.heading)}",
            f"stages=[{{size={size},steps={steps}}}]",
            f"checkpoint_every={every}",
            f"film=[{steps}]",
            f"data.root={json.dumps(str(root.resolve()))}",
        ),
    )
    rehearse(recipe)
    return recipe


def shared(grid: Grid) -> Sequence[str]:
    """What the grid replaces in every recipe, as `load_recipe` takes it."""
    data = grid.data
    overrides = [
        f"batch={grid.budget.batch}",
        f"stages=[{{size={grid.budget.size},steps=1}}]",
        f"data.train={json.dumps(data.train)}",
        f"data.validation={json.dumps(data.validation)}",
        f"data.short_side={data.short_side}",
        *grid.set,
    ]
    if data.limit is not None:
        overrides.append(f"data.limit={data.limit}")
    return overrides
