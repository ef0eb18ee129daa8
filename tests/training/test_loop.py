"""Training from end to end, small: it learns, and it can be stopped anywhere."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from torch import nn

from photochrom import image
from photochrom.errors import DatasetError, ModelError, RecipeError
from photochrom.training import checkpoint, loop
from photochrom.training.checkpoint import State
from photochrom.training.loop import train, update_average
from photochrom.training.recipe import Optimizer, Recipe

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(autouse=True)
def log_every_third_step(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop, "LOG_EVERY", 3)


def losses(run: Path) -> list[float]:
    lines = (run / "losses.csv").read_text().splitlines()[1:]
    assert [int(line.split(",")[0]) for line in lines] == list(range(len(lines)))
    return [float(line.split(",")[1]) for line in lines]


def test_a_run_leaves_everything_in_its_folder(
    recipe: Recipe, tmp_path: Path, cache: Path, recorder: Callable
) -> None:
    run, progress = tmp_path / "runs/tiny", recorder()
    path = train(recipe, run, cache, CPU, progress)
    assert path == run / "checkpoint.safetensors"
    stored, step = checkpoint.read_recipe(path)
    assert (Recipe.model_validate(stored), step) == (recipe, 10)
    assert len(losses(run)) == 10
    assert progress.pool_size == 16
    assert list(progress.losses) == [3, 4, 6, 8, 9, 10]  # every third, and every checkpoint
    assert progress.losses[6] == pytest.approx(sum(losses(run)[4:6]) / 2)
    assert list(progress.checked) == [4, 8, 10]
    assert any((run / "tensorboard").iterdir())
    assert not list(run.glob("*.part"))


def test_contact_sheet_is_a_picture_of_grey_colored_and_original(
    recipe: Recipe, tmp_path: Path, cache: Path, recorder: Callable
) -> None:
    progress = recorder()
    train(recipe, tmp_path, cache, CPU, progress)
    assert [path.name for path in progress.sheets.values()] == [
        "step-000004.png",
        "step-000008.png",
        "step-000010.png",
    ]
    sheet = image.read(progress.sheets[10]).pixels
    assert sheet.shape[2] == 3
    assert sheet.shape[0] > 6 * 160  # six rows
    assert sheet.shape[1] > 8 * 160  # eight pictures
    height = sheet.shape[0] // 6
    tinted = [
        np.ptp(sheet[top + 40 : top + 180].astype(int), axis=2).max()
        for top in range(0, 6 * height, height)
    ]
    grey, colored, original = tinted[:3]
    assert original > 100  # orange and blue
    assert grey <= 2
    assert colored > grey


def test_learns(settings: dict[str, Any], tmp_path: Path, cache: Path, recorder: Callable) -> None:
    settings |= {"stages": [{"size": 32, "steps": 40}], "checkpoint_every": 40}
    settings["optimizer"] = {"learning_rate": 1e-2, "backbone_rate": 1e-3, "warmup_steps": 5}
    settings["loss"] = {"rebalance": 1.0}
    train(Recipe.model_validate(settings), tmp_path, cache, CPU, recorder())
    curve = losses(tmp_path)
    assert sum(curve[-5:]) < 0.65 * sum(curve[:5])


@pytest.mark.parametrize(("precision", "stop_at"), [("fp32", 3), ("fp32", 9), ("bf16", 6)])
def test_interrupted_and_resumed_is_as_if_never_stopped(
    settings: dict[str, Any],
    tmp_path: Path,
    cache: Path,
    recorder: Callable,
    precision: str,
    stop_at: int,
) -> None:
    """Before the first checkpoint, after it, and within the second stage."""
    recipe = Recipe.model_validate(settings | {"precision": precision})
    straight = train(recipe, tmp_path / "straight", cache, CPU, recorder())
    with pytest.raises(KeyboardInterrupt):
        train(recipe, tmp_path / "stopped", cache, CPU, recorder(stop_at))
    assert len(losses(tmp_path / "stopped")) == stop_at
    progress = recorder()
    resumed = train(recipe, tmp_path / "stopped", cache, CPU, progress)
    assert min(progress.losses) == stop_at  # the first that is logged after steps 0, 4 or 8
    assert losses(tmp_path / "stopped") == losses(tmp_path / "straight")
    ours, theirs = load_file(resumed), load_file(straight)
    assert ours.keys() == theirs.keys()
    assert all(torch.equal(ours[name], theirs[name]) for name in ours)


def test_finished_run_stays_as_it_is(
    recipe: Recipe, tmp_path: Path, cache: Path, recorder: Callable
) -> None:
    path = train(recipe, tmp_path, cache, CPU, recorder())
    before, curve = path.read_bytes(), losses(tmp_path)
    progress = recorder()
    train(recipe, tmp_path, cache, CPU, progress)
    assert progress.losses == {}
    assert (path.read_bytes(), losses(tmp_path)) == (before, curve)


def test_finished_run_can_be_prolonged(
    settings: dict[str, Any], tmp_path: Path, cache: Path, recorder: Callable
) -> None:
    train(Recipe.model_validate(settings), tmp_path, cache, CPU, recorder())
    before = losses(tmp_path)
    settings["stages"].append({"size": 32, "steps": 2})
    train(Recipe.model_validate(settings), tmp_path, cache, CPU, recorder())
    assert losses(tmp_path)[:10] == before
    assert len(losses(tmp_path)) == 12


def test_other_pictures_are_watched_but_not_learned_from(
    settings: dict[str, Any],
    pictures: Path,
    tmp_path: Path,
    cache: Path,
    recorder: Callable,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (tmp_path / "few").mkdir()
    for name in ("03.png", "07.png"):
        (tmp_path / "few" / name).write_bytes((pictures / name).read_bytes())
    settings["data"] |= {"validation": [str(tmp_path / "few")]}
    settings["stages"] = [{"size": 32, "steps": 1}]
    drawn: list[int] = []
    original = loop.DevicePool
    monkeypatch.setattr(
        loop, "DevicePool", lambda pool, device: drawn.append(len(pool)) or original(pool, device)
    )
    progress = recorder()
    train(Recipe.model_validate(settings), tmp_path / "run", cache, CPU, progress)
    assert drawn == [16]
    assert 0 < progress.checked[1] < 20


def test_folder_of_another_recipe(
    settings: dict[str, Any], tmp_path: Path, cache: Path, recorder: Callable
) -> None:
    settings["stages"] = [{"size": 32, "steps": 1}]
    path = train(Recipe.model_validate(settings), tmp_path, cache, CPU, recorder())
    before = path.read_bytes()
    other = Recipe.model_validate(settings | {"batch": 2})
    with pytest.raises(RecipeError, match="started with another recipe: batch was 4 and is 2"):
        train(other, tmp_path, cache, CPU, recorder())
    assert path.read_bytes() == before


def test_faults_are_told_before_pictures_are_decoded(
    settings: dict[str, Any], tmp_path: Path, recorder: Callable
) -> None:
    for model, error in (
        ({"name": "nonesuch"}, ModelError),
        ({"name": "autochrome", "backbone": "nowhere"}, ModelError),
        ({"name": "autochrome", "settings": {"depth": 1}}, RecipeError),
    ):
        recipe = Recipe.model_validate(settings | {"model": model})
        with pytest.raises(error):
            train(recipe, tmp_path / "run", tmp_path / "cache", CPU, recorder())
    assert list(tmp_path.iterdir()) == []


def test_missing_pictures(settings: dict[str, Any], tmp_path: Path, recorder: Callable) -> None:
    settings["data"] |= {"train": ["nowhere"]}
    with pytest.raises(DatasetError, match="nowhere: no folder or zip file"):
        train(Recipe.model_validate(settings), tmp_path, tmp_path, CPU, recorder())


def test_damaged_checkpoint_is_not_written_over(
    recipe: Recipe, tmp_path: Path, cache: Path, recorder: Callable
) -> None:
    (tmp_path / "checkpoint.safetensors").write_bytes(b"damaged")
    with pytest.raises(ModelError, match="not a readable checkpoint"):
        train(recipe, tmp_path, cache, CPU, recorder())
    assert (tmp_path / "checkpoint.safetensors").read_bytes() == b"damaged"


class TestAverage:
    """The moving average of weights, by hand."""

    def state(self, step: int) -> State:
        model = nn.BatchNorm1d(1)
        state = State(model, checkpoint.average_of(model), torch.optim.SGD(model.parameters()))
        nn.init.constant_(model.weight, 2.0)  # the average still has 1
        model.running_mean.fill_(10)  # and here 0
        model.num_batches_tracked.fill_(5)
        state.step = step
        update_average(state, Optimizer(ema_decay=0.9))
        return state

    @pytest.mark.parametrize(
        ("step", "decay"),
        [(0, 0.1), (8, 0.5), (1000, 0.9)],  # (1 + step) / (10 + step), at most what is set
    )
    def test_moves_by_one_minus_decay(self, step: int, decay: float) -> None:
        average = self.state(step).average.state_dict()
        assert average["weight"].item() == pytest.approx(1 + (1 - decay))
        assert average["running_mean"].item() == pytest.approx(10 * (1 - decay))

    def test_leaves_the_network_alone(self) -> None:
        assert self.state(0).model.state_dict()["weight"].item() == 2
