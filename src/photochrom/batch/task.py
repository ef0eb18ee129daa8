"""One picture of a job, and what became of it."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias


@dataclass(frozen=True)
class Stamp:
    """What tells cheaply that a file is probably as it was."""

    size: int
    """In bytes."""
    mtime: int
    """Time of its last change, in ns since 1970."""


@dataclass(frozen=True)
class Version:
    """One content of a file."""

    stamp: Stamp
    sha256: str
    """In hex; empty where nobody could tell."""


@dataclass(frozen=True)
class Task:
    """One picture to color."""

    source: Path
    target: Path
    overwrite: bool = False
    """Whether a file at `target` may be replaced."""


@dataclass(frozen=True)
class Colored:
    """The picture is colored and in its place."""

    task: Task
    source: Version
    result: Version
    seconds: float
    notes: tuple[str, ...] = ()
    """What the owner of the picture should know, a line each."""
    beside: tuple[Path, ...] = ()
    """What else was written: candidates, maps, a sidecar."""


@dataclass(frozen=True)
class Failed:
    """The picture cannot be colored; nothing was left of the attempt."""

    task: Task
    reason: str
    full: bool = False
    """Whether the disk was: no fault of the picture's."""


@dataclass(frozen=True)
class Died:
    """The process that colored the picture ended over it, or was ended."""

    task: Task
    reason: str


Report: TypeAlias = Colored | Failed | Died


@dataclass(frozen=True)
class Outcome:
    """What a job has to say of a picture, once."""

    source: Path
    target: Path
    state: Literal["colored", "current", "failed", "quarantined"]
    reason: str = ""
    """Why it is not colored; of those that are, why it was to be."""
    source_sha256: str = ""
    result_sha256: str = ""
    seconds: float = 0.0
    aside: Path | None = None
    """Where the former result is now, if somebody had changed it."""
    notes: tuple[str, ...] = ()
    """What the owner of the picture should know, a line each."""
    beside: tuple[Path, ...] = ()
    """What else was written."""

    @property
    def is_fault(self) -> bool:
        """Whether the picture is still without colors."""
        return self.state in ("failed", "quarantined")


def stamp_of(path: Path) -> Stamp | None:
    """Size and time of a file; None where there is none that could be looked at."""
    try:
        status = os.stat(path)
    except (OSError, ValueError):
        return None
    return Stamp(status.st_size, status.st_mtime_ns)
