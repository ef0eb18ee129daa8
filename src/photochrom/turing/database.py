"""A database by URL, opened, tuned and brought up to date."""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from ..errors import DatasetError, MissingExtraError

_WRITING = "photochrom_writing"  # execution option of connections that will write
_CONNECTIONS = 8
_MIGRATING = 20161010  # number of the lock that servers starting at once take in turn


def default_url(pairs: Path) -> str:
    """The SQLite file beside a folder of pairs."""
    folder = pairs.resolve()
    return URL.create(
        "sqlite", database=str(folder.with_name(f"{folder.name}.sqlite3"))
    ).render_as_string()


def refuse_missing(url: str) -> None:
    """Make sure that a database of SQLite is there, which opening it would otherwise make.

    Raises:
        DatasetError: there is no such file, or no such URL.
    """
    address = _address(url)
    if address.get_backend_name() == "sqlite" and not Path(address.database or "").is_file():
        raise DatasetError(
            f"{address.database}: no such database of answers; `photochrom turing serve` makes it"
        )


def open_database(url: str) -> Engine:
    """Connect, and run the migrations that the database lacks.

    Args:
        url: `sqlite:///answers.sqlite3`, or `postgresql://user:password@host/database`.

    Raises:
        DatasetError: no such URL, the database cannot be opened, or it is of a later version.
        MissingExtraError: PostgreSQL without its driver.
    """
    address = _address(url)
    shown = address.render_as_string(hide_password=True)
    # Few connections, which requests wait for in turn: SQLite's own waiting is not in turn, and
    # under 50 raters at once somebody would wait for seconds.
    engine = create_engine(address, pool_size=_CONNECTIONS, max_overflow=0, pool_pre_ping=True)
    if address.get_backend_name() == "sqlite":
        event.listen(engine, "connect", _tune_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    try:
        with writing(engine) as connection:
            if address.get_backend_name() == "postgresql":
                connection.execute(text(f"SELECT pg_advisory_xact_lock({_MIGRATING})"))
            _migrate(connection)
    except CommandError as error:
        raise DatasetError(
            f"{shown}: answers of a later version of Photochrom ({error}); update Photochrom"
        ) from error
    except SQLAlchemyError as error:
        raise DatasetError(
            f"{shown}: cannot be opened as a database of answers ({_reason(error)}); check the "
            "address and whether it may be written to"
        ) from error
    return engine


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """A transaction that writes, committed when the block ends well."""
    with engine.connect() as plain:
        connection = plain.execution_options(**{_WRITING: True})
        with connection.begin():
            yield connection


def _address(url: str) -> URL:
    try:
        address = make_url(url)
    except ArgumentError as error:
        raise DatasetError(
            f"{url}: no address of a database; give sqlite:///FILE or postgresql://USER@HOST/NAME"
        ) from error
    if address.drivername in ("postgres", "postgresql"):
        address = address.set(drivername="postgresql+psycopg")
    if address.drivername == "postgresql+psycopg":
        if find_spec("psycopg") is None:
            raise MissingExtraError(
                "psycopg is not installed; answers in PostgreSQL need it: "
                "pip install 'photochrom[postgres]'"
            )
        return address
    if address.drivername not in ("sqlite", "sqlite+pysqlite") or not address.database:
        raise DatasetError(
            f"{address.render_as_string(hide_password=True)}: answers are kept in a file of SQLite "
            "(sqlite:///FILE) or in PostgreSQL (postgresql://USER@HOST/NAME)"
        )
    return address


def _tune_sqlite(connection: Any, record: Any) -> None:
    """Settings of a fresh connection.

    WAL lets raters read while one writes, and a killed server leaves a log that the next one
    finishes. FULL, for in WAL the default NORMAL may lose answers that were acknowledged when the
    power fails, and an fsync an answer is nothing beside the seconds that people think.
    """
    connection.isolation_level = None  # the driver would begin transactions where it sees fit
    for pragma in (
        "busy_timeout=30000",
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    """A transaction that will write says so: one that turns to writing later can be refused."""
    writing = connection.get_execution_options().get(_WRITING)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")


def _migrate(connection: Connection) -> None:
    config = Config()
    config.set_main_option("script_location", "photochrom.turing:migrations")
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _reason(error: SQLAlchemyError) -> str:
    origin = getattr(error, "orig", None) or error
    return " ".join(str(origin).split())
