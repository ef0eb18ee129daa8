"""Disks that are full, folders that may not be written to, pictures that vanish, two runs at once.

A small disk is a tmpfs in a mount namespace of the test's own, which takes Linux and the right to
make user namespaces.
"""

import errno
import os
import shlex
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from photochrom.batch.full import is_full
from photochrom.batch.opening import NAME
from photochrom.errors import ImageError

Album = Callable[..., Path]
Launch = Callable[..., "subprocess.CompletedProcess[bytes]"]


def _may_mount() -> bool:
    tried = ["unshare", "-rm", "mount", "-t", "tmpfs", "none", "/mnt"]
    try:
        return subprocess.run(tried, capture_output=True, timeout=20).returncode == 0
    except FileNotFoundError:
        return False


mounting = pytest.mark.skipif(not _may_mount(), reason="no right to mount in a namespace")


def _in_namespace(script: str, environment: dict[str, str]) -> "subprocess.CompletedProcess[str]":
    words = ["unshare", "-rm", "sh", "-c", script]
    return subprocess.run(words, env=environment, capture_output=True, text=True, timeout=120)


@mounting
def test_a_full_disk_stops_cleanly_and_the_same_command_goes_on(
    album: Album, command: list[str], environment: dict[str, str], launch: Launch, tmp_path: Path
) -> None:
    folder = album(*(f"{index:02}.png" for index in range(40)))
    assert launch(folder, "-o", tmp_path / "whole").returncode == 0
    expected = {p.name: p.read_bytes() for p in (tmp_path / "whole").glob("*.png")}
    needed = sum(len(content) for content in expected.values())
    disk, kept = tmp_path / "disk", tmp_path / "kept"
    disk.mkdir()
    run = shlex.join([*command, str(folder), "-o", str(disk), "--workers", "2"])
    script = f"""
        mount -t tmpfs -o size={150_000 + needed // 2} none {disk} || exit 99
        {run}; echo "exit $?"
        ls -A {disk} | wc -l; ls -A {disk} | grep -c part
        mount -o remount,size={1_000_000 + 9 * needed} {disk}
        {run} >&2; echo "exit $?"
        cp -a {disk} {kept}
    """
    done = _in_namespace(script, environment)
    *first, exit_code, files, parts, again = done.stdout.splitlines()
    assert (exit_code, again) == ("exit 1", "exit 0"), done.stderr
    assert 0 < len(first) < 40
    assert int(files) - len(first) <= 3, done.stderr  # the ledger, its log, one not yet told of
    assert parts == "0"
    errors = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    assert len(errors) == 1
    assert "the disk is full; free some space and run the same command again" in errors[0]
    assert {p.name: p.read_bytes() for p in kept.glob("*.png")} == expected
    assert {p.name for p in kept.iterdir()} == {NAME, *expected}


def test_a_full_disk_is_known_however_deep_below_the_error_is() -> None:
    def fail() -> None:
        try:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        except OSError:
            raise ImageError("photo.jpg: cannot be written") from None

    with pytest.raises(ImageError) as raised:
        fail()
    assert is_full(raised.value)
    assert is_full(OSError(errno.EDQUOT, "quota"))
    assert is_full(ImageError("write error: No space left on device"))
    assert not is_full(OSError(errno.EACCES, "denied"))
    assert not is_full(ImageError("photo.jpg: is empty"))


@mounting
@pytest.mark.parametrize("dry", [False, True])
def test_a_read_only_folder_is_told_in_one_line(
    dry: bool, album: Album, command: list[str], environment: dict[str, str], tmp_path: Path
) -> None:
    folder, out = album("a.png", "b.png"), tmp_path / "out"
    out.mkdir()
    words = [*command, str(folder), "-o", str(out), *(["--dry-run"] if dry else [])]
    script = f"mount -t tmpfs -o ro none {out} && {shlex.join(words)}"
    done = _in_namespace(script, environment)
    errors = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    if dry:
        assert (done.returncode, errors) == (0, [])
        return
    assert done.returncode == 1
    assert len(errors) == 1
    assert errors[0].startswith(f"error: {out / NAME}: cannot be written; check")
    assert "Traceback" not in done.stderr


@mounting
def test_a_read_only_album_is_all_that_is_needed(
    album: Album, command: list[str], environment: dict[str, str], tmp_path: Path
) -> None:
    folder = album("a.png", "b.png")
    words = [*command, str(folder), "-o", str(tmp_path / "out")]
    script = f"mount --bind -o ro {folder} {folder} && {shlex.join(words)}"
    assert _in_namespace(script, environment).returncode == 0
    assert {p.name for p in (tmp_path / "out").glob("*.png")} == {"a.color.png", "b.color.png"}


def test_a_second_run_on_the_same_folder_says_so_and_ends(
    album: Album, command: list[str], environment: dict[str, str], launch: Launch, tmp_path: Path
) -> None:
    folder = album(*(f"{index:03}.png" for index in range(150)))
    words = [*command, str(folder), "-o", str(tmp_path / "out"), "--workers", "2"]
    with subprocess.Popen(words, env=environment, stdout=subprocess.PIPE, stderr=-3) as process:
        assert process.stdout is not None
        process.stdout.readline()
        second = launch(folder, "-o", tmp_path / "out")
        assert process.poll() is None
        process.send_signal(signal.SIGKILL)
    assert second.returncode == 1
    assert second.stdout == b""
    assert b"another run is at work on this folder" in second.stderr
    assert len(second.stderr.splitlines()) == 1
    third = launch(folder, "-o", tmp_path / "out")  # what was killed is in nobody's way
    assert third.returncode == 0
    assert len(list((tmp_path / "out").glob("*.png"))) == 150


def test_a_picture_that_vanishes_costs_no_other(
    album: Album, command: list[str], environment: dict[str, str], tmp_path: Path
) -> None:
    folder = album(*(f"{index:03}.png" for index in range(70)))
    words = [*command, str(folder), "-o", str(tmp_path / "out"), "--workers", "1"]
    with subprocess.Popen(
        words, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        (folder / "069.png").unlink()
        rest, errors = process.communicate(timeout=60)
    assert process.returncode == 1
    assert len(rest.splitlines()) == 68
    lines = errors.decode().splitlines()
    assert lines[0].startswith(f"error: {folder / '069.png'}: no such file")
    assert lines[1].startswith("69 of 70 pictures colored")
