import pytest
import torch
from torch import nn

from photochrom.models.beta import SPEC, Beta

# The published network: (filters, stride of a 3×3 convolution); "up" doubles the size.
PUBLISHED = [
    *[(64, 1), (64, 2), (128, 1), (128, 2), (256, 1), (256, 2), (512, 1), (256, 1), (128, 1)],
    *["up", (64, 1), "up", (32, 1), (2, 1), "up"],
]


def test_has_the_published_layers() -> None:
    found: list[tuple[int, int] | str] = []
    for layer in Beta().modules():
        if isinstance(layer, nn.Conv2d):
            assert layer.kernel_size == (3, 3)
            found.append((layer.out_channels, layer.stride[0]))
        elif isinstance(layer, nn.Upsample):
            assert layer.mode == "nearest"
            found.append("up")
    assert found == PUBLISHED


def test_has_the_published_number_of_parameters() -> None:
    """Each convolution: 9 × inputs × filters, and a bias for each filter. Summed by hand."""
    by_hand = [640, 36_928, 73_856, 147_584, 295_168, 590_080, 1_180_160, 1_179_904, 295_040]
    by_hand += [73_792, 18_464, 578]
    assert sum(parameter.numel() for parameter in Beta().parameters()) == sum(by_hand)


def test_every_convolution_but_the_last_has_a_relu_behind_it() -> None:
    layers = [*Beta().encoder, *Beta().decoder]
    after = [
        type(layers[at + 1]).__name__
        for at, layer in enumerate(layers)
        if isinstance(layer, nn.Conv2d)
    ]
    assert after == ["ReLU"] * 11 + ["Tanh"]


@pytest.mark.parametrize(("channels", "bounded"), [(2, True), (3, True), (313, False)])
def test_tanh_bounds_colors_and_not_logits(channels: int, bounded: bool) -> None:
    torch.manual_seed(0)
    model = SPEC.build(channels=channels).eval()
    with torch.no_grad():
        raw = model(1000 * torch.randn(1, 1, 24, 8))
    assert bool(raw.abs().max() <= 1) == bounded


def test_colors_are_blocks_of_two_pixels() -> None:
    """The network ends at half the size, enlarged by the nearest neighbor."""
    torch.manual_seed(0)
    with torch.no_grad():
        colors = Beta().eval()(torch.randn(1, 1, 24, 40))
    assert torch.equal(colors[..., ::2, ::2], colors[..., 1::2, 1::2])
    assert not torch.equal(colors[..., ::2, :-2:2], colors[..., ::2, 2::2])
