import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from photochrom.models.blocks import ConvNormRelu, SameConv2d, upsample


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
