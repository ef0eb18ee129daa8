"""What a run leaves in its folder, and what a second start makes of it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from lightning_fabric import Fabric
from safetensors.torch import load_file
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from photochrom import image
from photochrom.training import checkpoint
from photochrom.training.curve import read_curve
from photochrom.training.loop import train
from photochrom.training.settings import Recipe
from photochrom.training.start import start

CPU = torch.device("cpu")


def test_best_holds_the_average_with_the_lowest_validation_loss(
    settings: dict[str, Any],
    tmp_path: Path,
    cache: Path,
    fabric: Fabric,
    recorder: Callable[..., Any],
) -> None:
    """A rate that is soon too high spoils what the first steps won; the last is not the best."""
    settings |= {
        "model": {"name": "noise", "settings": {"depth": 3, "width": 8}},
        "loss": {"l2": {}},
        "stages": [{"size": 32, "steps": 16}],
        "schedule": {"name": "constant", "warmup_steps": 60},
        "optimizer": {"learning_rate": 0.6, "ema_decay": 0.0},
        "checkpoint_every": 2,
    }
    recipe = Recipe.model_validate(settings)
    progress = recorder()
    last = train(recipe, tmp_path, cache, fabric, progress)
    lowest = min(progress.checked, key=lambda step: progress.checked[step])
    assert lowest < 16, progress.checked
    best = tmp_path / "best.safetensors"
    stored = checkpoint.read(best)
    assert stored.step == lowest
    assert stored.history == [entry for entry in progress.checked.items() if entry[0] <= lowest]
    assert Recipe.model_validate(stored.recipe) == recipe

    settings["stages"] = [{"size": 32, "steps": lowest}]  # a run that ends there
    again = train(Recipe.model_validate(settings), tmp_path / "to", cache, fabric, recorder())
    expected = load_file(again)
    kept = load_file(best)
    assert set(kept) == {name for name in expected if name.startswith("average.")}
    assert all(torch.equal(kept[name], expected[name]) for name in kept)

    for path in (best, last):  # both start another network, and both can be exported
        network = start(recipe, ["day", "night"], CPU)
        checkpoint.restore_average(network, path)
        found = load_file(path)
        assert all(torch.equal(t, found[f"average.{n}"]) for n, t in network.state_dict().items())


def columns(film: Path) -> int:
    """Columns of a film strip, whose tiles are 128 wide beside some margins."""
    return image.read(film).width // 128


def test_film_of_a_resumed_run_is_that_of_an_unbroken_one(
    learner: Callable[..., Recipe],
    tmp_path: Path,
    cache: Path,
    fabric: Fabric,
    recorder: Callable[..., Any],
) -> None:
    """Frames that were filmed after the checkpoint come again, each once."""
    recipe = learner("judged", film=[2, 5, 6, 10])
    runs = tmp_path / "straight", tmp_path / "stopped"
    train(recipe, runs[0], cache, fabric, recorder())
    with pytest.raises(KeyboardInterrupt):
        train(recipe, runs[1], cache, fabric, recorder(stop_at=8))
    frames = [file.name for file in sorted((runs[1] / "frames").iterdir())]
    assert frames == ["000000.png", "000002.png", "000005.png", "000006.png"]
    assert columns(runs[1] / "film.png") == 5  # four frames and the original
    old = {file.name: file.stat().st_mtime_ns for file in (runs[1] / "frames").iterdir()}
    train(recipe, runs[1], cache, fabric, recorder())
    for name in ("film.png", *(f"frames/{step:06}.png" for step in (0, 2, 5, 6, 10))):
        assert (runs[1] / name).read_bytes() == (runs[0] / name).read_bytes()
    assert len(list((runs[1] / "frames").iterdir())) == 5
    assert columns(runs[1] / "film.png") == 6
    now = {file.name: file.stat().st_mtime_ns for file in (runs[1] / "frames").iterdir()}
    assert [name for name in sorted(old) if old[name] == now[name]] == frames[:2]  # to step 4


def test_a_classifier_leaves_no_film(
    learner: Callable[..., Recipe],
    tmp_path: Path,
    cache: Path,
    fabric: Fabric,
    recorder: Callable[..., Any],
) -> None:
    recipe = learner("classifier", stages=[{"size": 32, "steps": 1}])
    train(recipe, tmp_path, cache, fabric, recorder())
    names = {entry.name for entry in tmp_path.iterdir()}
    assert names == {
        "best.safetensors",
        "checkpoint.safetensors",
        "losses.csv",
        "losses.png",
        "sheets",
        "tensorboard",
    }


def test_every_team_has_a_curve(
    learner: Callable[..., Recipe],
    tmp_path: Path,
    cache: Path,
    fabric: Fabric,
    recorder: Callable[..., Any],
) -> None:
    """In losses.csv each step; on TensorBoard means, the validation loss and the rate."""
    schedule = {"name": "constant", "warmup_steps": 20}
    progress = recorder()
    train(learner("judged", schedule=schedule), tmp_path, cache, fabric, progress)
    teams, losses = read_curve(tmp_path / "losses.csv")
    assert teams == ["discriminator", "model"]
    assert len(losses) == 10
    assert progress.losses[4] == pytest.approx(sum(step[1] for step in losses[:4]) / 4)
    board = EventAccumulator(str(tmp_path / "tensorboard")).Reload()
    shown = {tag: {e.step: e.value for e in board.Scalars(tag)} for tag in board.Tags()["scalars"]}
    assert set(shown) == {"loss/discriminator", "loss/model", "loss/validation", "rate"}
    assert shown["loss/validation"] == pytest.approx(progress.checked)
    assert shown["loss/model"] == pytest.approx(progress.losses)
    expected = sum(step[0] for step in losses[4:7]) / 3
    assert shown["loss/discriminator"][7] == pytest.approx(expected)
    assert shown["rate"][4] == pytest.approx(5 / 20)
