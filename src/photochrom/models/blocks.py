"""Layers that several networks share."""

from torch import Tensor, nn
from torch.nn import functional


class SameConv2d(nn.Conv2d):
    """Convolution with TensorFlow's SAME padding, for sizes divisible by the stride.

    With stride 2 the odd pixel of padding goes to the right and bottom; weights converted from
    TensorFlow lose accuracy with the usual symmetric padding.
    """

    def __init__(
        self, inputs: int, outputs: int, kernel: int, *, stride: int = 1, groups: int = 1
    ) -> None:
        total = max(0, kernel - stride)
        before, after = total // 2, total - total // 2
        symmetric = before == after  # then the convolution pads by itself, which is faster
        super().__init__(
            inputs,
            outputs,
            kernel,
            stride=stride,
            groups=groups,
            padding=before if symmetric else 0,
        )
        self._edges = (0, 0, 0, 0) if symmetric else (before, after, before, after)

    def forward(self, x: Tensor) -> Tensor:
        if any(self._edges):
            x = functional.pad(x, self._edges)
        return super().forward(x)


class ConvNormRelu(nn.Sequential):
    """3×3 convolution, batch normalization, ReLU: `(B, inputs, H, W)` to `(B, outputs, H, W)`."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__(
            nn.Conv2d(inputs, outputs, 3, padding=1, bias=False),  # the norm has the bias
            nn.BatchNorm2d(outputs),
            nn.ReLU(inplace=True),
        )


def upsample(x: Tensor) -> Tensor:
    """Double height and width bilinearly: `(B, C, H, W)` to `(B, C, 2H, 2W)`."""
    return functional.interpolate(x, scale_factor=2.0, mode="bilinear", align_corners=False)
