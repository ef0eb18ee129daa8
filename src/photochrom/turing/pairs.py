"""Pairs of a real and a recolored picture, in a folder.

    pairs.json                      what the pairs are (`Pairs`)
    real/000.png, …                 originals
    NETWORK/000.png, …              the same pictures as each network recolored them
    practice/real/, practice/fake/  pairs to learn the task with, recolored by the networks in turn
    checks/real/, checks/fake/      pairs whose fake is absurd

The files carry pixels and nothing else, so that none tells by its metadata what it is.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from numpy.typing import NDArray
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from .. import image
from ..errors import DatasetError
from ..evaluation.protocol import PictureList
from ..faults import told
from ..whole import beginning

Kind = Literal["practice", "check", "test"]

_FILE = "pairs.json"
_FOLDERS: dict[Kind, str] = {"practice": "practice", "check": "checks", "test": ""}
_REAL = "real"


def _no_folder_of_ours(name: str) -> str:
    if name in (_REAL, *_FOLDERS.values()):
        raise ValueError(f"{name} is the name of another folder")
    return name


# Both become parts of paths: what they may hold keeps them inside the folder.
Name = Annotated[str, Field(pattern=r"^[0-9]{3,9}$")]
NetworkName = Annotated[
    str, Field(pattern=r"^[A-Za-z0-9_][A-Za-z0-9._-]{0,99}$"), AfterValidator(_no_folder_of_ours)
]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class PairedNetwork(_Part):
    """Who recolored."""

    name: NetworkName
    """Its folder's name too."""
    sha256: str
    """Of its file, or of the file that describes a router."""
    temperature: float | None = None
    """Of the annealed mean; None where a router's networks have their own."""


class Pairs(_Part):
    """What `pairs.json` says."""

    version: Literal[1] = 1
    """Of this file."""
    size: int = Field(ge=1)
    """Side of the square pictures."""
    seed: int
    """Which pictures were drawn from the source, and how the checks were spoiled."""
    pictures: PictureList
    """The files that all pairs are made of, in the order practice, checks, names."""
    networks: tuple[PairedNetwork, ...] = Field(min_length=1)
    """Whoever recolored every picture of `names`."""
    names: tuple[Name, ...] = Field(min_length=1)
    """Pairs whose answers count."""
    practice: tuple[Name, ...] = ()
    """Pairs to learn the task with."""
    checks: tuple[Name, ...] = ()
    """Attention checks."""


Pixels = NDArray[Any]
Couple = tuple[Pixels, Pixels]
"""Real and recolored, `(size, size, 3)` uint8."""


@dataclass(frozen=True)
class PairFolder:
    """A folder of pairs that has been looked through."""

    folder: Path
    pairs: Pairs
    identity: str
    """SHA-256 of `pairs.json`."""

    def real(self, kind: Kind, name: str) -> Path:
        """Where an original lies."""
        return _place(self.folder, kind, _REAL, name)

    def fake(self, kind: Kind, name: str, network: str | None) -> Path:
        """Where a recolored picture lies; `network` is None but for tests."""
        return _place(self.folder, kind, network or "fake", name)


def read_pairs(folder: Path) -> PairFolder:
    """Open a folder of pairs.

    Raises:
        DatasetError: there is no `pairs.json`, it says something else, or a picture is missing.
    """
    path = folder / _FILE
    try:
        content = path.read_bytes()
        pairs = Pairs.model_validate_json(content)
    except OSError as error:
        raise DatasetError(
            f"{path}: cannot be read ({error.strerror}); make pairs with `photochrom turing pairs`"
        ) from error
    except ValidationError as error:
        raise DatasetError(f"{path}: {told(error)}; make the pairs anew") from error
    opened = PairFolder(folder, pairs, hashlib.sha256(content).hexdigest())
    for picture in _pictures(opened):
        if not picture.is_file():
            raise DatasetError(f"{picture}: is missing; make the pairs anew")
    return opened


def write_pairs(
    folder: Path,
    *,
    networks: Sequence[PairedNetwork],
    tests: Iterable[tuple[Pixels, Sequence[Pixels]]],
    practice: Iterable[Couple],
    checks: Iterable[Couple],
    pictures: PictureList,
    seed: int = 0,
) -> PairFolder:
    """Write pairs into a folder that holds nothing yet; it is there when all of them are.

    Args:
        folder: made if it is not there.
        networks: who recolored.
        tests: each original with its recolored versions, in the order of `networks`.
        practice, checks: see the module.
        pictures: what they were made of.
        seed: noted.

    Raises:
        DatasetError: the folder holds something, or nothing was given for `tests`.
        ImageError: a picture cannot be written.
    """
    refuse_used(folder)
    with beginning(folder.resolve()) as beside:
        _write(beside, networks, tests, practice, checks, pictures, seed)
    return read_pairs(folder)


def _write(
    folder: Path,
    networks: Sequence[PairedNetwork],
    tests: Iterable[tuple[Pixels, Sequence[Pixels]]],
    practice: Iterable[Couple],
    checks: Iterable[Couple],
    pictures: PictureList,
    seed: int,
) -> None:
    """Fill an empty folder; see `write_pairs`."""
    written: dict[Kind, list[str]] = {"practice": [], "check": [], "test": []}
    size = 0

    def save(kind: Kind, maker: str, pixels: Pixels) -> None:
        nonlocal size
        size = len(pixels)
        path = _place(folder, kind, maker, f"{len(written[kind]):03d}")
        path.parent.mkdir(parents=True, exist_ok=True)
        image.write(image.from_array(pixels), path)

    couples: tuple[tuple[Kind, Iterable[Couple]], ...] = (("practice", practice), ("check", checks))
    for kind, of_kind in couples:
        for real, fake in of_kind:
            save(kind, _REAL, real)
            save(kind, "fake", fake)
            written[kind].append(f"{len(written[kind]):03d}")
    for real, fakes in tests:
        save("test", _REAL, real)
        for network, fake in zip(networks, fakes, strict=True):
            save("test", network.name, fake)
        written["test"].append(f"{len(written['test']):03d}")
    if not written["test"]:
        raise DatasetError("no pair to write; give a picture in color at least")
    pairs = Pairs(
        size=size,
        seed=seed,
        pictures=pictures,
        networks=tuple(networks),
        names=tuple(written["test"]),
        practice=tuple(written["practice"]),
        checks=tuple(written["check"]),
    )
    (folder / _FILE).write_text(pairs.model_dump_json(indent=2) + "\n", encoding="utf-8")


def refuse_used(folder: Path) -> None:
    """Make sure that pairs can go there.

    Raises:
        DatasetError: the folder holds something, or is none.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise DatasetError(f"{folder}: holds something already; give a new folder for the pairs")


def _place(folder: Path, kind: Kind, maker: str, name: str) -> Path:
    return folder / _FOLDERS[kind] / maker / f"{name}.png"


def _pictures(opened: PairFolder) -> Iterable[Path]:
    pairs = opened.pairs
    couples: tuple[tuple[Kind, tuple[str, ...]], ...] = (
        ("practice", pairs.practice),
        ("check", pairs.checks),
    )
    for kind, names in couples:
        for name in names:
            yield opened.real(kind, name)
            yield opened.fake(kind, name, None)
    for name in pairs.names:
        yield opened.real("test", name)
        for network in pairs.networks:
            yield opened.fake("test", name, network.name)
