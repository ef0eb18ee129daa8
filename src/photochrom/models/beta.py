"""Beta: a plain convolutional autoencoder from lightness to chroma.

After the "beta" version of Emil Wallner, Colorizing B&W Photos with Neural Networks (2017): the
picture is taken down to 1/8 by strides of 2 and up again by nearest-neighbor enlargement, nothing
leads around the bottleneck, and tanh bounds the colors.

Layers, widths and TensorFlow's SAME padding are the original's. Different here: the picture may
have any size, not 256 × 256 alone; lightness comes in [-1, 1], not [0, 100]; class maps may come
beside it; instead of chroma the network can predict a whole picture or bins, these as logits
without tanh. And it starts from He initialization, where Keras starts from Glorot's: on two 16 × 16
pictures, 40 steps of Adam at 4e-3 lower the loss to 0.20 to 0.34 of the first with the one, to 0.33
to 0.68 with the other (seeds 0 to 3).
"""

from torch import Tensor, nn

from .blocks import SameConv2d, initialize_he
from .network import Network
from .spec import ModelSpec

_BINS = 313


class Beta(Network):
    """Lightness to colors of the same size.

    Input `(B, inputs, H, W)`, H and W multiples of 8; output `(B, channels, H, W)`, in [-1, 1]
    unless it is logits over bins.
    """

    size_multiple = 8
    stride = 1

    def __init__(self, inputs: int = 1, channels: int = 2) -> None:
        super().__init__()
        self.encoder = nn.Sequential(
            *_layer(inputs, 64),
            *_layer(64, 64, stride=2),  # (B, 64, H/2, W/2)
            *_layer(64, 128),
            *_layer(128, 128, stride=2),  # (B, 128, H/4, W/4)
            *_layer(128, 256),
            *_layer(256, 256, stride=2),  # (B, 256, H/8, W/8)
            *_layer(256, 512),
            *_layer(512, 256),
            *_layer(256, 128),
        )
        self.decoder = nn.Sequential(
            nn.Upsample(scale_factor=2.0),
            *_layer(128, 64),  # (B, 64, H/4, W/4)
            nn.Upsample(scale_factor=2.0),
            *_layer(64, 32),  # (B, 32, H/2, W/2)
            SameConv2d(32, channels, 3),
            nn.Identity() if channels == _BINS else nn.Tanh(),
            nn.Upsample(scale_factor=2.0),  # (B, channels, H, W)
        )
        initialize_he(self)

    def forward(self, x: Tensor) -> Tensor:
        colors: Tensor = self.decoder(self.encoder(x))
        return colors


def _layer(inputs: int, outputs: int, stride: int = 1) -> tuple[nn.Module, nn.Module]:
    return SameConv2d(inputs, outputs, 3, stride=stride), nn.ReLU(inplace=True)


SPEC = ModelSpec(
    build=Beta,
    outputs=("chroma", "bins", "rgb"),
    summary="beta: plain convolutional autoencoder, lightness to chroma",
)
