"""What a cell is asked to do, and how far it is: two JSON files in its folder."""

import hashlib
import json
from pathlib import Path
from typing import Any, Literal, Self, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from ..data.sources import fingerprint
from ..errors import RecipeError
from ..evaluation.protocol import Protocol
from ..faults import told
from ..training.settings import Recipe
from ..whole import replacing
from .grid import Cell, Grid

ORDER, STATUS, LOG = "order.json", "cell.json", "cell.log"
RUN, MODEL, RESULTS, SHOWN = "run", "model.onnx", "results", "shown"
"""Names in a cell's folder."""
STYLE = "style.json"
NAMES = "names.json"
"""Of the pictures in `SHOWN`, in a file there."""

State = Literal["waiting", "training", "trained", "exported", "done", "failed"]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)


class Order(_Part):
    """All that decides what becomes of a cell."""

    name: str
    title: str
    note: str
    recipe: Recipe
    protocol: Protocol
    judged: tuple[str, ...]
    """Sources of the pictures that it is measured on, below the recipe's data root."""
    shown: int
    styles: int
    contents: dict[str, str]
    """Hash of every source, by its name."""

    @classmethod
    def of(cls, cell: Cell, grid: Grid, recipe: Recipe, root: Path) -> Self:
        """A cell's order.

        Raises:
            DatasetError: a source of pictures is missing.
        """
        sources = {*recipe.data.train, *recipe.data.validation, *grid.judging.pictures}
        return cls(
            name=cell.name,
            title=cell.heading,
            note=cell.note,
            recipe=recipe,
            protocol=grid.protocol,
            judged=grid.judging.pictures,
            shown=grid.judging.shown,
            styles=grid.judging.styles,
            contents={
                source: fingerprint(source if "://" in source else root / source)
                for source in sorted(sources)
            },
        )

    @property
    def judged_sources(self) -> list[Path]:
        """Where they lie on this machine."""
        return [self.recipe.data.root / source for source in self.judged]

    @property
    def deciding(self) -> dict[str, Any]:
        """The settings that figures depend on: all but words and the place of the pictures."""
        plain = self.model_dump(mode="json", exclude={"note"})
        plain["recipe"]["data"].pop("root")
        return plain

    @property
    def fingerprint(self) -> str:
        """The same for the same figures."""
        plain = json.dumps(self.deciding, sort_keys=True)
        return hashlib.sha256(plain.encode()).hexdigest()[:16]

    @property
    def pictures(self) -> int:
        """Crops that the network sees."""
        return self.recipe.steps * self.recipe.batch


class Status(_Part):
    """How far a cell is."""

    fingerprint: str
    """Of the order that this is about."""
    state: State = "waiting"
    seconds: dict[str, float] = {}
    """Training, export and evaluation, over all calls; work that a kill threw away not counted."""
    error: str = ""
    """Why it failed."""
    device: str = ""
    """What it was trained on."""
    learned_from: int = 0
    """Pictures in its training set."""


def differences(old: Order, new: Order) -> list[str]:
    """The settings in which two orders differ, as `name was x and is y`."""
    ours, theirs = _flat(new.deciding), _flat(old.deciding)
    return [
        f"{name} was {theirs.get(name)!r} and is {ours.get(name)!r}"
        for name in sorted(theirs.keys() | ours.keys())
        if theirs.get(name) != ours.get(name)
    ]


def read_order(folder: Path) -> Order | None:
    """The order in a cell's folder; None where there is none.

    Raises:
        RecipeError: it is damaged or of another version.
    """
    return _read(Order, folder / ORDER)


def read_status(folder: Path) -> Status | None:
    """The status in a cell's folder; None where there is none.

    Raises:
        RecipeError: it is damaged or of another version.
    """
    return _read(Status, folder / STATUS)


def write(part: Order | Status, folder: Path) -> None:
    """Write an order or a status into a cell's folder; an earlier one is replaced."""
    folder.mkdir(parents=True, exist_ok=True)
    with replacing(folder / (ORDER if isinstance(part, Order) else STATUS)) as beside:
        beside.write_text(part.model_dump_json(indent=2) + "\n", encoding="utf-8")


_P = TypeVar("_P", bound=_Part)


def _read(kind: type[_P], path: Path) -> _P | None:
    try:
        return kind.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return None
    except OSError as error:
        raise RecipeError(f"{path}: cannot be read ({error.strerror})") from error
    except ValidationError as error:
        raise RecipeError(
            f"{path}: damaged, or of another version ({told(error)[:300]}); delete its folder to "
            "do the cell anew"
        ) from error


def _flat(settings: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested settings under dotted names."""
    flat: dict[str, Any] = {}
    for name, value in settings.items():
        if isinstance(value, dict) and value:
            flat |= _flat(value, f"{prefix}{name}.")
        else:
            flat[f"{prefix}{name}"] = value
    return flat
