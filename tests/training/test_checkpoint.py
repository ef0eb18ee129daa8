import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import nn

from photochrom.errors import ModelError
from photochrom.training import checkpoint
from photochrom.training.checkpoint import State


def network(width: int = 6) -> nn.Module:
    return nn.Sequential(nn.Conv2d(3, width, 3), nn.BatchNorm2d(width), nn.Conv2d(width, 2, 1))


def state(seed: int = 0, width: int = 6, steps: int = 0) -> State:
    """A state after some steps, its convolutions channels last, as training has them."""
    torch.manual_seed(seed)
    model = network(width).to(memory_format=torch.channels_last)
    made = State(model, checkpoint.average_of(model), torch.optim.AdamW(model.parameters(), lr=0.1))
    for _ in range(steps):
        step(made)
    return made


def step(made: State) -> None:
    torch.manual_seed(made.step)
    made.optimizer.zero_grad()
    pictures = torch.randn(4, 3, 8, 8).contiguous(memory_format=torch.channels_last)
    torch.autograd.backward(made.model(pictures).square().mean())
    made.optimizer.step()
    made.step += 1


def tensors_of(made: State) -> dict[str, torch.Tensor]:
    found = {f"model.{name}": t for name, t in made.model.state_dict().items()}
    found |= {f"average.{name}": t for name, t in made.average.state_dict().items()}
    for at, moments in made.optimizer.state_dict()["state"].items():
        found |= {f"optimizer.{at}.{name}": t for name, t in moments.items()}
    return found


def assert_same(first: State, second: State) -> None:
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
    assert checkpoint.read_recipe(path) == ({"name": "tiny"}, 3)


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
        "optimizer.0.exp_avg",
        "optimizer.5.exp_avg_sq",
        "optimizer.0.step",
    } <= names
    assert {name.partition(".")[0] for name in names} == {"model", "average", "optimizer"}


def test_a_failed_save_leaves_the_old_checkpoint(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    checkpoint.save(state(steps=1), path, "{}")
    before = path.read_bytes()

    def fail(tensors: object, file: Path, metadata: object) -> None:
        file.write_bytes(b"half")
        raise OSError("no space left")

    monkeypatch.setattr(checkpoint, "save_file", fail)
    with pytest.raises(OSError, match="no space left"):
        checkpoint.save(state(steps=2), path, "{}")
    assert path.read_bytes() == before
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_another_network(path: Path) -> None:
    checkpoint.save(state(steps=1), path, "{}")
    for load in (checkpoint.restore, lambda s, p: checkpoint.restore_average(s.model, p)):
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
        lambda: checkpoint.read_recipe(path),
    ):
        with pytest.raises(ModelError, match="not a readable checkpoint") as caught:
            load()
        assert str(path) in str(caught.value)


@pytest.mark.parametrize(
    "metadata", [None, {"step": "3"}, {"step": "x", "recipe": "{}"}, {"step": "3", "recipe": "{"}]
)
def test_a_safetensors_file_of_something_else(path: Path, metadata: dict[str, str] | None) -> None:
    save_file({f"model.{n}": t for n, t in network().state_dict().items()}, path, metadata)
    for load in (lambda: checkpoint.restore(state(), path), lambda: checkpoint.read_recipe(path)):
        with pytest.raises(ModelError, match="not a checkpoint of a training run"):
            load()
