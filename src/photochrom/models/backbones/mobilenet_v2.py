"""MobileNetV2 1.0 as an encoder of grey pictures, and whole.

Inverted residuals with linear bottlenecks (Sandler et al. 2018, arXiv:1801.04381, table 2). The
ImageNet classifier's weights are google-coral/test_data's.

The classifier's batch normalization is folded into its biases, and so there is none here.
"""

from pathlib import Path
from typing import cast

from torch import Tensor, nn

from ..blocks import SameConv2d, initialize_he
from ..weights import start_from_classifier

FEATURES = (16, 24, 32, 96, 320, 1280)
"""Channels of the features at 1/2, 1/4, 1/8, 1/16, 1/32 and, the classifier's head, 1/32 again."""

# The paper's table 2: (expansion, outputs, blocks, stride of the first block).
_STAGES = (
    (1, 16, 1, 1),
    (6, 24, 2, 2),
    (6, 32, 3, 2),
    (6, 64, 4, 2),
    (6, 96, 3, 1),
    (6, 160, 3, 2),
    (6, 320, 1, 1),
)
_STEM = 32
_LEVEL_ENDS = (1, 3, 6, 13, 17, 18)  # the layers whose outputs are the features
_FIRST = "features.0.0.weight"


def _conv_relu(inputs: int, outputs: int, *, kernel: int, stride: int) -> nn.Sequential:
    return nn.Sequential(SameConv2d(inputs, outputs, kernel, stride=stride), nn.ReLU6())


class _Block(nn.Module):
    """Expand, filter each channel, project linearly, and add the input where shapes agree."""

    def __init__(self, inputs: int, outputs: int, expansion: int, stride: int) -> None:
        super().__init__()
        wide = inputs * expansion
        depthwise = SameConv2d(wide, wide, 3, stride=stride, groups=wide)
        layers = [depthwise, nn.ReLU6(), SameConv2d(wide, outputs, 1)]
        if expansion > 1:
            layers = [SameConv2d(inputs, wide, 1), nn.ReLU6(), *layers]
        self.conv = nn.Sequential(*layers)
        self.residual = inputs == outputs and stride == 1

    @property
    def project(self) -> nn.Conv2d:
        """The linear layer that closes the block."""
        return cast(nn.Conv2d, self.conv[-1])

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.conv(x)
        return x + y if self.residual else y


class MobileNetV2(nn.Module):
    """Grey pictures to features at five scales, and to the embedding that the classifier reads.

    Input `(B, inputs, H, W)`, the first channel lightness in [-1, 1], H and W multiples of 32.
    Returns six tensors, `FEATURES` channels at 1/2 to 1/32 of the size; the last holds the head's.
    `load_classifier` starts it from the published weights; without, it starts from He
    initialization.
    """

    def __init__(self, inputs: int = 1) -> None:
        super().__init__()
        layers: list[nn.Module] = [_conv_relu(inputs, _STEM, kernel=3, stride=2)]
        width = _STEM
        for expansion, outputs, count, stride in _STAGES:
            for at in range(count):
                layers.append(_Block(width, outputs, expansion, stride if at == 0 else 1))
                width = outputs
        layers.append(_conv_relu(width, FEATURES[-1], kernel=1, stride=1))
        self.features = nn.Sequential(*layers)  # its numbers name the published weights
        initialize_he(self)
        for layer in layers:
            if isinstance(layer, _Block) and layer.residual:  # sums must not grow with depth
                nn.init.zeros_(layer.project.weight)
            elif isinstance(layer, _Block):  # no ReLU halves what follows here
                nn.init.kaiming_normal_(layer.project.weight, nonlinearity="linear")

    def forward(self, x: Tensor) -> list[Tensor]:
        features = []
        for at, layer in enumerate(self.features):
            x = layer(x)
            if at in _LEVEL_ENDS:
                features.append(x)
        return features

    def embedding(self, x: Tensor) -> Tensor:
        """What the classifier's last layer sees of pictures, `(B, 1280)` in [0, 6]."""
        head: Tensor = self.features(x)  # (B, 1280, H/32, W/32)
        return head.mean(dim=(2, 3))

    def load_classifier(self, path: Path) -> None:
        """Start from the classifier's weights in a safetensors file.

        Its last layers are not used; see `start_from_classifier`.

        Raises:
            ModelError: the file is missing or holds other tensors.
        """
        start_from_classifier(self, path, _FIRST, "MobileNetV2 1.0")


class MobileNetV2Classifier(nn.Module):
    """The whole classifier, of color pictures.

    Input `(B, 3, H, W)`, RGB in [-1, 1], H and W multiples of 32; it learned at 224. Returns the
    embedding, `(B, 1280)` in [0, 6], and logits `(B, classes)`. The published weights tell
    ImageNet's 1000 classes from 1 on; 0 is the background.
    """

    def __init__(self, classes: int = 1001) -> None:
        super().__init__()
        self.encoder = MobileNetV2(inputs=3)
        self.classifier = SameConv2d(FEATURES[-1], classes, 1)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        embedding = self.encoder.embedding(x)
        return embedding, self.classifier(embedding[:, :, None, None])[:, :, 0, 0]
