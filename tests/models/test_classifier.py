from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from photochrom.models.backbones.mobilenet_v2 import MobileNetV2
from photochrom.models.classifier import SPEC, Classifier


@pytest.mark.parametrize(("height", "width"), [(32, 32), (96, 32), (64, 160)])
def test_one_answer_for_a_picture_of_any_size(height: int, width: int) -> None:
    with torch.no_grad():
        logits = Classifier(channels=7).eval()(torch.zeros(3, 1, height, width))
    assert logits.shape == (3, 7, 1, 1)


def test_has_the_parameters_of_the_published_network() -> None:
    """As in test_mobilenet_v2, with the last layer for 1000 classes."""
    expected = 3_504_872 - 17_056 - 2 * 32 * 9
    assert sum(parameter.numel() for parameter in Classifier().parameters()) == expected


def test_is_a_linear_layer_on_the_embedding(tmp_path: Path) -> None:
    torch.manual_seed(0)
    source = MobileNetV2(3)
    save_file(source.state_dict(), tmp_path / "weights.safetensors")
    model = Classifier(channels=5).eval()
    assert SPEC.encoder is not None
    SPEC.encoder(model).load_classifier(tmp_path / "weights.safetensors")
    grey = torch.randn(2, 1, 64, 64)
    with torch.no_grad():
        embedding = source.embedding(grey.expand(-1, 3, -1, -1))  # the source saw color
        expected = embedding @ model.head.weight.T + model.head.bias
        torch.testing.assert_close(model(grey)[:, :, 0, 0], expected, rtol=1e-4, atol=1e-4)
