import pytest
import torch
from torch import Tensor, nn

from photochrom.models.noise import NoiseGenerator


def small(**settings: int) -> NoiseGenerator:
    torch.manual_seed(0)
    return NoiseGenerator(**{"depth": 3, "width": 8} | settings)


def picture(*shape: int) -> Tensor:
    return torch.rand(shape, generator=torch.Generator().manual_seed(1)) * 2 - 1


def drawn(model: NoiseGenerator, x: Tensor, seed: int) -> Tensor:
    torch.manual_seed(seed)
    with torch.no_grad():
        return model(x)


def test_colors_follow_the_noise_in_training() -> None:
    """From PyTorch's global generator, so the seed decides."""
    model, x = small().train(), picture(2, 1, 16, 24)
    first, again, other = (drawn(model, x, seed) for seed in (5, 5, 6))
    assert torch.equal(first, again)
    assert (first - other).std() > 0.1 * first.std()


def test_noise_is_the_only_chance() -> None:
    model, x = small(noise=0).train(), picture(2, 1, 16, 24)
    assert torch.equal(drawn(model, x, 5), drawn(model, x, 6))


def test_two_copies_of_a_picture_get_different_noise() -> None:
    model = small().train()
    colors = drawn(model, picture(1, 1, 16, 16).repeat(2, 1, 1, 1), 5)
    assert not torch.allclose(colors[0], colors[1], atol=0.1 * colors.std().item())


def test_noise_is_normal_and_the_same_at_every_pixel() -> None:
    model = small(noise=3).train()
    seen: list[Tensor] = []
    model.encoder[0].register_forward_pre_hook(lambda _module, inputs: seen.append(inputs[0]))
    x = picture(500, 1, 8, 8)
    drawn(model, x, 5)
    assert seen[0].shape == (500, 4, 8, 8)
    assert torch.equal(seen[0][:, :1], x)
    planes = seen[0][:, 1:]
    assert torch.equal(planes, planes[:, :, :1, :1].expand_as(planes))
    numbers = planes[:, :, 0, 0]
    assert numbers.mean().item() == pytest.approx(0, abs=0.08)  # three deviations of 1/√1500
    assert numbers.std().item() == pytest.approx(1, abs=0.06)


def test_eval_has_no_noise() -> None:
    model = small().eval()
    seen: list[Tensor] = []
    model.encoder[0].register_forward_pre_hook(lambda _module, inputs: seen.append(inputs[0]))
    x = picture(2, 1, 16, 16)
    assert torch.equal(drawn(model, x, 5), drawn(model, x, 6))
    assert not seen[0][:, 1:].any()


def test_weights_of_the_noise_learn() -> None:
    model = small(noise=4).train()
    torch.autograd.backward(model(picture(2, 1, 16, 16)).square().sum())
    first = model.encoder[0]
    assert isinstance(first, nn.Conv2d)
    assert first.weight.grad is not None
    assert first.weight.grad.shape[1] == 5
    assert all(first.weight.grad[:, channel].any() for channel in range(5))


def test_is_convolutions_and_then_deconvolutions() -> None:
    with torch.device("meta"):
        model = NoiseGenerator(inputs=1, channels=3, noise=4)
        assert model.size_multiple == 16
        assert model.eval()(torch.zeros(1, 1, 48, 80)).shape == (1, 3, 48, 80)
    kinds = (nn.Conv2d, nn.ConvTranspose2d)
    layers = [layer for layer in model.modules() if isinstance(layer, kinds)]
    assert [type(layer) for layer in layers] == [nn.Conv2d] * 4 + [nn.ConvTranspose2d] * 4
    assert [layer.in_channels for layer in layers] == [5, 64, 128, 256, 512, 256, 128, 64]
    convolutions = 16 * (5 * 64 + 64 * 128 + 128 * 256 + 256 * 512) + 64 + 512
    back = 16 * (512 * 256 + 256 * 128 + 128 * 64 + 64 * 3) + 3
    norms = 2 * (128 + 256) + 2 * (256 + 128 + 64)
    count = sum(parameter.numel() for parameter in model.parameters())
    assert count == convolutions + back + norms


def test_learns_from_a_single_picture_of_the_smallest_size() -> None:
    model = small().train()
    torch.autograd.backward(model(picture(1, 1, 8, 8)).square().sum())
    assert all(parameter.grad is not None for parameter in model.parameters())


def test_refuses_an_encoder_without_depth() -> None:
    with pytest.raises(ValueError, match="depth: 1"):
        NoiseGenerator(depth=1)
