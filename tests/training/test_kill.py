"""`photochrom train`, killed with no chance to clean up, and started again."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from photochrom.training import checkpoint
from photochrom.training.settings import Recipe

STEPS = 24
LONG = {"stages": [{"size": 64, "steps": STEPS}], "checkpoint_every": 8}
SHORT = LONG | {"stages": [{"size": 32, "steps": STEPS}]}


def assert_goes_on_to_the_same(
    recipe: Recipe, folder: Path, command: Callable[[Recipe], Any]
) -> None:
    straight, killed, train = folder / "straight", folder / "killed", command(recipe)
    result = train.here(straight)
    assert result.exit_code == 0, result.output
    assert result.stdout.split() == [str(straight / "checkpoint.safetensors")]
    train.kill_after_checkpoint(killed)
    reached = checkpoint.read(killed / "checkpoint.safetensors").step
    assert 8 <= reached < STEPS
    assert train.here(killed).exit_code == 0
    expected = (straight / "losses.csv").read_text().splitlines()
    assert len(expected) == 1 + STEPS
    assert (killed / "losses.csv").read_text().splitlines() == expected
    for name in ("checkpoint.safetensors", "best.safetensors"):
        ours, theirs = load_file(killed / name), load_file(straight / name)
        assert ours.keys() == theirs.keys()
        assert all(torch.equal(ours[key], theirs[key]) for key in theirs), name
        assert checkpoint.read(killed / name) == checkpoint.read(straight / name)
    assert (killed / "film.png").read_bytes() == (straight / "film.png").read_bytes()


@pytest.mark.parametrize("name", ["judged"])
def test_killed_run_goes_on_to_the_same_curve(
    name: str, tmp_path: Path, learner: Callable[..., Recipe], command: Callable[[Recipe], Any]
) -> None:
    """With noise, two optimizers and a judge, in seconds."""
    assert_goes_on_to_the_same(learner(name, **SHORT), tmp_path, command)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["plain", "dropout", "drawing", "cycle", "joint", "conditioned"])
def test_any_killed_run_goes_on_to_the_same_curve(
    name: str, tmp_path: Path, learner: Callable[..., Recipe], command: Callable[[Recipe], Any]
) -> None:
    """Dropout, old pictures of a circle, running statistics: all of it is as it would have been."""
    size = LONG if name == "dropout" else SHORT
    assert_goes_on_to_the_same(learner(name, **size), tmp_path, command)


@pytest.mark.slow
def test_killed_again_and_again(
    tmp_path: Path, learner: Callable[..., Recipe], command: Callable[[Recipe], Any]
) -> None:
    recipe = learner("judged", **SHORT, schedule={"name": "plateau", "patience": 0})
    straight, killed, train = tmp_path / "straight", tmp_path / "killed", command(recipe)
    assert train.here(straight).exit_code == 0
    train.kill_after_checkpoint(killed)
    for _ in range(2):  # before anything, and somewhere on the way
        with train.start(killed) as process:
            process.kill()
    assert train.here(killed).exit_code == 0
    assert (killed / "losses.csv").read_bytes() == (straight / "losses.csv").read_bytes()


@pytest.mark.parametrize("device", ["gpu", "cuda:99", "meta:x"])
def test_device_that_is_not_there(
    tmp_path: Path, recipe: Recipe, command: Callable[[Recipe], Any], device: str
) -> None:
    result = command(recipe).here(tmp_path / "run", "--device", device)
    assert result.exit_code == 2
    assert f"{device}: no such device here" in " ".join(result.stderr.split())
    assert not (tmp_path / "run").exists()


def test_folder_of_another_recipe_is_one_line_of_error(
    tmp_path: Path, learner: Callable[..., Recipe], command: Callable[[Recipe], Any]
) -> None:
    train = command(learner("judged", stages=[{"size": 32, "steps": 1}]))
    assert train.here(tmp_path / "run").exit_code == 0
    result = train.here(tmp_path / "run", "--set", "batch=2")
    assert result.exit_code == 1
    error = result.stderr.splitlines()[-1]
    assert "run: started with another recipe: batch was 4 and is 2; " in error


def test_batch_that_cannot_be_shared_out(
    tmp_path: Path, recipe: Recipe, command: Callable[[Recipe], Any]
) -> None:
    result = command(recipe).here(tmp_path / "run", "--devices", "3")
    assert result.exit_code == 2
    assert "a batch of 4 cannot be shared by 3" in " ".join(result.stderr.split())
