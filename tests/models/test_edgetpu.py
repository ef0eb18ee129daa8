from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from photochrom.errors import ModelError
from photochrom.models.backbones.edgetpu import (
    EMBEDDING,
    FEATURES,
    EdgeTpuClassifier,
    EdgeTpuEncoder,
)

FIRST = "stem.conv.weight"


@pytest.fixture
def classifier() -> dict[str, Tensor]:
    """Weights as a classifier of color pictures has them: three input channels, and a head."""
    torch.manual_seed(5)
    tensors = {name: 0.1 * torch.randn_like(t) for name, t in EdgeTpuEncoder().state_dict().items()}
    tensors[FIRST] = torch.randn(24, 3, 3, 3)
    tensors["head.weight"] = torch.randn(7, 144)
    return tensors


def test_features_have_their_channels_and_scales() -> None:
    with torch.no_grad():
        features = EdgeTpuEncoder()(torch.zeros(2, 1, 64, 96))
    expected = [(2, c, 64 // 2**at, 96 // 2**at) for at, c in enumerate(FEATURES, start=1)]
    assert [tuple(feature.shape) for feature in features] == expected


def test_starts_as_a_sum_that_does_not_grow() -> None:
    """Residual blocks begin as the identity: what follows them is not far larger than the input."""
    torch.manual_seed(0)
    with torch.no_grad():
        deepest = EdgeTpuEncoder()(torch.randn(1, 1, 64, 64))[-1]
    assert 0.05 < deepest.std() < 20


def test_classifier_weights_arrive(tmp_path: Path, classifier: dict[str, Tensor]) -> None:
    save_file(classifier, tmp_path / "classifier.safetensors")
    encoder = EdgeTpuEncoder()
    encoder.load_classifier(tmp_path / "classifier.safetensors")
    loaded = encoder.state_dict()
    for name, tensor in loaded.items():
        if name != FIRST:
            assert torch.equal(tensor, classifier[name]), name
    torch.testing.assert_close(loaded[FIRST][:, 0], sum(classifier[FIRST].unbind(1)))


def test_grey_picture_means_the_same_as_three_equal_channels(
    tmp_path: Path, classifier: dict[str, Tensor]
) -> None:
    save_file(classifier, tmp_path / "classifier.safetensors")
    encoder = EdgeTpuEncoder()
    encoder.load_classifier(tmp_path / "classifier.safetensors")
    grey = torch.rand(1, 1, 8, 8)
    padded = torch.nn.functional.pad(grey.expand(1, 3, 8, 8), (0, 1, 0, 1))
    as_color = torch.nn.functional.conv2d(
        padded, classifier[FIRST], classifier["stem.conv.bias"], stride=2
    )
    ours = encoder.stem["conv"](grey)
    torch.testing.assert_close(ours, as_color, rtol=1e-4, atol=1e-5)


def test_half_precision_weights_are_widened(tmp_path: Path, classifier: dict[str, Tensor]) -> None:
    save_file({n: t.half() for n, t in classifier.items()}, tmp_path / "half.safetensors")
    encoder = EdgeTpuEncoder()
    encoder.load_classifier(tmp_path / "half.safetensors")
    assert all(parameter.dtype == torch.float32 for parameter in encoder.parameters())
    last = "blocks.20.project.bias"
    assert torch.equal(encoder.state_dict()[last], classifier[last].half().float())


def without(tensors: dict[str, Tensor], name: str) -> dict[str, Tensor]:
    return {key: tensor for key, tensor in tensors.items() if key != name}


@pytest.mark.parametrize(
    ("fault", "named"),
    [
        (lambda t: without(t, "blocks.3.expand.weight"), "blocks.3.expand.weight"),
        (lambda t: without(t, FIRST), FIRST),
        (lambda t: t | {"blocks.0.project.bias": torch.zeros(9)}, "blocks.0.project.bias"),
        (lambda t: t | {FIRST: torch.zeros(24)}, ""),
        (lambda t: {"something": torch.zeros(1)}, FIRST),
    ],
    ids=["missing tensor", "no first kernels", "wrong shape", "flat kernels", "another network"],
)
def test_wrong_weights(tmp_path: Path, classifier: dict[str, Tensor], fault, named: str) -> None:
    file = tmp_path / "wrong.safetensors"
    save_file(fault(classifier), file)
    with pytest.raises(ModelError, match=r"not MobileNet-EdgeTPU 0\.75 weights") as caught:
        EdgeTpuEncoder().load_classifier(file)
    assert str(caught.value).startswith(f"{file}: ")
    assert named in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("content", [None, b"", b"no tensors here, and none to come"])
def test_unreadable_weights(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "weights.safetensors"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(ModelError, match=r"cannot be read|no file of weights") as caught:
        EdgeTpuEncoder().load_classifier(file)
    assert str(file) in str(caught.value)


def test_the_whole_classifier_has_the_parameters_of_the_published_file() -> None:
    """The published tensors, 1001 classes included, hold 2,974,377 numbers."""
    parameters = EdgeTpuClassifier().parameters()
    assert sum(parameter.numel() for parameter in parameters) == 2_974_377


def test_logits_are_linear_in_the_mean_of_the_head() -> None:
    torch.manual_seed(0)
    model, color = EdgeTpuClassifier(classes=7), torch.randn(2, 3, 64, 96)
    with torch.no_grad():
        pooled, logits = model(color)
        deepest = model.encoder(color)[-1]  # (2, 144, 2, 3)
        head = torch.einsum("oi,bihw->bohw", model.head.weight[:, :, 0, 0], deepest)
        by_hand = (head + model.head.bias[:, None, None]).clamp(min=0).mean(dim=(2, 3))
        expected = by_hand @ model.classifier.weight[:, :, 0, 0].T + model.classifier.bias
    assert pooled.shape == (2, EMBEDDING)
    torch.testing.assert_close(pooled, by_hand, rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(logits, expected, rtol=1e-4, atol=1e-4)
