"""What is to be done about a picture, in every way in which it differs from what is known."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from photochrom.archive.sidecar import sha256_of
from photochrom.batch.ledger import Ledger
from photochrom.batch.opening import open_ledger
from photochrom.batch.survey import Rules, Verdict, judge
from photochrom.batch.task import Colored, Stamp, Task, Version, stamp_of

RULES = Rules("x")


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with open_ledger(tmp_path / "out") as opened:
        yield opened


@pytest.fixture
def task(tmp_path: Path, ledger: Ledger) -> Task:
    """A picture that is colored, and known to be."""
    task = Task(tmp_path / "a.jpg", tmp_path / "out/a.color.jpg")
    task.source.write_bytes(b"grey")
    task.target.write_bytes(b"colored")
    ledger.record(Colored(task, _version(task.source), _version(task.target), 1.0), "x")
    return task


def _version(path: Path) -> Version:
    stamp = stamp_of(path)
    assert stamp is not None
    return Version(stamp, sha256_of(path))


def _judged(task: Task, ledger: Ledger, rules: Rules = RULES) -> Verdict:
    return judge(task.source, task.target, ledger, rules)


def test_what_is_as_it_was_is_current(task: Task, ledger: Ledger) -> None:
    verdict = _judged(task, ledger)
    assert (verdict.kind, verdict.refreshed) == ("current", None)


def test_a_picture_that_nobody_knows_is_new(tmp_path: Path, ledger: Ledger) -> None:
    verdict = _judged(Task(tmp_path / "b.jpg", tmp_path / "out/b.color.jpg"), ledger)
    assert (verdict.kind, verdict.reason, verdict.task.overwrite) == ("color", "is new", False)


def test_other_times_of_the_same_bytes_are_current_and_learned(task: Task, ledger: Ledger) -> None:
    os.utime(task.source, ns=(5, 5))
    os.utime(task.target, ns=(6, 6))
    verdict = _judged(task, ledger)
    assert verdict.kind == "current"
    assert verdict.refreshed is not None
    ledger.refresh(task, *verdict.refreshed)
    assert _judged(task, ledger).refreshed is None


def test_a_source_of_the_same_size_that_was_moved_is_hashed(task: Task, ledger: Ledger) -> None:
    moved = task.source.rename(task.source.with_name("moved.jpg"))
    assert judge(moved, task.target, ledger, RULES).kind == "current"
    stamp = stamp_of(moved)
    assert stamp is not None
    moved.write_bytes(b"gray")
    os.utime(moved, ns=(stamp.mtime, stamp.mtime))
    assert judge(moved, task.target, ledger, RULES).reason == "its source has changed"


@pytest.mark.parametrize("content", [b"grex", b"longer than it was"])
def test_a_changed_source_is_colored_again(task: Task, ledger: Ledger, content: bytes) -> None:
    task.source.write_bytes(content)
    os.utime(task.source, ns=(5, 5))
    verdict = _judged(task, ledger)
    assert (verdict.kind, verdict.reason) == ("color", "its source has changed")
    assert verdict.task.overwrite


def test_other_parameters_color_again(task: Task, ledger: Ledger) -> None:
    verdict = _judged(task, ledger, Rules("y"))
    assert (verdict.kind, verdict.task.overwrite, verdict.keeps) == ("color", True, False)


def test_a_missing_result_is_made_again(task: Task, ledger: Ledger) -> None:
    task.target.unlink()
    verdict = _judged(task, ledger)
    assert (verdict.kind, verdict.reason) == ("color", "its result is missing or has changed")
    assert not verdict.keeps


def test_a_result_that_was_changed_by_hand_is_made_again_and_kept(
    task: Task, ledger: Ledger
) -> None:
    task.target.write_bytes(b"retouched for a week")
    for rules in (RULES, Rules("y")):
        verdict = _judged(task, ledger, rules)
        assert (verdict.kind, verdict.keeps, verdict.task.overwrite) == ("color", True, False)
    forced = _judged(task, ledger, Rules("x", force=True))
    assert (forced.kind, forced.keeps, forced.task.overwrite) == ("color", False, True)


def test_somebody_s_file_is_refused_unless_forced(tmp_path: Path, ledger: Ledger) -> None:
    task = Task(tmp_path / "b.jpg", tmp_path / "out/b.color.jpg")
    task.target.write_bytes(b"dear to somebody")
    verdict = _judged(task, ledger)
    assert verdict.kind == "refused"
    assert "--force" in verdict.reason
    ledger.give_up(task, "x", "failed", "cannot be read", None)
    assert _judged(task, ledger).kind == "refused"
    forced = _judged(task, ledger, Rules("x", force=True))
    assert (forced.kind, forced.task.overwrite) == ("color", True)


def test_what_was_in_hand_when_a_run_was_killed_is_ours(tmp_path: Path, ledger: Ledger) -> None:
    task = Task(tmp_path / "b.jpg", tmp_path / "out/b.color.jpg")
    ledger.claim([task], "x")
    task.target.write_bytes(b"colored, and nobody had the time to say so")
    verdict = _judged(task, ledger)
    assert (verdict.kind, verdict.reason) == ("color", "was interrupted")
    assert verdict.task.overwrite


def test_a_failure_is_tried_again(task: Task, ledger: Ledger) -> None:
    ledger.give_up(task, "x", "failed", "cannot be read", stamp_of(task.source))
    verdict = _judged(task, ledger)
    assert (verdict.kind, verdict.reason, verdict.task.overwrite) == (
        "color",
        "failed before",
        True,
    )


def test_what_is_set_apart_stays_so_until_something_is_different(
    tmp_path: Path, ledger: Ledger
) -> None:
    task = Task(tmp_path / "b.jpg", tmp_path / "out/b.color.jpg")
    task.source.write_bytes(b"poison")
    ledger.give_up(task, "x", "quarantined", "it kills", stamp_of(task.source))
    verdict = _judged(task, ledger)
    assert (verdict.kind, verdict.reason) == ("quarantined", "it kills")
    assert _judged(task, ledger, Rules("x", retry=True)).kind == "color"
    assert _judged(task, ledger, Rules("y")).kind == "color"
    task.source.write_bytes(b"no poison any more")
    assert _judged(task, ledger).kind == "color"


def test_a_vanished_source_is_no_reason_to_stop(task: Task, ledger: Ledger) -> None:
    task.source.unlink()
    assert _judged(task, ledger).kind == "color"  # which then says that it is missing


def test_stamps_tell_of_size_and_time(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"12345")
    os.utime(path, ns=(7, 1_600_000_000_123_456_789))
    assert stamp_of(path) == Stamp(5, 1_600_000_000_123_456_789)
    assert stamp_of(tmp_path / "none") is None
