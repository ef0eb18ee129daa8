"""The rudimentary generator: fully connected, from every grey pixel to every pixel in color."""

import numpy as np
import pytest
import torch
from torch import nn

from photochrom.models.rudimentary import Rudimentary


def test_nothing_but_linear_layers_has_weights() -> None:
    with torch.device("meta"):
        model = Rudimentary()
    owners = [m for m in model.modules() if list(m.parameters(recurse=False))]
    assert all(isinstance(owner, nn.Linear) for owner in owners)
    sizes = [(m.in_features, m.out_features) for m in owners if isinstance(m, nn.Linear)]
    assert sizes == [(1024, 1024), (1024, 1024), (1024, 3072)]
    # By hand: (1024 + 1) · 1024 twice, and (1024 + 1) · 3072.
    assert sum(p.numel() for p in model.parameters()) == 2 * 1_049_600 + 3_148_800


def test_it_computes_what_numpy_does() -> None:
    torch.manual_seed(0)
    model = Rudimentary(widths=(7, 5)).eval()
    weights = [p.detach().numpy() for p in model.parameters()]
    picture = np.random.default_rng(0).uniform(-1, 1, (2, 1, 32, 32)).astype(np.float32)
    x = picture.reshape(2, 1024)
    x = np.maximum(x @ weights[0].T + weights[1], 0)
    x = np.maximum(x @ weights[2].T + weights[3], 0)
    expected = np.tanh(x @ weights[4].T + weights[5]).reshape(2, 3, 32, 32)
    with torch.no_grad():
        predicted = model(torch.from_numpy(picture)).numpy()
    np.testing.assert_allclose(predicted, expected, atol=1e-5)


def test_every_pixel_depends_on_every_pixel() -> None:
    """Unlike a convolution's: one corner of the input moves all of the output."""
    torch.manual_seed(0)
    model = Rudimentary(widths=(256,)).eval()
    dark = torch.zeros(1, 1, 32, 32)
    lit = dark.clone()
    lit[0, 0, 0, 0] = 1
    with torch.no_grad():
        assert (model(lit) != model(dark)).float().mean() > 0.99


@pytest.mark.parametrize("widths", [(), (16, 0)])
def test_layers_without_neurons_are_refused(widths: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="widths"):
        Rudimentary(widths=widths)
