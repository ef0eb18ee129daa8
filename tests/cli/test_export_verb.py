"""`photochrom export`: from a run's folder to a file that colors."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from photochrom import image
from photochrom.inference import Card, Classifier, load_card, load_colorizer, load_engine

torch = pytest.importorskip("torch", reason="the extra `export`")

FACTS = """
name = "try"
summary = "a try"
licence = "CC0-1.0"
working_size = 192
temperature = 0.5
[training]
pictures = ["Lakes, CC0-1.0"]
initialization = "random"
commit = "0123abc"
hardware = "one core, a second"
"""

RECIPE = {
    "name": "first",
    "model": {"name": "rudimentary", "settings": {"widths": [8]}},
    "data": {"root": "/home/ada", "train": ["C:\\ada\\train.zip", "here.zip"]},
    "loss": {"l2": {}},
    "stages": [{"size": 32, "steps": 5}, {"size": 32, "steps": 5}],
}

Make = Callable[..., Path]


@pytest.fixture
def facts(tmp_path: Path) -> Path:
    path = tmp_path / "facts.toml"
    path.write_text(FACTS, encoding="utf-8")
    return path


@pytest.fixture
def finished(tmp_path: Path) -> Make:
    """`finished(recipe)`: the folder of a run, whose average differs from its last weights."""

    def make(recipe: dict[str, Any], classes: tuple[str, ...] = (), folder: str = "run") -> Path:
        from photochrom.models import catalog
        from photochrom.training.build import build, decoding_of
        from photochrom.training.checkpoint import State, average_of, save, save_average
        from photochrom.training.settings import Recipe

        torch.manual_seed(0)
        read = Recipe.model_validate(recipe)
        players = {"model": build(read, classes)}
        averages = [average_of(players["model"])]
        with torch.no_grad():
            for parameter in players["model"].parameters():
                parameter.add_(0.02)
        averages.append(average_of(players["model"]))
        if adversarial := read.loss.adversarial:
            colors = decoding_of(read).colors
            name, inputs = (
                ("color_discriminator", colors)
                if read.loss.cycle
                else ("discriminator", 1 + colors)
            )
            spec = catalog.discriminator(adversarial.discriminator)
            players[name] = spec.build(inputs=inputs, **adversarial.settings)
        run = tmp_path / folder
        run.mkdir()
        for file, average, step, write in (
            ("best.safetensors", averages[0], 4, save_average),
            ("checkpoint.safetensors", averages[1], 10, save),
        ):
            state = State(players, {}, average, classes, step)
            write(state, run / file, json.dumps(read.model_dump(mode="json")))
        return run

    return make


def _export(run: Callable[..., Any], source: Path, target: Path, *more: object) -> Card:
    result = run("export", source, "-o", target, *more)
    assert result.exit_code == 0, result.stderr
    assert result.stdout.splitlines()[-1] == str(target)
    assert "(allowed: 1e-03)" in result.stdout
    return load_card(str(target))


# The card


def test_without_facts_the_recipe_speaks(run, finished, tmp_path):
    card = _export(run, finished(RECIPE), tmp_path / "x.onnx")
    assert (card.name, card.output, card.working_size, card.temperature) == ("first", "rgb", 32, 1)
    assert (card.licence, card.input_size, card.score, card.style) == (
        *("NOASSERTION", 32, False, False),
    )
    assert card.training.pictures == ("train.zip", "here.zip")
    assert (card.training.commit, card.training.initialization) == ("unknown", "random")
    assert "home" not in card.model_dump_json()


def test_facts_go_before_the_recipe(run, finished, facts, tmp_path):
    card = _export(run, finished(RECIPE), tmp_path / "x.onnx", "--card", facts)
    assert (card.name, card.licence, card.working_size, card.temperature) == (
        *("try", "CC0-1.0", 192, 0.5),
    )
    assert (card.training.commit, card.training.pictures) == ("0123abc", ("Lakes, CC0-1.0",))
    assert card.training.recipe["data"]["train"] == ["train.zip", "here.zip"]
    assert card.training.recipe["data"]["root"] == "."


def test_some_facts_leave_the_others_to_the_recipe(facts):
    from photochrom.export.assemble import default_facts, load_facts

    facts.write_text('licence = "CC-BY-4.0"\n[training]\nhardware = "a GPU"', encoding="utf-8")
    said = load_facts(facts, default_facts(RECIPE, "a net", "bins"))
    assert (said.licence, said.name, said.training.hardware) == ("CC-BY-4.0", "first", "a GPU")
    assert (said.working_size, said.temperature) == (32, 0.38)
    assert said.training.pictures == ("train.zip", "here.zip")


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('pictures = ["Lakes, CC0-1.0"]', "pictures = 3", "pictures"),
        ("working_size = 192", 'working_size = "large"', "working_size"),
        ('name = "try"', 'name = "try"\nlicense = "CC0"', "license"),
        ('name = "try"', "name = try", "TOML"),
    ],
)
def test_faulty_facts(run, finished, facts, tmp_path, old, new, told):
    facts.write_text(FACTS.replace(old, new), encoding="utf-8")
    result = run("export", finished(RECIPE), "-o", tmp_path / "x.onnx", "--card", facts)
    assert result.exit_code == 1
    assert result.stderr.startswith(f"error: {facts}: ")
    assert told in result.stderr
    assert len(result.stderr.splitlines()) == 1


# Which weights


def test_the_best_checkpoint_is_taken_or_the_last_on_demand(run, finished, tmp_path):
    folder = finished(RECIPE)
    lightness = np.full((32, 32), 40, np.float32)
    seen = {}
    for name, source, more, step in (
        ("best", folder, (), 4),
        ("last", folder, ("--last",), 10),
    ):
        target = tmp_path / f"{name}.onnx"
        assert _export(run, source, target, *more).training.steps == step
        seen[name] = load_engine(str(target)).network.predict(lightness, 1.0).ab
    assert np.abs(seen["best"] - seen["last"]).max() > 0.1


@pytest.mark.slow
def test_a_checkpoint_may_be_named_and_without_a_best_the_last_is_taken(run, finished, tmp_path):
    folder = finished(RECIPE)
    best = folder / "best.safetensors"
    assert _export(run, best, tmp_path / "best.onnx").training.steps == 4
    best.unlink()
    assert _export(run, folder, tmp_path / "last.onnx").training.steps == 10


def test_existing_file_and_missing_checkpoint(run, tmp_path):
    target = tmp_path / "x.onnx"
    target.write_bytes(b"dear to somebody")
    result = run("export", tmp_path, "-o", target)
    assert result.exit_code == 1
    assert "--force" in result.stderr
    assert target.read_bytes() == b"dear to somebody"
    result = run("export", tmp_path, "-o", tmp_path / "y.onnx")
    assert result.exit_code == 1
    assert "checkpoint.safetensors" in result.stderr


def test_a_recipe_of_another_version_is_told(run, finished, tmp_path):
    from safetensors.torch import load_file, save_file

    path = finished(RECIPE) / "best.safetensors"
    recipe = json.dumps(RECIPE | {"novelty": 1})
    metadata = {"step": "1", "recipe": recipe, "classes": "[]", "history": "[]"}
    save_file(load_file(path), path, metadata)
    result = run("export", path, "-o", tmp_path / "x.onnx")
    assert result.exit_code == 1
    assert "another version (novelty" in result.stderr


# Discriminators and classes


def _judged(**cycle: object) -> dict[str, Any]:
    """A recipe whose judge has one layer with stride 2."""
    judge = {"discriminator": "patch", "settings": {"layers": 1, "width": 8}}
    losses = cycle or {"l1": {"weight": 100}}
    return {
        "name": "judged",
        "model": {"name": "cyclegan", "settings": {"blocks": 1, "width": 8}},
        "data": {"train": ["train.zip"]},
        "loss": {"adversarial": judge, **losses},
        "stages": [{"size": 32, "steps": 10}],
    }


@pytest.mark.parametrize("cycle", [{}, pytest.param({"cycle": {}}, marks=pytest.mark.slow)])
def test_the_discriminator_comes_along_and_scores(run, finished, tmp_path, cycle):
    card = _export(run, finished(_judged(**cycle)), tmp_path / "x.onnx")
    assert (card.score, card.smallest, card.training.steps) == (True, 8, 4)
    pixels = np.random.default_rng(0).integers(0, 256, (37, 53), dtype=np.uint8)
    colored = load_engine(str(tmp_path / "x.onnx")).colorize(image.from_array(pixels))
    assert colored.score is not None
    assert np.isfinite(colored.score)


@pytest.mark.slow
def test_without_the_last_checkpoint_there_is_no_score(run, finished, tmp_path):
    folder = finished(_judged())
    (folder / "checkpoint.safetensors").unlink()
    result = run("export", folder, "-o", tmp_path / "x.onnx")
    assert result.exit_code == 0
    assert "exported without a score" in result.stderr
    assert not load_card(str(tmp_path / "x.onnx")).score


@pytest.mark.slow
def test_from_runs_to_a_router(run, finished, photo, tmp_path):
    """Two adversarial runs, a classifier's and a file of a few lines color a picture."""
    classifier = {
        "name": "teller",
        "model": {"name": "classifier"},
        "data": {"train": ["train.zip"]},
        "loss": {"classification": {}},
        "stages": [{"size": 64, "steps": 10}],
    }
    card = _export(
        run, finished(classifier, ("face", "place"), folder="c"), tmp_path / "classes.onnx"
    )
    assert (card.output, card.classes) == ("classes", ("face", "place"))
    told = Classifier((tmp_path / "classes.onnx").read_bytes(), "classes")
    assert told.card.working_size == 64
    for name in ("face", "place"):
        recipe = _judged() | {"name": name}
        _export(run, finished(recipe, folder=name), tmp_path / f"{name}.onnx")
    entries = "".join(
        f'[[specialist]]\nmodel = "{name}.onnx"\nclasses = ["{name}"]\n'
        for name in ("face", "place")
    )
    router = tmp_path / "router.toml"
    router.write_text(f'classifier = "classes.onnx"\nsure = 1.0\n{entries}', encoding="utf-8")
    picture = photo("photo.png")
    assert run("colorize", picture, "--model", router).exit_code == 0
    choice = load_colorizer(str(router)).colorize(image.read(picture)).choice
    assert choice.reason == "score"
    assert set(choice.scores) == {"face", "place"}


@pytest.mark.slow
def test_exported_file_knows_no_path_of_the_code(run, finished, tmp_path):
    import photochrom

    recipe = RECIPE | {"model": {"name": "autochrome", "settings": {"widths": [16, 16, 16]}}}
    recipe |= {"loss": {"cross_entropy": {}}, "stages": [{"size": 64, "steps": 1}]}
    target = tmp_path / "x.onnx"
    card = _export(run, finished(recipe), target)
    assert (card.output, card.temperature, card.working_size) == ("bins", 0.38, 64)
    assert str(Path(photochrom.__file__).parent).encode() not in target.read_bytes()
