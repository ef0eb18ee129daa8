"""Many people at once, a server that dies, and rates that are known beforehand."""

import csv
import hashlib
import random
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

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
    """Raters fooled at known rates by each network; one of nine is inattentive and left out."""
    rates = {"a": 0.5, "b": 0.2, "check": 0.0, None: 0.1}
    folder = make_pairs_of_noise(40)
    known = _known(folder)
    plan = ("--trials", "40", "--practice", "2", "--checks", "4", "--mode", "side-by-side")
    server = serve(folder.folder, f"sqlite:///{tmp_path / 'answers.sqlite3'}", *plan)
    fooled: Counter[str | None] = Counter()
    shown: Counter[str | None] = Counter()

    def sit(seed: int) -> None:
        chance, person = random.Random(seed), rater(server.address)
        inattentive = seed == 0
        person.consent()
        while not (trial := person.due())["done"]:
            (found,) = [
                (at, known[picture])
                for at, picture in enumerate(person.look(trial))
                if picture in known
            ]
            fake_at, what = found
            taken_in = chance.random() < (1 if inattentive else rates[what])
            if not inattentive:
                shown[what] += 1
                fooled[what] += taken_in
            person.reply(trial["number"], 1 - fake_at if taken_in else fake_at)

    with ThreadPoolExecutor(3) as room:
        list(room.map(sit, range(9)))

    store = Store(server.database)
    found = study(store.answers())
    store.close()
    assert list(found.excluded.values()) == ["0 of 4 checks right"]
    assert [rate.network for rate in found.networks] == ["a", "b"]
    for rate in found.networks:
        assert (rate.raters, rate.answers) == (8, 160)
        assert (rate.answers, rate.fooled) == (shown[rate.network], fooled[rate.network])
        assert rate.wilson.low <= rates[rate.network] <= rate.wilson.high
        assert rate.bootstrap
        assert rate.bootstrap.low <= rates[rate.network] <= rate.bootstrap.high
    assert found.modes == ("side by side",)

    printed = _report("--database", server.database, "--csv", str(tmp_path / "all.csv"))
    assert printed == text(found) + "\n"
    with (tmp_path / "all.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 9 * 46
    by_csv = Counter(
        row["network"]
        for row in rows
        if row["network"] and not row["excluded"] and row["correct"] == "0"
    )
    assert by_csv == Counter({name: fooled[name] for name in ("a", "b")})


def _report(*arguments: str) -> str:
    import os

    import photochrom

    source = str(Path(photochrom.__file__).parents[1])
    command = "from photochrom.cli.turing import turing; turing()"
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", command, "report", *arguments],
        env=os.environ | {"PYTHONPATH": source},
        check=True,
        capture_output=True,
        text=True,
        encoding="utf-8",
    ).stdout
