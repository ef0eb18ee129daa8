"""Layers that several networks share."""

from typing import Literal

import torch
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


def initialize_he(module: nn.Module) -> None:
    """Draw kernels that keep the variance of activations behind ReLU (He et al. 2015, section 2.2).

    Biases of convolutions and linear layers become 0.
    """
    for layer in module.modules():
        if isinstance(layer, nn.Conv2d | nn.Linear):
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)


def initialize_gan(model: nn.Module) -> None:
    """Draw weights as DCGAN does (Radford, Metz and Chintala 2016, section 4) and its successors.

    Convolutions N(0, 0.02); batch normalization's factors N(1, 0.02), as in its code; biases 0.
    """
    for layer in model.modules():
        if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d):
            nn.init.normal_(layer.weight, 0.0, 0.02)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)
        elif isinstance(layer, nn.BatchNorm2d):
            nn.init.normal_(layer.weight, 1.0, 0.02)
            nn.init.zeros_(layer.bias)


class SelfAttention(nn.Module):
    """Every place sees every other: `(B, C, H, W)` to the same (Zhang et al. 2019, section 3).

    `gamma` starts at 0: the layer begins as the identity, and the network learns what is near
    first. Time grows with the square of H·W.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        narrow = max(1, channels // 8)
        # A bias of the keys would move all scores of a place alike, which the softmax undoes.
        self.keys = nn.Conv2d(channels, narrow, 1, bias=False)  # W_f
        self.queries = nn.Conv2d(channels, narrow, 1, bias=False)  # W_g
        self.values = nn.Conv2d(channels, narrow, 1, bias=False)  # W_h
        self.widen = nn.Conv2d(narrow, channels, 1, bias=False)  # W_v
        self.gamma = nn.Parameter(torch.zeros(1))

    def forward(self, x: Tensor) -> Tensor:
        # One head, (B, 1, H·W, C/8): ONNX wants the axis of heads.
        keys, queries, values = (
            layer(x).flatten(2).mT[:, None] for layer in (self.keys, self.queries, self.values)
        )
        # Equations 1 and 2: plain products, not divided by the root of their length.
        seen = functional.scaled_dot_product_attention(queries, keys, values, scale=1.0)
        planes = seen.mT.reshape(x.shape[0], -1, x.shape[2], x.shape[3])  # (B, C/8, H, W)
        changed: Tensor = x + self.gamma * self.widen(planes)  # equation 3
        return changed


class PatchNet(nn.Sequential):
    """Judges overlapping patches: `(B, inputs, H, W)` to a map of logits `(B, 1, h, w)`.

    The PatchGAN of Isola et al. 2017 (appendix 6.1.2): `layers` 4×4 convolutions with stride 2 and
    two with stride 1, so h = H / 2^layers - 2. A logit sees 16, 34, 70, 142 or 286 pixels squared
    with 1 to 5 layers.
    """

    def __init__(
        self,
        inputs: int,
        width: int = 64,
        layers: int = 3,
        norm: Literal["batch", "instance"] = "batch",
        attention: bool = False,
    ) -> None:
        """Build from settings.

        Args:
            inputs: channels that it sees.
            width: channels after the first layer; they double with each, up to eight times that.
            layers: with stride 2.
            norm: of all layers but the first and the last; `instance` learns no factors.
            attention: self-attention behind the last layer with stride 2.
        """
        if layers < 1:
            raise ValueError(f"layers: {layers}; a patch discriminator has at least 1")
        if norm not in ("batch", "instance"):
            raise ValueError(f"norm: {norm}; there are batch and instance")
        stack: list[nn.Module] = [nn.Conv2d(inputs, width, 4, 2, 1), nn.LeakyReLU(0.2)]
        for layer in range(1, layers + 1):
            before, after = (width * min(2**power, 8) for power in (layer - 1, layer))
            if attention and layer == layers:
                stack.append(SelfAttention(before))
            stack += [
                nn.Conv2d(before, after, 4, 2 if layer < layers else 1, 1, bias=False),
                nn.BatchNorm2d(after) if norm == "batch" else nn.InstanceNorm2d(after),
                nn.LeakyReLU(0.2),
            ]
        super().__init__(*stack, nn.Conv2d(after, 1, 4, 1, 1))
        initialize_gan(self)
