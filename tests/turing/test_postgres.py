"""The same answers in PostgreSQL: a real server, started here."""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from photochrom.turing.database import open_database
from photochrom.turing.store import Store
from photochrom.turing.tables import METADATA

BINARIES = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
ROOT = os.geteuid() == 0  # PostgreSQL refuses to run as root

pytest.importorskip("psycopg", reason="the extra `postgres`")
pytestmark = pytest.mark.skipif(not BINARIES, reason="PostgreSQL's server is not installed")


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """An empty database of a server of our own, reached by TCP."""
    user = "postgres" if ROOT else pwd.getpwuid(os.geteuid()).pw_name
    folder = Path(tempfile.mkdtemp(prefix="postgres-"))
    if ROOT:
        shutil.chown(folder, user)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    binaries = BINARIES[-1].parent
    as_user = {"user": user, "group": user, "extra_groups": []} if ROOT else {}
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": folder}
    data = str(folder / "data")
    initialize = [binaries / "initdb", "-D", data, "-A", "trust", "-U", "me", "--no-sync"]
    subprocess.run([*initialize, "-E", "UTF8", "--locale", "C"], check=True, **as_user, **quiet)  # type: ignore[call-overload]
    start = [binaries / "postgres", "-D", data, "-p", str(port), "-k", str(folder), "-F"]
    server = subprocess.Popen([*start, "-c", "listen_addresses=127.0.0.1"], **as_user, **quiet)  # type: ignore[call-overload]
    try:
        ready = [binaries / "pg_isready", "-h", "127.0.0.1", "-p", str(port)]
        end = time.monotonic() + 30
        while subprocess.run(ready, check=False, **quiet).returncode:  # type: ignore[call-overload]
            assert time.monotonic() < end, "PostgreSQL does not start"
            time.sleep(0.1)
        yield f"postgresql://me@127.0.0.1:{port}/postgres"
    finally:
        server.terminate()
        server.wait()
        shutil.rmtree(folder)


def test_migrations_end_in_the_tables_of_today(url: str) -> None:
    with ThreadPoolExecutor(4) as servers:  # which are started at once
        engines = list(servers.map(open_database, [url] * 4))
    with engines[0].connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), METADATA) == []
    for engine in engines:
        engine.dispose()


def test_raters_at_two_servers_share_one_database(
    url: str, make_pairs_of_noise, serve, rater
) -> None:
    folder = make_pairs_of_noise(6)
    plan = ("--trials", "6", "--practice", "1", "--checks", "1")
    servers = [serve(folder.folder, url, *plan) for _ in range(2)]

    def sit(number: int) -> list[int]:
        person = rater(servers[number % 2].address)
        person.consent()
        chosen = []
        while not (trial := person.due())["done"]:
            choice = (number + trial["number"]) % 2
            with ThreadPoolExecutor(2) as clicks:  # both at once; which comes first is open
                both = [clicks.submit(person.reply, trial["number"], c) for c in (choice, choice)]
            assert {click.result().status_code for click in both} == {200}
            chosen.append(choice)
            if trial["number"] == 4 and number % 2:
                servers[1].kill()
                servers[1].start()
        return chosen

    with ThreadPoolExecutor(4) as room:
        chosen = list(room.map(sit, [0, 1, 2, 4]))
    store = Store(url)
    stored: dict[int, list[int]] = {}
    for answer in store.answers():
        stored.setdefault(answer.participant, []).append(answer.choice)
    store.close()
    assert sorted(stored.values()) == sorted(chosen)
    assert all(len(own) == 8 for own in chosen)
