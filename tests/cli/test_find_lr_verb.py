"""`photochrom find-lr`: the suggestion on standard output, two files, and what it refuses."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture
def recipe(tmp_path, monkeypatch) -> Path:
    """For eight pictures, dark blue and bright orange; in the working folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PHOTOCHROM_CACHE", str(tmp_path / "cache"))
    (tmp_path / "pictures").mkdir()
    rng = np.random.default_rng(0)
    for at in range(8):
        bright = rng.random((4, 4)) > 0.5
        pixels = np.where(bright[..., None], [240, 170, 60], [20, 40, 130]).astype(np.uint8)
        Image.fromarray(pixels).resize((40, 40)).save(tmp_path / "pictures" / f"{at}.png")
    lines = {
        "name": "tiny",
        "batch": 4,
        "model": {"name": "autochrome", "settings": {"widths": [8, 8, 8]}},
        "data": {"root": str(tmp_path), "train": ["pictures"], "short_side": 32},
        "stages": [{"size": 32, "steps": 10}],
    }
    file = tmp_path / "tiny.toml"
    file.write_text("".join(f"{name} = {_toml(value)}\n" for name, value in lines.items()))
    return file


def _toml(value: object) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name} = {_toml(entry)}" for name, entry in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return json.dumps(value)


QUICK = ("--device", "cpu", "--threads", "1")


def test_the_suggestion_is_what_set_takes(run, recipe):
    rates = ("--from", "1e-4", "--to", "1e-1", "--steps", "60")
    result = run("find-lr", recipe, *rates, *QUICK)
    assert result.exit_code == 0, result.stderr
    name, _, rate = result.stdout.strip().partition("=")
    assert name == "optimizer.learning_rate"
    assert 1e-4 < float(rate) < 1e-1
    with Image.open("tiny-lr.png") as picture:
        assert picture.format == "PNG"
    with open("tiny-lr.csv") as file:
        tested = [float(row["rate"]) for row in csv.DictReader(file)]
    assert tested == pytest.approx(np.geomspace(1e-4, 1e-1, 60)[: len(tested)])
    assert not Path("runs").exists()


def test_existing_files_stay(run, recipe):
    Path("rates.csv").write_text("mine")
    result = run("find-lr", recipe, "-o", "rates.png", *QUICK)
    assert result.exit_code == 1
    assert "rates.csv: exists already; --force replaces it" in result.stderr
    assert Path("rates.csv").read_text() == "mine"
    assert not Path("rates.png").exists()


def test_force_replaces_them_even_where_nothing_is_suggested(run, recipe):
    Path("rates.png").write_text("old")
    few = ("--from", "1e-9", "--to", "2e-9", "--steps", "20")  # too few steps to tell
    result = run("find-lr", recipe, *few, "-o", "rates.png", "--force", *QUICK)
    assert (result.exit_code, result.stdout) == (1, "")
    assert "the loss falls at no rate from 1e-09 to 2e-09" in result.stderr
    with Image.open("rates.png") as picture:
        assert picture.format == "PNG"


@pytest.mark.parametrize(
    "wrong",
    [("--from", "1", "--to", "0.1"), ("--from", "0"), ("-o", "rates.pdf"), ("--steps", "5")],
)
def test_what_makes_no_sense_is_a_usage_error(run, recipe, wrong):
    assert run("find-lr", recipe, *wrong, *QUICK).exit_code == 2


def test_a_missing_recipe_is_named(run, recipe):
    result = run("find-lr", "absent.toml", *QUICK)
    assert result.exit_code == 1
    assert result.stderr.startswith("error: absent.toml: cannot read the recipe")
