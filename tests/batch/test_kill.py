"""kill -9 at random moments, of the run and of its workers: resumed, the results are the same."""

import os
import random
import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from photochrom.batch.opening import NAME

Launch = Callable[..., "subprocess.CompletedProcess[bytes]"]

pytestmark = pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="finds workers in /proc")


def _album(picture: Callable[..., Path], folder: Path, count: int) -> Path:
    for index in range(count):
        picture(folder / f"{index % 7}/{index:04}.png", index)
    return folder


def _contents(folder: Path) -> dict[str, bytes]:
    """Every file below a folder but the ledger, whatever it is called."""
    files = [path for path in folder.rglob("*") if path.is_file() and path.name != NAME]
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def _workers(process: int) -> list[int]:
    """The processes that a process has started, those of `multiprocessing`'s own left out."""
    found = []
    with suppress(OSError):
        for number in Path(f"/proc/{process}/task/{process}/children").read_text().split():
            with suppress(OSError):
                if b"spawn_main" in Path(f"/proc/{number}/cmdline").read_bytes():
                    found.append(int(number))
    return found


def _killed_until_done(
    command: list[str], environment: dict[str, str], longest: float, seed: int
) -> tuple[int, int]:
    """Runs a command again and again, with kills; returns the last exit code and the kills."""
    random_ = random.Random(seed)
    kills = 0
    for _ in range(60):
        with subprocess.Popen(command, env=environment, stdout=-3, stderr=-3) as process:
            workers = _after(process, random_.uniform(0.5, longest / 2))
            if workers and random_.random() < 0.5:
                with suppress(ProcessLookupError):
                    os.kill(random_.choice(workers), signal.SIGKILL)
                    kills += 1
            _after(process, random_.uniform(0.5, longest / 2))
            if process.poll() is None:
                process.send_signal(signal.SIGKILL)
                kills += 1
        if process.returncode == 0:
            return 0, kills
        longest *= 1.15  # a machine that is busy with other things gets there, too
    return process.returncode, kills


def _after(process: "subprocess.Popen[bytes]", seconds: float) -> list[int]:
    """The workers of a process, if it still lives after so long."""
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        return _workers(process.pid)
    return []


@pytest.mark.parametrize("count", [60, pytest.param(1000, marks=pytest.mark.slow)])
def test_a_run_that_is_killed_and_resumed_gives_what_an_unbroken_one_gives(
    count: int,
    picture: Callable[..., Path],
    command: list[str],
    launch: Launch,
    environment: dict[str, str],
    tmp_path: Path,
) -> None:
    album = _album(picture, tmp_path / "album", count)
    words = [*command, "-r", str(album), "--workers", "2", "-o"]
    begin = time.monotonic()
    whole = subprocess.run(
        [*words, str(tmp_path / "whole")], env=environment, stdout=-3, timeout=900
    )
    assert whole.returncode == 0
    longest = (time.monotonic() - begin) / 2  # so that kills come in time, on any machine
    code, kills = _killed_until_done([*words, str(tmp_path / "out")], environment, longest, count)
    assert code == 0
    assert kills >= 2
    expected = _contents(tmp_path / "whole")
    assert len(expected) == count
    assert _contents(tmp_path / "out") == expected  # nothing half-written beside, either
    again = launch("-r", album, "-o", tmp_path / "out")
    assert again.returncode == 0
    assert again.stdout == b""
    assert f"0 of {count} pictures colored, {count} were already".encode() in again.stderr


def test_workers_do_not_outlive_a_run_that_is_killed(
    picture: Callable[..., Path], command: list[str], environment: dict[str, str], tmp_path: Path
) -> None:
    album = _album(picture, tmp_path / "album", 200)
    words = [*command, "-r", str(album), "--workers", "2", "-o", str(tmp_path / "out")]
    with subprocess.Popen(words, env=environment, stdout=subprocess.PIPE, stderr=-3) as process:
        assert process.stdout is not None
        process.stdout.readline()
        workers = _workers(process.pid)
        assert len(workers) == 2
        process.send_signal(signal.SIGKILL)
        process.wait(20)
    end = time.monotonic() + 10
    while any(_lives(worker) for worker in workers) and time.monotonic() < end:
        time.sleep(0.05)
    assert not any(_lives(worker) for worker in workers)


def test_a_second_ctrl_c_stops_at_once_and_leaves_nothing_half_done(
    poisoned: Path, command: list[str], environment: dict[str, str], tmp_path: Path
) -> None:
    words = [*command, str(poisoned), "-o", str(tmp_path / "out"), "--workers", "2"]
    with subprocess.Popen(
        words,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        # A shell that runs the tests in the background would have them ignore Ctrl-C.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        start_new_session=True,
    ) as process:
        assert process.stdout is not None
        for _ in range(4):  # after which one worker is busy for ever
            process.stdout.readline()
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does, workers included
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(1)
        os.killpg(process.pid, signal.SIGINT)
        _, errors = process.communicate(timeout=20)
    assert process.returncode == 130
    said = "stopping after the pictures in hand; Ctrl-C again stops at once"
    assert errors.decode().strip() == said
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert names == {NAME, *(f"{letter}.color.png" for letter in "abde")}


def _lives(process: int) -> bool:
    try:
        return "\nState:\tZ" not in Path(f"/proc/{process}/status").read_text()
    except OSError:
        return False
