from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from photochrom.models.backbones.mobilenet_v2 import MobileNetV2
from photochrom.models.gamma import SPEC, Gamma

# The published network: (kernel, filters, stride); "up" doubles the size.
PUBLISHED = [
    *[(3, 64, 2), (3, 128, 1), (3, 128, 2), (3, 256, 1), (3, 256, 2)],
    *[(3, 512, 1), (3, 512, 1), (3, 256, 1)],
    (1, 256, 1),
    *[(3, 128, 1), "up", (3, 64, 1), "up", (3, 32, 1), (3, 16, 1), (3, 2, 1), "up"],
]


def test_has_the_published_layers_around_the_classifier() -> None:
    model = Gamma()
    found: list[tuple[int, int, int] | str] = []
    for layer in [*model.encoder, *model.fusion, *model.decoder]:
        if isinstance(layer, nn.Conv2d):
            found.append((layer.kernel_size[0], layer.out_channels, layer.stride[0]))
        elif isinstance(layer, nn.Upsample):
            assert layer.mode == "nearest"
            found.append("up")
    assert found == PUBLISHED


def test_differs_from_the_published_network_by_the_classifier_alone() -> None:
    """The original's parameters, by hand: 1000 tiled numbers there, 1280 here, fused to 256."""
    by_hand = [640, 73_856, 147_584, 295_168, 590_080, 1_180_160, 2_359_808, 1_179_904]
    by_hand += [256 * (256 + 1000) + 256]
    by_hand += [295_040, 73_792, 18_464, 4_624, 290]
    ours = sum(parameter.numel() for parameter in Gamma().parameters())
    classifier = sum(parameter.numel() for parameter in MobileNetV2().parameters())
    assert ours - classifier == sum(by_hand) + 256 * (1280 - 1000)


def test_scene_reaches_every_pixel_through_the_classifier_alone() -> None:
    torch.manual_seed(0)
    model = Gamma(classifier_size=32).eval()
    picture = torch.zeros(1, 1, 8, 512)
    changed = picture.clone()
    changed[..., :64] = 1
    with torch.no_grad():
        seen = (model(picture) - model(changed))[0, :, -1, -1]
        model.fusion[0].weight[:, 256:] = 0
        cut_off = (model(picture) - model(changed))[0, :, -1, -1]
    assert seen.any()
    assert not cut_off.any()


def test_classifier_sees_the_whole_picture_at_its_own_size() -> None:
    model = Gamma(classifier_size=64).eval()
    seen: list[torch.Size] = []
    model.classifier.features[0].register_forward_hook(
        lambda layer, inputs, output: seen.append(inputs[0].shape)
    )
    with torch.no_grad():
        model(torch.zeros(2, 1, 24, 40))
    assert seen == [(2, 1, 64, 64)]


def test_classifier_starts_from_weights(tmp_path: Path) -> None:
    torch.manual_seed(1)
    source = MobileNetV2(3).state_dict()
    save_file(source, tmp_path / "weights.safetensors")
    model = Gamma(inputs=4)
    assert SPEC.encoder is not None
    SPEC.encoder(model).load_classifier(tmp_path / "weights.safetensors")
    name = "features.17.conv.2.weight"
    assert torch.equal(model.classifier.state_dict()[name], source[name])


@pytest.mark.parametrize("size", [0, -32, 48, 225])
def test_classifier_size_must_fit_the_classifier(size: int) -> None:
    with pytest.raises(ValueError, match=f"classifier_size {size} is no multiple of 32"):
        Gamma(classifier_size=size)
