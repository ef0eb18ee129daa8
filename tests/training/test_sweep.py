"""Sweeps: what is swept, where it goes, what comes of it, and the command itself."""

import csv
import json
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from lightning_fabric import Fabric
from PIL import Image
from typer.testing import CliRunner

from photochrom.cli.main import app
from photochrom.errors import RecipeError
from photochrom.training.loop import train
from photochrom.training.settings import Recipe
from photochrom.training.sweep import (
    Run,
    is_finished,
    parse_axis,
    plan,
    result_of,
    write_comparison,
)


@pytest.fixture
def file(learner: Callable[..., Recipe], command: Callable[[Recipe], Any]) -> Path:
    """A recipe of ten steps at 32², with one checkpoint."""
    once = {"checkpoint_every": 10, "film": [5, 10]}
    recipe = learner("plain", stages=[{"size": 32, "steps": 10}], **once)
    return Path(command(recipe).arguments[1])


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("adam,sgd", ("adam", "sgd")),
        ("16", ("16",)),
        ('["face"], ["landscape", "mountain"]', ('["face"]', '["landscape", "mountain"]')),
        ("[{size=64,steps=9}],[[1,2],[3]]", ("[{size=64,steps=9}]", "[[1,2],[3]]")),
        ('"a, b",c', ('"a, b"', "c")),
        ('\'it is [\',"not \\" , ]"', ("'it is ['", '"not \\" , ]"')),
        ("'ends in \\',2", ("'ends in \\'", "2")),
    ],
)
def test_commas_part_values_outside_brackets_and_quotes(text: str, values: tuple[str, ...]) -> None:
    axis = parse_axis(f"data.classes={text}")
    assert (axis.setting, axis.values) == ("data.classes", values)


@pytest.mark.parametrize(
    "values", [[1, 2.5, True], [["a,b", 'c"'], ["d\\"]], ["}", "[", ","], [[[1], [2]], []]]
)
def test_values_are_parted_as_toml_parts_those_of_a_list(values: list[Any]) -> None:
    """JSON of these is TOML, too."""
    text = json.dumps(values)
    assert tomllib.loads(f"v = {text}")["v"] == values
    parted = parse_axis(f"x={text[1:-1]}").values
    assert [tomllib.loads(f"v = {value}")["v"] for value in parted] == values


@pytest.mark.parametrize(
    "text", ["batch", "=1", "batch=", "batch=1,", "batch=1,1", "a=[1", "a=1]", 'a="1', "a=[1},2"]
)
def test_what_is_no_axis_is_told(text: str) -> None:
    with pytest.raises(RecipeError, match="^" + text.replace("[", r"\[")):
        parse_axis(text)


def test_every_combination_in_a_folder_named_by_its_settings(file: Path, tmp_path: Path) -> None:
    axes = [parse_axis("optimizer.name=adam,sgd"), parse_axis('data.classes=["day"],["day","x"]')]
    runs = plan(file, axes, ["batch=2"], tmp_path / "out")
    assert [run.folder.name for run in runs] == [
        "optimizer.name=adam,data.classes=day",
        "optimizer.name=adam,data.classes=day-x",
        "optimizer.name=sgd,data.classes=day",
        "optimizer.name=sgd,data.classes=day-x",
    ]
    assert [(run.recipe.optimizer.name, run.recipe.data.classes) for run in runs] == [
        ("adam", ("day",)),
        ("adam", ("day", "x")),
        ("sgd", ("day",)),
        ("sgd", ("day", "x")),
    ]
    assert all(run.recipe.batch == 2 for run in runs)
    assert not (tmp_path / "out").exists()


def test_long_values_have_short_folders_of_their_own(file: Path, tmp_path: Path) -> None:
    classes = ",".join(f'"class {number:03}"' for number in range(100))
    axis = parse_axis(f'data.classes=[{classes},"a"],[{classes},"b"]')
    names = {run.folder.name for run in plan(file, [axis], [], tmp_path)}
    assert len(names) == 2
    assert all(len(name.encode()) < 200 for name in names)


@pytest.mark.parametrize(
    ("over", "fault"),
    [
        (["batch=4,0"], "batch: "),
        (["model.name=autochrome,nobody"], "nobody"),
        (["batch=2", "batch=4"], "swept twice"),
        (['data.classes=["a b"],["a-b"]'], "would hold two runs"),
        (["stages=[{size=31,steps=1}]"], "stages.0.size: 31 is no multiple"),
    ],
)
def test_faults_are_told_before_anything_is_trained(
    over: list[str], fault: str, file: Path, tmp_path: Path
) -> None:
    result = CliRunner().invoke(
        app, ["sweep", str(file), "-o", str(tmp_path / "out"), *(f"--over={axis}" for axis in over)]
    )
    assert result.exit_code == 1
    assert result.stderr.startswith("error: ")
    assert fault in result.stderr
    assert not (tmp_path / "out").exists()


@pytest.fixture
def runs(file: Path, tmp_path: Path, cache: Path, fabric: Fabric, recorder: Any) -> list[Run]:
    """Two finished ones, of two batch sizes."""
    axes = [parse_axis("optimizer.name=adam,sgd"), parse_axis("batch=2,4")]
    planned = plan(file, axes, [], tmp_path / "out")[:2]
    for run in planned:
        train(run.recipe, run.folder, cache, fabric, recorder())
    return planned


def _average(losses: list[float]) -> float:
    """Of a run of ten steps: it looks back on two, so each loss weighs half of the next."""
    weights = [0.5**age for age in range(len(losses))]
    return sum(w * x for w, x in zip(weights, reversed(losses), strict=True)) / sum(weights)


def test_runs_are_compared(runs: list[Run], file: Path, tmp_path: Path) -> None:
    output = tmp_path / "out"
    axes = [parse_axis("optimizer.name=adam,sgd"), parse_axis("batch=2,4")]
    assert [is_finished(run) for run in plan(file, axes, [], output)] == [True, True, False, False]
    table, written = write_comparison(axes, [result_of(run) for run in runs], output)
    assert [path.name for path in written] == ["sweep.png", "sweep.md", "sweep.csv"]
    assert (output / "sweep.md").read_text() == table
    assert len(table.splitlines()) == 2 + 2
    with Image.open(output / "sweep.png") as plot:
        assert plot.format == "PNG"

    rows = {
        (row["optimizer.name"], row["batch"]): row
        for row in csv.DictReader((output / "sweep.csv").read_text().splitlines())
    }
    assert {key: row["pictures"] for key, row in rows.items()} == {
        ("adam", "2"): "20",
        ("adam", "4"): "40",
    }
    for run in runs:
        row = rows[run.values]
        lines = (run.folder / "losses.csv").read_text().splitlines()
        losses = [float(row["model"]) for row in csv.DictReader(lines)]
        assert float(row["training loss"]) == pytest.approx(_average(losses), rel=1e-4)
        after_20 = _average(losses[: 20 // run.recipe.batch])
        assert float(row["after 20 pictures"]) == pytest.approx(after_20, rel=1e-4)
        assert row["at step"] == "10"
        assert float(row["pictures/s"]) > 0
    validation = [float(row["validation loss"]) for row in rows.values()]
    assert validation == sorted(validation)

    longer = plan(file, axes, ["stages=[{size=32,steps=11}]"], output)
    assert longer[0].folder == runs[0].folder
    assert not any(map(is_finished, longer))
    with pytest.raises(RecipeError, match="started with another recipe: seed was 0 and is 1"):
        plan(file, axes, ["seed=1"], output)


def test_the_command_trains_names_what_fails_and_passes_over_what_is_done(
    learner: Callable[..., Recipe], command: Callable[[Recipe], Any], tmp_path: Path
) -> None:
    brief = {"stages": [{"size": 32, "steps": 3}], "schedule": {"warmup_steps": 0}, "film": [3]}
    recipe = learner("plain", **brief)
    trained, output = command(recipe), tmp_path / "out"
    arguments = ["sweep", trained.arguments[1], "--device", "cpu", "-o", str(output)]
    rates = "optimizer.learning_rate=0.001,1e30"

    def run(over: str) -> Any:
        return CliRunner().invoke(
            app, [*arguments, "--over", over, "--jobs", "2"], env=trained.environment
        )

    both = run(rates)
    assert both.exit_code == 1
    lost = output / "optimizer.learning_rate=1e30"
    (error,) = (line for line in both.stderr.splitlines() if line.startswith("error: "))
    assert error.startswith(f"error: {lost}: tiny: the loss is no number any more")
    assert not (lost / "checkpoint.safetensors").exists()
    done = output / "optimizer.learning_rate=0.001" / "checkpoint.safetensors"
    assert "| 0.001 | 12 |" in both.stdout
    assert "1e30" not in both.stdout

    written = done.stat().st_mtime_ns
    again = run("optimizer.learning_rate=0.001")
    assert again.exit_code == 0, again.output
    assert again.stdout == both.stdout
    assert done.stat().st_mtime_ns == written
