"""Half-written files of processes that were killed."""

import os
import re
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

_PART = re.compile(r"\..*\.(\d+)\.part(?:\.\w+)?", re.DOTALL)
"""As `whole.replacing` names a file until it is whole: with the process that writes it."""


def remove_parts(folder: Path, process: int) -> None:
    """Remove what a process that has ended was writing in a folder."""
    for path, writer in _parts(folder):
        if writer == process:
            with suppress(OSError):
                path.unlink()


def remove_abandoned(folders: Iterable[Path]) -> None:
    """Remove what was being written in these folders by processes that are no more."""
    for folder in folders:
        for path, writer in _parts(folder):
            if not _lives(writer):
                with suppress(OSError):
                    path.unlink()


def _parts(folder: Path) -> list[tuple[Path, int]]:
    """Files that are not whole, with the number of the process that writes each."""
    try:
        names = os.listdir(folder)
    except OSError:
        return []
    matches = [(name, _PART.fullmatch(name)) for name in names]
    return [(folder / name, int(match[1])) for name, match in matches if match]


def _lives(process: int) -> bool:
    """Whether there is such a process, or, where that is not to be known, may be."""
    if process == os.getpid():
        return False  # this one has begun nothing yet: a number is used again
    if os.name != "posix":
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        return True
    return True
