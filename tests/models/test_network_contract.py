"""What every network of the catalog keeps to; a new one is tested by being there."""

from typing import get_args

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from photochrom.models import catalog
from photochrom.models.network import JointClassifier, Network, Stylist
from photochrom.models.spec import Kind, ModelSpec

CLASSES = 5
CHANNELS: dict[Kind, int] = {"bins": 313, "chroma": 2, "rgb": 3, "classes": CLASSES}


@pytest.fixture(params=catalog.names())
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def spec(name: str) -> ModelSpec:
    return catalog.spec(name)


def build(spec: ModelSpec, kind: Kind | None = None, inputs: int = 1, seed: int = 0) -> Network:
    """A small one."""
    torch.manual_seed(seed)
    more = {"classes": CLASSES} if spec.classifies else {}
    channels = CHANNELS[kind or spec.outputs[0]]
    return spec.build(inputs=inputs, channels=channels, **more, **spec.trial)


def noise(*shape: int) -> Tensor:
    return torch.rand(shape, generator=torch.Generator().manual_seed(1)) * 2 - 1


def side_of(model: Network) -> int:
    """Of the smallest square that has some room for a picture."""
    return model.input_size or model.size_multiple * (2 if model.size_multiple < 64 else 1)


def test_declaration(spec: ModelSpec) -> None:
    assert spec.outputs
    assert set(spec.outputs) <= set(get_args(Kind))
    model = build(spec)
    assert model.size_multiple % model.stride == 0
    assert model.input_size is None or model.input_size % model.size_multiple == 0


@pytest.mark.parametrize(("rows", "columns"), [(2, 3), (3, 1), (1, 1)])
def test_output_has_the_declared_shape_at_every_multiple(
    spec: ModelSpec, rows: int, columns: int
) -> None:
    for kind in spec.outputs:
        model = build(spec, kind).eval()
        if model.input_size:
            height = width = model.input_size
        else:
            height, width = rows * model.size_multiple, columns * model.size_multiple
        with torch.no_grad():
            predicted = model(noise(2, 1, height, width))
        small = (1, 1) if kind == "classes" else (height // model.stride, width // model.stride)
        assert predicted.shape == (2, CHANNELS[kind], *small)
        assert predicted.dtype == torch.float32
        assert torch.isfinite(predicted).all()


def plain_loss(kind: Kind, predicted: Tensor, picture: Tensor) -> Tensor:
    """The plainest loss for each kind of output; the target follows from the picture."""
    if kind == "classes":
        target = torch.arange(len(predicted)) % CLASSES
        return functional.cross_entropy(predicted[:, :, 0, 0], target)
    target = functional.adaptive_avg_pool2d(picture, predicted.shape[2:])[:, 0]
    bright = target.gt(0)
    if kind == "bins":
        return functional.cross_entropy(predicted, bright * 100 + 50)
    color = bright * 0.6 - 0.3
    return functional.mse_loss(predicted, torch.stack([color, -color, color][: CHANNELS[kind]], 1))


def test_overfits_one_batch_and_every_parameter_learns(spec: ModelSpec) -> None:
    model = build(spec).train()
    side = side_of(model)
    coarse = noise(2, 1, 4, 4)
    pictures = functional.interpolate(coarse, (side, side), mode="bilinear")
    optimizer = torch.optim.Adam(model.parameters(), lr=4e-3)
    idle = {name for name, _ in model.named_parameters()}
    losses = []
    for _ in range(40):
        torch.manual_seed(0)  # the same noise and dropout: what is tested is the way of gradients
        loss = plain_loss(spec.outputs[0], model(pictures), pictures)
        if isinstance(model, JointClassifier):
            _, classes = model.colors_and_classes(pictures)
            loss = loss + functional.cross_entropy(classes, torch.arange(len(classes)))
        optimizer.zero_grad()
        torch.autograd.backward(loss)
        # Over several steps: behind a layer that starts at zero, gradients come from the second on.
        idle -= {n for n, p in model.named_parameters() if p.grad is not None and p.grad.any()}
        optimizer.step()
        losses.append(loss.item())
    assert idle == set()
    assert min(losses[-3:]) < 0.5 * losses[0]


def test_same_seed_same_network(spec: ModelSpec) -> None:
    first, second, other = (build(spec, seed=seed).state_dict() for seed in (3, 3, 4))
    assert first.keys() == second.keys()
    assert all(torch.equal(first[key], second[key]) for key in first)
    assert not all(torch.equal(first[key], other[key]) for key in first)


def test_pictures_of_a_batch_do_not_see_each_other(spec: ModelSpec) -> None:
    model = build(spec).eval()
    side = model.input_size or model.size_multiple
    batch = noise(3, 1, side, side)
    with torch.no_grad():
        together, alone = model(batch), model(batch[1:2])
    torch.testing.assert_close(together[1:2], alone, rtol=1e-4, atol=1e-5)


def test_same_picture_same_colors(spec: ModelSpec) -> None:
    """Noise and dropout are training's."""
    model = build(spec).eval()
    side = model.input_size or model.size_multiple
    picture = noise(1, 1, side, side)
    with torch.no_grad():
        assert torch.equal(model(picture), model(picture))


def test_takes_class_maps(spec: ModelSpec) -> None:
    """Further inputs beside the lightness, and they matter."""
    model = build(spec, inputs=1 + CLASSES).train()
    side = side_of(model)
    picture = noise(2, 1 + CLASSES, side, side).requires_grad_()
    torch.autograd.backward(model(picture).square().sum())
    assert picture.grad is not None
    assert all(picture.grad[:, channel].any() for channel in range(1 + CLASSES))


def test_tells_classes_beside_colors(spec: ModelSpec) -> None:
    model = build(spec).eval()
    assert isinstance(model, JointClassifier) == spec.classifies
    if not isinstance(model, JointClassifier):
        pytest.skip("does not classify")
    side = side_of(model)
    picture = noise(2, 1, side, side)
    with torch.no_grad():
        colors, classes = model.colors_and_classes(picture)
        torch.testing.assert_close(colors, model(picture))
    assert classes.shape == (2, CLASSES)


def test_takes_the_style_of_another_picture(spec: ModelSpec) -> None:
    model = build(spec).eval()
    if not isinstance(model, Stylist):
        pytest.skip("has no style")
    side = side_of(model)
    picture, style = noise(1, 1, side, side), -noise(1, 1, side, 2 * side)
    with torch.no_grad():
        own, styled = model.styled(picture, picture), model.styled(picture, style)
        torch.testing.assert_close(own, model(picture))
    assert not torch.allclose(own, styled)


def test_encoder_is_a_part_of_the_network(spec: ModelSpec) -> None:
    if spec.encoder is None:
        pytest.skip("takes no backbone")
    model = build(spec)
    part = {id(parameter) for parameter in spec.encoder(model).parameters()}
    whole = {id(parameter) for parameter in model.parameters()}
    assert part
    assert part < whole


def test_is_documented(name: str, spec: ModelSpec) -> None:
    model: nn.Module = build(spec)
    assert type(model).__doc__
    assert __import__(type(model).__module__, fromlist=["_"]).__doc__
    assert spec.summary
    assert "\n" not in spec.summary
