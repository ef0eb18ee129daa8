"""The residual encoder of Ryan Dahl, "Automatic Colorization" (January 2016).

From tinyclouds.org/colorize: VGG-16 sees the grey picture. Its deepest level used (1/8 of the size)
passes a 1×1 convolution, is enlarged and added to the next level's features, and so on down to
the picture itself. Every level is batch-normalized before it is added. Where U-Nets concatenate,
this adds, which needs less memory. Its authors let it predict U and V, with the Euclidean loss.

What differs: the output is not squeezed by a sigmoid, as it may be logits; and these have `width`
channels in the last two layers where colors have 3, for 313 logits do not fit through 3 channels.
"""

from operator import attrgetter

from torch import Tensor, nn

from .backbones.vgg16 import Vgg16Encoder
from .blocks import ConvNormRelu, upsample
from .network import Network
from .spec import ModelSpec


class Dahl(Network):
    """Lightness to colors at full size.

    Input `(B, inputs, H, W)`, H and W multiples of 8; output `(B, channels, H, W)`.
    """

    size_multiple = 8
    stride = 1

    def __init__(self, inputs: int = 1, channels: int = 2, width: int = 64) -> None:
        """Build from settings.

        Args:
            inputs: channels of the input.
            channels: channels of the output.
            width: of VGG-16's first level; only with 64 does it take a classifier's weights.
        """
        super().__init__()
        self.encoder = Vgg16Encoder(inputs, levels=4, width=width)
        at1, at2, at4, at8 = self.encoder.widths
        last = 3 if channels <= 3 else width
        self.norms = nn.ModuleList(nn.BatchNorm2d(features) for features in (at8, at4, at2, at1))
        self.from8 = nn.Sequential(nn.Conv2d(at8, at4, 1), nn.ReLU(inplace=True))
        self.from4 = ConvNormRelu(at4, at2)
        self.from2 = ConvNormRelu(at2, at1)
        self.from1 = ConvNormRelu(at1, last)
        self.grey_norm = nn.BatchNorm2d(last)
        self.head = nn.Sequential(ConvNormRelu(last, last), nn.Conv2d(last, channels, 3, padding=1))

    def forward(self, x: Tensor) -> Tensor:
        levels = reversed(self.encoder(x))
        at8, at4, at2, at1 = (norm(f) for norm, f in zip(self.norms, levels, strict=True))
        grey = x[:, :1].expand(-1, self.grey_norm.num_features, -1, -1)
        y = upsample(self.from8(at8)) + at4  # (B, 4 width, H/4, W/4)
        y = upsample(self.from4(y)) + at2  # (B, 2 width, H/2, W/2)
        y = upsample(self.from2(y)) + at1  # (B, width, H, W)
        y = self.from1(y) + self.grey_norm(grey)  # (B, 3 or width, H, W)
        colors: Tensor = self.head(y)  # (B, channels, H, W)
        return colors


SPEC = ModelSpec(
    build=Dahl,
    outputs=("chroma", "bins", "rgb"),
    summary="Dahl 2016: residual encoder on VGG-16, levels enlarged and added, full size",
    encoder=attrgetter("encoder"),
    trial={"width": 8},
)
