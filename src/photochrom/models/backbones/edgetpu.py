"""MobileNet-EdgeTPU 0.75 as an encoder of grey pictures, and whole.

An ImageNet classifier made for accelerators (its fused blocks: Xiong et al. 2020, arXiv:2004.14525;
its weights: google-coral/edgetpu). Its high-resolution stages are dense 3×3 convolutions, which run
at several times the arithmetic rate of depthwise ones, on CPUs as on GPUs.

The classifier's batch normalization is folded into its biases, and so there is none here.
"""

from pathlib import Path

import torch
from torch import Tensor, nn

from ..blocks import SameConv2d, initialize_he
from ..weights import start_from_classifier

FEATURES = (16, 24, 40, 72, 144)
"""Channels of the features at 1/2, 1/4, 1/8, 1/16 and 1/32 of the picture's size."""

EMBEDDING = 1280
"""Channels of the classifier's head."""

# (inputs, expanded, outputs, stride, kernel); kernel 0 marks a fused block: one dense 3×3 expands.
_FUSED = 0
_BLOCKS = (
    (16, 128, 24, 2, _FUSED),
    *((24, 96, 24, 1, _FUSED),) * 3,
    (24, 192, 40, 2, _FUSED),
    *((40, 160, 40, 1, _FUSED),) * 3,
    (40, 320, 72, 2, 3),
    *((72, 288, 72, 1, 3),) * 3,
    (72, 576, 72, 1, 3),
    *((72, 288, 72, 1, 3),) * 3,
    (72, 576, 120, 2, 5),
    *((120, 480, 120, 1, 5),) * 3,
    (120, 960, 144, 1, 3),
)
_NO_RESIDUAL = 12  # the one block that opens a stage without changing its shape
_LEVEL_ENDS = (3, 7, 15, 20)  # the blocks whose outputs are the features at 1/4 … 1/32


class _Block(nn.Module):
    """Expand, (filter), project, and add the input where shapes agree."""

    def __init__(
        self, inputs: int, expanded: int, outputs: int, stride: int, kernel: int, *, residual: bool
    ) -> None:
        super().__init__()
        if kernel == _FUSED:
            self.expand = SameConv2d(inputs, expanded, 3, stride=stride)
            self.depthwise = None
        else:
            self.expand = SameConv2d(inputs, expanded, 1)
            self.depthwise = SameConv2d(expanded, expanded, kernel, stride=stride, groups=expanded)
        self.project = SameConv2d(expanded, outputs, 1)
        self.residual = residual

    def forward(self, x: Tensor) -> Tensor:
        wide = torch.relu(self.expand(x))
        if self.depthwise is not None:
            wide = torch.relu(self.depthwise(wide))
        y: Tensor = self.project(wide)
        return x + y if self.residual else y


class EdgeTpuEncoder(nn.Module):
    """Grey pictures to features at five scales.

    Input `(B, inputs, H, W)`, the first channel lightness in [-1, 1], H and W multiples of 32.
    Returns five tensors, `FEATURES` channels at 1/2 to 1/32 of the size. `load_classifier` starts
    it from the published weights; without, it starts from He initialization.
    """

    def __init__(self, inputs: int = 1) -> None:
        super().__init__()
        self.stem = nn.ModuleDict(
            {"conv": SameConv2d(inputs, 24, 3, stride=2), "project": SameConv2d(24, FEATURES[0], 1)}
        )
        blocks = [
            _Block(*shape, residual=shape[0] == shape[2] and shape[3] == 1 and at != _NO_RESIDUAL)
            for at, shape in enumerate(_BLOCKS)
        ]
        self.blocks = nn.ModuleList(blocks)
        initialize_he(self)
        for block in blocks:  # residual sums must not grow with depth
            if block.residual:
                nn.init.zeros_(block.project.weight)

    def forward(self, x: Tensor) -> list[Tensor]:
        x = self.stem["project"](torch.relu(self.stem["conv"](x)))  # (B, 16, H/2, W/2)
        features = [x]
        for at, block in enumerate(self.blocks):
            x = block(x)
            if at in _LEVEL_ENDS:
                features.append(x)
        return features

    def load_classifier(self, path: Path) -> None:
        """Start from the classifier's weights in a safetensors file.

        Its last layers are not used; see `start_from_classifier`.

        Raises:
            ModelError: the file is missing or holds other tensors.
        """
        start_from_classifier(self, path, "stem.conv.weight", "MobileNet-EdgeTPU 0.75")


class EdgeTpuClassifier(nn.Module):
    """The whole classifier, of color pictures.

    Input `(B, 3, H, W)`, RGB in [-1, 1], H and W multiples of 32; it learned at 224. Returns the
    mean of its head, `(B, 1280)`, >= 0, and logits `(B, classes)`. The published weights tell
    ImageNet's 1000 classes from 1 on; 0 is the background.
    """

    def __init__(self, classes: int = 1001) -> None:
        super().__init__()
        self.encoder = EdgeTpuEncoder(inputs=3)
        self.head = SameConv2d(FEATURES[-1], EMBEDDING, 1)
        self.classifier = SameConv2d(EMBEDDING, classes, 1)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        head = torch.relu(self.head(self.encoder(x)[-1]))  # (B, 1280, H/32, W/32)
        pooled = head.mean(dim=(2, 3), keepdim=True)
        return pooled[:, :, 0, 0], self.classifier(pooled)[:, :, 0, 0]
