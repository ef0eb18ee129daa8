"""`photochrom colorize` on several pictures: folders, faults, collisions, Ctrl-C."""

import os
import resource
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from photochrom import image
from photochrom.batch.opening import NAME


def _tree(folder: Path) -> set[str]:
    return {str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file()}


def test_bad_pictures_do_not_stop_the_good_ones(launch, photo, tmp_path):
    good = [photo("a.jpg"), photo("b c.png"), photo("d.webp")]
    cut, empty, absent = tmp_path / "cut.jpg", tmp_path / "empty.png", tmp_path / "absent.tif"
    cut.write_bytes(good[0].read_bytes()[:400])
    empty.touch()
    result = launch("colorize", good[0], cut, good[1], empty, absent, good[2])
    assert result.returncode == 1
    written = {str(path.with_name(f"{path.stem}.color{path.suffix}")) for path in good}
    assert set(result.stdout.decode().splitlines()) == written
    assert all(image.read(path).pixels.shape == (48, 64, 3) for path in written)
    lines = result.stderr.decode().splitlines()
    assert len(lines) == 4
    for path, line in zip((absent, cut, empty), lines, strict=False):
        assert line.startswith(f"error: {path}: ")
    assert lines[-1].startswith("3 of 6 pictures colored")
    assert "pictures/s" in lines[-1]


def test_folder_beside(run, photo, tmp_path):
    for name in ("a.jpg", "b.color.jpg", ".hidden.jpg", "sub/c.png"):
        photo(f"album/{name}")
    (tmp_path / "album/notes.txt").write_text("no picture")
    result = run("colorize", tmp_path / "album")
    assert result.exit_code == 0, result.stderr
    assert result.stdout == f"{tmp_path / 'album/a.color.jpg'}\n"
    # Once more: what is colored already is no input, and what it would become is there.
    assert run("colorize", tmp_path / "album").exit_code == 1
    assert run("colorize", tmp_path / "album", "--force").exit_code == 0
    assert _tree(tmp_path / "album") == {
        *("a.jpg", "a.color.jpg", "b.color.jpg", ".hidden.jpg", "notes.txt"),
        os.path.join("sub", "c.png"),
    }


def test_tree_is_mirrored(run, photo, tmp_path):
    for name in ("a.jpg", "1912/a.jpg", "1912/Genève été/b.png"):
        photo(f"album/{name}")
    before = _tree(tmp_path / "album")
    result = run("colorize", "--recursive", tmp_path / "album", "-o", tmp_path / "out")
    assert result.exit_code == 0, result.stderr
    assert _tree(tmp_path / "album") == before
    written = {"a.color.jpg", "1912/a.color.jpg", "1912/Genève été/b.color.png"}
    assert _tree(tmp_path / "out") - {NAME} == {str(Path(name)) for name in written}
    assert {Path(line) for line in result.stdout.splitlines()} == {
        tmp_path / "out" / name for name in written
    }


def test_folder_of_a_failed_picture_is_not_made(run, photo, tmp_path):
    photo("album/a.jpg")
    (tmp_path / "album/bad").mkdir()
    (tmp_path / "album/bad/b.jpg").write_bytes(b"\xff\xd8\xff")
    assert run("colorize", "-r", tmp_path / "album", "-o", tmp_path / "out").exit_code == 1
    assert set(os.listdir(tmp_path / "out")) == {"a.color.jpg", NAME}


def test_folder_without_pictures(run, tmp_path):
    (tmp_path / "empty").mkdir()
    result = run("colorize", tmp_path / "empty")
    assert result.exit_code == 1
    assert "no pictures" in result.stderr


def test_the_same_picture_twice_is_colored_once(run, photo, tmp_path):
    path = photo("album/a.png")
    result = run("colorize", path, tmp_path / "album", path.parent / ".." / "album" / "a.png")
    assert result.exit_code == 0
    assert len(result.stdout.splitlines()) == 1


@pytest.mark.parametrize("options", [(), ("--force",)])
def test_collisions_are_refused_before_anything_is_written(run, photo, tmp_path, options):
    paths = [photo("other.png"), photo("x/photo.png"), photo("y/photo.png")]
    result = run("colorize", *paths, "-o", tmp_path / "out", *options)
    assert result.exit_code == 2
    assert str(paths[1]) in result.stderr
    assert str(paths[2]) in result.stderr
    assert result.stdout == ""
    assert not (tmp_path / "out").exists()


def test_an_output_that_is_another_input_is_refused(run, photo, tmp_path):
    paths = [photo("a.png"), photo("a.color.png")]
    before = paths[1].read_bytes()
    assert run("colorize", *paths, "--force").exit_code == 2
    assert paths[1].read_bytes() == before
    assert _tree(tmp_path) == {"a.png", "a.color.png"}


@pytest.mark.parametrize("output", ["one.jpg", "taken"])
def test_one_file_for_several_pictures_is_refused(run, photo, tmp_path, output):
    (tmp_path / "taken").write_text("a file")
    result = run("colorize", photo("a.png"), photo("b.png"), "-o", tmp_path / output)
    assert result.exit_code == 2
    assert _tree(tmp_path) == {"a.png", "b.png", "taken"}


@pytest.mark.skipif(os.name != "posix", reason="limits the size of files as POSIX does")
@pytest.mark.parametrize("old", [None, b"dear to somebody"])
def test_a_write_that_fails_leaves_nothing_behind(launch, photo, tmp_path, old):
    path, target = photo("photo.png"), tmp_path / "photo.color.png"
    if old:
        target.write_bytes(old)
    before = {p.name: p.read_bytes() for p in tmp_path.iterdir()}
    result = launch(
        *("colorize", path, "--force"),
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000)),
    )
    assert result.returncode == 1
    assert result.stdout == b""
    assert result.stderr.decode().startswith(f"error: {path}: {target}: cannot be written")
    assert len(result.stderr.splitlines()) == 1
    assert {p.name: p.read_bytes() for p in tmp_path.iterdir()} == before


@pytest.mark.skipif(os.name != "posix", reason="sends a signal")
def test_ctrl_c_finishes_what_is_in_hand(environment, tmp_path):
    rng = np.random.default_rng(5)
    for index in range(60):
        frame = image.from_array(rng.integers(0, 256, (200, 300), dtype=np.uint8))
        image.write(frame, tmp_path / f"{index:02}.png")
    process = subprocess.Popen(
        [sys.executable, "-m", "photochrom", "colorize", str(tmp_path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        bufsize=0,  # `communicate` would not see what `readline` had read ahead
        env=environment,
        # A shell that runs the tests in the background would have them ignore Ctrl-C.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    with process:
        assert process.stdout is not None
        first = process.stdout.readline()
        process.send_signal(signal.SIGINT)
        rest, errors = process.communicate(timeout=60)
    assert process.returncode == 130, errors.decode()
    assert b"Traceback" not in errors
    listed = {Path(line).name for line in (first + rest).decode().splitlines()}
    assert 0 < len(listed) < 60
    colored = {path.name for path in tmp_path.glob("*.color.png")}
    assert colored == listed
    assert all(image.read(tmp_path / name).pixels.shape == (200, 300, 3) for name in colored)
    assert len(list(tmp_path.iterdir())) == 60 + len(listed)
