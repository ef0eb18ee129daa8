import math

import pytest
import torch
from torch import Tensor, nn

from photochrom.training.initialization import initialize


def network() -> nn.Sequential:
    """Each kind of layer, large enough for statistics; weights that none of the ways would draw."""
    torch.manual_seed(0)
    model = nn.Sequential(
        nn.Conv2d(16, 64, 3),
        nn.BatchNorm2d(64),
        nn.ConvTranspose2d(64, 32, 4, bias=False),
        nn.Linear(200, 100),
    )
    for parameter in model.parameters():
        nn.init.constant_(parameter, 7)
    return model


def weights(how: str) -> dict[str, Tensor]:
    """By layer, after initialization."""
    model = network()
    initialize(model, how)
    found = {"conv": model[0], "transposed": model[2], "linear": model[3]}
    return {name: layer.get_parameter("weight").detach() for name, layer in found.items()}


FANS = {  # by hand: channels times the kernel's area, going in and coming out
    "conv": (16 * 9, 64 * 9),
    "transposed": (32 * 16, 64 * 16),  # stored (in, out, k, k), which PyTorch counts the other way
    "linear": (200, 100),
}


@pytest.mark.parametrize("layer", FANS)
def test_xavier_fills_its_interval_evenly(layer: str) -> None:
    """Glorot and Bengio 2010, equation 16: ± √6 / √(fan-in + fan-out)."""
    weight, bound = weights("xavier")[layer], math.sqrt(6 / sum(FANS[layer]))
    assert weight.abs().max() <= bound
    assert weight.abs().max() > 0.99 * bound
    assert weight.std().item() == pytest.approx(bound / math.sqrt(3), rel=0.03)
    assert weight.mean().item() == pytest.approx(0, abs=0.03 * bound)


@pytest.mark.parametrize("layer", FANS)
def test_normal_has_a_deviation_of_a_fiftieth(layer: str) -> None:
    weight = weights("normal")[layer]
    assert weight.std().item() == pytest.approx(0.02, rel=0.03)
    assert weight.mean().item() == pytest.approx(0, abs=0.001)
    assert 0.05 < weight.abs().max() < 0.13  # no interval


@pytest.mark.parametrize("layer", FANS)
def test_uniform_is_narrower_than_xavier(layer: str) -> None:
    """± 1 / √fan-in, with a third of the variance that keeps that of linear activations."""
    weight, bound = weights("uniform")[layer], 1 / math.sqrt(FANS[layer][0])
    assert 0.99 * bound < weight.abs().max() <= bound
    assert weight.std().item() == pytest.approx(bound / math.sqrt(3), rel=0.03)


@pytest.mark.parametrize("how", ["xavier", "normal"])
def test_biases_are_zero_and_normalization_stays(how: str) -> None:
    model = network()
    initialize(model, how)
    assert not model[0].get_parameter("bias").any()
    assert not model[3].get_parameter("bias").any()
    assert (model[1].get_parameter("weight") == 7).all()


def test_own_leaves_everything() -> None:
    model = network()
    initialize(model, "own")
    assert all((parameter == 7).all() for parameter in model.parameters())


def test_the_seed_decides() -> None:
    first, second = weights("xavier"), weights("xavier")
    assert all(torch.equal(first[layer], second[layer]) for layer in first)
