"""The network of the search-space poster against the layers that the poster prints."""

import re

import pytest
import torch
from torch import Tensor, nn

from photochrom.models.searchspace import SearchSpace

PRINTED = """
(0): Conv2d(1, 8, kernel size=(4, 4), stride=(1, 1))
(1): ReLU
(2): BatchNorm2d(8, eps=1e-05, momentum=0.1, affine=True)
(3): Conv2d(8, 16, kernel size=(4, 4), stride=(1, 1))
(4): ReLU
(5): BatchNorm2d(16, eps=1e-05, momentum=0.1, affine=True)
(6): Conv2d(16, 32, kernel size=(4, 4), stride=(1, 1))
(7): ReLU
(8): BatchNorm2d(32, eps=1e-05, momentum=0.1, affine=True)
(9): Conv2d(32, 64, kernel size=(4, 4), stride=(1, 1))
(10): ReLU
(11): BatchNorm2d(64, eps=1e-05, momentum=0.1, affine=True)
(12): Conv2d(64, 128, kernel size=(4, 4), stride=(1, 1))
(13): ReLU
(14): BatchNorm2d(128, eps=1e-05, momentum=0.1, affine=True)
(15): Conv2d(128, 16, kernel size=(4, 4), stride=(1, 1))
(16): ReLU
(17): BatchNorm2d(16, eps=1e-05, momentum=0.1, affine=True)
(18): Flatten
(19): Linear (33856 -> 8192)
"""


def _on_meta(channels: int = 2, size: int = 64, dropout: float = 0.0) -> SearchSpace:
    with torch.device("meta"):
        return SearchSpace(channels=channels, size=size, dropout=dropout)


def _printed(at: int, layer: nn.Module) -> str:
    """The layer in the poster's words."""
    if isinstance(layer, nn.Conv2d):
        shape = f"{layer.in_channels}, {layer.out_channels}, kernel size={layer.kernel_size}"
        assert layer.padding == (0, 0)
        return f"({at}): Conv2d({shape}, stride={layer.stride})"
    if isinstance(layer, nn.BatchNorm2d):
        settings = f"eps={layer.eps}, momentum={layer.momentum}, affine={layer.affine}"
        return f"({at}): BatchNorm2d({layer.num_features}, {settings})"
    if isinstance(layer, nn.Linear):
        return f"({at}): Linear ({layer.in_features} -> {layer.out_features})"
    return f"({at}): {type(layer).__name__}"


@pytest.mark.parametrize("channels", [2, 313])
def test_layers_are_those_printed(channels: int) -> None:
    layers = _on_meta(channels).layers
    assert [_printed(at, layer) for at, layer in enumerate(layers)] == PRINTED.strip().split("\n")


def test_it_has_the_parameters_of_the_printed_layers() -> None:
    convolutions = re.findall(r"Conv2d\((\d+), (\d+)", PRINTED)
    count = sum(16 * int(a) * int(b) + 3 * int(b) for a, b in convolutions)  # bias and norm: 3
    count += 33856 * 8192 + 8192
    assert sum(p.numel() for p in _on_meta().parameters()) == count
    assert round(count / 1e6) == 278


def test_chroma_comes_at_full_size_and_logits_at_a_quarter() -> None:
    x = torch.zeros((2, 1, 64, 64), device="meta")
    chroma, bins = _on_meta(), _on_meta(313)
    assert chroma(x).shape == (2, 2, 64, 64)
    assert bins(x).shape == (2, 313, 16, 16)
    assert (chroma.input_size, chroma.stride) == (64, 1)
    assert (bins.input_size, bins.stride) == (64, 4)


def test_the_first_half_of_the_numbers_is_the_first_channel() -> None:
    torch.manual_seed(0)
    model = SearchSpace(size=20).eval()
    x = torch.rand(1, 1, 20, 20)
    with torch.no_grad():
        flat: Tensor = model.layers(x)
        colors = model(x)
    assert torch.equal(colors[0, 0].flatten(), flat[0, :400])
    assert torch.equal(colors[0, 1].flatten(), flat[0, 400:])


def test_dropout_follows_each_batch_normalization() -> None:
    layers = list(_on_meta(dropout=0.3).layers)
    after = [layers[at + 1] for at, layer in enumerate(layers) if isinstance(layer, nn.BatchNorm2d)]
    assert len(after) == 6
    assert all(isinstance(layer, nn.Dropout) and layer.p == 0.3 for layer in after)
    assert not any(isinstance(layer, nn.Dropout) for layer in _on_meta().modules())


@pytest.mark.parametrize("size", [16, 30])
def test_a_size_that_does_not_fit_is_refused(size: int) -> None:
    with pytest.raises(ValueError, match=f"size: {size}"):
        SearchSpace(size=size)
