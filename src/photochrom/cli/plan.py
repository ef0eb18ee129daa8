"""Which picture goes where: decided for all of them, and refused, before anything is written."""

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import typer

from ..api import default_output, is_named_as_output, refuse_overwriting
from ..errors import ImageError, PhotochromError
from ..image import SUFFIXES

STREAM = "-"
"""Names standard input and standard output."""


@dataclass(frozen=True)
class Picture:
    """One picture to color."""

    source: Path | None
    """None: standard input."""
    target: Path | None
    """None: standard output."""

    @property
    def name(self) -> str:
        """What messages call it."""
        return "<stdin>" if self.source is None else str(self.source)


@dataclass(frozen=True)
class Fault:
    """Why a picture is not colored."""

    name: str
    """The picture's."""
    message: str


@dataclass(frozen=True)
class Plan:
    """What is to be done, and what cannot be."""

    pictures: tuple[Picture, ...]
    faults: tuple[Fault, ...]


@dataclass(frozen=True)
class _Found:
    """A picture among the inputs."""

    path: Path
    within: Path
    """Its path in the tree that `--output DIR` mirrors: below the folder it was found in."""


Listing = Callable[[Path], Iterator[Path]]
"""The pictures of a folder."""


def pictures_in(folder: Path) -> Iterator[Path]:
    """The pictures that lie in a folder itself, sorted; none that is colored already."""
    with os.scandir(folder) as entries:
        names = [entry.name for entry in entries if entry.is_file() and _is_wanted(entry.name)]
    for name in sorted(names):
        yield folder / name


def pictures_below(folder: Path) -> Iterator[Path]:
    """The pictures of a folder and its subfolders; links to folders are not followed."""
    for here, folders, names in os.walk(folder, onerror=_raise):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            if _is_wanted(name):
                yield Path(here, name)


def plan(inputs: Sequence[str], output: str | None, listing: Listing, *, force: bool) -> Plan:
    """Decide what becomes of each input.

    Args:
        inputs: files and folders, or `STREAM` alone.
        output: file, folder or `STREAM`; None puts each result beside its picture.
        listing: how folders are searched.
        force: whether outputs that exist may be replaced.

    Raises:
        typer.BadParameter: inputs and output do not go together: two pictures would become the
            same file, or one of the originals would be lost.
    """
    if STREAM in inputs or output == STREAM:
        return Plan((_streamed(inputs, output),), ())
    found, faults = _search(inputs, listing)
    pictures = []
    for one, target in zip(found, _targets(inputs, found, output), strict=True):
        try:
            refuse_overwriting(one.path, target, overwrite=force)
            _refuse_unwritable(target)
        except PhotochromError as error:
            faults.append(Fault(str(one.path), str(error)))
        pictures.append(Picture(one.path, target))
    _refuse_collisions(pictures)
    _refuse_losing_originals(pictures)
    failed = {fault.name for fault in faults}
    return Plan(tuple(p for p in pictures if p.name not in failed), tuple(faults))


def _raise(error: OSError) -> None:
    raise error


def _is_wanted(name: str) -> bool:
    """A picture by its name's ending, neither hidden nor a result of ours."""
    known = Path(name).suffix.lower() in SUFFIXES
    return known and not name.startswith(".") and not is_named_as_output(name)


def _streamed(inputs: Sequence[str], output: str | None) -> Picture:
    """The one picture of which an end, or both, is a standard stream."""
    if len(inputs) > 1:
        raise typer.BadParameter("a standard stream holds one picture; give one input")
    if inputs[0] != STREAM:
        return Picture(Path(inputs[0]), None)
    if output in (None, STREAM):
        return Picture(None, None)
    return Picture(None, Path(str(output)))


def _search(inputs: Sequence[str], listing: Listing) -> tuple[list[_Found], list[Fault]]:
    """Every picture of the inputs, once, and what went wrong in finding them."""
    found: dict[str, _Found] = {}
    faults = []
    for path in map(Path, inputs):
        if not path.is_dir():
            found.setdefault(os.path.realpath(path), _Found(path, Path(path.name)))
            continue
        try:
            listed = list(listing(path))
        except OSError as error:
            where = error.filename or path
            faults.append(Fault(str(path), f"{where}: cannot be searched ({error.strerror})"))
            continue
        if not listed:
            faults.append(
                Fault(str(path), f"{path}: no pictures to color in it (--recursive looks deeper)")
            )
        for picture in listed:
            one = _Found(picture, picture.relative_to(path))
            found.setdefault(os.path.realpath(picture), one)
    return list(found.values()), faults


def _targets(inputs: Sequence[str], found: Sequence[_Found], output: str | None) -> list[Path]:
    """Where each picture goes."""
    if output is None:
        return [default_output(one.path) for one in found]
    path = Path(output)
    single = len(inputs) == 1 and not Path(inputs[0]).is_dir()
    if path.is_dir() or output.endswith(("/", os.sep)) or not path.suffix:
        if path.is_file():
            raise typer.BadParameter(f"--output {output} is a file, and no picture")
        return [path / default_output(one.within) for one in found]
    if single:
        if path.suffix.lower() not in SUFFIXES:
            raise typer.BadParameter(
                f"--output {output} ends in no picture format: {', '.join(SUFFIXES)}"
            )
        return [path]
    if path.suffix.lower() in SUFFIXES or path.is_file():
        raise typer.BadParameter(f"--output {output} names one file; for several give a folder")
    return [path / default_output(one.within) for one in found]


def _refuse_unwritable(target: Path) -> None:
    """Told before the work is done: the format follows the name."""
    if target.suffix.lower() not in SUFFIXES:
        raise ImageError(
            f"{target}: no picture format ends in {target.suffix or 'nothing'!r}; "
            f"choose the output's name: --output NAME.jpg (or {', '.join(SUFFIXES)})"
        )


def _refuse_collisions(pictures: Sequence[Picture]) -> None:
    taken: dict[str, Picture] = {}
    for picture in pictures:
        first = taken.setdefault(os.path.realpath(str(picture.target)), picture)
        if first is not picture:
            raise typer.BadParameter(
                f"{first.name} and {picture.name} would both become {picture.target}; "
                "nothing was written"
            )


def _refuse_losing_originals(pictures: Sequence[Picture]) -> None:
    """No output may be one of the inputs, whatever names the file system takes for the same."""
    originals = {_identity(picture.source): picture for picture in pictures}
    originals.pop(None, None)
    for picture in pictures:
        lost = originals.get(_identity(picture.target))
        if lost is not None:
            raise typer.BadParameter(
                f"{picture.name} would become {picture.target}, which is an original; "
                "nothing was written"
            )


def _identity(path: Path | None) -> tuple[int, int] | None:
    """Device and number of a file that exists."""
    try:
        status = os.stat(str(path))
    except OSError:
        return None
    return status.st_dev, status.st_ino
