"""`photochrom colorize` and names: spaces, line breaks, bytes that are no text; links."""

import hashlib
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

from photochrom.batch.opening import NAME

Run = Callable[..., Result]
Photo = Callable[..., Path]


def _tree(folder: Path) -> set[str]:
    files = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    return files - {NAME}


@pytest.mark.parametrize(
    "name",
    [
        "two  spaces .png",
        "photo 📷 祖母.png",
        "line\nbreak\r\t.png",
        "-o.png",
        "'\"$(x)`\\;*?.png",
        "%s {0}.png",
        os.fsdecode(b"caf\xe9 \xff.png"),
        "a.b.PNG",
    ],
)
def test_any_name_is_colored_found_again_and_kept(
    run: Run, photo: Photo, tmp_path: Path, name: str
) -> None:
    photo(f"album/{name}")
    result = run("colorize", tmp_path / "album", "-o", tmp_path / "out")
    assert result.exit_code == 0, result.stderr
    expected = f"{Path(name).stem}.color{Path(name).suffix}"
    assert _tree(tmp_path / "out") == {expected}
    assert result.stdout_bytes == os.fsencode(tmp_path / "out" / expected) + b"\n"
    again = run("colorize", tmp_path / "album", "-o", tmp_path / "out")
    assert (again.exit_code, again.stdout_bytes) == (0, b"")


@pytest.mark.parametrize("letter", ["x", "é", "祖", "📷"])
def test_names_of_255_bytes_are_shortened_and_stay_apart(
    run: Run, photo: Photo, tmp_path: Path, letter: str
) -> None:
    room = 255 - len("0.png")
    names = [
        letter * (room // len(letter.encode())) + "p" * (room % len(letter.encode())) + ending
        for ending in ("1.png", "2.png")
    ]
    for name in names:
        assert len(os.fsencode(name)) == 255
        photo("short.png").rename(tmp_path / name)
    (tmp_path / "album").mkdir()
    for name in names:
        (tmp_path / name).rename(tmp_path / "album" / name)
    result = run("colorize", tmp_path / "album", "-o", tmp_path / "out")
    assert result.exit_code == 0, result.stderr
    written = _tree(tmp_path / "out")
    digests = {hashlib.sha256(os.fsencode(name)).hexdigest()[:8] for name in names}
    assert {name[-len("01234567.color.png") :][:8] for name in written} == digests
    assert all(name.startswith(letter * 40) for name in written)
    assert all(len(os.fsencode(name)) <= 235 for name in written)
    assert run("colorize", tmp_path / "album", "-o", tmp_path / "out").stdout == ""


def test_links_that_lead_in_circles_end(run: Run, photo: Photo, tmp_path: Path) -> None:
    photo("album/sub/a.png")
    (tmp_path / "album/sub/up").symlink_to(tmp_path / "album")
    (tmp_path / "album/self").symlink_to(tmp_path / "album/self")
    (tmp_path / "album/one").symlink_to(tmp_path / "album/two")
    (tmp_path / "album/two").symlink_to(tmp_path / "album/one")
    (tmp_path / "album/b.png").symlink_to("sub/a.png")
    result = run("colorize", "-r", tmp_path / "album", "-o", tmp_path / "out")
    assert result.exit_code == 0, result.stderr
    assert len(_tree(tmp_path / "out")) == 1  # one picture, by whatever name it was met first


@pytest.mark.parametrize("goal", ["loop.png", "nowhere.png"])
def test_a_picture_that_is_a_link_to_nowhere_is_told_and_costs_no_other(
    run: Run, photo: Photo, tmp_path: Path, goal: str
) -> None:
    photo("album/a.png")
    (tmp_path / "album/loop.png").symlink_to(goal)
    result = run("colorize", tmp_path / "album", "-o", tmp_path / "out")
    assert result.exit_code == 1
    assert _tree(tmp_path / "out") == {"a.color.png"}
    (line, summary) = result.stderr.splitlines()
    assert line.startswith(f"error: {tmp_path / 'album/loop.png'}: ")
    assert summary.startswith("1 of 2 pictures colored")


def test_a_pipe_called_like_a_picture_is_none(run: Run, photo: Photo, tmp_path: Path) -> None:
    photo("album/a.png")
    os.mkfifo(tmp_path / "album/b.png")
    (tmp_path / "album/c.png").mkdir()
    result = run("colorize", tmp_path / "album", "-o", tmp_path / "out")
    assert (result.exit_code, _tree(tmp_path / "out")) == (0, {"a.color.png"})
