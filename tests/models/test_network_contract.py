"""What every network of the catalog keeps to; a new one is tested by being there."""

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from photochrom.models import catalog
from photochrom.models.spec import ModelSpec

CHANNELS = {"bins": 313, "ab": 2}


@pytest.fixture(params=catalog.names())
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def spec(name: str) -> ModelSpec:
    return catalog.spec(name)


def build(spec: ModelSpec, seed: int = 0) -> nn.Module:
    torch.manual_seed(seed)
    return spec.build()


def lightness(*shape: int) -> Tensor:
    return torch.rand(shape, generator=torch.Generator().manual_seed(1)) * 2 - 1


def loss_of(spec: ModelSpec, predicted: Tensor, target: Tensor) -> Tensor:
    """The plainest loss for each kind of output; `target` is `(B, h, w)` in [0, 1)."""
    if spec.output == "bins":
        return functional.cross_entropy(predicted, (target * CHANNELS["bins"]).long())
    return functional.mse_loss(predicted, torch.stack([target, -target], dim=1))


@pytest.mark.parametrize(("rows", "columns"), [(2, 3), (5, 1), (1, 1)])
def test_output_has_the_declared_shape_at_every_multiple(
    spec: ModelSpec, rows: int, columns: int
) -> None:
    height, width = rows * spec.size_multiple, columns * spec.size_multiple
    with torch.no_grad():
        predicted = build(spec).eval()(lightness(2, 1, height, width))
    expected = (2, CHANNELS[spec.output], height // spec.stride, width // spec.stride)
    assert predicted.shape == expected
    assert predicted.dtype == torch.float32
    assert torch.isfinite(predicted).all()


def test_size_multiple_is_a_multiple_of_the_stride(spec: ModelSpec) -> None:
    assert spec.size_multiple % spec.stride == 0


def test_overfits_one_batch_and_every_parameter_learns(spec: ModelSpec) -> None:
    model = build(spec).train()
    side = 2 * spec.size_multiple
    pictures = lightness(2, 1, side, side)
    target = (pictures[:, 0, :: spec.stride, :: spec.stride] + 1) / 2.001
    target = target.gt(0.5) * 0.5  # two colors, dark and bright
    optimizer = torch.optim.Adam(model.parameters(), lr=4e-3)
    idle = {name for name, _ in model.named_parameters()}
    losses = []
    for _ in range(15):
        loss = loss_of(spec, model(pictures), target)
        optimizer.zero_grad()
        torch.autograd.backward(loss)
        # Over several steps: behind a layer that starts at zero, gradients come from the second on.
        idle -= {n for n, p in model.named_parameters() if p.grad is not None and p.grad.any()}
        optimizer.step()
        losses.append(loss.item())
    assert idle == set()
    assert min(losses[-3:]) < 0.5 * losses[0]


def test_same_seed_same_network(spec: ModelSpec) -> None:
    first, second, other = (build(spec, seed).state_dict() for seed in (3, 3, 4))
    assert first.keys() == second.keys()
    assert all(torch.equal(first[key], second[key]) for key in first)
    assert not all(torch.equal(first[key], other[key]) for key in first)


def test_pictures_of_a_batch_do_not_see_each_other(spec: ModelSpec) -> None:
    model = build(spec).eval()
    side = spec.size_multiple
    batch = lightness(3, 1, side, side)
    with torch.no_grad():
        together, alone = model(batch), model(batch[1:2])
    torch.testing.assert_close(together[1:2], alone, rtol=1e-4, atol=1e-5)


def test_encoder_is_a_part_of_the_network(spec: ModelSpec) -> None:
    if spec.encoder is None:
        pytest.skip("takes no backbone")
    model = build(spec)
    part = {id(parameter) for parameter in spec.encoder(model).parameters()}
    whole = {id(parameter) for parameter in model.parameters()}
    assert part
    assert part < whole


def test_is_documented(name: str, spec: ModelSpec) -> None:
    model = build(spec)
    assert type(model).__doc__
    assert __import__(type(model).__module__, fromlist=["_"]).__doc__
    assert spec.summary
    assert "\n" not in spec.summary
