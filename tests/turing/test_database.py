"""Migrations, settings and faults of the database."""

import sqlite3
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from photochrom.errors import DatasetError
from photochrom.turing.database import default_url, open_database, refuse_missing
from photochrom.turing.plan import Plan
from photochrom.turing.schedule import Showing
from photochrom.turing.store import Store
from photochrom.turing.tables import METADATA


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'answers.sqlite3'}"


def test_migrations_end_in_the_tables_of_today(url: str) -> None:
    engine = open_database(url)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection)
        assert compare_metadata(context, METADATA) == []
        assert context.get_current_revision() == "0001"
    engine.dispose()


def test_the_database_is_set_up_to_lose_nothing(url: str) -> None:
    engine = open_database(url)
    with engine.connect() as connection:
        read = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "busy_timeout", "foreign_keys")
        }
    engine.dispose()
    # 2 is FULL: https://sqlite.org/pragma.html#pragma_synchronous
    assert read == {
        "journal_mode": "wal",
        "synchronous": 2,
        "busy_timeout": 30000,
        "foreign_keys": 1,
    }


def test_opening_again_keeps_what_is_there(url: str) -> None:
    store = Store(url)
    token = store.enrol(Plan(), "pairs", lambda given: [Showing("test", "000", "a", 1)])
    store.close()
    store = Store(url)
    assert store.participant(token)
    assert store.pairs() == {"pairs"}
    store.close()


def test_the_database_itself_refuses_a_second_answer(url: str, tmp_path: Path) -> None:
    store = Store(url)
    token = store.enrol(Plan(), "pairs", lambda given: [Showing("test", "000", "a", 1)])
    person = store.participant(token)
    assert person
    assert store.answer(person, 1, 0, 500)
    store.close()
    connection = sqlite3.connect(tmp_path / "answers.sqlite3")
    with pytest.raises(sqlite3.IntegrityError, match="UNIQUE"):
        connection.execute("INSERT INTO answer VALUES (1, 1, 500, '')")
    with pytest.raises(sqlite3.IntegrityError, match="UNIQUE"):
        connection.execute(
            "INSERT INTO trial "
            "(participant_id, number, kind, picture, fake_at, first_id, second_id) "
            "VALUES (1, 1, 'test', '001', 0, 'x', 'y')"
        )
    connection.close()


def test_nothing_that_tells_who_somebody_is_is_stored(url: str, tmp_path: Path) -> None:
    store = Store(url)
    token = store.enrol(Plan(), "pairs", lambda given: [Showing("test", "000", "a", 1)])
    store.close()
    connection = sqlite3.connect(tmp_path / "answers.sqlite3")
    columns = [row[1] for row in connection.execute("PRAGMA table_info(participant)")]
    content = "\n".join(connection.iterdump())
    connection.close()
    assert columns == ["id", "token_sha256", "consented_at", "pairs_sha256", "mode", "seconds"]
    assert token not in content


def test_answers_of_a_later_version_are_refused(url: str, tmp_path: Path) -> None:
    open_database(url).dispose()
    connection = sqlite3.connect(tmp_path / "answers.sqlite3")
    with connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    with pytest.raises(DatasetError, match=r"later version of Photochrom.*update"):
        open_database(url)


@pytest.mark.parametrize(
    ("url", "fault"),
    [
        ("answers.sqlite3", "no address of a database"),
        ("mysql://me@host/answers", "file of SQLite.* or in PostgreSQL"),
        ("sqlite://", "file of SQLite"),
        ("sqlite:////nowhere/answers.sqlite3", "cannot be opened.*unable to open"),
        ("postgresql://me:secret@127.0.0.1:1/answers", "cannot be opened"),
    ],
)
def test_databases_that_cannot_be_are_told(url: str, fault: str) -> None:
    with pytest.raises(DatasetError, match=fault) as caught:
        open_database(url)
    assert "secret" not in str(caught.value)


def test_a_file_that_is_no_database_is_told(url: str, tmp_path: Path) -> None:
    (tmp_path / "answers.sqlite3").write_text("my thesis, " * 1000)
    with pytest.raises(DatasetError, match="not a database"):
        open_database(url)


def test_a_report_makes_no_database(url: str, tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="no such database of answers"):
        refuse_missing(url)
    assert list(tmp_path.iterdir()) == []


def test_the_default_is_beside_the_pairs(tmp_path: Path) -> None:
    assert default_url(tmp_path / "pairs") == f"sqlite:///{tmp_path}/pairs.sqlite3"
