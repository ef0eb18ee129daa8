"""`photochrom watch`."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import Queue
from threading import Thread
from typing import Any

import pytest

pytest.importorskip("watchfiles")

Photo = Callable[..., Path]
Lines = Queue[dict[str, Any]]


@contextmanager
def _watching(
    environment: dict[str, str], *words: object
) -> Iterator[tuple["subprocess.Popen[bytes]", Lines]]:
    """A process that watches, and what it says line by line."""
    command = [sys.executable, "-m", "photochrom", "watch", *map(str, words), "--json"]
    with subprocess.Popen(
        [*command, "--settle", "0.6", "--workers", "1"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert b"watching" in process.stderr.readline()
        lines: Lines = Queue()
        stdout = process.stdout
        reader = Thread(target=lambda: [lines.put(json.loads(line)) for line in stdout])
        reader.start()
        try:
            yield process, lines
        finally:
            process.kill()
            reader.join()


def _ended(process: "subprocess.Popen[bytes]") -> int:
    process.send_signal(signal.SIGINT)
    return process.wait(30)


def test_pictures_are_colored_as_they_come(
    environment: dict[str, str], photo: Photo, tmp_path: Path
) -> None:
    there = photo("in/there.png")
    content = there.read_bytes()
    with _watching(environment, tmp_path / "in", "-o", tmp_path / "out") as (process, lines):
        first = lines.get(timeout=60)
        assert (first["source"], first["state"]) == (str(there), "colored")

        (tmp_path / "elsewhere/deep").mkdir(parents=True)
        (tmp_path / "elsewhere/deep/moved.png").write_bytes(content)
        (tmp_path / "elsewhere").rename(tmp_path / "in/moved")
        second = lines.get(timeout=60)
        assert second["target"] == str(tmp_path / "out/moved/deep/moved.color.png")

        with (tmp_path / "in/growing.png").open("wb") as file:
            for begin in range(0, len(content), 1 + len(content) // 6):
                file.write(content[begin : begin + 1 + len(content) // 6])
                file.flush()
                time.sleep(0.25)  # all in all longer than a file must be at rest
        (tmp_path / "in/notes.txt").write_text("no picture")
        third = lines.get(timeout=60)
        assert third["source"] == str(tmp_path / "in/growing.png")
        assert third["state"] == "colored"  # not torn off

        photo("in/there.png", compress_level=0)
        fourth = lines.get(timeout=60)
        assert (fourth["source"], fourth["reason"]) == (str(there), "its source has changed")
        assert _ended(process) == 0
        assert lines.empty()


def test_what_is_done_is_done_for_the_next_watch_too(
    environment: dict[str, str], photo: Photo, tmp_path: Path
) -> None:
    photo("in/a.png")
    for state in ("colored", "current"):
        with _watching(environment, tmp_path / "in") as (process, lines):
            assert lines.get(timeout=60)["state"] == state
            assert _ended(process) == 0
    assert sorted(os.listdir(tmp_path / "in")) == [".photochrom.sqlite", "a.color.png", "a.png"]


def test_a_bad_picture_is_told_and_the_next_is_colored(
    environment: dict[str, str], photo: Photo, tmp_path: Path
) -> None:
    photo("in/a.png")
    (tmp_path / "in/bad.png").write_bytes(b"no picture")
    with _watching(environment, tmp_path / "in", "-o", tmp_path / "out") as (process, lines):
        states = {lines.get(timeout=60)["state"] for _ in range(2)}
        assert states == {"colored", "failed"}
        photo("in/b.png")
        assert lines.get(timeout=60)["state"] == "colored"
        assert _ended(process) == 1
    assert process.stderr is not None


def test_what_is_no_folder_is_refused(photo: Photo, run: Callable[..., Any]) -> None:
    result = run("watch", photo("a.png"))
    assert result.exit_code == 2
    assert "is no folder" in result.stderr
