"""Many people at once, a server that dies, and rates that are known beforehand."""

import csv
import hashlib
import os
import random
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import photochrom
from photochrom.turing.report import text
from photochrom.turing.statistics import study
from photochrom.turing.store import Store

RATERS = 50


def test_fifty_raters_at_once_lose_and_double_nothing_though_the_server_is_killed(
    make_pairs_of_noise, serve, rater, tmp_path: Path
) -> None:
    folder = make_pairs_of_noise(12)
    plan = ("--trials", "8", "--practice", "1", "--checks", "1")
    server = serve(folder.folder, f"sqlite:///{tmp_path / 'answers.sqlite3'}", *plan)
    acknowledged: list[tuple[str, int, int]] = []  # list.append is atomic

    def sit(seed: int) -> None:
        chance, person = random.Random(seed), rater(server.address)
        person.consent()
        token = hashlib.sha256(person.client.cookies["rater"].encode()).hexdigest()
        while not (trial := person.due())["done"]:
            number, choice = trial["number"], chance.randrange(2)
            reply = person.reply(number, choice)
            assert reply.status_code == 200
            acknowledged.append((token, number, choice))
            if chance.random() < 0.3:  # a doubled click, on the other picture
                assert person.reply(number, 1 - choice).json() == reply.json()

    with ThreadPoolExecutor(RATERS) as room:
        people = [room.submit(sit, seed) for seed in range(RATERS)]
        for share in (0.25, 0.6):
            while len(acknowledged) < share * 10 * RATERS:
                assert not any(person.done() and person.exception() for person in people)
                time.sleep(0.01)
            server.kill()
            server.start()
        for person in people:
            person.result()
    server.kill()

    database = sqlite3.connect(tmp_path / "answers.sqlite3")
    stored = database.execute(
        "SELECT token_sha256, number, choice FROM answer "
        "JOIN trial ON trial.id = trial_id JOIN participant ON participant.id = participant_id"
    ).fetchall()
    assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    database.close()
    assert len(acknowledged) == 10 * RATERS
    assert Counter(stored) == Counter(acknowledged)


def _known(folder: Any) -> dict[str, str | None]:
    """What each recolored picture is, by its content: its network, "check", or None: practice."""
    pairs, known = folder.pairs, dict[str, str | None]()

    def note(path: Path, what: str | None) -> None:
        known[hashlib.sha256(path.read_bytes()).hexdigest()] = what

    for name in pairs.practice:
        note(folder.fake("practice", name, None), None)
    for name in pairs.checks:
        note(folder.fake("check", name, None), "check")
    for network in pairs.networks:
        for name in pairs.names:
            note(folder.fake("test", name, network.name), network.name)
    return known


def test_known_rates_come_back(make_pairs_of_noise, serve, rater, tmp_path: Path) -> None:
    """Five people are fooled by half of a's pictures and a fifth of b's, a sixth by every check."""
    folder = make_pairs_of_noise(20)
    known = _known(folder)
    plan = ("--trials", "20", "--practice", "1", "--checks", "3", "--mode", "side-by-side")
    server = serve(folder.folder, f"sqlite:///{tmp_path / 'answers.sqlite3'}", *plan)

    def sit(number: int) -> None:
        person = rater(server.address)
        left = {"a": 5, "b": 2, "check": 3 if number == 0 else 0, None: 1}  # to be fooled by
        person.consent()
        while not (trial := person.due())["done"]:
            pictures = person.look(trial)
            ((fake_at, what),) = (
                (at, known[one]) for at, one in enumerate(pictures) if one in known
            )
            fooled = left[what] > 0
            left[what] -= fooled
            person.reply(trial["number"], 1 - fake_at if fooled else fake_at, 400 + number)

    with ThreadPoolExecutor(3) as room:
        list(room.map(sit, range(6)))

    store = Store(server.database)
    found = study(store.answers())
    store.close()
    assert list(found.excluded.values()) == ["0 of 3 checks right"]
    assert [rate.network for rate in found.networks] == ["a", "b"]
    assert [rate.rate for rate in found.networks] == [0.5, 0.2]
    assert [(rate.raters, rate.answers) for rate in found.networks] == [(5, 50), (5, 50)]
    assert found.networks[0].milliseconds == (402, 403, 404)  # of 401 … 405, ten answers each
    assert found.modes == ("side by side",)

    printed = _report("--database", server.database, "--csv", str(tmp_path / "all.csv"))
    assert printed == text(found) + "\n"
    with (tmp_path / "all.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 6 * 24
    counted = [row for row in rows if row["kind"] == "test" and not row["excluded"]]
    wrong = Counter(row["network"] for row in counted if row["correct"] == "0")
    assert wrong == {"a": 25, "b": 10}


def _report(*arguments: str) -> str:
    source = str(Path(photochrom.__file__).parents[1])
    return subprocess.run(
        [sys.executable, "-W", "error", "-m", "photochrom", "turing", "report", *arguments],
        env=os.environ | {"PYTHONPATH": source},
        check=True,
        capture_output=True,
        text=True,
        encoding="utf-8",
    ).stdout
