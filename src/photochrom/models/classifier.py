"""Classifier: tells the class of a grey picture, and colors nothing.

MobileNetV2 (Sandler et al. 2018) with a last layer of its own. A router of specialists asks it
which of them a picture is for.
"""

from operator import attrgetter

from torch import Tensor, nn

from .backbones.mobilenet_v2 import FEATURES, MobileNetV2
from .network import Network
from .spec import ModelSpec


class Classifier(Network):
    """Lightness to logits over classes.

    Input `(B, inputs, H, W)`, H and W multiples of 32; output `(B, channels, 1, 1)`. The stride is
    that of the features whose mean is classified.
    """

    size_multiple = 32
    stride = 32

    def __init__(self, inputs: int = 1, channels: int = 1000) -> None:
        super().__init__()
        self.encoder = MobileNetV2(inputs)
        self.head = nn.Linear(FEATURES[-1], channels)

    def forward(self, x: Tensor) -> Tensor:
        logits: Tensor = self.head(self.encoder.embedding(x))  # (B, channels)
        return logits[:, :, None, None]


SPEC = ModelSpec(
    build=Classifier,
    outputs=("classes",),
    summary="classifier: MobileNetV2, tells the class of a grey picture",
    encoder=attrgetter("encoder"),
)
