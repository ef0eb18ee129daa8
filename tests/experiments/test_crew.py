"""Processes that are begun, ended in time and never left behind."""

import subprocess
import sys
import time

import pytest

from photochrom.experiments.crew import Process, work


def start(code: str, place: int) -> Process:
    return subprocess.Popen([sys.executable, "-S", "-c", code])


def test_every_task_is_done_a_few_at_a_time() -> None:
    codes, places, alive = [], [], 0
    most = 0

    def begin(code: str, place: int) -> Process:
        nonlocal alive, most
        alive += 1
        most = max(most, alive)
        places.append(place)
        return start(code, place)

    def ended(code: str, exit_code: int) -> None:
        nonlocal alive
        alive -= 1
        codes.append((code, exit_code))

    tasks = ["raise SystemExit(0)", "raise SystemExit(3)", "import os; os.abort()"]
    assert work(tasks, begin, ended, jobs=2) == []
    assert sorted(codes) == sorted(zip(tasks, (0, 3, -6), strict=True))
    assert most == 2
    assert set(places) == {0, 1}


def test_deadline_stops_what_runs_and_begins_nothing() -> None:
    began: list[Process] = []

    def begin(code: str, place: int) -> Process:
        began.append(start(code, place))
        return began[-1]

    tasks = ["import time; time.sleep(60)", "raise SystemExit(0)"]
    left = work(tasks, begin, lambda code, exit_code: None, 1, time.monotonic() + 0.3)
    assert left == tasks
    assert [process.returncode for process in began] == [-15]


def test_interrupt_ends_every_process() -> None:
    began: list[Process] = []

    def begin(code: str, place: int) -> Process:
        if began:
            raise KeyboardInterrupt
        began.append(start(code, place))
        return began[-1]

    with pytest.raises(KeyboardInterrupt):
        work(["import time; time.sleep(60)"] * 2, begin, lambda code, exit_code: None, jobs=2)
    assert began[0].poll() == -15
