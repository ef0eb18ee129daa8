"""VGG-16 against Simonyan and Zisserman 2015, and against a classifier of normalized colors."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from skimage.color import lab2rgb
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from photochrom.errors import ModelError
from photochrom.models.backbones.vgg16 import Vgg16Encoder

# The first two levels of configuration D as PyTorch lays it out: 7 is the last of them.
KERNELS = {0: (64, 3), 2: (64, 64), 5: (128, 64), 7: (128, 128)}


@pytest.fixture
def classifier() -> dict[str, Tensor]:
    """Weights of two levels of a classifier of color pictures, and of a layer behind them."""
    torch.manual_seed(5)
    tensors = {"classifier.0.weight": torch.randn(7, 5)}
    for at, (outputs, inputs) in KERNELS.items():
        scale = (2 / (9 * inputs)) ** 0.5
        tensors[f"features.{at}.weight"] = scale * torch.randn(outputs, inputs, 3, 3)
        tensors[f"features.{at}.bias"] = 0.1 * torch.randn(outputs)
    return tensors


def reference(tensors: dict[str, Tensor]) -> nn.Sequential:
    """The classifier's first two levels, written out."""
    layers = [
        nn.Conv2d(3, 64, 3, padding=1),
        nn.ReLU(),
        nn.Conv2d(64, 64, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2, 2),
        nn.Conv2d(64, 128, 3, padding=1),
        nn.ReLU(),
        nn.Conv2d(128, 128, 3, padding=1),
        nn.ReLU(),
    ]
    model = nn.Sequential(*layers)
    weights = {n.removeprefix("features."): t for n, t in tensors.items() if n[0] == "f"}
    model.load_state_dict(weights)
    return model


def test_has_the_parameters_of_configuration_d() -> None:
    """138,357,544 with three inputs, of which its three fully connected layers have the most."""
    with torch.device("meta"):
        count = sum(p.numel() for p in Vgg16Encoder(3).parameters())
    linear = (512 * 7 * 7 + 1) * 4096 + (4096 + 1) * 4096 + (4096 + 1) * 1000
    assert count == 138_357_544 - linear


def test_convolutions_have_pytorchs_numbers() -> None:
    with torch.device("meta"):
        model = Vgg16Encoder()
    found = {
        int(name.split(".")[1]): tuple(p.shape[:2])
        for name, p in model.named_parameters()
        if name.endswith("weight")
    }
    deeper = {10: (256, 128), 12: (256, 256), 14: (256, 256), 17: (512, 256)}
    rest = dict.fromkeys((19, 21, 24, 26, 28), (512, 512))
    assert found == KERNELS | {0: (64, 1)} | deeper | rest


def test_computes_what_vgg16_is_known_to() -> None:
    """15.47 billion multiply-adds at 224 × 224, of which 0.12 in fully connected layers."""
    with torch.device("meta"), FlopCounterMode(display=False) as counter:
        Vgg16Encoder(3)(torch.zeros(1, 3, 224, 224))
    assert counter.get_total_flops() / 2 + 0.124e9 == pytest.approx(15.47e9, rel=0.002)


def test_features_have_their_channels_and_scales() -> None:
    with torch.device("meta"):
        features = Vgg16Encoder()(torch.zeros(2, 1, 48, 80))
    expected = [(64, 1), (128, 2), (256, 4), (512, 8), (512, 16)]
    assert [tuple(f.shape) for f in features] == [(2, c, 48 // s, 80 // s) for c, s in expected]


def test_classifier_sees_the_grey_that_it_knows(
    tmp_path: Path, classifier: dict[str, Tensor]
) -> None:
    """Away from the border, whose padding is another color, features are the classifier's."""
    save_file(classifier, tmp_path / "vgg16.safetensors")
    encoder = Vgg16Encoder(inputs=2, levels=2)
    encoder.load_classifier(tmp_path / "vgg16.safetensors")
    grey = torch.rand((1, 1, 32, 32), generator=torch.Generator().manual_seed(1))
    mean = torch.tensor([0.485, 0.456, 0.406])[:, None, None]
    std = torch.tensor([0.229, 0.224, 0.225])[:, None, None]
    with torch.no_grad():
        second = torch.randn(1, 1, 32, 32)  # another input, whose kernels begin at 0
        at1, at2 = encoder(torch.cat([grey * 2 - 1, second], dim=1))
        layers = reference(classifier)
        normalized = (grey.expand(-1, 3, -1, -1) - mean) / std
        expected1 = layers[:4](normalized)
        expected2 = layers(normalized)
    inner1, inner2 = (..., slice(2, -2), slice(2, -2)), (..., slice(3, -3), slice(3, -3))
    torch.testing.assert_close(at1[inner1], expected1[inner1], rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(at2[inner2], expected2[inner2], rtol=1e-4, atol=1e-4)
    assert expected2[inner2].std() > 0.1


def test_a_hundredth_of_lightness_is_nearly_the_grey_of_srgb() -> None:
    """What the loading of weights relies on; scikit-image knows the true grey."""
    lightness = torch.linspace(0, 100, 1001)
    lab = torch.stack([lightness, lightness * 0, lightness * 0], dim=-1).double().numpy()
    grey = torch.from_numpy(lab2rgb(lab[None])[0, :, 1])
    assert (grey - lightness / 100).abs().max() == pytest.approx(0.034, abs=5e-4)


def test_files_of_torch_save_are_read_too(tmp_path: Path, classifier: dict[str, Tensor]) -> None:
    save_file(classifier, tmp_path / "a.safetensors")
    torch.save(classifier, tmp_path / "b.pth")
    first, second = Vgg16Encoder(levels=2), Vgg16Encoder(levels=2)
    first.load_classifier(tmp_path / "a.safetensors")
    second.load_classifier(tmp_path / "b.pth")
    states = zip(first.state_dict().values(), second.state_dict().values(), strict=True)
    assert all(torch.equal(one, other) for one, other in states)


def test_other_weights_are_refused_by_name(tmp_path: Path, classifier: dict[str, Tensor]) -> None:
    save_file(classifier, tmp_path / "vgg16.safetensors")
    with pytest.raises(ModelError, match=r"features\.10\.weight is missing"):
        Vgg16Encoder().load_classifier(tmp_path / "vgg16.safetensors")
    with pytest.raises(ModelError, match=r"features\.5\.weight is \(128, 64, 3, 3\), not \(16, 8"):
        Vgg16Encoder(levels=2, width=8).load_classifier(tmp_path / "vgg16.safetensors")
    classifier["features.0.weight"] = classifier["features.0.weight"][:, :1].clone()
    save_file(classifier, tmp_path / "grey.safetensors")
    with pytest.raises(ModelError, match=r"features\.0\.weight is \(64, 1, 3, 3\), not \(64, 3"):
        Vgg16Encoder(levels=2).load_classifier(tmp_path / "grey.safetensors")


@pytest.mark.parametrize("name", ["none.pth", "none.safetensors"])
def test_a_missing_file_is_named(tmp_path: Path, name: str) -> None:
    with pytest.raises(ModelError, match=name):
        Vgg16Encoder(levels=1, width=1).load_classifier(tmp_path / name)


@pytest.mark.parametrize("name", ["noise.pth", "noise.safetensors"])
@pytest.mark.parametrize("content", [b"", b"no weights at all", b"PK\x03\x04 cut off", b"\x80\x02"])
def test_a_damaged_file_is_named(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ModelError, match=name):
        Vgg16Encoder(levels=1, width=1).load_classifier(tmp_path / name)


def test_a_file_without_names_is_refused(tmp_path: Path) -> None:
    torch.save([torch.zeros(1)], tmp_path / "list.pth")
    with pytest.raises(ModelError, match="no state dict"):
        Vgg16Encoder(levels=1, width=1).load_classifier(tmp_path / "list.pth")


@pytest.mark.parametrize("levels", [0, 6])
def test_there_are_five_levels(levels: int) -> None:
    with pytest.raises(ValueError, match=f"levels: {levels}"):
        Vgg16Encoder(levels=levels)
