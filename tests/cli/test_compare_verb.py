"""`photochrom compare`: results of one protocol, and no others, in one table."""

import shutil
from pathlib import Path
from typing import Any

import pytest
import skimage.data
from PIL import Image


@pytest.fixture
def evaluated(run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """`evaluated("a", "--size", 32)`: the folder of results of an evaluation."""
    monkeypatch.setenv("PHOTOCHROM_CACHE", str(tmp_path / "cache"))
    for name in ("MPLCONFIGDIR", "TORCHINDUCTOR_CACHE_DIR"):
        monkeypatch.setenv(name, str(tmp_path / "cache" / name))
    for name in ("astronaut", "chelsea"):
        pixels = getattr(skimage.data, name)()[100:148, 100:148]
        (tmp_path / "data").mkdir(exist_ok=True)
        Image.fromarray(pixels).save(tmp_path / "data" / f"{name}.png")

    def call(folder: str, *arguments: object) -> Path:
        out = tmp_path / folder
        result = run("evaluate", "--data", tmp_path / "data", "-o", out, *arguments)
        assert result.exit_code == 0, result.stderr
        return out / "results"

    return call


def test_networks_of_two_evaluations_are_compared_in_pairs(
    run: Any, evaluated: Any, tmp_path: Path
) -> None:
    results = evaluated("a", "--size", 32, "--temperature", 0.38, "--temperature", 1)
    # As if each network had been evaluated on its own.
    (tmp_path / "b").mkdir()
    moved = shutil.move(results / "autochrome-T-1.json", tmp_path / "b")
    result = run("compare", results, moved, "-o", tmp_path / "out")
    assert result.exit_code == 0, result.stderr
    assert "Paired" in result.stdout
    rows = [line for line in result.stdout.splitlines() if line.startswith("| ")]
    titles = [row.split(" | ")[0].removeprefix("| ") for row in rows]
    kinds = ["grey", "mean tint", "autochrome, T = 0.38", "autochrome, T = 1", "original"]
    places = [titles.index(title) for title in kinds]
    assert places == sorted(places)
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        *("table.md", "table.csv", "page.html")
    }


def test_results_of_different_protocols_are_refused(run: Any, evaluated: Any) -> None:
    first, second = evaluated("a", "--size", 32), evaluated("b", "--size", 48)
    result = run("compare", first, second)
    assert result.exit_code == 1
    (told,) = result.stderr.splitlines()
    assert "size (48, not 32)" in told
    assert "same protocol" in told
    assert not result.stdout


def test_a_folder_without_results_is_told(run: Any, tmp_path: Path) -> None:
    result = run("compare", tmp_path)
    assert result.exit_code == 1
    assert "holds no results" in result.stderr


def test_an_output_that_cannot_be_written_is_told_in_one_line(
    run: Any, evaluated: Any, tmp_path: Path
) -> None:
    results = evaluated("a", "--size", 32)
    (tmp_path / "out" / "table.csv").mkdir(parents=True)
    result = run("compare", results, "-o", tmp_path / "out")
    assert result.exit_code == 1
    assert result.stderr.startswith(f"error: {tmp_path / 'out' / 'table.csv'}: ")
    assert len(result.stderr.splitlines()) == 1
