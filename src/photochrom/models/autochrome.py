"""Autochrome: the flagship, a distribution over ab bins from a grey picture.

After Zhang, Isola and Efros 2016 (classification over 313 bins, rebalanced) and Iizuka,
Simo-Serra and Ishikawa 2016 (a global branch that tells every pixel what the scene is), on a light
classification backbone with a U-Net decoder (Ronneberger, Fischer and Brox 2015) of dense
convolutions. Named after the Lumières' color plates of 1907.
"""

from operator import attrgetter

import torch
from torch import Tensor, nn

from .backbones.edgetpu import FEATURES, EdgeTpuEncoder
from .blocks import ConvNormRelu, upsample
from .network import Network
from .spec import ModelSpec


class Autochrome(Network):
    """Lightness to colors at a quarter of the size.

    Input `(B, inputs, H, W)`, H and W multiples of 32; output `(B, channels, H/4, W/4)`.
    """

    size_multiple = 32
    stride = 4

    def __init__(
        self, inputs: int = 1, channels: int = 313, widths: tuple[int, int, int] = (192, 128, 72)
    ) -> None:
        super().__init__()
        _, at4, at8, at16, at32 = FEATURES
        wide, middle, narrow = widths  # of the decoder at 1/16, 1/8 and 1/4
        self.encoder = EdgeTpuEncoder(inputs)
        self.context = nn.Sequential(nn.Linear(at32, 256), nn.ReLU(), nn.Linear(256, at32))
        self.up16 = ConvNormRelu(at32 + at16, wide)
        self.up8 = ConvNormRelu(wide + at8, middle)
        self.up4 = nn.Sequential(ConvNormRelu(middle + at4, narrow), ConvNormRelu(narrow, narrow))
        self.head = nn.Conv2d(narrow, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        _, at4, at8, at16, at32 = self.encoder(x)
        scene = self.context(at32.mean(dim=(2, 3)))  # (B, 144)
        x = at32 + scene[:, :, None, None]
        x = self.up16(torch.cat([upsample(x), at16], dim=1))  # (B, wide, H/16, W/16)
        x = self.up8(torch.cat([upsample(x), at8], dim=1))  # (B, middle, H/8, W/8)
        x = self.up4(torch.cat([upsample(x), at4], dim=1))  # (B, narrow, H/4, W/4)
        colors: Tensor = self.head(x)  # (B, channels, H/4, W/4)
        return colors


SPEC = ModelSpec(
    build=Autochrome,
    outputs=("bins", "chroma", "rgb"),
    summary="flagship: MobileNet-EdgeTPU encoder, global context, 313 bins at a quarter size",
    encoder=attrgetter("encoder"),
    trial={"widths": (48, 32, 32)},
)
