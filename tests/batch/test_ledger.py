"""The ledger: what it remembers, and that it is one run's."""

import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from photochrom.batch.ledger import Entry
from photochrom.batch.opening import NAME, open_ledger, read_ledger
from photochrom.batch.task import Colored, Stamp, Task, Version
from photochrom.errors import PhotochromError


def _colored(task: Task) -> Colored:
    return Colored(task, Version(Stamp(10, 20), "ab"), Version(Stamp(30, 40), "cd"), 0.5)


def test_what_was_recorded_is_known_after_the_folder_has_moved(tmp_path: Path) -> None:
    task = Task(tmp_path / "a.jpg", tmp_path / "out/sub/a.color.jpg")
    with open_ledger(tmp_path / "out") as ledger:
        assert ledger.entry(task.target) is None
        ledger.record(_colored(task), "this order")
    (tmp_path / "out").rename(tmp_path / "elsewhere")
    with open_ledger(tmp_path / "elsewhere") as ledger:
        assert ledger.entry(tmp_path / "elsewhere/sub/a.color.jpg") == Entry(
            tmp_path / "a.jpg",
            Version(Stamp(10, 20), "ab"),
            "this order",
            Version(Stamp(30, 40), "cd"),
            "done",
            "",
        )


def test_nothing_stays_beside_the_ledger_when_it_is_closed(tmp_path: Path) -> None:
    with open_ledger(tmp_path) as ledger:
        ledger.record(_colored(Task(tmp_path / "a", tmp_path / "b")), "x")
    assert os.listdir(tmp_path) == [NAME]


def test_names_need_not_be_text(tmp_path: Path) -> None:
    name = os.fsdecode(b"caf\xe9 \n \xf0\x9f\x93\xb7.jpg")
    task = Task(tmp_path / name, tmp_path / "out" / name)
    with open_ledger(tmp_path / "out") as ledger:
        ledger.give_up(task, "x", "quarantined", f"{name}: kills", Stamp(1, 2))
        entry = ledger.entry(task.target)
    assert entry is not None
    assert entry.source == task.source
    assert (entry.state, entry.reason, entry.result) == (
        "quarantined",
        "caf\\udce9 \n 📷.jpg: kills",
        None,
    )


def test_a_failure_does_not_forget_that_the_file_at_the_target_is_ours(tmp_path: Path) -> None:
    task = Task(tmp_path / "a", tmp_path / "b")
    with open_ledger(tmp_path) as ledger:
        ledger.record(_colored(task), "x")
        ledger.give_up(task, "y", "failed", "cannot be read", None)
        entry = ledger.entry(task.target)
    assert entry is not None
    assert (entry.state, entry.identity, entry.source_version) == ("failed", "y", None)
    assert entry.result == Version(Stamp(30, 40), "cd")


def test_a_claim_that_was_not_used_is_taken_back(tmp_path: Path) -> None:
    new, old = Task(tmp_path / "a", tmp_path / "1"), Task(tmp_path / "b", tmp_path / "2")
    with open_ledger(tmp_path) as ledger:
        ledger.record(_colored(old), "x")
        ledger.claim([new, old], "y")
        claimed = [ledger.entry(task.target) for task in (new, old)]
        assert [entry and entry.state for entry in claimed] == ["claimed", "claimed"]
        ledger.release([new, old])
        entry = ledger.entry(old.target)
        assert ledger.entry(new.target) is None
    assert entry is not None
    assert entry.state == "failed"  # so that it is colored again, by whatever order
    assert entry.result == Version(Stamp(30, 40), "cd")


def test_another_run_is_told_that_the_folder_is_taken(tmp_path: Path) -> None:
    with open_ledger(tmp_path), pytest.raises(PhotochromError, match="another run is at work"):
        open_ledger(tmp_path)
    open_ledger(tmp_path).close()


_HOLD = """
import os, signal, sys
from pathlib import Path
from photochrom.batch.opening import open_ledger
from photochrom.batch.task import Task
ledger = open_ledger(Path(sys.argv[1]))
ledger.claim([Task(Path("a.jpg"), Path(sys.argv[1], "a.color.jpg"))], "x")
print(flush=True)
signal.pause()
"""


def test_the_lock_of_a_killed_run_is_in_nobody_s_way(
    tmp_path: Path, environment: dict[str, str]
) -> None:
    held = [sys.executable, "-c", _HOLD, str(tmp_path)]
    with subprocess.Popen(held, env=environment, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        for opener in (open_ledger, read_ledger):
            with pytest.raises(PhotochromError, match="another run is at work"):
                opener(tmp_path)
        process.send_signal(signal.SIGKILL)
        process.wait(20)
    for opener in (
        read_ledger,
        open_ledger,
    ):  # reading first, with the killed run's log still there
        with opener(tmp_path) as ledger:
            entry = ledger.entry(tmp_path / "a.color.jpg")
            assert entry is not None
            assert entry.state == "claimed"


def test_looking_into_a_ledger_makes_none(tmp_path: Path) -> None:
    with read_ledger(tmp_path / "out") as ledger:
        assert ledger.entry(tmp_path / "out/a.color.jpg") is None
    assert not (tmp_path / "out").exists()


def test_a_damaged_ledger_is_named_with_the_remedy(tmp_path: Path) -> None:
    (tmp_path / NAME).write_bytes(b"no database at all" * 100)
    with pytest.raises(PhotochromError, match=rf"{NAME}: the ledger is damaged; move it away"):
        open_ledger(tmp_path)


def test_a_ledger_of_a_later_format_is_left_alone(tmp_path: Path) -> None:
    open_ledger(tmp_path).close()
    connection = sqlite3.connect(tmp_path / NAME)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    before = (tmp_path / NAME).read_bytes()
    with pytest.raises(PhotochromError, match="later Photochrom"):
        open_ledger(tmp_path)
    assert (tmp_path / NAME).read_bytes() == before


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(PhotochromError, match=r"file/out: cannot be made .* choose another"):
        open_ledger(tmp_path / "file/out")
