"""What was done to which picture: a SQLite file beside the results.

The file belongs to one run at a time. SQLite keeps it locked as long as the run lasts, and the
operating system ends a lock with its process, so that a killed run is in nobody's way. What is
claimed is on the disk before the work begins; what is done is written a little later, in bundles:
a run that is killed does the last second's pictures again.
"""

import json
import os
import sqlite3
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, TypeAlias

from .._version import __version__
from .storage import told
from .task import Colored, Stamp, Task, Version

_DELAY = 1.0  # seconds that a result waits for others to be written with
State: TypeAlias = Literal["claimed", "done", "failed", "quarantined"]


@dataclass(frozen=True)
class Entry:
    """What the ledger knows of the picture that goes to one target."""

    source: Path
    source_version: Version | None
    """What was colored, or tried; None where it could not be looked at."""
    identity: str
    """Of the order and the weights."""
    result: Version | None
    """What we have put at the target last, whatever has happened since."""
    state: State
    reason: str


class Ledger:
    """An open ledger. Raises PhotochromError where its file cannot be used any further."""

    def __init__(self, name: str, connection: sqlite3.Connection, folder: Path | None) -> None:
        """See the functions of `opening`."""
        self._name = name
        self._connection = connection
        self._folder = folder
        self._written = time.monotonic()

    def __enter__(self) -> "Ledger":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Write what is not written yet, and let others have the file."""
        try:
            with told(self._name):
                self._connection.commit()
        finally:
            self._connection.close()

    def begin(self, identity: str, parameters: Mapping[str, object], model_sha256: str) -> None:
        """Note the order that pictures are colored by from here on."""
        with told(self._name):
            self._connection.execute(
                "INSERT OR REPLACE INTO orders VALUES (?, ?, ?, ?)",
                (identity, json.dumps(parameters, sort_keys=True), model_sha256, __version__),
            )

    def entry(self, target: Path) -> Entry | None:
        """What is known of a target; None: nothing."""
        with told(self._name):
            row = self._connection.execute(
                "SELECT source, source_size, source_mtime, source_sha256, identity, result_size, "
                "result_mtime, result_sha256, state, reason FROM pictures WHERE target = ?",
                (self._key(target),),
            ).fetchone()
        if row is None:
            return None
        source, result = _version(*row[1:4]), _version(*row[5:8])
        return Entry(Path(os.fsdecode(row[0])), source, row[4], result, row[8], row[9])

    def claim(self, tasks: Iterable[Task], identity: str) -> None:
        """Say, on the disk, that what is or will be found at these targets is ours."""
        rows = [(self._key(t.target), _absolute(t.source), identity, _now()) for t in tasks]
        with told(self._name):
            self._connection.executemany(
                "INSERT INTO pictures (target, source, identity, state, reason, at) "
                "VALUES (?, ?, ?, 'claimed', '', ?) "
                "ON CONFLICT (target) DO UPDATE SET state = 'claimed', at = excluded.at",
                rows,
            )
        self.commit()

    def release(self, tasks: Iterable[Task]) -> None:
        """Take back claims of pictures that were not begun; results of former times stay known."""
        keys = [(self._key(task.target),) for task in tasks]
        with told(self._name):
            self._connection.executemany(
                "DELETE FROM pictures WHERE target = ? AND result_sha256 IS NULL", keys
            )
            self._connection.executemany(
                "UPDATE pictures SET state = 'failed', reason = 'not begun' WHERE target = ?", keys
            )
        self.commit()

    def record(self, colored: Colored, identity: str) -> None:
        """Note what was done; it is on the disk within a second, see `commit_if_due`."""
        source, result = colored.source, colored.result
        with told(self._name):
            self._connection.execute(
                "INSERT OR REPLACE INTO pictures VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 'done', '', ?)",
                (
                    self._key(colored.task.target),
                    _absolute(colored.task.source),
                    *(source.stamp.size, source.stamp.mtime, source.sha256),
                    identity,
                    *(result.stamp.size, result.stamp.mtime, result.sha256),
                    _now(),
                ),
            )

    def give_up(
        self,
        task: Task,
        identity: str,
        state: Literal["failed", "quarantined"],
        reason: str,
        source: Stamp | None,
    ) -> None:
        """Note why a picture has no colors; a former result of ours stays known."""
        size, mtime = (None, None) if source is None else (source.size, source.mtime)
        with told(self._name):
            self._connection.execute(
                "INSERT INTO pictures (target, source, source_size, source_mtime, source_sha256, "
                "identity, state, reason, at) VALUES (?, ?, ?, ?, '', ?, ?, ?, ?) "
                "ON CONFLICT (target) DO UPDATE SET source = excluded.source, "
                "source_size = excluded.source_size, source_mtime = excluded.source_mtime, "
                "source_sha256 = '', identity = excluded.identity, state = excluded.state, "
                "reason = excluded.reason, at = excluded.at",
                (
                    *(self._key(task.target), _absolute(task.source), size, mtime),
                    *(identity, state, _text(reason), _now()),
                ),
            )

    def refresh(self, task: Task, source: Version, result: Version) -> None:
        """Note that files whose times have changed hold what they held."""
        with told(self._name):
            self._connection.execute(
                "UPDATE pictures SET source = ?, source_size = ?, source_mtime = ?, "
                "result_size = ?, result_mtime = ? WHERE target = ?",
                (
                    _absolute(task.source),
                    *(source.stamp.size, source.stamp.mtime),
                    *(result.stamp.size, result.stamp.mtime),
                    self._key(task.target),
                ),
            )

    def commit(self) -> None:
        """Bring everything to the disk."""
        with told(self._name):
            self._connection.commit()
        self._written = time.monotonic()

    def commit_if_due(self) -> None:
        """Bring everything to the disk, unless that was done a moment ago."""
        if time.monotonic() - self._written > _DELAY:
            self.commit()

    def _key(self, target: Path) -> bytes:
        """A target below the ledger's folder by its path in there, so that the folder may move."""
        if self._folder is None:
            return _absolute(target)
        return os.fsencode(target.relative_to(self._folder))


def _version(size: int | None, mtime: int | None, sha256: str | None) -> Version | None:
    if size is None or mtime is None:
        return None
    return Version(Stamp(size, mtime), sha256 or "")


def _text(message: str) -> str:
    """A message with a name in it that need not be text, as it is told: escaped."""
    return message.encode("utf-8", "backslashreplace").decode()


def _absolute(path: Path) -> bytes:
    return os.fsencode(os.path.abspath(path))


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
