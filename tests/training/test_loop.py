"""Training from end to end, small: it learns, and it can be stopped anywhere."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
import torch
from lightning_fabric import Fabric
from safetensors.torch import load_file
from torch import nn

from photochrom.errors import DatasetError, ModelError, RecipeError, TrainingError
from photochrom.training import checkpoint, loop
from photochrom.training.checkpoint import State
from photochrom.training.curve import read_curve
from photochrom.training.loop import train, update_average
from photochrom.training.settings import Optimizer, Recipe


@pytest.fixture(autouse=True)
def log_every_third_step(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop, "LOG_EVERY", 3)


def losses(run: Path) -> list[list[float]]:
    """Of each step, one of each team."""
    _, curve = read_curve(run / "losses.csv")
    return curve


def test_a_run_leaves_everything_in_its_folder(
    recipe: Recipe, tmp_path: Path, cache: Path, fabric: Fabric, recorder: Callable[..., Any]
) -> None:
    run, progress = tmp_path / "runs/tiny", recorder()
    path = train(recipe, run, cache, fabric, progress)
    assert path == run / "checkpoint.safetensors"
    stored = checkpoint.read(path)
    assert (Recipe.model_validate(stored.recipe), stored.step) == (recipe, 10)
    assert stored.classes == ("day", "night")
    assert [step for step, _ in stored.history] == [4, 8, 10]
    assert len(losses(run)) == 10
    assert progress.pool_size == 16
    assert list(progress.losses) == [3, 4, 6, 7, 8, 9, 10]  # every third, checkpoints, the film's
    assert progress.losses[6] == pytest.approx(sum(loss for (loss,) in losses(run)[4:6]) / 2)
    assert list(progress.checked.items()) == stored.history
    assert any((run / "tensorboard").iterdir())
    assert not list(run.glob("*.part"))


def test_learns(
    settings: dict[str, Any],
    tmp_path: Path,
    cache: Path,
    fabric: Fabric,
    recorder: Callable[..., Any],
) -> None:
    settings |= {"stages": [{"size": 32, "steps": 40}], "checkpoint_every": 40}
    settings["optimizer"] = {"learning_rate": 1e-2}
    settings["loss"] = {"cross_entropy": {"rebalance": 1.0}}
    settings["data"] |= {"train": ["night"]}
    train(Recipe.model_validate(settings), tmp_path, cache, fabric, recorder())
    curve = [loss for (loss,) in losses(tmp_path)]
    assert sum(curve[-5:]) < 0.65 * sum(curve[:5])


LEARNING: dict[str, tuple[dict[str, Any], float]] = {  # by how much the validation loss falls
    "dropout": ({"optimizer": {"name": "adam", "learning_rate": 2e-3}}, 0.75),
    "judged": ({}, 0.75),
    "drawing": ({}, 0.75),
    "classifier": ({"optimizer": {"name": "adam", "learning_rate": 1e-3}}, 0.8),
    "joint": ({"optimizer": {"name": "adam", "learning_rate": 1e-3}}, 0.75),
    "conditioned": ({"optimizer": {"name": "adam", "learning_rate": 1e-3}}, 0.75),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", LEARNING)
def test_every_way_to_learn_learns(
    name: str,
    learner: Callable[..., Recipe],
    tmp_path: Path,
    cache: Path,
    fabric: Fabric,
    recorder: Callable[..., Any],
) -> None:
    """Sixteen pictures of two color schemes, by heart."""
    changes, fall = LEARNING[name]
    size = 64 if name == "dropout" else 32
    stages = [{"size": size, "steps": 120}]
    progress = recorder()
    recipe = learner(name, **changes, stages=stages, checkpoint_every=10, film=[120])
    train(recipe, tmp_path, cache, fabric, progress)
    assert progress.checked[120] < fall * progress.checked[10], progress.checked


PLATEAU = {"schedule": {"name": "plateau", "warmup_steps": 0, "patience": 0}}


@pytest.mark.parametrize(
    ("name", "changes", "stop_at"),
    [
        ("plain", {}, 3),
        ("judged", {"precision": "bf16"} | PLATEAU, 9),
        ("cycle", {}, 6),
        *(
            pytest.param(name, {}, stop_at, marks=pytest.mark.slow)
            for name in ("plain", "dropout", "judged", "drawing", "cycle", "joint", "conditioned")
            for stop_at in (6, 9)
        ),
    ],
)
def test_interrupted_and_resumed_is_as_if_never_stopped(
    name: str,
    changes: dict[str, Any],
    stop_at: int,
    learner: Callable[..., Recipe],
    tmp_path: Path,
    cache: Path,
    recorder: Callable[..., Any],
) -> None:
    """Before the first checkpoint, after it, and within the second stage."""
    recipe = learner(name, **changes)
    precision: Any = {"fp32": "32-true", "bf16": "bf16-mixed"}[recipe.precision]
    fabric = Fabric(accelerator="cpu", devices=1, precision=precision)
    straight = train(recipe, tmp_path / "straight", cache, fabric, recorder())
    with pytest.raises(KeyboardInterrupt):
        train(recipe, tmp_path / "stopped", cache, fabric, recorder(stop_at))
    assert len(losses(tmp_path / "stopped")) == stop_at
    progress = recorder()
    resumed = train(recipe, tmp_path / "stopped", cache, fabric, progress)
    assert min(progress.losses) == stop_at  # the first that is told after steps 0, 4 and 8
    assert losses(tmp_path / "stopped") == losses(tmp_path / "straight")
    ours, theirs = load_file(resumed), load_file(straight)
    assert ours.keys() == theirs.keys()
    assert all(torch.equal(ours[name], theirs[name]) for name in ours)
    assert checkpoint.read(resumed) == checkpoint.read(straight)


def test_a_loss_that_is_no_number_ends_the_run(
    settings: dict[str, Any],
    tmp_path: Path,
    cache: Path,
    fabric: Fabric,
    recorder: Callable[..., Any],
) -> None:
    """The last sound checkpoint stays, can be gone on from, and can start another run."""
    model = {"name": "autochrome", "output": "chroma", "settings": {"widths": [8, 8, 8]}}
    settings |= {"model": model, "loss": {"l2": {}}, "stages": [{"size": 32, "steps": 60}]}
    # Descent at such a rate overshoots further each time, until numbers run out of range.
    settings["optimizer"] = {"name": "sgd", "learning_rate": 3.0, "clip_norm": 0.0}
    settings |= {"schedule": {"warmup_steps": 0}, "checkpoint_every": 1}
    recipe = Recipe.model_validate(settings)
    path = tmp_path / "run" / "checkpoint.safetensors"
    said = []
    for _ in range(2):
        with pytest.raises(TrainingError) as caught:
            train(recipe, tmp_path / "run", cache, fabric, recorder())
        said.append((str(caught.value), path.read_bytes()))
    assert said[0] == said[1]  # going on leads to the same end
    message, _ = said[0]
    reached = checkpoint.read(path).step
    assert reached >= 1
    assert message.startswith(f"tiny: the loss is no number any more by step {reached + 1}; ")
    assert "give a lower optimizer.learning_rate" in message
    assert "another folder" in message  # in this one, another recipe is refused
    assert "\n" not in message
    assert all(tensor.isfinite().all() for tensor in load_file(path).values())

    settings |= {"optimizer": {}, "stages": [{"size": 32, "steps": 2}]}
    settings["model"] = model | {"weights": str(path)}
    train(Recipe.model_validate(settings), tmp_path / "new", cache, fabric, recorder())


def test_a_full_disk_ends_the_run(
    settings: dict[str, Any],
    tmp_path: Path,
    cache: Path,
    fabric: Fabric,
    recorder: Callable[..., Any],
    full_disk: Callable[[int], AbstractContextManager[None]],
) -> None:
    """And once there is room, it ends as if nothing had been."""
    recipe = Recipe.model_validate(settings)
    straight = train(recipe, tmp_path / "straight", cache, fabric, recorder())
    run = tmp_path / "run"
    with pytest.raises(KeyboardInterrupt):
        train(recipe, run, cache, fabric, recorder(stop_at=6))
    path = run / "checkpoint.safetensors"
    before = path.read_bytes()
    with full_disk(len(before) // 2), pytest.raises(TrainingError) as caught:
        train(recipe, run, cache, fabric, recorder())
    assert str(caught.value).startswith(f"{path}: cannot write the checkpoint (")
    assert path.read_bytes() == before
    assert not [file for file in run.rglob("*") if ".part" in file.name]
    train(recipe, run, cache, fabric, recorder())
    assert losses(run) == losses(tmp_path / "straight")
    assert checkpoint.read(path) == checkpoint.read(straight)
    ours, theirs = load_file(path), load_file(straight)
    assert all(torch.equal(ours[name], theirs[name]) for name in theirs)


def test_finished_run_stays_as_it_is(
    recipe: Recipe, tmp_path: Path, cache: Path, fabric: Fabric, recorder: Callable[..., Any]
) -> None:
    path = train(recipe, tmp_path, cache, fabric, recorder())
    before, curve = path.read_bytes(), losses(tmp_path)
    progress = recorder()
    train(recipe, tmp_path, cache, fabric, progress)
    assert progress.losses == {}
    assert (path.read_bytes(), losses(tmp_path)) == (before, curve)


def test_finished_run_can_be_prolonged(
    settings: dict[str, Any],
    tmp_path: Path,
    cache: Path,
    fabric: Fabric,
    recorder: Callable[..., Any],
) -> None:
    train(Recipe.model_validate(settings), tmp_path, cache, fabric, recorder())
    before = losses(tmp_path)
    settings["stages"].append({"size": 64, "steps": 2})
    train(Recipe.model_validate(settings), tmp_path, cache, fabric, recorder())
    assert losses(tmp_path)[:10] == before
    assert len(losses(tmp_path)) == 12


def test_other_pictures_are_watched_but_not_learned_from(
    settings: dict[str, Any],
    pictures: Path,
    tmp_path: Path,
    cache: Path,
    fabric: Fabric,
    recorder: Callable[..., Any],
) -> None:
    """Which ones changes what is measured, and nothing of what is learned."""
    settings["stages"] = [{"size": 32, "steps": 3}]
    seen, learned, measured = [], [], []
    for kind in ("day", "night"):
        settings["data"] |= {"validation": [kind]}
        progress = recorder()
        run = tmp_path / kind
        path = train(Recipe.model_validate(settings), run, cache, fabric, progress)
        seen.append(progress.pool_size)
        learned.append({n: t for n, t in load_file(path).items() if not n.startswith("optimizer")})
        measured.append(progress.checked[3])
    assert seen == [16, 16]
    assert all(torch.equal(learned[0][name], learned[1][name]) for name in learned[0])
    assert measured[0] != measured[1]


def test_validation_pictures_of_other_classes(
    learner: Callable[..., Recipe],
    pictures: Path,
    tmp_path: Path,
    cache: Path,
    fabric: Fabric,
    recorder: Callable[..., Any],
) -> None:
    """The folder of a class, given as a source, has no class within: nothing could be measured."""
    recipe = learner(
        "classifier",
        data={"root": str(pictures), "train": ["."], "validation": ["night"], "short_side": 40},
    )
    with pytest.raises(DatasetError, match=r"night: no picture is of a class of the training"):
        train(recipe, tmp_path, cache, fabric, recorder())


def test_folder_of_another_recipe(
    settings: dict[str, Any],
    tmp_path: Path,
    cache: Path,
    fabric: Fabric,
    recorder: Callable[..., Any],
) -> None:
    settings["stages"] = [{"size": 32, "steps": 1}]
    path = train(Recipe.model_validate(settings), tmp_path, cache, fabric, recorder())
    before = path.read_bytes()
    other = Recipe.model_validate(settings | {"batch": 2})
    with pytest.raises(RecipeError, match="started with another recipe: batch was 4 and is 2"):
        train(other, tmp_path, cache, fabric, recorder())
    assert path.read_bytes() == before


def test_faults_are_told_before_pictures_are_decoded(
    settings: dict[str, Any], tmp_path: Path, fabric: Fabric, recorder: Callable[..., Any]
) -> None:
    for model, error in (
        ({"name": "nonesuch"}, ModelError),
        ({"name": "autochrome", "backbone": "nowhere"}, ModelError),
        ({"name": "autochrome", "settings": {"depth": 1}}, RecipeError),
        ({"name": "autochrome", "output": "classes"}, RecipeError),
    ):
        recipe = Recipe.model_validate(settings | {"model": model})
        with pytest.raises(error):
            train(recipe, tmp_path / "run", tmp_path / "cache", fabric, recorder())
    assert list(tmp_path.iterdir()) == []


def test_missing_pictures(
    settings: dict[str, Any], tmp_path: Path, fabric: Fabric, recorder: Callable[..., Any]
) -> None:
    settings["data"] |= {"train": ["nowhere"]}
    with pytest.raises(DatasetError, match="nowhere: no folder or zip file"):
        train(Recipe.model_validate(settings), tmp_path, tmp_path, fabric, recorder())


def test_damaged_checkpoint_is_not_written_over(
    recipe: Recipe, tmp_path: Path, cache: Path, fabric: Fabric, recorder: Callable[..., Any]
) -> None:
    (tmp_path / "checkpoint.safetensors").write_bytes(b"damaged")
    with pytest.raises(ModelError, match="not a readable checkpoint"):
        train(recipe, tmp_path, cache, fabric, recorder())
    assert (tmp_path / "checkpoint.safetensors").read_bytes() == b"damaged"


class TestAverage:
    """The moving average of weights, by hand."""

    def state(self, step: int) -> State:
        model = nn.BatchNorm1d(1)
        optimizers = {"model": torch.optim.SGD(model.parameters())}
        state = State({"model": model}, optimizers, checkpoint.average_of(model))
        nn.init.constant_(model.weight, 2.0)  # the average still has 1
        model.get_buffer("running_mean").fill_(10)  # and here 0
        model.get_buffer("num_batches_tracked").fill_(5)
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
        assert self.state(0).players["model"].state_dict()["weight"].item() == 2
