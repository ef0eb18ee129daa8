"""The U-Net against the paper's layer list and the authors' parameter count."""

import pytest
import torch
from torch import Tensor, nn

from photochrom.models.blocks import SelfAttention
from photochrom.models.pix2pix import SPEC, Pix2Pix


def meta(**settings: object) -> Pix2Pix:
    """Of full size, without memory."""
    with torch.device("meta"):
        return Pix2Pix(**settings)  # type: ignore[arg-type]


def small(seed: int = 0, **settings: object) -> Pix2Pix:
    torch.manual_seed(seed)
    return Pix2Pix(**{"depth": 4, "width": 8} | settings)  # type: ignore[arg-type]


def picture(*shape: int) -> Tensor:
    return torch.rand(shape, generator=torch.Generator().manual_seed(1)) * 2 - 1


def test_has_the_size_of_the_authors_unet_256() -> None:
    """Their PyTorch code prints 54.414 M for 3 channels to 3."""
    count = sum(parameter.numel() for parameter in meta(inputs=3, channels=3).parameters())
    into = (3, 64, 128, 256, 512, 512, 512, 512)
    out = (64, 128, 256, 512, 512, 512, 512, 512)
    encoder = sum(16 * a * b for a, b in zip(into, out, strict=True))
    back_into = (512, 1024, 1024, 1024, 1024, 512, 256, 128)  # with the skips
    back_out = (512, 512, 512, 512, 256, 128, 64, 3)
    decoder = sum(16 * a * b for a, b in zip(back_into, back_out, strict=True)) + 3  # the bias
    norms = 2 * sum(out[1:-1]) + 2 * sum(back_out[:-1])
    assert count == encoder + decoder + norms == 54_413_955


def test_follows_the_papers_layer_list() -> None:
    """Appendix 6.1.1: C64-C128-C256-C512-C512-C512-C512-C512, and the U-Net decoder
    CD512-CD1024-CD1024-C1024-C1024-C512-C256-C128, whose numbers count the skips."""
    model = meta(inputs=1, channels=2)
    down = [layer for layer in model.modules() if isinstance(layer, nn.Conv2d)]
    up = [layer for layer in model.modules() if isinstance(layer, nn.ConvTranspose2d)]
    assert [layer.out_channels for layer in down] == [64, 128, 256, 512, 512, 512, 512, 512]
    assert [layer.in_channels for layer in up[1:]] == [1024, 1024, 1024, 1024, 512, 256, 128]
    assert all(layer.kernel_size == (4, 4) and layer.stride == (2, 2) for layer in (*down, *up))
    dropouts = [layer.p for layer in model.modules() if isinstance(layer, nn.Dropout)]
    assert dropouts == [0.5, 0.5, 0.5, 0, 0, 0, 0]
    slopes = {layer.negative_slope for layer in model.modules() if isinstance(layer, nn.LeakyReLU)}
    assert slopes == {0.2}


def test_halves_down_to_one_pixel() -> None:
    seen: list[torch.Size] = []
    model = meta()
    model.innermost.register_forward_hook(lambda _module, _inputs, out: seen.append(out.shape))
    model.eval()(torch.zeros(1, 1, 256, 256, device="meta"))
    assert seen == [(1, 512, 1, 1)]


@pytest.mark.parametrize("depth", [3, 5, 6, 7])
def test_depth_sets_the_size_multiple(depth: int) -> None:
    model = meta(depth=depth, width=4)
    multiple = 2**depth
    assert model.size_multiple == multiple
    predicted = model.eval()(torch.zeros(1, 1, 3 * multiple, 5 * multiple, device="meta"))
    assert predicted.shape == (1, 2, 3 * multiple, 5 * multiple)


def test_refuses_a_net_without_depth() -> None:
    with pytest.raises(ValueError, match="depth: 2"):
        Pix2Pix(depth=2)


def test_learns_from_a_single_picture_of_the_smallest_size() -> None:
    """Batch normalization refuses single values; none may meet it."""
    model = small().train()
    torch.autograd.backward(model(picture(1, 1, 16, 16)).square().sum())
    assert all(parameter.grad is not None for parameter in model.parameters())


def test_weights_start_as_in_the_paper() -> None:
    model = small(width=32)
    convolutions = [
        layer.weight.flatten()
        for layer in model.modules()
        if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d)
    ]
    weights = torch.cat(convolutions)
    assert weights.mean().item() == pytest.approx(0, abs=2e-4)
    assert weights.std().item() == pytest.approx(0.02, rel=0.01)
    assert weights.abs().max() > 0.06  # no uniform distribution
    norms = [layer.weight for layer in model.modules() if isinstance(layer, nn.BatchNorm2d)]
    factors = torch.cat(norms)
    assert factors.mean().item() == pytest.approx(1, abs=0.005)
    assert factors.std().item() == pytest.approx(0.02, rel=0.15)


def test_dropout_is_noise_in_training_alone() -> None:
    model = small(depth=6)
    x = picture(2, 1, 64, 64)
    with torch.no_grad():
        assert not torch.equal(model.train()(x), model(x))
        assert torch.equal(model.eval()(x), model(x))


def test_skips_carry_what_the_innermost_pixel_cannot() -> None:
    """With the way through the middle cut, the picture still arrives."""
    model = small().eval()
    with torch.no_grad():
        for parameter in model.innermost.parameters():
            parameter.zero_()
        first, second = model(picture(1, 1, 16, 16)), model(-picture(1, 1, 16, 16))
    assert not torch.allclose(first, second, atol=0.1 * first.std().item())


def test_colors_are_bounded_and_logits_are_not() -> None:
    x = 100 * picture(2, 1, 32, 32)
    for channels, bounded in ((2, True), (3, True), (313, False)):
        model = small(channels=channels).eval()
        with torch.no_grad():
            model.last[1].weight.mul_(1e5)
            assert (model(x).abs().max().item() <= 1) == bounded


@pytest.mark.parametrize(("depth", "share"), [(3, 4), (4, 8), (6, 8), (8, 8)])
def test_attention_stands_at_an_eighth_of_the_size(depth: int, share: int) -> None:
    model = meta(depth=depth, attention=True)
    assert isinstance(model.attention, SelfAttention)
    seen: list[torch.Size] = []
    model.attention.register_forward_hook(lambda _module, _inputs, out: seen.append(out.shape))
    side = 2**depth
    model.eval()(torch.zeros(1, 1, side, 3 * side, device="meta"))
    assert [shape[2:] for shape in seen] == [(side // share, 3 * side // share)]


def test_attention_begins_as_nothing_and_then_matters() -> None:
    plain, attentive = small().eval(), small(attention=True).eval()
    # The generator draws the same numbers only up to the attention: take the weights over.
    attentive.load_state_dict(plain.state_dict(), strict=False)
    x = picture(1, 1, 32, 48)
    with torch.no_grad():
        assert torch.equal(attentive(x), plain(x))
        assert isinstance(attentive.attention, SelfAttention)
        attentive.attention.gamma.fill_(10)
        assert not torch.equal(attentive(x), plain(x))


def test_trial_is_small() -> None:
    with torch.device("meta"):
        trial = SPEC.build(**SPEC.trial)
    assert sum(parameter.numel() for parameter in trial.parameters()) < 500_000
