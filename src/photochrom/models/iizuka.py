"""Iizuka: local features of a picture fused with global ones, which also tell its class.

Iizuka, Simo-Serra and Ishikawa 2016, "Let there be Color!", in the layers of Giollo's Mathematica
version of it (WSS16 Image Colorization). Low-level features feed a mid-level network at 1/8 of the
size and a global one, which sees the whole picture at 224 × 224 through the same low-level weights;
both are fused at every pixel, and a colorization network enlarges to full size.

- Two fusions. `concatenate` is the paper's: a 1×1 layer from 512 to 256 channels, normalized
  like every layer. `add` is Giollo's: the global vector added to every pixel.
- The paper's sigmoid s predicts ab in [0, 1]; here 2s - 1 is returned, in [-1, 1] as every network
  does. So 0.25 of a squared error on these is the paper's, beside 1/300 of the cross-entropy of
  classes. Logits over bins are left without the sigmoid.
- Giollo's classifier ends in batch normalization and ReLU behind its last linear layer. The paper's
  does not, and neither does this: a cross-entropy needs logits that can be negative, and a class
  whose logit a ReLU holds at 0 for every picture would no longer learn.
- Layers before batch normalization have no bias, which the normalization would take away again.
- While it learns on pictures of another size than 224 × 224, the low-level batch normalization
  averages over both copies; the paper's authors trained at that size alone.
"""

from typing import Literal, get_args

import torch
from torch import Tensor, nn
from torch.nn import functional

from .blocks import initialize_he
from .network import Network
from .spec import ModelSpec

Fusion = Literal["concatenate", "add"]

_BINS = 313


class Iizuka(Network):
    """Lightness to colors of the same size, and logits over classes.

    Input `(B, inputs, H, W)`, H and W multiples of 8; output `(B, channels, H, W)`, in [-1, 1]
    unless it is logits over bins. Without `classes` there is no classification. The copy that the
    global features come from has a side of `global_size`, a multiple of 32.
    """

    size_multiple = 8
    stride = 1

    def __init__(
        self,
        inputs: int = 1,
        channels: int = 2,
        classes: int = 0,
        fusion: Fusion = "concatenate",
        global_size: int = 224,
    ) -> None:
        super().__init__()
        if fusion not in get_args(Fusion):
            raise ValueError(f"fusion {fusion!r} is none of {', '.join(get_args(Fusion))}")
        if global_size < 32 or global_size % 32:
            raise ValueError(f"global_size {global_size} is no multiple of 32")
        self._square = (global_size, global_size)
        self.low_level = _low_level(inputs)
        self.mid_level = nn.Sequential(*_conv(512, 512), *_conv(512, 256))
        self.global_level = _global_level(global_size)
        self.scene = nn.Sequential(*_linear(512, 256))
        self.classification = (
            nn.Sequential(*_linear(512, 256), nn.Linear(256, classes)) if classes else None
        )
        self.joined = nn.Sequential(*_conv(512, 256, kernel=1)) if fusion == "concatenate" else None
        self.colorization = _colorization(channels)
        # PyTorch's own would let signals vanish until the running statistics are right.
        initialize_he(self)

    def forward(self, x: Tensor) -> Tensor:
        low = self.low_level(x)
        return self._colors(low, self._seen(x, low))

    def colors_and_classes(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """The output of `forward`, and logits `(B, classes)`.

        Raises:
            ValueError: the network was built without classes.
        """
        if self.classification is None:
            raise ValueError("built without classes")
        low = self.low_level(x)
        seen = self._seen(x, low)
        return self._colors(low, seen), self.classification(seen)

    def styled(self, x: Tensor, style: Tensor) -> Tensor:
        """Colors of `x` as if the whole picture were `style`: the paper's style transfer."""
        seen = self.global_level(self.low_level(self._copy(style)))
        return self._colors(self.low_level(x), seen)

    def _copy(self, x: Tensor) -> Tensor:
        # Not antialiased: OpenVINO ignores that in ONNX's Resize, and colors would differ there.
        return functional.interpolate(x, self._square, mode="bilinear", align_corners=False)

    def _seen(self, x: Tensor, low: Tensor) -> Tensor:
        """Global features `(B, 512)` of pictures with these low-level features."""
        same = x.shape[2:] == self._square  # then low-level features need no second computation
        seen: Tensor = self.global_level(low if same else self.low_level(self._copy(x)))
        return seen

    def _colors(self, low: Tensor, seen: Tensor) -> Tensor:
        mid = self.mid_level(low)  # (B, 256, H/8, W/8)
        scene = self.scene(seen)[:, :, None, None]  # (B, 256, 1, 1)
        if self.joined is None:
            fused = mid + scene
        else:
            fused = self.joined(torch.cat([mid, scene.expand_as(mid)], dim=1))
        colors: Tensor = self.colorization(fused)
        return colors


class _SignedSigmoid(nn.Module):
    """The sigmoid s as 2s - 1."""

    def forward(self, x: Tensor) -> Tensor:
        return 2 * torch.sigmoid(x) - 1


def _low_level(inputs: int) -> nn.Sequential:
    return nn.Sequential(
        *_conv(inputs, 64, stride=2),  # (B, 64, H/2, W/2)
        *_conv(64, 128),
        *_conv(128, 128, stride=2),  # (B, 128, H/4, W/4)
        *_conv(128, 256),
        *_conv(256, 256, stride=2),  # (B, 256, H/8, W/8)
        *_conv(256, 512),
    )


def _global_level(size: int) -> nn.Sequential:
    """For pictures of one size, whose low-level features are an eighth of it."""
    return nn.Sequential(
        *_conv(512, 512, stride=2),
        *_conv(512, 512),
        *_conv(512, 512, stride=2),  # (B, 512, size/32, size/32)
        *_conv(512, 512),
        nn.Flatten(),
        *_linear(512 * (size // 32) ** 2, 1024),
        *_linear(1024, 512),
    )


def _colorization(channels: int) -> nn.Sequential:
    return nn.Sequential(
        *_conv(256, 256),
        *_conv(256, 128),
        nn.Upsample(scale_factor=2.0),  # (B, 128, H/4, W/4)
        *_conv(128, 64),
        *_conv(64, 64),
        nn.Upsample(scale_factor=2.0),  # (B, 64, H/2, W/2)
        *_conv(64, 32),
        nn.Conv2d(32, channels, 3, padding=1),
        nn.Identity() if channels == _BINS else _SignedSigmoid(),
        nn.Upsample(scale_factor=2.0),  # (B, channels, H, W)
    )


def _conv(
    inputs: int, outputs: int, *, kernel: int = 3, stride: int = 1
) -> tuple[nn.Module, nn.Module, nn.Module]:
    conv = nn.Conv2d(inputs, outputs, kernel, stride=stride, padding=kernel // 2, bias=False)
    return conv, nn.BatchNorm2d(outputs), nn.ReLU(inplace=True)


def _linear(inputs: int, outputs: int) -> tuple[nn.Module, nn.Module, nn.Module]:
    return (
        nn.Linear(inputs, outputs, bias=False),
        nn.BatchNorm1d(outputs),
        nn.ReLU(inplace=True),
    )


SPEC = ModelSpec(
    build=Iizuka,
    outputs=("chroma", "bins", "rgb"),
    summary="Iizuka: local features fused with global ones, joint classification, style transfer",
    classifies=True,
    trial={"global_size": 32},
)
