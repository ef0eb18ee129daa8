import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import nn

from photochrom.errors import ModelError, TrainingError
from photochrom.training import checkpoint
from photochrom.training.checkpoint import State
from photochrom.training.games.history import History

FullDisk = Callable[[int], AbstractContextManager[None]]


def network(width: int = 6) -> nn.Module:
    return nn.Sequential(nn.Conv2d(3, width, 3), nn.BatchNorm2d(width), nn.Conv2d(width, 2, 1))


def state(seed: int = 0, width: int = 6, steps: int = 0) -> State:
    """A state after some steps of two teams, its convolutions channels last, as training has
    them."""
    torch.manual_seed(seed)
    model = network(width).to(memory_format=torch.channels_last)
    judge = nn.Conv2d(2, 1, 3)
    made = State(
        players={"model": model, "judge": judge, "memory": History(5)},
        optimizers={
            "judge": torch.optim.SGD(judge.parameters(), lr=0.1, momentum=0.9),
            "model": torch.optim.AdamW(model.parameters(), lr=0.1),
        },
        average=checkpoint.average_of(model),
        classes=["day", "night"],
    )
    for _ in range(steps):
        step(made)
    return made


def step(made: State) -> None:
    torch.manual_seed(made.step)
    pictures = torch.randn(4, 3, 8, 8).contiguous(memory_format=torch.channels_last)
    colors = made.players["model"](pictures)
    memory = made.players["memory"]
    assert isinstance(memory, History)
    remembered = memory.exchanged(colors.detach())
    losses = {
        "judge": made.players["judge"](remembered).square().mean(),
        "model": colors.square().mean(),
    }
    for team, loss in losses.items():
        made.optimizers[team].zero_grad()
        torch.autograd.backward(loss)
        made.optimizers[team].step()
    made.step += 1
    made.history.append((made.step, losses["model"].item()))


def tensors_of(made: State) -> dict[str, torch.Tensor]:
    found = {f"average.{name}": t for name, t in made.average.state_dict().items()}
    for player, module in made.players.items():
        found |= {f"{player}.{name}": t for name, t in module.state_dict().items()}
    for team, optimizer in made.optimizers.items():
        for at, moments in optimizer.state_dict()["state"].items():
            found |= {f"optimizer.{team}.{at}.{name}": t for name, t in moments.items()}
    return found


def assert_same(first: State, second: State) -> None:
    assert (first.step, first.history) == (second.step, second.history)
    ours, theirs = tensors_of(first), tensors_of(second)
    assert ours.keys() == theirs.keys()
    for name in ours:
        assert torch.equal(ours[name], theirs[name]), name
        assert ours[name].dtype == theirs[name].dtype, name
        assert ours[name].stride() == theirs[name].stride(), name


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "checkpoint.safetensors"


def test_round_trip_is_exact(path: Path) -> None:
    saved = state(steps=3)
    checkpoint.save(saved, path, json.dumps({"name": "tiny"}))
    restored = state(seed=1)
    checkpoint.restore(restored, path)
    assert restored.step == 3
    assert_same(saved, restored)
    stored = checkpoint.read(path)
    assert (stored.recipe, stored.step) == ({"name": "tiny"}, 3)
    assert stored.classes == ("day", "night")
    assert stored.history == saved.history


def test_going_on_is_as_if_never_stopped(path: Path) -> None:
    straight = state(steps=3)
    checkpoint.save(straight, path, "{}")
    resumed = state(seed=1)
    checkpoint.restore(resumed, path)
    for _ in range(3):
        step(straight)
        step(resumed)
    assert_same(straight, resumed)


def test_before_the_first_step_there_are_no_moments(path: Path) -> None:
    checkpoint.save(state(), path, "{}")
    restored = state(seed=1)
    checkpoint.restore(restored, path)
    step(restored)
    assert_same(restored, state(steps=1))


def test_the_average_alone(path: Path) -> None:
    saved = state(steps=2)
    nn.init.constant_(next(saved.average.parameters()), 7)
    checkpoint.save(saved, path, "{}")
    model = network()
    checkpoint.restore_average(model, path)
    for name, tensor in saved.average.state_dict().items():
        assert torch.equal(model.state_dict()[name], tensor), name


def test_the_average_without_all_the_rest(path: Path) -> None:
    """What the best checkpoint holds: enough to export it and to start from, and no more."""
    saved = state(steps=2)
    nn.init.constant_(next(saved.average.parameters()), 7)
    checkpoint.save_average(saved, path, json.dumps({"name": "tiny"}))
    assert {name.partition(".")[0] for name in load_file(path)} == {"average"}
    assert checkpoint.read(path).recipe == {"name": "tiny"}
    model = network()
    checkpoint.restore_average(model, path)
    for name, tensor in saved.average.state_dict().items():
        assert torch.equal(model.state_dict()[name], tensor), name
    with pytest.raises(ModelError, match="checkpoint of another network"):
        checkpoint.restore(state(), path)  # there is nothing to go on from


def test_the_average_is_a_frozen_copy() -> None:
    model = network().train()
    average = checkpoint.average_of(model)
    assert not average.training
    assert not any(parameter.requires_grad for parameter in average.parameters())
    nn.init.zeros_(next(model.parameters()))
    assert next(average.parameters()).any()


def test_names_in_the_file(path: Path) -> None:
    """Checkpoints of earlier versions stay readable only if these names stay."""
    checkpoint.save(state(steps=1), path, "{}")
    names = set(load_file(path))
    assert {
        "model.0.weight",
        "average.1.running_mean",
        "judge.weight",
        "memory.pictures",
        "optimizer.model.0.exp_avg",
        "optimizer.model.5.exp_avg_sq",
        "optimizer.model.0.step",
        "optimizer.judge.1.momentum_buffer",
    } <= names
    first = {name.partition(".")[0] for name in names}
    assert first == {"model", "average", "optimizer", "judge", "memory"}


@pytest.mark.parametrize("save", [checkpoint.save, checkpoint.save_average])
def test_a_full_disk_leaves_the_old_checkpoint(
    path: Path, save: Callable[[State, Path, str], None], full_disk: FullDisk
) -> None:
    save(state(steps=1), path, "{}")
    before = path.read_bytes()
    with full_disk(len(before) - 1), pytest.raises(TrainingError) as caught:
        save(state(steps=2), path, "{}")
    message = str(caught.value)
    assert message.startswith(f"{path}: cannot write the checkpoint (")
    assert "make room" in message
    assert "\n" not in message
    assert path.read_bytes() == before
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_a_folder_that_went_away(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match=r"gone/c\.safetensors: cannot write") as caught:
        checkpoint.save(state(), tmp_path / "gone" / "c.safetensors", "{}")
    assert "\n" not in str(caught.value)


def average_alone(made: State, path: Path) -> None:
    checkpoint.restore_average(made.players["model"], path)


def test_another_network(path: Path) -> None:
    checkpoint.save(state(steps=1), path, "{}")
    for load in (checkpoint.restore, average_alone):
        with pytest.raises(
            ModelError, match=r"checkpoint of another network .*0\.weight"
        ) as caught:
            load(state(width=7), path)
        assert str(caught.value).startswith(f"{path}: ")
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize("keep", [None, 0, 5, 100, -1])
def test_missing_and_damaged_files(path: Path, keep: int | None) -> None:
    if keep is not None:
        checkpoint.save(state(steps=1), path, "{}")
        path.write_bytes(path.read_bytes()[:keep])
    for load in (
        lambda: checkpoint.restore(state(), path),
        lambda: checkpoint.restore_average(network(), path),
        lambda: checkpoint.read(path),
    ):
        with pytest.raises(ModelError, match="not a readable checkpoint") as caught:
            load()
        assert str(path) in str(caught.value)


RIGHT = {"step": "3", "recipe": "{}", "classes": "[]", "history": "[[3, 0.5]]"}


def test_metadata_that_is_right(path: Path) -> None:
    save_file({}, path, RIGHT)
    assert checkpoint.read(path) == checkpoint.Stored({}, 3, (), [(3, 0.5)])


@pytest.mark.parametrize(
    "metadata",
    [
        None,
        {"step": "3"},
        *({name: text for name, text in RIGHT.items() if name != missing} for missing in RIGHT),
        RIGHT | {"step": "x"},
        RIGHT | {"recipe": "{"},
        RIGHT | {"classes": "3"},
        RIGHT | {"history": "[3]"},
    ],
)
def test_a_safetensors_file_of_something_else(path: Path, metadata: dict[str, str] | None) -> None:
    save_file({f"model.{n}": t for n, t in network().state_dict().items()}, path, metadata)
    for load in (lambda: checkpoint.restore(state(), path), lambda: checkpoint.read(path)):
        with pytest.raises(ModelError, match="not a checkpoint of a training run"):
            load()
