"""The discriminator that goes along with a network: its weights and the sizes that it needs."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from photochrom.errors import ModelError
from photochrom.export.judge import Resizing, fitted
from photochrom.models import catalog
from photochrom.models.network import Discriminator, Network
from photochrom.training.checkpoint import holds, restore_player


class _Net(Network):
    size_multiple = 8
    stride = 2

    def forward(self, x: Tensor) -> Tensor:
        return x


def _patch(**settings: int) -> Discriminator:
    return catalog.discriminator("patch").build(3, width=8, **settings)


@pytest.fixture
def checkpoint(tmp_path: Path) -> tuple[Path, Discriminator]:
    torch.manual_seed(0)
    judge = _patch(layers=1)
    path = tmp_path / "checkpoint.safetensors"
    save_file(
        {f"discriminator.{name}": tensor for name, tensor in judge.state_dict().items()}
        | {"model.weight": torch.zeros(1)},
        path,
    )
    return path, judge


def test_a_judge_gets_its_own_weights(checkpoint: tuple[Path, Discriminator]) -> None:
    path, judge = checkpoint
    assert holds(path, "discriminator")
    assert not holds(path, "color_discriminator")
    other = _patch(layers=1)
    restore_player(other, path, "discriminator")
    picture = torch.rand(1, 3, 16, 16)
    with torch.no_grad():
        torch.testing.assert_close(other.eval()(picture), judge.eval()(picture))


def test_another_judge_is_refused(checkpoint: tuple[Path, Discriminator]) -> None:
    path, _ = checkpoint
    with pytest.raises(ModelError, match=r"checkpoint\.safetensors: checkpoint of another network"):
        restore_player(_patch(layers=2), path, "discriminator")
    path.write_bytes(b"damaged")
    with pytest.raises(ModelError, match="not a readable checkpoint"):
        holds(path, "discriminator")


@pytest.mark.parametrize(("layers", "least"), [(1, 16), (2, 24), (3, 48)])
def test_a_patch_judge_needs_3_pixels_behind_its_last_stride(layers: int, least: int) -> None:
    """Those are 3 × 2^layers pixels of the colors, twice that of input; in multiples of 8."""
    judge = _patch(layers=layers)
    same, found = fitted(judge, 3, _Net(), 64)
    assert same is judge
    assert found == least


def test_a_judge_of_one_size_is_shown_that_size() -> None:
    judge = catalog.discriminator("searchspace").build(3, size=32)
    shown, least = fitted(judge, 3, _Net(), 64)
    assert isinstance(shown, Resizing)
    assert least == 8
    (verdict,) = shown.eval()(torch.rand(2, 3, 40, 12))
    assert verdict.shape == (2, 1, 1, 1)
    square = torch.rand(1, 3, 32, 32)
    with torch.no_grad():
        torch.testing.assert_close(shown(square), judge.eval()(square))
