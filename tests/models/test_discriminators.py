"""Discriminators against the papers' layer lists, parameter counts and receptive fields."""

from collections.abc import Sequence

import pytest
import torch
from torch import Tensor, nn

from photochrom.models.blocks import PatchNet, SelfAttention
from photochrom.models.discriminators.multiscale import MultiscaleDiscriminator
from photochrom.models.discriminators.patch import PatchDiscriminator
from photochrom.models.discriminators.searchspace import SearchSpaceDiscriminator
from photochrom.models.network import Discriminator


def convolutions(model: nn.Module) -> list[nn.Conv2d]:
    return [layer for layer in model.modules() if isinstance(layer, nn.Conv2d)]


def calculated_field(model: nn.Module) -> int:
    """Side of what one logit sees, by the layer list: from the last layer back."""
    side = 1
    for layer in reversed(convolutions(model)):
        side = (side - 1) * layer.stride[0] + layer.kernel_size[0]
    return side


def measured_fields(model: Discriminator, side: int) -> list[tuple[int, int]]:
    """Rows and columns of the input that move a logit in the middle of each map."""
    model.eval()  # in training, batch normalization lets all pixels see each other
    found = []
    for scale in range(len(model(torch.zeros(1, 1, side, side)))):
        picture = torch.rand(1, 1, side, side, generator=torch.Generator().manual_seed(scale))
        picture.requires_grad_()
        scores = model(picture)[scale]
        torch.autograd.backward(scores[0, 0, scores.shape[2] // 2, scores.shape[3] // 2])
        assert picture.grad is not None
        seen = picture.grad[0, 0] != 0
        found.append((int(seen.any(dim=1).sum()), int(seen.any(dim=0).sum())))
    return found


def test_patch_has_the_size_of_the_authors_discriminator() -> None:
    """Their PyTorch code prints 2.769 M for 6 channels."""
    with torch.device("meta"):
        model = PatchDiscriminator(inputs=6)
    weights = 16 * (6 * 64 + 64 * 128 + 128 * 256 + 256 * 512 + 512 * 1)
    others = 64 + 1 + 2 * (128 + 256 + 512)  # biases of the first and last, norms between
    count = sum(parameter.numel() for parameter in model.parameters())
    assert count == weights + others == 2_768_705


def test_patch_follows_the_papers_layer_list() -> None:
    """Appendix 6.1.2: C64-C128-C256-C512, no norm in the first, LeakyReLU of slope 0.2."""
    model = PatchDiscriminator(inputs=4, width=64)
    layers = convolutions(model)
    assert [layer.out_channels for layer in layers] == [64, 128, 256, 512, 1]
    assert [layer.stride[0] for layer in layers] == [2, 2, 2, 1, 1]
    names = [type(layer).__name__ for layer in model.net]
    normed = ["Conv2d", "BatchNorm2d", "LeakyReLU"]
    assert names == ["Conv2d", "LeakyReLU", *normed * 3, "Conv2d"]


# Isola et al. 2017, section 4.4 and appendix 6.1.2, name 16, 70 and 286.
@pytest.mark.parametrize(("layers", "field"), [(1, 16), (2, 34), (3, 70), (4, 142), (5, 286)])
def test_patch_sees_as_many_pixels_as_the_paper_says(layers: int, field: int) -> None:
    torch.manual_seed(0)
    model = PatchDiscriminator(inputs=1, width=2, layers=layers)
    assert calculated_field(model) == field
    if layers <= 3:
        assert measured_fields(model, 160) == [(field, field)]


@pytest.mark.parametrize(("side", "logits"), [(256, 30), (64, 6), (32, 2)])
def test_patch_maps_are_of_the_authors_size(side: int, logits: int) -> None:
    """30×30 logits for 256×256 pixels."""
    with torch.device("meta"):
        (scores,) = PatchDiscriminator()(torch.zeros(2, 3, side, side))
    assert scores.shape == (2, 1, logits, logits)


def test_patch_with_instance_normalization_judges_each_picture_by_itself() -> None:
    torch.manual_seed(0)
    model = PatchDiscriminator(width=8, norm="instance").train()
    assert not any(isinstance(layer, nn.BatchNorm2d) for layer in model.modules())
    pictures = torch.rand(3, 3, 64, 64, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        (together,), (alone,) = model(pictures), model(pictures[:1])
    torch.testing.assert_close(together[:1], alone)


def test_patch_with_attention_sees_everything() -> None:
    torch.manual_seed(0)
    model = PatchDiscriminator(inputs=1, width=8, attention=True)
    assert measured_fields(model, 160) == [(70, 70)]  # gamma starts at 0
    for layer in model.modules():
        if isinstance(layer, SelfAttention):
            nn.init.ones_(layer.gamma)
    assert measured_fields(model, 160) == [(160, 160)]


def test_patch_refuses_what_it_does_not_know() -> None:
    with pytest.raises(ValueError, match="layers: 0"):
        PatchDiscriminator(layers=0)
    with pytest.raises(ValueError, match="norm: layer"):
        PatchDiscriminator(norm="layer")  # type: ignore[arg-type]


def test_weights_start_as_in_the_paper() -> None:
    torch.manual_seed(0)
    model = PatchDiscriminator(width=32)
    weights = torch.cat([layer.weight.flatten() for layer in convolutions(model)])
    assert weights.std().item() == pytest.approx(0.02, rel=0.01)
    assert weights.abs().max() > 0.06  # no uniform distribution
    first = convolutions(model)[0]
    assert first.bias is not None
    assert not first.bias.any()


def depths(model: MultiscaleDiscriminator) -> list[int]:
    strides = [[layer.stride[0] for layer in convolutions(net)] for net in model.nets]
    return [found.count(2) for found in strides]


@pytest.mark.parametrize(
    ("settings", "expected", "maps"),
    [
        ({}, [3, 3, 2], [6, 2, 2]),
        ({"scales": 1}, [3], [6]),
        ({"scales": 4}, [3, 3, 2, 1], [6, 2, 2, 2]),
        ({"layers": 4}, [4, 3, 2], [2, 2, 2]),
        ({"side": 256}, [3, 3, 3], [30, 14, 6]),
        ({"side": 256, "layers": 5}, [5, 5, 4], [6, 2, 2]),
    ],
)
def test_judges_are_as_deep_as_pictures_allow(
    settings: dict[str, int], expected: list[int], maps: list[int]
) -> None:
    """By hand: side / 2^scale / 2^layers - 2 logits, at least one."""
    side = settings.get("side", 64)
    with torch.device("meta"):
        model = MultiscaleDiscriminator(**settings)  # type: ignore[arg-type]
        scores: Sequence[Tensor] = model(torch.zeros(2, 3, side, side))
    assert depths(model) == expected
    assert [tuple(found.shape) for found in scores] == [(2, 1, n, n) for n in maps]


def test_coarse_judges_see_more_of_the_picture() -> None:
    """70 pixels at each scale, and one more at each halving, whose windows overlap."""
    torch.manual_seed(0)
    model = MultiscaleDiscriminator(inputs=1, width=2, side=256)
    assert measured_fields(model, 400) == [(70, 70), (141, 141), (283, 283)]


def test_halving_keeps_the_brightness() -> None:
    """Of edges too: padding is not counted as black."""
    model = MultiscaleDiscriminator(inputs=1, width=2)
    seen: list[Tensor] = []
    for net in model.nets:
        net.register_forward_pre_hook(lambda _module, inputs: seen.append(inputs[0]))
    with torch.no_grad():
        model(torch.full((1, 1, 64, 96), 0.75))
    assert [tuple(picture.shape[2:]) for picture in seen] == [(64, 96), (32, 48), (16, 24)]
    for picture in seen:
        torch.testing.assert_close(picture, torch.full_like(picture, 0.75))


@pytest.mark.parametrize("scales", [0, 5])
def test_multiscale_refuses_more_halvings_than_there_are(scales: int) -> None:
    with pytest.raises(ValueError, match=rf"scales: {scales}; pictures of 64 pixels have 1 to 4"):
        MultiscaleDiscriminator(scales=scales)


def test_judges_share_the_settings() -> None:
    model = MultiscaleDiscriminator(width=4, norm="instance", attention=True)
    nets = [net for net in model.nets if isinstance(net, PatchNet)]
    assert len(nets) == 3
    for net in nets:
        assert any(isinstance(layer, SelfAttention) for layer in net)
        assert not any(isinstance(layer, nn.BatchNorm2d) for layer in net)


def test_searchspace_has_the_posters_layers() -> None:
    """Up to its last layer, 33856 numbers wide as there."""
    model = SearchSpaceDiscriminator(inputs=3)
    layers = convolutions(model)
    assert [layer.out_channels for layer in layers] == [8, 16, 32, 64, 128, 16]
    assert all(layer.kernel_size == (4, 4) and layer.stride == (1, 1) for layer in layers)
    assert all(layer.padding == (0, 0) for layer in layers)
    names = [type(layer).__name__ for layer in model.convolutions]
    assert names == ["Conv2d", "LeakyReLU", "BatchNorm2d"] * 6
    assert model.verdict.in_features == 33856
    weights = 16 * (3 * 8 + 8 * 16 + 16 * 32 + 32 * 64 + 64 * 128 + 128 * 16)
    biases_and_norms = 3 * (8 + 16 + 32 + 64 + 128 + 16)
    count = sum(parameter.numel() for parameter in model.parameters())
    assert count == weights + biases_and_norms + 33856 + 1


def test_searchspace_takes_pictures_of_its_size() -> None:
    with torch.device("meta"):
        (scores,) = SearchSpaceDiscriminator(size=32)(torch.zeros(2, 3, 32, 32))
        assert scores.shape == (2, 1, 1, 1)
        with pytest.raises(ValueError, match=r"96×64 pixels.*built for 64×64"):
            SearchSpaceDiscriminator()(torch.zeros(2, 3, 64, 96))
    with pytest.raises(ValueError, match="size: 18"):
        SearchSpaceDiscriminator(size=18)
