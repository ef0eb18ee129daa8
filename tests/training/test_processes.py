"""Two processes on the CPU compute what one does."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch
from lightning_fabric import Fabric
from safetensors.torch import load_file
from torch import Tensor, distributed, nn

from photochrom.training.curve import read_curve
from photochrom.training.games.alone import Alone
from photochrom.training.processes import average_gradients, share
from photochrom.training.settings import Recipe

STEPS = 5
TORCHRUN = ("-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2")
DESCENT: dict[
    str, Any
] = {  # a step is then the gradient itself, of which Adam would only show the sign
    "optimizer": {"name": "sgd", "momentum": 0.0, "learning_rate": 0.05, "clip_norm": 1.0},
    "stages": [{"size": 32, "steps": STEPS}],
    "checkpoint_every": STEPS,
    "film": [STEPS],
}


class Normalizing(nn.Module):
    """Both kinds of batch normalization, between layers."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.first = nn.Conv2d(2, 6, 3)
        self.planes = nn.BatchNorm2d(6)
        self.second = nn.Linear(6, 5)
        self.rows = nn.BatchNorm1d(5, momentum=0.3, eps=1e-3)

    def forward(self, x: Tensor) -> Tensor:
        x = self.planes(self.first(x)).square().mean(dim=(2, 3))
        rows: Tensor = self.rows(self.second(x))
        return rows


@dataclass
class Crew:
    """What `share` asks of Fabric."""

    world_size: int


def shared(model: nn.Module, processes: int) -> nn.Module:
    unused: Any = None
    share(Alone(model, unused, unused), Crew(processes))  # type: ignore[arg-type]
    return model


@pytest.fixture
def connected(tmp_path: Path) -> Iterator[None]:
    """A group of this one process: the same messages, and sums over one."""
    store = f"file://{tmp_path / 'store'}"
    distributed.init_process_group("gloo", init_method=store, rank=0, world_size=1)
    yield
    distributed.destroy_process_group()


def learned(model: nn.Module) -> dict[str, Tensor]:
    """The loss, gradients and running statistics of two steps on unlike pictures."""
    generator = torch.Generator().manual_seed(3)
    found = {}
    for _ in range(2):
        batch = torch.randn(8, 2, 6, 5, generator=generator) * 3 + 1
        loss = (model(batch.requires_grad_()) * torch.linspace(-1, 1, 5)).exp().mean()
        loss.backward()
        assert batch.grad is not None
        found = {"loss": loss.detach(), "batch": batch.grad}
    gradients = {f"{n}.grad": p.grad for n, p in model.named_parameters() if p.grad is not None}
    return found | gradients | dict(model.named_buffers())


def test_shared_normalization_is_pytorchs(connected: None) -> None:
    theirs, ours = learned(Normalizing()), learned(shared(Normalizing(), 2))
    assert theirs.keys() == ours.keys()
    for name, tensor in theirs.items():
        torch.testing.assert_close(ours[name], tensor, rtol=1e-4, atol=1e-5, msg=name)
    assert int(ours["planes.num_batches_tracked"]) == 2


def test_shared_normalization_keeps_its_tensors_and_eval_mode(connected: None) -> None:
    alone, together = Normalizing(), shared(Normalizing(), 2)
    assert type(together.get_submodule("rows")) is not nn.BatchNorm1d
    assert isinstance(together.get_submodule("rows"), nn.BatchNorm1d)
    together.load_state_dict(alone.state_dict())
    batch = torch.randn(3, 2, 6, 5)
    assert torch.equal(together.eval()(batch), alone.eval()(batch))


def test_one_process_is_left_as_it_is() -> None:
    model = shared(Normalizing(), 1)
    assert type(model.get_submodule("rows")) is nn.BatchNorm1d


def test_one_process_keeps_its_gradients(fabric: Fabric) -> None:
    model = nn.Linear(2, 2)
    model.weight.grad = torch.ones(2, 2)
    average_gradients(list(model.parameters()), fabric)
    assert torch.equal(model.weight.grad, torch.ones(2, 2))
    assert model.bias.grad is None


def assert_close(one: Path, two: Path, teams: Sequence[str]) -> None:
    """The same losses and weights but for the order of sums."""
    (named, ours), (also, theirs) = (read_curve(run / "losses.csv") for run in (two, one))
    assert named == also == list(teams)
    assert len(ours) == len(theirs) == STEPS
    torch.testing.assert_close(torch.tensor(ours), torch.tensor(theirs), rtol=1e-4, atol=1e-5)
    weights, expected = (load_file(run / "checkpoint.safetensors") for run in (two, one))
    assert weights.keys() == expected.keys()
    for name, tensor in expected.items():
        torch.testing.assert_close(weights[name], tensor, rtol=1e-3, atol=1e-5, msg=name)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "launcher", "teams"),
    [
        ("plain", (), ["model"]),  # batch normalization in every layer
        ("plain", TORCHRUN, ["model"]),
        ("drawing", (), ["discriminator", "model"]),  # two backward passes a step
    ],
)
def test_two_processes_learn_as_one(
    name: str,
    launcher: Sequence[str],
    teams: list[str],
    tmp_path: Path,
    learner: Callable[..., Recipe],
    command: Callable[[Recipe], Any],
) -> None:
    train = command(learner(name, **DESCENT))
    assert train.here(tmp_path / "one").exit_code == 0
    told = train.finish(tmp_path / "two", "--devices", "2", launcher=launcher)
    assert told.split() == [str(tmp_path / "two" / "checkpoint.safetensors")]
    assert_close(tmp_path / "one", tmp_path / "two", teams)


@pytest.mark.slow
def test_two_processes_learn_classes_as_one(
    tmp_path: Path, learner: Callable[..., Recipe], command: Callable[[Recipe], Any]
) -> None:
    """With normalized linear layers, and unlabeled pictures in one process more than in the other.

    Losses alone are compared: of pictures so alike, PyTorch's own gradients in fp32 are 0.6 % from
    those in fp64. Statistics of each half would show in the first loss, gradients in the second.
    """
    slow = DESCENT["optimizer"] | {"learning_rate": 2e-3}
    train = command(learner("joint", **DESCENT | {"optimizer": slow}, batch=8))
    assert train.here(tmp_path / "one").exit_code == 0
    train.finish(tmp_path / "two", "--devices", "2")
    (_, theirs), (_, ours) = (read_curve(tmp_path / run / "losses.csv") for run in ("one", "two"))
    torch.testing.assert_close(torch.tensor(ours), torch.tensor(theirs), rtol=1e-3, atol=0)


@pytest.mark.slow
def test_two_processes_go_on_where_they_were_stopped(
    tmp_path: Path, learner: Callable[..., Recipe], command: Callable[[Recipe], Any]
) -> None:
    """With noise of its own in each process, to the last bit."""
    train = command(learner("judged", stages=[{"size": 32, "steps": 6}], checkpoint_every=3))
    train.finish(tmp_path / "straight", "--devices", "2")
    shorter = "stages=[{size=32, steps=3}]"
    train.finish(tmp_path / "stopped", "--devices", "2", "--set", shorter)
    train.finish(tmp_path / "stopped", "--devices", "2")
    files = [tmp_path / run / "losses.csv" for run in ("straight", "stopped")]
    assert files[0].read_text() == files[1].read_text()
    assert len(files[0].read_text().splitlines()) == 7


@pytest.mark.slow
def test_a_loss_gone_astray_ends_both_processes(
    tmp_path: Path, learner: Callable[..., Recipe], command: Callable[[Recipe], Any]
) -> None:
    model = {"name": "autochrome", "output": "chroma", "settings": {"widths": [8, 8, 8]}}
    rate = {"name": "sgd", "learning_rate": 1e9, "clip_norm": 0.0}
    recipe = learner("plain", **DESCENT | {"optimizer": rate}, model=model, loss={"l2": {}})
    with command(recipe).start(tmp_path / "run", "--devices", "2") as process:
        _, messages = process.communicate(timeout=300)
    assert process.returncode == 1
    assert "the loss is no number any more by step" in messages
    assert "Traceback" not in messages
