"""`photochrom evaluate`: what it refuses, prints and leaves."""

import json
import shutil
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import skimage.data
from PIL import Image

from photochrom.inference import load_card


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The cache is the test's own."""
    monkeypatch.setenv("PHOTOCHROM_CACHE", str(tmp_path / "cache"))
    for name in ("MPLCONFIGDIR", "TORCHINDUCTOR_CACHE_DIR"):
        monkeypatch.setenv(name, str(tmp_path / "cache" / name))
    return tmp_path / "cache"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Three photographs, and a damaged one."""
    folder = tmp_path / "data"
    folder.mkdir()
    for name in ("astronaut", "chelsea", "coffee"):
        pixels = getattr(skimage.data, name)()
        Image.fromarray(pixels[100:164, 100:164]).save(folder / f"{name}.png")
    (folder / "broken.png").write_bytes(b"broken")
    return folder


@pytest.fixture
def evaluate(run: Any, data: Path, tmp_path: Path) -> Any:
    """`evaluate("--size", 32)`: of the photographs, into `out`."""

    def call(*arguments: object) -> Any:
        return run("evaluate", "--data", data, "-o", tmp_path / "out", *arguments)

    return call


def test_the_table_is_printed_and_damaged_pictures_are_told(evaluate: Any, tmp_path: Path) -> None:
    result = evaluate("--size", 32)
    assert result.exit_code == 0, result.stderr
    assert (tmp_path / "out" / "table.md").read_text() in result.stdout
    assert "error: broken.png: not a picture" in result.stderr
    last = result.stdout.strip().splitlines()[-1]
    assert last == str(tmp_path / "out" / "page.html")
    protocol = json.loads((tmp_path / "out" / "protocol.json").read_text())
    assert (protocol["size"], protocol["working_size"]) == (32, 32)


def test_settings_reach_the_protocol_and_0_is_a_setting(evaluate: Any, tmp_path: Path) -> None:
    result = evaluate(
        *("--size", 32, "--working-size", 48, "--saturation", 0, "--limit", 2),
        *("--temperature", 1, "--temperature", 0.38),
    )
    assert result.exit_code == 0, result.stderr
    protocol = json.loads((tmp_path / "out" / "protocol.json").read_text())
    assert (protocol["working_size"], protocol["saturation"], protocol["limit"]) == (48, 0, 2)
    assert protocol["temperatures"] == [1, 0.38]
    grey, colored = (
        json.loads((tmp_path / "out" / "results" / f"{name}.json").read_text())["values"]
        for name in ("grey", "autochrome-T-1-saturation-0")
    )
    # Without saturation, grey: but for roundings, which luminance is spared and grey is not.
    assert colored["pixel_l2"] == pytest.approx(grey["pixel_l2"], rel=0.01)


def test_the_same_protocol_gives_the_same_files(evaluate: Any, tmp_path: Path) -> None:
    assert evaluate("--size", 32).exit_code == 0
    out = tmp_path / "out"
    protocol = shutil.copy(out / "protocol.json", tmp_path / "protocol.json")
    kept = {path.name: path.read_bytes() for path in (out / "results").iterdir()}
    table = (out / "table.csv").read_text()
    shutil.rmtree(out)
    assert evaluate("--protocol", protocol).exit_code == 0
    assert {path.name: path.read_bytes() for path in (out / "results").iterdir()} == kept
    assert (out / "table.csv").read_text() == table


def test_other_pictures_than_the_protocols_are_refused_in_one_line(
    evaluate: Any, data: Path, tmp_path: Path
) -> None:
    assert evaluate("--size", 32).exit_code == 0
    protocol = shutil.copy(tmp_path / "out" / "protocol.json", tmp_path / "protocol.json")
    shutil.rmtree(tmp_path / "out")
    (data / "coffee.png").unlink()
    result = evaluate("--protocol", protocol)
    assert result.exit_code == 1
    (told,) = [line for line in result.stderr.splitlines() if line.startswith("error:")]
    assert "the protocol is locked to 4 pictures" in told
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("arguments", "fault"),
    [
        (("--size", 32), "--protocol says --size already"),
        (("--working-size", 32, "--temperature", 1), "--working-size, --temperature already"),
        (("--saturation", 0), "--saturation already"),
    ],
)
def test_a_protocol_and_settings_exclude_each_other(
    evaluate: Any, tmp_path: Path, arguments: tuple[object, ...], fault: str
) -> None:
    (tmp_path / "p.json").write_text("{}")
    result = evaluate("--protocol", tmp_path / "p.json", *arguments)
    assert result.exit_code == 2
    assert fault in " ".join(result.stderr.replace("│", " ").split())


@pytest.mark.parametrize(
    ("arguments", "fault"),
    [
        (("--temperature", 0), "greater than 0"),
        (("--temperature", "nan"), "temperatures"),
        (("--record", "mine"), "autochrome: is no ONNX file"),
        (("--old", "nowhere"), "nowhere"),
        (("--model", "nowhere.onnx"), "nowhere.onnx"),
    ],
)
def test_what_could_only_fail_later_is_refused_at_once(
    evaluate: Any, tmp_path: Path, arguments: tuple[object, ...], fault: str
) -> None:
    result = evaluate(*arguments)
    assert result.exit_code in (1, 2)
    assert fault in " ".join(result.stderr.replace("│", " ").split())
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("verb", ["evaluate", "compare"])
def test_a_folder_that_cannot_be_made_is_refused_at_once(
    run: Any, data: Path, tmp_path: Path, cache: Path, verb: str
) -> None:
    (tmp_path / "file").write_text("kept")
    before = sorted(tmp_path.rglob("*"))
    given = ("--data", data) if verb == "evaluate" else (tmp_path,)
    result = run(verb, *given, "-o", tmp_path / "file" / "out")
    assert result.exit_code == 2
    said = "".join(result.stderr.replace("│", " ").split())
    assert "cannotbemade" in said
    assert sorted(tmp_path.rglob("*")) == before
    assert (tmp_path / "file").read_text() == "kept"
    assert not cache.exists()


def test_figures_are_recorded_in_the_files_own_card(evaluate: Any, tmp_path: Path) -> None:
    copy = tmp_path / "copy.onnx"
    copy.write_bytes(files("photochrom.weights").joinpath("autochrome.onnx").read_bytes())
    result = evaluate("--size", 32, "--model", copy, "--record", "three")
    assert result.exit_code == 0, result.stderr
    metrics = load_card(str(copy)).metrics
    assert set(metrics) == {*load_card("autochrome").metrics, "three"}
    protocol = json.loads((tmp_path / "out" / "protocol.json").read_text())
    assert metrics["three"]["protocol"] == protocol
    again = evaluate("--size", 32, "--model", copy, "--protocol", tmp_path / "x")
    assert again.exit_code == 2
    assert np.isfinite(metrics["three"]["rows"]["grey"]["auc"]).all()


def test_results_that_no_evaluation_has_left_are_not_replaced(
    evaluate: Any, tmp_path: Path
) -> None:
    (tmp_path / "out" / "results").mkdir(parents=True)
    mine = tmp_path / "out" / "results" / "mine.json"
    mine.write_text("{}")
    result = evaluate("--size", 32)
    assert result.exit_code == 2
    assert "no evaluation has left there" in " ".join(result.stderr.split())
    assert mine.read_text() == "{}"


def test_a_cache_that_cannot_be_written_costs_no_figures(
    evaluate: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("PHOTOCHROM_CACHE", str(tmp_path / "file" / "cache"))
    result = evaluate("--size", 32)
    assert result.exit_code == 0, result.stderr
    assert (tmp_path / "out" / "table.md").exists()


def test_old_pictures_that_are_none_are_told_before_the_work(evaluate: Any, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    result = evaluate("--size", 32, "--old", tmp_path / "empty")
    assert result.exit_code == 1
    assert "empty: holds no picture" in result.stderr
    assert not (tmp_path / "out").exists()


def test_a_square_beyond_memory_is_refused(evaluate: Any) -> None:
    result = evaluate("--size", 100_000)
    assert result.exit_code == 2
    assert "size: Input should be less than or equal to 4096" in " ".join(result.stderr.split())
