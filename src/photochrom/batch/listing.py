"""The pictures of a folder."""

import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from ..api import is_named_as_output
from ..image import SUFFIXES


@dataclass(frozen=True)
class Unsearched:
    """A folder that cannot be searched."""

    folder: Path
    reason: str
    """With the folder's name and a remedy."""


Listing: TypeAlias = Callable[[Path], Iterator[Path | Unsearched]]
"""The pictures of a folder, and what of it cannot be searched."""


def pictures_in(folder: Path) -> Iterator[Path | Unsearched]:
    """The pictures that lie in a folder itself, sorted; none that is colored already."""
    try:
        with os.scandir(folder) as entries:
            names = [entry.name for entry in entries if _is_picture(entry)]
    except OSError as error:
        yield _unsearched(folder, error)
        return
    for name in sorted(names):
        yield folder / name


def pictures_below(folder: Path) -> Iterator[Path | Unsearched]:
    """The pictures of a folder and its subfolders; links to folders are not followed."""
    waiting = [folder]
    while waiting:
        here = waiting.pop()
        yield from pictures_in(here)
        with suppress(OSError), os.scandir(here) as entries:  # which has been told of
            below = [entry.name for entry in entries if entry.is_dir(follow_symlinks=False)]
            kept = (name for name in below if not name.startswith("."))
            waiting += [here / name for name in sorted(kept, reverse=True)]


def is_wanted(name: str) -> bool:
    """A picture by its name's ending, neither hidden nor a result of ours."""
    known = Path(name).suffix.lower() in SUFFIXES
    return known and not name.startswith(".") and not is_named_as_output(name)


def _is_picture(entry: "os.DirEntry[str]") -> bool:
    """Whether a folder's entry is to be colored; links to nowhere are, so that they are told of."""
    if not is_wanted(entry.name):
        return False
    try:
        return entry.is_file() or (entry.is_symlink() and not os.path.exists(entry))
    except OSError:  # a link that leads to itself
        return True


def _unsearched(folder: Path, error: OSError) -> Unsearched:
    return Unsearched(folder, f"{folder}: cannot be searched ({error.strerror}); check its rights")
