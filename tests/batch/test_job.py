"""A crew that dies, hangs or cannot begin; a picture that takes others with it."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from multiprocessing import active_children
from pathlib import Path
from threading import Event

import pytest

from photochrom.archive import Order
from photochrom.batch.crew import Hiring
from photochrom.batch.job import Job
from photochrom.batch.ledger import Ledger
from photochrom.batch.opening import open_ledger
from photochrom.batch.processes import Processes
from photochrom.batch.survey import Rules
from photochrom.batch.task import Colored, Died, Outcome, Report, Task, stamp_of
from photochrom.batch.threads import Threads
from photochrom.errors import PhotochromError

Album = Callable[..., Path]
_RULES = Rules("x")


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with open_ledger(tmp_path / "out") as opened:
        yield opened


def _pairs(folder: Path) -> list[tuple[Path, Path]]:
    return [(path, folder.parent / "out" / path.name) for path in sorted(folder.iterdir())]


def _run(
    ledger: Ledger, hiring: Hiring, pairs: list[tuple[Path, Path]], rules: Rules = _RULES
) -> dict[str, Outcome]:
    with Job(ledger, hiring, rules, Event()) as job:
        return {outcome.source.name: outcome for outcome in job.run(pairs)}


def _states(outcomes: dict[str, Outcome]) -> dict[str, str]:
    return {name: outcome.state for name, outcome in outcomes.items()}


def test_a_picture_that_takes_for_ever_is_set_apart_and_the_others_are_colored(
    poisoned: Path, ledger: Ledger, order: Order
) -> None:
    hiring = Hiring(order, workers=2, limit=0.7)
    outcomes = _run(ledger, hiring, _pairs(poisoned))
    expected = dict.fromkeys(("a.png", "b.png", "d.png", "e.png"), "colored")
    assert _states(outcomes) == expected | {"c.png": "quarantined"}
    reason = outcomes["c.png"].reason
    assert reason.startswith(str(poisoned / "c.png"))
    assert "in 3 tries it took longer than 0.7 s" in reason
    assert "--retry" in reason
    nobody = Hiring(Order(model=str(poisoned / "no.onnx")), workers=2)  # who could be hired
    again = _run(ledger, nobody, _pairs(poisoned))
    assert _states(again) == dict.fromkeys(expected, "current") | {"c.png": "quarantined"}
    assert again["c.png"].reason == reason


def test_what_was_set_apart_is_tried_again_when_asked_for_and_when_it_has_changed(
    poisoned: Path, ledger: Ledger, order: Order, picture: Album
) -> None:
    task = Task(poisoned / "c.png", poisoned.parent / "out/c.png")
    ledger.give_up(task, "x", "quarantined", "hangs", stamp_of(task.source))
    pairs = [(task.source, task.target)]
    hiring = Hiring(order, workers=1, limit=0.3, lasting=True)
    assert _run(ledger, hiring, pairs)["c.png"].reason == "hangs"
    again = _run(ledger, hiring, pairs, Rules("x", retry=True))["c.png"]
    assert (again.state, "in 3 tries" in again.reason) == ("quarantined", True)
    picture(task.source)
    assert _states(_run(ledger, hiring, pairs)) == {"c.png": "colored"}


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV])
def test_a_worker_that_dies_is_replaced_and_its_death_told_with_the_signal(
    poisoned: Path, order: Order, number: signal.Signals
) -> None:
    crew = Processes(order, 1, limit=60)
    task = Task(poisoned / "c.png", poisoned.parent / "c.color.png")
    try:
        crew.give(_awaited(crew, task))
        (worker,) = active_children()
        assert worker.pid is not None
        os.kill(worker.pid, number)
        (report,) = _reports(crew)
        assert isinstance(report, Died)
        assert report.task == task
        assert report.reason.startswith(f"its process was killed by {number.name}")
        harmless = Task(poisoned / "a.png", poisoned.parent / "a.color.png")
        crew.give(_awaited(crew, harmless))
        (report,) = _reports(crew)
        assert isinstance(report, Colored)
    finally:
        crew.close()
    assert not active_children()


def test_pictures_whose_workers_are_killed_are_colored_all_the_same(
    album: Album, ledger: Ledger, order: Order
) -> None:
    pairs = _pairs(album(*(f"{index:02}.png" for index in range(12))))
    states = []
    with Job(ledger, Hiring(order, workers=2), Rules("x"), Event()) as job:
        for outcome in job.run(pairs):
            states.append(outcome.state)
            if len(states) in (2, 6):
                for worker in active_children():
                    worker.kill()
    assert states == ["colored"] * 12


def test_weights_that_cannot_be_loaded_end_the_job(
    album: Album, ledger: Ledger, tmp_path: Path
) -> None:
    (tmp_path / "bad.onnx").write_bytes(b"no network")
    hiring = Hiring(Order(model=str(tmp_path / "bad.onnx")), workers=2, lasting=True)
    pairs = _pairs(album("a.png"))
    with pytest.raises(PhotochromError, match=r"bad\.onnx"):
        _run(ledger, hiring, pairs)
    assert ledger.entry(pairs[0][1]) is None  # not claimed any more


def test_stopping_finishes_what_is_in_hand_and_claims_no_more(
    album: Album, ledger: Ledger, order: Order
) -> None:
    pairs = _pairs(album(*(f"{index:02}.png" for index in range(30))))
    stop = Event()
    done = []
    with Job(ledger, Hiring(order, workers=2), Rules("x"), stop) as job:
        for outcome in job.run(pairs):
            done.append(outcome.target)
            stop.set()
    assert 1 <= len(done) <= 3
    entries = {target: ledger.entry(target) for _, target in pairs}
    assert {target for target, entry in entries.items() if entry} == set(done)
    assert set(_states(_run(ledger, Hiring(order), pairs)).values()) == {"colored", "current"}


def test_a_few_pictures_need_no_processes(album: Album, ledger: Ledger, order: Order) -> None:
    with Job(ledger, Hiring(order), Rules("x"), Event()) as job:
        outcomes = list(job.run(_pairs(album("a.png", "b.png"))))
        assert not active_children()
    assert [outcome.state for outcome in outcomes] == ["colored", "colored"]


def test_what_nobody_foresaw_is_raised_and_not_waited_for(tmp_path: Path) -> None:
    def work(task: Task) -> Report:
        raise KeyError(task.source.name)

    crew = Threads(work, 1)
    crew.give(Task(tmp_path / "a.png", tmp_path / "b.png"))
    with pytest.raises(KeyError, match=r"a\.png"):
        crew.reports(10)
    crew.close()


def test_a_result_that_was_changed_by_hand_is_set_aside(
    album: Album, ledger: Ledger, order: Order, tmp_path: Path
) -> None:
    target = tmp_path / "out" / "a.color.png"
    pairs = [(album("a.png") / "a.png", target)]
    _run(ledger, Hiring(order), pairs)
    colored = target.read_bytes()
    for name in ("a.changed.color.png", "a.changed-2.color.png"):
        target.write_bytes(b"retouched as " + name.encode())
        outcome = _run(ledger, Hiring(order), pairs)["a.png"]
        assert outcome.aside == target.with_name(name)
        assert outcome.aside.read_bytes() == b"retouched as " + name.encode()
        assert target.read_bytes() == colored


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="nobody tells of open files")
def test_what_a_killed_writer_has_left_is_removed_and_what_is_being_written_is_not(
    album: Album, ledger: Ledger, order: Order, tmp_path: Path
) -> None:
    dead, living = (tmp_path / "out" / f".{digit * 16}.part" for digit in "ab")
    dead.write_bytes(b"half")
    with living.open("wb"):
        _run(ledger, Hiring(order), _pairs(album("a.png")))
        assert not dead.exists()
        assert living.exists()


def _awaited(crew: Processes, task: Task) -> Task:
    """The task, once somebody is there to do it."""
    end = time.monotonic() + 60
    while not crew.idle and time.monotonic() < end:
        assert crew.reports(0.1) == []
    return task


def _reports(crew: Processes) -> list[Report]:
    """What the crew has to say, once it says something."""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        found = crew.reports(0.1)
        if found:
            return found
    raise AssertionError("nothing was heard of the crew")
