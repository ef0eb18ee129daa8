import os
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor
from torch.nn import functional
from torch.utils.flop_counter import FlopCounterMode

from photochrom.color import srgb_to_lab
from photochrom.errors import ModelError
from photochrom.models.backbones.mobilenet_v2 import FEATURES, MobileNetV2, MobileNetV2Classifier

FIRST = "features.0.0.weight"
PUBLISHED = Path(os.environ.get("PHOTOCHROM_BACKBONES", ""), "mobilenet_v2_1.0.safetensors")


@pytest.fixture
def classifier() -> dict[str, Tensor]:
    """Weights of a classifier of color pictures: three input channels, and a last layer."""
    torch.manual_seed(5)
    tensors = {name: 0.1 * torch.randn_like(t) for name, t in MobileNetV2().state_dict().items()}
    tensors[FIRST] = torch.randn(32, 3, 3, 3)
    tensors["classifier.weight"] = torch.randn(7, 1280, 1, 1)
    return tensors


def test_features_have_their_channels_and_scales() -> None:
    with torch.no_grad():
        features = MobileNetV2()(torch.zeros(2, 1, 64, 96))
    scales = (2, 4, 8, 16, 32, 32)
    expected = [(2, c, 64 // s, 96 // s) for c, s in zip(FEATURES, scales, strict=True)]
    assert [tuple(feature.shape) for feature in features] == expected


def test_has_the_parameters_of_the_published_network() -> None:
    """torchvision documents 3,504,872 for 1000 classes and three input channels.

    Of these, its last layer has 1,281,000; batch normalization has two for each of 17,056 channels,
    where folded biases are one; and color has two more channels of 32 kernels of 3×3.
    """
    expected = 3_504_872 - 1_281_000 - 17_056 - 2 * 32 * 9
    assert sum(parameter.numel() for parameter in MobileNetV2().parameters()) == expected


def test_computes_what_the_paper_says() -> None:
    """300 million multiply-adds at 224 × 224 in color, its last layer of 1.28 million included."""
    with torch.device("meta"), FlopCounterMode(display=False) as counter:
        MobileNetV2(3)(torch.zeros(1, 3, 224, 224))
    assert counter.get_total_flops() / 2 + 1.28e6 == pytest.approx(300e6, rel=0.005)


def test_embedding_is_the_mean_of_the_head() -> None:
    model, picture = MobileNetV2(), torch.rand(2, 1, 64, 32)
    with torch.no_grad():
        embedding, head = model.embedding(picture), model(picture)[-1]
    assert embedding.shape == (2, 1280)
    torch.testing.assert_close(embedding, head.mean(dim=(2, 3)))


def test_the_whole_classifier_has_the_parameters_of_the_published_network() -> None:
    """torchvision's figure without normalization's second parameters; a background class more."""
    parameters = MobileNetV2Classifier().parameters()
    assert sum(parameter.numel() for parameter in parameters) == 3_504_872 - 17_056 + 1281


def test_logits_are_linear_in_the_embedding() -> None:
    torch.manual_seed(0)
    model, color = MobileNetV2Classifier(classes=7), torch.randn(2, 3, 64, 32)
    with torch.no_grad():
        embedding, logits = model(color)
        expected = embedding @ model.classifier.weight[:, :, 0, 0].T + model.classifier.bias
        torch.testing.assert_close(embedding, model.encoder(color)[-1].mean(dim=(2, 3)))
    torch.testing.assert_close(logits, expected, rtol=1e-4, atol=1e-4)


def test_starts_as_a_sum_that_does_not_grow() -> None:
    torch.manual_seed(0)
    with torch.no_grad():
        features = MobileNetV2()(torch.randn(1, 1, 64, 64))
    assert all(0.1 < feature.std() < 10 for feature in features)


def test_classifier_weights_arrive(tmp_path: Path, classifier: dict[str, Tensor]) -> None:
    save_file(classifier, tmp_path / "classifier.safetensors")
    encoder = MobileNetV2(inputs=3)
    encoder.load_classifier(tmp_path / "classifier.safetensors")
    loaded = encoder.state_dict()
    for name, tensor in loaded.items():
        if name != FIRST:
            assert torch.equal(tensor, classifier[name]), name
    torch.testing.assert_close(loaded[FIRST][:, 0], sum(classifier[FIRST].unbind(1)))
    assert not loaded[FIRST][:, 1:].any()


def without(tensors: dict[str, Tensor], name: str) -> dict[str, Tensor]:
    return {key: tensor for key, tensor in tensors.items() if key != name}


@pytest.mark.parametrize(
    ("fault", "named"),
    [
        (lambda t: without(t, "features.3.conv.4.bias"), "features.3.conv.4.bias"),
        (lambda t: without(t, FIRST), FIRST),
        (lambda t: t | {"features.1.conv.2.bias": torch.zeros(9)}, "features.1.conv.2.bias"),
        (lambda t: t | {FIRST: torch.zeros(24)}, ""),
        (lambda t: {"something": torch.zeros(1)}, FIRST),
    ],
    ids=["missing tensor", "no first kernels", "wrong shape", "flat kernels", "another network"],
)
def test_wrong_weights(
    tmp_path: Path,
    classifier: dict[str, Tensor],
    fault: Callable[[dict[str, Tensor]], dict[str, Tensor]],
    named: str,
) -> None:
    file = tmp_path / "wrong.safetensors"
    save_file(fault(classifier), file)
    with pytest.raises(ModelError, match=r"not MobileNetV2 1\.0 weights") as caught:
        MobileNetV2().load_classifier(file)
    assert str(caught.value).startswith(f"{file}: ")
    assert named in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("content", [None, b"", b"no tensors here, and none to come"])
def test_unreadable_weights(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "weights.safetensors"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(ModelError, match=r"cannot be read|no file of weights") as caught:
        MobileNetV2().load_classifier(file)
    assert str(file) in str(caught.value)


@pytest.mark.skipif(not PUBLISHED.is_file(), reason="PHOTOCHROM_BACKBONES names no folder with it")
@pytest.mark.parametrize(
    ("photograph", "expected"),
    [("chelsea", "Egyptian cat"), ("camera", "tripod"), ("coffee", "espresso")],
)
def test_published_weights_know_photographs(photograph: str, expected: str) -> None:
    """Of ImageNet's classes, numbered from 1, the right one comes first, although in grey."""
    data = pytest.importorskip("skimage.data")
    numbers = {"Egyptian cat": 286, "espresso": 968, "tripod": 873}
    picture = torch.from_numpy(getattr(data, photograph)()) / 255
    color = picture if picture.dim() == 3 else picture[..., None].expand(-1, -1, 3)
    side = min(color.shape[:2])
    top, left = (color.shape[0] - side) // 2, (color.shape[1] - side) // 2
    lightness = srgb_to_lab(color[top : top + side, left : left + side])[..., 0] / 50 - 1
    grey = functional.interpolate(
        lightness[None, None], (224, 224), mode="bilinear", antialias=True
    )
    model, published = MobileNetV2(), load_file(PUBLISHED)
    model.load_classifier(PUBLISHED)
    with torch.no_grad():
        weight = published["classifier.weight"].float()[:, :, 0, 0]
        logits = model.embedding(grey) @ weight.T + published["classifier.bias"].float()
    assert int(logits.argmax()) == numbers[expected]
