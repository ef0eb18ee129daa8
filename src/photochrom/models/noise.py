"""The generator of a GAN with noise: an encoder-decoder fed lightness and noise.

After Sawhney and Agrawal, *Automatic Colorization: A Search Space Odyssey*: "an encoder/decoder
consisting of a CNN that includes convolution followed by deconvolution layers. We feed the
Generator the L channel and some noise." They give no layer list; this one is DCGAN's (Radford, Metz
and Chintala 2016, arXiv:1511.06434): 4×4 layers with stride 2, batch normalization, ReLU, tanh,
leaky ReLU in the encoder. There are no skips, so all that the decoder knows went through the
smallest map.

The noise stands for what the picture does not tell. It is drawn anew for each picture, one normal
number per channel, and is the same at every pixel: numbers of their own at each pixel would average
out in the convolutions, and neighbors would disagree. In eval mode it is 0, its mean, so that a
picture gets the same colors twice.
"""

from itertools import pairwise

import torch
from torch import Tensor, nn

from .blocks import initialize_gan
from .network import Network
from .spec import ModelSpec

WIDEST = 8  # times the width


class NoiseGenerator(Network):
    """Lightness and noise to colors of the same size.

    Input `(B, inputs, H, W)`, H and W multiples of 2^depth; output `(B, channels, H, W)` within
    [-1, 1].
    """

    stride = 1

    def __init__(
        self,
        inputs: int = 1,
        channels: int = 2,
        noise: int = 4,
        depth: int = 4,
        width: int = 64,
    ) -> None:
        """Build from settings.

        Args:
            inputs, channels: see `spec.ModelSpec`.
            noise: channels of noise; 0 for the same network without.
            depth: how often the picture is halved.
            width: channels at half the size; they double with each halving, up to eight times that.
        """
        if depth < 2:
            raise ValueError(f"depth: {depth}; the encoder has at least 2 halvings")
        super().__init__()
        self.size_multiple = 2**depth
        self.noise = noise
        widths = [width * min(2**level, WIDEST) for level in range(depth)]  # at 1/2, 1/4, …
        encoder: list[nn.Module] = [nn.Conv2d(inputs + noise, widths[0], 4, 2, 1)]
        for before, after in pairwise(widths[:-1]):
            encoder += [nn.LeakyReLU(0.2), nn.Conv2d(before, after, 4, 2, 1, bias=False)]
            encoder += [nn.BatchNorm2d(after)]
        # A single pixel cannot be normalized over a batch of one picture.
        encoder += [nn.LeakyReLU(0.2), nn.Conv2d(widths[-2], widths[-1], 4, 2, 1), nn.ReLU()]
        self.encoder = nn.Sequential(*encoder)
        decoder: list[nn.Module] = []
        for before, after in pairwise(widths[::-1]):
            decoder += [nn.ConvTranspose2d(before, after, 4, 2, 1, bias=False)]
            decoder += [nn.BatchNorm2d(after), nn.ReLU()]
        self.decoder = nn.Sequential(
            *decoder, nn.ConvTranspose2d(widths[0], channels, 4, 2, 1), nn.Tanh()
        )
        initialize_gan(self)

    def forward(self, x: Tensor) -> Tensor:
        drawn = x.new_zeros(x.shape[0], self.noise, 1, 1)
        if self.training:
            drawn.normal_()
        planes = drawn.expand(-1, -1, x.shape[2], x.shape[3])  # (B, noise, H, W)
        x = self.encoder(torch.cat([x, planes], dim=1))  # (B, 8 width, H/2^depth, W/2^depth)
        colors: Tensor = self.decoder(x)  # (B, channels, H, W)
        return colors


SPEC = ModelSpec(
    build=NoiseGenerator,
    outputs=("chroma", "rgb"),
    summary="encoder-decoder fed lightness and noise (Search Space Odyssey's GAN)",
    trial={"depth": 3, "width": 16},
)
