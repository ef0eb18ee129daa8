"""Gamma: an encoder beside a classifier, whose view of the whole picture joins at every pixel.

After the full version of Emil Wallner, Colorizing B&W Photos with Neural Networks (2017), and its
source Deep Koalarization (Baldassarre, González Morín and Rodés-Guirao 2017, arXiv:1712.03400). As
there, an encoder takes the picture down to 1/8, what a pretrained classifier says of a copy is
tiled over that grid and fused by a 1×1 convolution, and a decoder enlarges to full size. Encoder,
fusion, decoder and TensorFlow's SAME padding are the original's.

Different here:

- The classifier is MobileNetV2, as in PyTorch versions, not Inception-ResNet-v2.
- Not its class probabilities are tiled but the 1280 numbers from which it computes them: the fusion
  is linear in them, so that it can form every class's logit itself.
- The original's classifier is frozen. This one learns too, at the backbone's rate: its weights were
  made for color pictures, and without them it would say nothing.
- The picture may have any size; class maps may come beside the lightness; instead of chroma the
  network can predict a whole picture or bins, these as logits without tanh.
- It starts from He initialization, not Glorot's, like the network `beta`.
"""

from operator import attrgetter

import torch
from torch import Tensor, nn
from torch.nn import functional

from .backbones.mobilenet_v2 import FEATURES, MobileNetV2
from .blocks import SameConv2d, initialize_he
from .network import Network
from .spec import ModelSpec

_BINS = 313


class Gamma(Network):
    """Lightness to colors of the same size.

    Input `(B, inputs, H, W)`, H and W multiples of 8; output `(B, channels, H, W)`, in [-1, 1]
    unless it is logits over bins. The classifier sees a copy of `classifier_size` squared, a
    multiple of 32: the whole picture, squashed.
    """

    size_multiple = 8
    stride = 1

    def __init__(self, inputs: int = 1, channels: int = 2, classifier_size: int = 224) -> None:
        super().__init__()
        if classifier_size < 32 or classifier_size % 32:
            raise ValueError(f"classifier_size {classifier_size} is no multiple of 32")
        self.classifier_size = classifier_size
        self.encoder = nn.Sequential(
            *_layer(inputs, 64, stride=2),  # (B, 64, H/2, W/2)
            *_layer(64, 128),
            *_layer(128, 128, stride=2),  # (B, 128, H/4, W/4)
            *_layer(128, 256),
            *_layer(256, 256, stride=2),  # (B, 256, H/8, W/8)
            *_layer(256, 512),
            *_layer(512, 512),
            *_layer(512, 256),
        )
        self.fusion = nn.Sequential(*_layer(256 + FEATURES[-1], 256, kernel=1))
        self.decoder = nn.Sequential(
            *_layer(256, 128),
            nn.Upsample(scale_factor=2.0),
            *_layer(128, 64),  # (B, 64, H/4, W/4)
            nn.Upsample(scale_factor=2.0),
            *_layer(64, 32),
            *_layer(32, 16),  # (B, 16, H/2, W/2)
            SameConv2d(16, channels, 3),
            nn.Identity() if channels == _BINS else nn.Tanh(),
            nn.Upsample(scale_factor=2.0),  # (B, channels, H, W)
        )
        initialize_he(self)
        self.classifier = MobileNetV2(inputs)  # initializes itself

    def forward(self, x: Tensor) -> Tensor:
        local = self.encoder(x)  # (B, 256, H/8, W/8)
        # Not antialiased: OpenVINO ignores that in ONNX's Resize, and colors would differ there.
        square = (self.classifier_size, self.classifier_size)
        copy = functional.interpolate(x, square, mode="bilinear", align_corners=False)
        scene = self.classifier.embedding(copy)[:, :, None, None]  # (B, 1280, 1, 1)
        tiled = scene.expand(-1, -1, local.shape[2], local.shape[3])
        colors: Tensor = self.decoder(self.fusion(torch.cat([local, tiled], dim=1)))
        return colors


def _layer(
    inputs: int, outputs: int, *, kernel: int = 3, stride: int = 1
) -> tuple[nn.Module, nn.Module]:
    return SameConv2d(inputs, outputs, kernel, stride=stride), nn.ReLU(inplace=True)


SPEC = ModelSpec(
    build=Gamma,
    outputs=("chroma", "bins", "rgb"),
    summary="gamma: autoencoder fused with MobileNetV2's view of the whole picture",
    encoder=attrgetter("classifier"),
    trial={"classifier_size": 32},
)
