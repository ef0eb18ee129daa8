"""A ledger's tables in SQLite, and what SQLite's errors mean."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..errors import PhotochromError

_FORMAT = 1
_DAMAGED = "the ledger is damaged; move it away and give --force once, which makes all results anew"
_TABLES = """
CREATE TABLE IF NOT EXISTS orders (
    identity TEXT PRIMARY KEY,
    parameters TEXT NOT NULL,
    model_sha256 TEXT NOT NULL,
    version TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS pictures (
    target BLOB PRIMARY KEY,
    source BLOB NOT NULL,
    source_size INTEGER,
    source_mtime INTEGER,
    source_sha256 TEXT,
    identity TEXT NOT NULL,
    result_size INTEGER,
    result_mtime INTEGER,
    result_sha256 TEXT,
    state TEXT NOT NULL CHECK (state IN ('claimed', 'done', 'failed', 'quarantined')),
    reason TEXT NOT NULL,
    at TEXT NOT NULL
) WITHOUT ROWID;
"""


def lay_out(connection: sqlite3.Connection, path: Path) -> None:
    """Make the tables of a new ledger; refuse those of a later format."""
    (format,) = connection.execute("PRAGMA user_version").fetchone()
    if format > _FORMAT:
        raise PhotochromError(
            f"{path}: written by a later Photochrom; use that one, or choose another --output"
        )
    for statement in _TABLES.split(";"):  # `executescript` would end the transaction
        connection.execute(statement)
    connection.execute(f"PRAGMA user_version = {_FORMAT}")


@contextmanager
def told(name: str) -> Iterator[None]:
    """SQLite's errors as ours."""
    try:
        yield
    except sqlite3.Error as error:
        raise PhotochromError(f"{name}: {_meaning(error)}") from error
    except UnicodeDecodeError as error:  # of what SQLite says, and quotes from a damaged file
        raise PhotochromError(f"{name}: {_DAMAGED}") from error


def _meaning(error: sqlite3.Error) -> str:
    """What went wrong with a ledger, and what to do."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # the rest are details
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return "another run is at work on this folder; wait until it has ended, or end it"
    if code == sqlite3.SQLITE_FULL:
        return (
            "the disk is full; free some space and run the same command again, which goes on "
            "where this one stopped"
        )
    if code in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM):
        return "cannot be written; check the folder's permissions or choose another --output"
    if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return _DAMAGED
    return f"the ledger cannot be used ({error}); check its disk"
