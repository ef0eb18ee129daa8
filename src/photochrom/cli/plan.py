"""Which picture goes where: decided for all of them, and refused, before anything is written."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import typer

from ..batch.listing import Listing, Unsearched
from ..batch.names import result_of
from ..image import SUFFIXES

STREAM = "-"
"""Names standard input and standard output."""


@dataclass(frozen=True)
class Streamed:
    """The one picture of which an end, or both, is a standard stream."""

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
    """Why an input gives no pictures, or not all of its own."""

    name: str
    """The input's, or that of the part that is at fault."""
    message: str


@dataclass(frozen=True)
class Plan:
    """What is to be done, and what cannot be."""

    pictures: tuple[tuple[Path, Path], ...]
    """Each from its source to its target."""
    streamed: Streamed | None
    """The only picture, if it is one of a stream."""
    faults: tuple[Fault, ...]
    ledger: Path | None
    """The folder of results whose ledger says what is done already; None: nobody remembers."""


@dataclass(frozen=True)
class _Found:
    """A picture among the inputs."""

    path: Path
    within: Path
    """Its path in the tree that `--output DIR` mirrors: below the folder it was found in."""


def plan(inputs: Sequence[str], output: str | None, listing: Listing) -> Plan:
    """Decide what becomes of each input.

    Args:
        inputs: files and folders, or `STREAM` alone.
        output: file, folder or `STREAM`; None puts each result beside its picture.
        listing: how folders are searched.

    Raises:
        typer.BadParameter: inputs and output do not go together: two pictures would become the
            same file, or one of the originals would be lost.
    """
    if STREAM in inputs or output == STREAM:
        return Plan((), _streamed(inputs, output), (), None)
    found, faults = _search(inputs, listing)
    pictures = []
    for one, target in zip(found, _targets(inputs, found, output), strict=True):
        if target.suffix.lower() in SUFFIXES:
            pictures.append((one.path, target))
        elif not os.path.lexists(one.path):
            faults.append(
                Fault(str(one.path), f"{one.path}: no such file or folder; check the path")
            )
        else:  # told before the work is done: the format follows the name
            ending = target.suffix or "nothing"
            fault = (
                f"{target}: no picture format ends in {ending!r}; "
                f"choose the output's name: --output NAME.jpg (or {', '.join(SUFFIXES)})"
            )
            faults.append(Fault(str(one.path), fault))
    _refuse_collisions(pictures)
    _refuse_losing_originals(pictures)
    folders = any(os.path.isdir(path) for path in inputs)
    ledger = Path(output) if output is not None and folders else None
    return Plan(tuple(pictures), None, tuple(faults), ledger)


def _streamed(inputs: Sequence[str], output: str | None) -> Streamed:
    if len(inputs) > 1:
        raise typer.BadParameter("a standard stream holds one picture; give one input")
    source = None if inputs[0] == STREAM else Path(inputs[0])
    return Streamed(source, None if output in (None, STREAM) else Path(str(output)))


def _search(inputs: Sequence[str], listing: Listing) -> tuple[list[_Found], list[Fault]]:
    """Every picture of the inputs, once, and what went wrong in finding them."""
    found: dict[str, _Found] = {}
    faults = []
    for path in map(Path, inputs):
        if not os.path.isdir(path):
            found.setdefault(os.path.realpath(path), _Found(path, Path(path.name)))
            continue
        listed = list(listing(path))
        if not listed:
            faults.append(
                Fault(str(path), f"{path}: no pictures to color in it (--recursive looks deeper)")
            )
        for one in listed:
            if isinstance(one, Unsearched):
                faults.append(Fault(str(one.folder), one.reason))
            else:
                found.setdefault(os.path.realpath(one), _Found(one, one.relative_to(path)))
    return list(found.values()), faults


def _targets(inputs: Sequence[str], found: Sequence[_Found], output: str | None) -> list[Path]:
    """Where each picture goes."""
    if output is None:
        return [result_of(one.path) for one in found]
    path = Path(output)
    single = len(inputs) == 1 and not Path(inputs[0]).is_dir()
    if path.is_dir() or output.endswith(("/", os.sep)) or not path.suffix:
        if path.is_file():
            raise typer.BadParameter(f"--output {output} is a file, and no picture")
        return [path / result_of(one.within) for one in found]
    if single:
        if path.suffix.lower() not in SUFFIXES:
            raise typer.BadParameter(
                f"--output {output} ends in no picture format: {', '.join(SUFFIXES)}"
            )
        return [path]
    if path.suffix.lower() in SUFFIXES or path.is_file():
        raise typer.BadParameter(f"--output {output} names one file; for several give a folder")
    return [path / result_of(one.within) for one in found]


def _refuse_collisions(pictures: Sequence[tuple[Path, Path]]) -> None:
    taken: dict[str, Path] = {}
    for source, target in pictures:
        first = taken.setdefault(os.path.realpath(target), source)
        if first is not source:
            raise typer.BadParameter(
                f"{first} and {source} would both become {target}; nothing was written"
            )


def _refuse_losing_originals(pictures: Sequence[tuple[Path, Path]]) -> None:
    """No output may be one of the inputs, whatever names the file system takes for the same."""
    originals = {_identity(source) for source, _ in pictures} - {None}
    for source, target in pictures:
        if _identity(target) in originals:
            raise typer.BadParameter(
                f"{source} would become {target}, which is an original; nothing was written"
            )


def _identity(path: Path) -> tuple[int, int] | None:
    """Device and number of a file that exists."""
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_dev, status.st_ino
