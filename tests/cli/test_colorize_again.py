"""`photochrom colorize DIR -o OUT`, run again: what is done, what is told, what scripts hear."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import Result

from photochrom.batch.opening import NAME

Run = Callable[..., Result]
Photo = Callable[..., Path]


@pytest.fixture
def album(photo: Photo, tmp_path: Path) -> Path:
    for name in ("a.png", "b.jpg", "sub/c.png"):
        photo(f"album/{name}")
    return tmp_path / "album"


def _names(result: Result) -> set[str]:
    """Of the files that were written."""
    assert result.exit_code == 0, result.stderr
    return {Path(line).name for line in result.stdout.splitlines()}


def test_only_what_is_new_or_different_is_colored(run: Run, album: Path, tmp_path: Path) -> None:
    words = ["colorize", "-r", album, "-o", tmp_path / "out"]
    everything = {"a.color.png", "b.color.jpg", "c.color.png"}
    assert _names(run(*words)) == everything
    second = run(*words)
    assert (second.exit_code, second.stdout) == (0, "")
    assert second.stderr.startswith("0 of 3 pictures colored, 3 were already, in ")
    (album / "new.png").write_bytes((album / "a.png").read_bytes())
    assert _names(run(*words)) == {"new.color.png"}
    (tmp_path / "out/sub/c.color.png").unlink()
    assert _names(run(*words)) == {"c.color.png"}
    (album / "a.png").write_bytes((album / "b.jpg").read_bytes())
    assert _names(run(*words)) == {"a.color.png"}
    os.utime(album / "b.jpg")
    assert _names(run(*words)) == set()
    assert _names(run(*words, "--saturation", "0.5")) == everything | {"new.color.png"}
    assert _names(run(*words, "--saturation", "0.5", "--workers", "1")) == set()


def test_files_that_the_ledger_does_not_know_stay(run: Run, album: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out/a.color.png").write_bytes(b"dear to somebody")
    words = ["colorize", album, "-o", tmp_path / "out"]
    for _ in range(2):
        result = run(*words)
        assert result.exit_code == 1
        assert "--force" in result.stderr
        assert (tmp_path / "out/a.color.png").read_bytes() == b"dear to somebody"
    assert _names(run(*words, "--force")) == {"a.color.png"}
    assert _names(run(*words)) == set()


def test_what_was_changed_by_hand_is_set_aside_and_told(
    run: Run, album: Path, tmp_path: Path
) -> None:
    words = ["colorize", album, "-o", tmp_path / "out"]
    run(*words)
    (tmp_path / "out/a.color.png").write_bytes(b"retouched")
    result = run(*words)
    assert _names(result) == {"a.color.png"}
    assert "note: " in result.stderr
    assert str(tmp_path / "out/a.changed.color.png") in result.stderr
    assert (tmp_path / "out/a.changed.color.png").read_bytes() == b"retouched"


def test_no_ledger_stands_beside_single_pictures(run: Run, album: Path, tmp_path: Path) -> None:
    assert run("colorize", album / "a.png").exit_code == 0
    assert run("colorize", album / "a.png", album / "b.jpg", "-o", tmp_path / "out").exit_code == 0
    assert run("colorize", album / "sub").exit_code == 0
    assert not list(tmp_path.rglob(f"{NAME}*"))


def test_a_rehearsal_writes_nothing(run: Run, album: Path, tmp_path: Path) -> None:
    words = ["colorize", "-r", album, "-o", tmp_path / "out"]
    result = run(*words, "--dry-run")
    assert result.exit_code == 0
    target = tmp_path / "out/sub/c.color.png"
    assert f"{album / 'sub/c.png'} -> {target} (is new)" in result.stdout.splitlines()
    assert result.stderr == "3 of 3 pictures would be colored\n"
    assert not (tmp_path / "out").exists()
    run(*words)
    (album / "a.png").write_bytes((album / "b.jpg").read_bytes())
    lines = [json.loads(line) for line in run(*words, "--dry-run", "--json").stdout.splitlines()]
    kinds = {Path(line["source"]).name: (line["verdict"], line.get("reason")) for line in lines}
    assert kinds == {
        "a.png": ("color", "its source has changed"),
        "b.jpg": ("current", None),
        "c.png": ("current", None),
    }


def test_scripts_get_a_line_for_each_picture(run: Run, album: Path, tmp_path: Path) -> None:
    def lines(*options: object) -> list[dict[str, Any]]:
        words = ["colorize", "-r", album, "-o", tmp_path / "out", "--json", *options]
        return [json.loads(line) for line in run(*words).stdout.splitlines()]

    (album / os.fsdecode(b"cut \xe9\n.jpg")).write_bytes((album / "b.jpg").read_bytes()[:300])
    *pictures, end = lines()
    by_name = {os.path.basename(os.fsencode(line["source"])): line for line in pictures}
    assert by_name.keys() == {b"a.png", b"b.jpg", b"c.png", b"cut \xe9\n.jpg"}
    from hashlib import sha256

    colored = by_name[b"c.png"]
    assert (colored["event"], colored["state"]) == ("picture", "colored")
    assert colored["target"] == str(tmp_path / "out/sub/c.color.png")
    for file, hashed in (
        (album / "sub/c.png", "source_sha256"),
        (Path(colored["target"]), "result_sha256"),
    ):
        assert colored[hashed] == sha256(file.read_bytes()).hexdigest()
    failed = by_name[b"cut \xe9\n.jpg"]
    assert failed["state"] == "failed"
    assert "damaged or incomplete" in failed["reason"]
    assert {k: end[k] for k in ("event", "colored", "current", "failed", "quarantined")} == {
        "event": "end",
        "colored": 3,
        "current": 0,
        "failed": 1,
        "quarantined": 0,
    }
    assert end["interrupted"] is False
    states = [line["state"] for line in lines()[:-1]]
    assert sorted(states) == ["current", "current", "current", "failed"]


def test_the_log_tells_what_became_of_each_picture(run: Run, album: Path, tmp_path: Path) -> None:
    (album / "bad\n.png").write_bytes(b"no picture")
    log = tmp_path / "job.log"
    words = ["colorize", album, "-o", tmp_path / "out", "--log", log]
    assert run(*words).exit_code == 1
    lines = log.read_text().splitlines()
    assert len(lines) == 3
    told = {line.split(" ", 1)[1] for line in lines}
    assert f"colored {album / 'a.png'} -> {tmp_path / 'out/a.color.png'} (is new)" in told
    assert any(line.startswith(f"failed {album}/bad\\n.png: ") for line in told)
    run(*words)
    assert len(log.read_text().splitlines()) == 4  # the one that failed is tried again
    assert run(*words, "--log", tmp_path / "none/job.log").exit_code == 1


def test_a_folder_that_cannot_be_searched_costs_no_other(
    run: Run, album: Path, tmp_path: Path
) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may search every folder")
    (album / "sub").chmod(0)
    result = run("colorize", "-r", album, "-o", tmp_path / "out")
    (album / "sub").chmod(0o700)
    assert result.exit_code == 1
    assert "cannot be searched" in result.stderr
    assert len(result.stdout.splitlines()) == 2
