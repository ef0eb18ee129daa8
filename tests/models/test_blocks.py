import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from photochrom.models.blocks import (
    ConvNormRelu,
    PatchNet,
    SameConv2d,
    SelfAttention,
    initialize_gan,
    upsample,
)


def summing(kernel: int, stride: int) -> SameConv2d:
    """A convolution that adds up what it sees."""
    convolution = SameConv2d(1, 1, kernel, stride=stride)
    torch.nn.init.ones_(convolution.weight)
    assert convolution.bias is not None
    torch.nn.init.zeros_(convolution.bias)
    return convolution


# Counts of pixels seen on a 4 × 4 picture of ones, by hand from TensorFlow's rule: in all
# max(0, kernel - stride) pixels of padding, the smaller half above and left.
@pytest.mark.parametrize(
    ("kernel", "stride", "seen"),
    [
        (3, 1, [2, 3, 3, 2]),  # one pixel on each side
        (3, 2, [3, 2]),  # 0 before, 1 after; symmetric padding would give 2, 3
        (5, 2, [4, 3]),  # 1 before, 2 after; symmetric padding would give 3, 4
        (2, 1, [2, 2, 2, 1]),  # 0 before, 1 after
        (2, 2, [2, 2]),  # none
        (1, 1, [1, 1, 1, 1]),  # none
        (1, 2, [1, 1]),  # none, and never a negative amount
    ],
)
def test_same_padding_known_values(kernel: int, stride: int, seen: list[int]) -> None:
    counts = torch.tensor(seen, dtype=torch.float32)
    result = summing(kernel, stride)(torch.ones(1, 1, 4, 4))
    torch.testing.assert_close(result[0, 0], torch.outer(counts, counts))


def test_same_padding_looks_at_the_right_pixels() -> None:
    ramp = torch.arange(16.0).reshape(1, 1, 4, 4)
    # Windows of rows 0-2 and 2-3, columns likewise.
    expected = [
        [0 + 1 + 2 + 4 + 5 + 6 + 8 + 9 + 10, 2 + 3 + 6 + 7 + 10 + 11],
        [8 + 9 + 10 + 12 + 13 + 14, 10 + 11 + 14 + 15],
    ]
    torch.testing.assert_close(summing(3, 2)(ramp)[0, 0], torch.tensor(expected).float())


@given(
    kernel=st.sampled_from([1, 2, 3, 5, 7]),
    stride=st.sampled_from([1, 2, 4]),
    rows=st.integers(1, 4),
    columns=st.integers(1, 4),
)
def test_same_size_over_stride(kernel: int, stride: int, rows: int, columns: int) -> None:
    side = 8
    result = summing(kernel, stride)(torch.ones(1, 1, rows * side, columns * side))
    assert result.shape[2:] == (rows * side // stride, columns * side // stride)


def test_depthwise_keeps_channels_apart() -> None:
    convolution = SameConv2d(2, 2, 3, stride=2, groups=2)
    assert convolution.weight.shape == (2, 1, 3, 3)


def test_conv_norm_relu() -> None:
    block = ConvNormRelu(3, 5).train()
    result = block(torch.randn(4, 3, 6, 7))
    assert result.shape == (4, 5, 6, 7)
    assert result.min() == 0  # half of a normalized channel is negative


def test_upsample_doubles_and_keeps_the_place() -> None:
    small = torch.tensor([[[[0.0, 4.0]]]])
    torch.testing.assert_close(upsample(small)[0, 0, 0], torch.tensor([0.0, 1.0, 3.0, 4.0]))


def test_attention_equals_the_papers_equations() -> None:
    """Zhang et al. 2019, equations 1 to 3, place by place."""
    torch.manual_seed(0)
    layer = SelfAttention(16).double()
    torch.nn.init.constant_(layer.gamma, 0.7)
    x = torch.randn(2, 16, 3, 4, dtype=torch.float64)
    with torch.no_grad():
        result = layer(x).numpy()
    wf, wg, wh, wv = (
        convolution.weight.detach()[:, :, 0, 0].numpy()
        for convolution in (layer.keys, layer.queries, layer.values, layer.widen)
    )
    assert wf.shape == wg.shape == wh.shape == (2, 16)  # C/8
    for b in range(2):
        places = x[b].flatten(1).T.numpy()  # (12, 16)
        for j in range(12):
            scores = np.array([wf @ xi @ (wg @ places[j]) for xi in places])
            beta = np.exp(scores) / np.exp(scores).sum()
            o = wv @ sum(beta[i] * (wh @ xi) for i, xi in enumerate(places))
            expected = 0.7 * o + places[j]
            np.testing.assert_allclose(result[b, :, j // 4, j % 4], expected, atol=1e-12)


def test_attention_begins_as_the_identity_and_lets_itself_be_learned() -> None:
    layer = SelfAttention(8)
    x = torch.randn(1, 8, 5, 5)
    result = layer(x)
    assert torch.equal(result, x)
    torch.autograd.backward(result.square().sum())
    assert layer.gamma.grad is not None
    assert layer.gamma.grad.item() != 0


@pytest.mark.parametrize("channels", [1, 4, 20])
def test_attention_takes_any_number_of_channels(channels: int) -> None:
    layer = SelfAttention(channels)
    torch.nn.init.ones_(layer.gamma)
    x = torch.randn(2, channels, 3, 2)
    assert layer(x).shape == x.shape


def test_gan_initialization() -> None:
    torch.manual_seed(0)
    model = torch.nn.Sequential(
        torch.nn.Conv2d(32, 64, 4),
        torch.nn.BatchNorm2d(64),
        torch.nn.ConvTranspose2d(64, 32, 4),
        torch.nn.Linear(7, 7),
    )
    linear = model[3].state_dict()["weight"].clone()
    initialize_gan(model)
    state = model.state_dict()
    for convolution in ("0", "2"):
        weight = state[f"{convolution}.weight"]
        assert weight.mean().item() == pytest.approx(0, abs=5e-4)
        assert weight.std().item() == pytest.approx(0.02, rel=0.03)
        assert not state[f"{convolution}.bias"].any()
    assert state["1.weight"].mean().item() == pytest.approx(1, abs=0.01)
    assert state["1.weight"].std().item() == pytest.approx(0.02, rel=0.35)  # of 64 numbers
    assert not state["1.bias"].any()
    assert torch.equal(state["3.weight"], linear)


def test_patch_net_doubles_up_to_eight_widths() -> None:
    net = PatchNet(1, width=2, layers=5)
    outputs = [layer.out_channels for layer in net if isinstance(layer, torch.nn.Conv2d)]
    assert outputs == [2, 4, 8, 16, 16, 16, 1]
