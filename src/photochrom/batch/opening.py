"""Where ledgers come from: a folder of results, or nowhere."""

import sqlite3
from pathlib import Path

from ..errors import PhotochromError
from .ledger import Ledger
from .storage import lay_out, told

NAME = ".photochrom.sqlite"
"""Of the ledger in a folder of results."""


def open_ledger(folder: Path) -> Ledger:
    """The ledger of a folder of results; folder and file are made where they are missing.

    Raises:
        PhotochromError: another run has it, the folder may not be written to, the disk is full, or
            the file is damaged or of a later Photochrom.
    """
    path = folder / NAME
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise PhotochromError(
            f"{folder}: cannot be made ({error.strerror}); choose another --output"
        ) from None
    with told(str(path)):
        connection = sqlite3.connect(path, timeout=0)
        try:
            # Before anything else: the lock is then never given up between two transactions, and
            # the write-ahead log needs no shared memory, which folders on a network do not have.
            connection.execute("PRAGMA locking_mode = EXCLUSIVE")
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("BEGIN EXCLUSIVE")
            lay_out(connection, path)
            connection.commit()
        except BaseException:
            connection.close()
            raise
    return Ledger(str(path), connection, folder)


def read_ledger(folder: Path) -> Ledger:
    """The ledger of a folder of results as it is now, to be looked into; nothing is made.

    Raises:
        PhotochromError: another run has it, or the file is damaged or of a later Photochrom.
    """
    path = folder / NAME
    if not path.exists():
        return forgetful()
    with told(str(path)):
        connection = sqlite3.connect(":memory:")
        try:
            stored = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", timeout=0, uri=True)
            try:
                # A backup waits for ever for a lock that it does not have yet.
                stored.execute("BEGIN")
                stored.execute("SELECT count(*) FROM sqlite_schema").fetchone()
                stored.backup(connection)
            finally:
                stored.close()
            lay_out(connection, path)
        except BaseException:
            connection.close()
            raise
    return Ledger(str(path), connection, folder)


def forgetful() -> Ledger:
    """A ledger that lasts as long as the process, for results beside single pictures."""
    connection = sqlite3.connect(":memory:")
    lay_out(connection, Path(":memory:"))
    return Ledger("the ledger in memory", connection, None)
