"""The residual generator against the paper's layer list and the authors' parameter count."""

import logging
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch
from torch import Tensor, nn
from torch.export import Dim

from photochrom.models.cyclegan import CycleGan


def meta(**settings: int) -> CycleGan:
    """Of full size, without memory."""
    with torch.device("meta"):
        return CycleGan(**settings)


def small(**settings: int) -> CycleGan:
    torch.manual_seed(0)
    return CycleGan(**{"blocks": 1, "width": 8} | settings)


def picture(*shape: int) -> Tensor:
    return torch.rand(shape, generator=torch.Generator().manual_seed(1)) * 2 - 1


def test_has_the_size_of_the_authors_generator() -> None:
    """Their PyTorch code prints 11.378 M for nine blocks, 3 channels to 3."""
    count = sum(parameter.numel() for parameter in meta(inputs=3, blocks=9).parameters())
    into = [3, 64, 128, *[256] * 18, 256, 128, 64]
    out = [64, 128, 256, *[256] * 18, 128, 64, 3]
    areas = [49, *[9] * 22, 49]
    weights = sum(a * b * area for a, b, area in zip(into, out, areas, strict=True))
    assert count == weights + 3 == 11_372_931
    canceled = sum(out[:-1])  # biases that instance normalization subtracts again
    assert count + canceled == 11_378_179


def test_follows_the_papers_layer_list() -> None:
    """Appendix 7.2: c7s1-64, d128, d256, R256 × 6, u128, u64, c7s1-3."""
    model = meta()
    kinds = (nn.Conv2d, nn.ConvTranspose2d)
    layers = [layer for layer in model.modules() if isinstance(layer, kinds)]
    found = [
        (
            type(layer) is nn.ConvTranspose2d,
            layer.kernel_size[0],
            layer.stride[0],
            layer.out_channels,
        )
        for layer in layers
    ]
    down = [(False, 7, 1, 64), (False, 3, 2, 128), (False, 3, 2, 256)]
    up = [(True, 3, 2, 128), (True, 3, 2, 64), (False, 7, 1, 3)]
    assert found == [*down, *[(False, 3, 1, 256)] * 12, *up]


@pytest.mark.parametrize(("inputs", "channels"), [(1, 3), (3, 1), (1, 2), (3, 3)])
def test_goes_both_ways(inputs: int, channels: int) -> None:
    model = small(inputs=inputs, channels=channels).eval()
    with torch.no_grad():
        predicted = model(5 * picture(2, inputs, 24, 40))
    assert predicted.shape == (2, channels, 24, 40)
    assert predicted.abs().max() <= 1


def test_smallest_picture_has_edges_to_reflect() -> None:
    """At 4×4 the blocks would see one pixel, which cannot be reflected or normalized."""
    model = small().train()
    assert model(picture(1, 1, 8, 8)).shape == (1, 3, 8, 8)
    with pytest.raises((RuntimeError, ValueError)):
        model(picture(1, 1, 4, 4))


def test_blocks_add_to_what_they_are_given() -> None:
    """With their convolutions at zero they are the identity, so their number does not matter."""
    none, three = small(blocks=0).eval(), small(blocks=3).eval()
    nones, threes = (list(model.layers.children()) for model in (none, three))
    residual = [layer for layer in threes if len(list(layer.children())) > 0]
    assert len(residual) == 3
    others = [layer for layer in threes if layer not in residual]
    for layer, other in zip(nones, others, strict=True):
        layer.load_state_dict(other.state_dict())
    x = picture(1, 1, 16, 16)
    with torch.no_grad():
        assert not torch.allclose(none(x), three(x))
        for layer in residual:
            for parameter in layer.parameters():
                parameter.zero_()
        torch.testing.assert_close(none(x), three(x))


def test_contrast_of_the_picture_is_normalized_away() -> None:
    """Instance normalization, in training and eval mode alike: scaling the input changes little."""
    model = small().eval()
    x = picture(1, 1, 32, 32)
    with torch.no_grad():
        torch.testing.assert_close(model(3 * x), model(x), rtol=0, atol=0.02)
        torch.testing.assert_close(model.train()(x), model.eval()(x))


@pytest.mark.filterwarnings("ignore:.*LeafSpec:FutureWarning")  # PyTorch to PyTorch
def test_onnx_normalizes_each_picture_by_itself(tmp_path: Path) -> None:
    """At a batch and a size that the graph was not made with."""
    model = small().eval()
    logging.disable(logging.WARNING)  # the exporter misses torchvision, which nothing here needs
    try:
        program = torch.onnx.export(
            model,
            (picture(2, 1, 16, 24),),
            dynamo=True,
            dynamic_shapes=({0: Dim.DYNAMIC, 2: Dim.DYNAMIC, 3: Dim.DYNAMIC},),
            verbose=False,
        )
    finally:
        logging.disable(logging.NOTSET)
    assert program is not None
    program.save(tmp_path / "small.onnx")
    session = onnxruntime.InferenceSession(tmp_path / "small.onnx")
    batch = picture(3, 1, 40, 8)
    batch[1] = 0.1 * batch[1] + 0.5
    with torch.no_grad():
        expected = model(batch).numpy()
    (found,) = session.run(None, {session.get_inputs()[0].name: batch.numpy()})
    np.testing.assert_allclose(found, expected, atol=1e-4)
