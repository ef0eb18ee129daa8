"""Dahl's residual encoder against the shapes of its diagram."""

import pytest
import torch
from torch import Tensor, nn

from photochrom.models.dahl import Dahl

# Of the diagram for pictures of 224: what the convolutions behind VGG-16 take and give.
LAYERS = [
    (512, 256, 1, 28),
    (256, 128, 3, 56),
    (128, 64, 3, 112),
    (64, 3, 3, 224),
    (3, 3, 3, 224),
    (3, 2, 3, 224),
]


def test_layers_are_those_of_the_diagram() -> None:
    with torch.device("meta"):
        model = Dahl()
        found = []

        def note(layer: nn.Module, _: tuple[Tensor, ...], output: Tensor) -> None:
            assert isinstance(layer, nn.Conv2d)
            shape = layer.in_channels, layer.out_channels, layer.kernel_size[0]
            found.append((*shape, output.shape[2]))

        for name, module in model.named_modules():
            if isinstance(module, nn.Conv2d) and not name.startswith("encoder."):
                module.register_forward_hook(note)
        model(torch.zeros(1, 1, 224, 224))
    assert found == LAYERS


def test_it_has_the_parameters_of_these_layers_and_of_vgg16() -> None:
    """By hand: VGG-16 to its tenth convolution, the layers, and two for each normalized channel."""
    vgg = [(1, 64), (64, 64), (64, 128), (128, 128), (128, 256), *[(256, 256)] * 2, (256, 512)]
    vgg += [(512, 512)] * 2
    count = sum((9 * before + 1) * after for before, after in vgg)
    count += sum(kernel**2 * before * after for before, after, kernel, _ in LAYERS)
    count += 256 + 2  # biases where no normalization follows
    count += 2 * (512 + 256 + 128 + 64 + 3)  # levels and grey picture
    count += 2 * (128 + 64 + 3 + 3)  # behind 3×3 convolutions
    with torch.device("meta"):
        assert sum(p.numel() for p in Dahl().parameters()) == count


@pytest.mark.parametrize("layer", ["from8.0", "from4.0", "from2.0", "from1.0"])
def test_every_level_is_added(layer: str) -> None:
    """Without what comes from below, colors still follow the levels above."""
    torch.manual_seed(0)
    model = Dahl(width=8).eval()
    picture = torch.rand(1, 1, 24, 40) * 2 - 1
    with torch.no_grad():
        whole = model(picture)
        for parameter in model.get_submodule(layer).parameters():
            parameter.zero_()
        without = model(picture)
    assert not torch.allclose(whole, without)
    assert without.std(dim=(2, 3)).min() > 1e-4


@pytest.mark.parametrize("channels", [2, 3, 313])
def test_odd_multiples_of_8_come_out_at_full_size(channels: int) -> None:
    model = Dahl(channels=channels, width=8).eval()
    with torch.no_grad():
        assert model(torch.zeros(1, 1, 24, 56)).shape == (1, channels, 24, 56)


def test_logits_are_not_squeezed_through_three_channels() -> None:
    with torch.device("meta"):
        last = [m for m in Dahl(channels=313).modules() if isinstance(m, nn.Conv2d)][-1]
    assert (last.in_channels, last.out_channels) == (64, 313)
