"""What every discriminator keeps to; a new one is tested by being there."""

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from photochrom.models import catalog
from photochrom.models.network import Discriminator

SIDE = 64


@pytest.fixture(params=catalog.discriminator_names())
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def build(name: str, inputs: int = 3) -> Discriminator:
    torch.manual_seed(0)
    return catalog.discriminator(name).build(inputs=inputs)


def pictures(inputs: int = 3) -> Tensor:
    return torch.rand(4, inputs, SIDE, SIDE, generator=torch.Generator().manual_seed(1)) * 2 - 1


@pytest.mark.parametrize("inputs", [1, 3, 4])
def test_maps_of_logits(name: str, inputs: int) -> None:
    with torch.no_grad():
        maps = build(name, inputs).eval()(pictures(inputs))
    assert maps
    assert all(scores.shape[:2] == (4, 1) and scores.dim() == 4 for scores in maps)
    assert all(torch.isfinite(scores).all() for scores in maps)


def test_learns_to_tell_and_every_parameter_learns(name: str) -> None:
    model = build(name).train()
    real, fake = pictures(), functional.avg_pool2d(pictures(), 5, stride=1, padding=2)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    idle = {key for key, _ in model.named_parameters()}
    losses = []
    for _ in range(15):
        torch.manual_seed(0)
        loss = torch.zeros(())
        for batch, label in ((real, 1.0), (fake, 0.0)):
            for scores in model(batch):
                target = torch.full_like(scores, label)
                loss = loss + functional.binary_cross_entropy_with_logits(scores, target)
        optimizer.zero_grad()
        torch.autograd.backward(loss)
        idle -= {key for key, p in model.named_parameters() if p.grad is not None and p.grad.any()}
        optimizer.step()
        losses.append(loss.item())
    assert idle == set()
    assert min(losses[-3:]) < 0.6 * losses[0]


def test_is_documented(name: str) -> None:
    spec, model = catalog.discriminator(name), build(name)
    assert type(model).__doc__
    assert __import__(type(model).__module__, fromlist=["_"]).__doc__
    assert spec.summary
    assert "\n" not in spec.summary
