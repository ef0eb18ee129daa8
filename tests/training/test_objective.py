import math
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from photochrom.color import bin_centers, prior_of, rebalancing_weights, soft_encode, srgb_to_lab
from photochrom.training.objective import Objective
from photochrom.training.recipe import Recipe

CPU = torch.device("cpu")
UNIFORM = np.full(313, 1 / 313)


class Undecided(nn.Module):
    """The same logits for every pixel, at a quarter of the size; remembers what it saw."""

    def __init__(self, logits: Tensor) -> None:
        super().__init__()
        self.logits = logits
        self.seen = torch.empty(0)

    def forward(self, lightness: Tensor) -> Tensor:
        self.seen = lightness
        batch, _, height, width = lightness.shape
        return self.logits[None, :, None, None].expand(batch, -1, height // 4, width // 4)


def objective(settings: dict[str, Any], prior: np.ndarray = UNIFORM, **changes: Any) -> Objective:
    return Objective(Recipe.model_validate(settings | changes), prior, CPU)


def test_knowing_nothing_costs_the_logarithm_of_the_bins(settings: dict[str, Any]) -> None:
    crops = torch.rand(2, 32, 32, 3)
    loss = objective(settings).loss(Undecided(torch.zeros(313)), crops)
    assert loss.item() == pytest.approx(math.log(313), rel=1e-5)


def test_network_sees_lightness_in_its_range(settings: dict[str, Any]) -> None:
    crops = torch.zeros(1, 32, 32, 3)
    crops[:, :16] = 1
    model = Undecided(torch.zeros(313))
    objective(settings).loss(model, crops)
    assert model.seen.shape == (1, 1, 32, 32)
    torch.testing.assert_close(model.seen[0, 0, :16], torch.ones(16, 32))
    torch.testing.assert_close(model.seen[0, 0, 16:], -torch.ones(16, 32))


def test_target_is_the_mean_color_of_each_cell(settings: dict[str, Any]) -> None:
    """A checkerboard of two colors aims at their mean in ab, rare bins weighted up."""
    colors = np.array([[0.9, 0.2, 0.1], [0.2, 0.3, 0.8]])
    board = torch.from_numpy(colors[np.indices((32, 32)).sum(0) % 2]).float()
    mean = srgb_to_lab(colors)[:, 1:].mean(axis=0)
    indices, weights = soft_encode(mean, bin_centers())
    logits = torch.randn(313, generator=torch.Generator().manual_seed(0))
    log_probabilities = logits.log_softmax(0).numpy()
    prior = prior_of(*soft_encode(np.array([[60.0, 40.0], [0.0, 0.0]]), bin_centers()), 313)
    rebalancing = rebalancing_weights(prior, 0.5)
    expected = -rebalancing[indices[weights.argmax()]] * (weights @ log_probabilities[indices])
    loss = objective(settings, prior).loss(Undecided(logits), board[None])
    assert loss.item() == pytest.approx(float(expected), rel=1e-4)


def test_rebalance_of_one_turns_it_off(settings: dict[str, Any]) -> None:
    prior = np.random.default_rng(0).dirichlet(np.full(313, 0.1))
    plain = objective(settings, prior, loss={"rebalance": 1.0})
    torch.testing.assert_close(plain.rebalancing, torch.ones(313))


@pytest.mark.parametrize(
    ("precision", "inside"), [("fp32", torch.float32), ("bf16", torch.bfloat16)]
)
def test_precision_is_of_the_network_alone(
    settings: dict[str, Any], precision: str, inside: torch.dtype
) -> None:
    layer = nn.Conv2d(1, 313, 4, stride=4)
    dtypes: list[torch.dtype] = []
    layer.register_forward_hook(lambda module, inputs, output: dtypes.append(output.dtype))
    chosen = objective(settings, precision=precision)
    logits = chosen.logits(layer, torch.full((1, 32, 32), 50.0))
    assert dtypes == [inside]
    assert logits.dtype == torch.float32
    assert logits.shape == (1, 313, 8, 8)
