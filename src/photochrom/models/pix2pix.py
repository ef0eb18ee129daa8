"""pix2pix's generator: a U-Net from grey to color.

Isola, Zhu, Zhou and Efros, *Image-to-Image Translation with Conditional Adversarial Networks*,
CVPR 2017, arXiv:1611.07004, appendix 6.1.1: 4×4 convolutions with stride 2 down to one pixel,
transposed ones back up, and at every size a skip from one side to the other.

What differs: at test time the paper keeps dropout, its only noise, and normalizes by the test
batch's own statistics; here dropout is training's alone and the statistics are training's averages,
so that a picture gets the same colors twice and in any company. The number of halvings is a
setting, and so is self-attention (Zhang et al. 2019, arXiv:1805.08318). For ab bins there is no
tanh. As in the authors' PyTorch code no convolution but the last has a bias, and the innermost no
normalization.
"""

from itertools import pairwise

import torch
from torch import Tensor, nn

from .blocks import SelfAttention, initialize_gan
from .network import Network
from .spec import ModelSpec

WIDEST = 8  # times the width: 512


def _down(before: int, after: int) -> nn.Sequential:
    """Half the size: (B, before, H, W) to (B, after, H/2, W/2)."""
    return nn.Sequential(
        nn.LeakyReLU(0.2),
        nn.Conv2d(before, after, 4, 2, 1, bias=False),
        nn.BatchNorm2d(after),
    )


def _up(before: int, after: int, dropout: float) -> nn.Sequential:
    """Double the size: (B, before, H, W) to (B, after, 2H, 2W)."""
    return nn.Sequential(
        nn.ReLU(),
        nn.ConvTranspose2d(before, after, 4, 2, 1, bias=False),
        nn.BatchNorm2d(after),
        nn.Dropout(dropout),
    )


class Pix2Pix(Network):
    """Lightness to colors of the same size.

    Input `(B, inputs, H, W)`, H and W multiples of 2^depth; output `(B, channels, H, W)`, within
    [-1, 1] for chroma and RGB.
    """

    stride = 1

    def __init__(
        self,
        inputs: int = 1,
        channels: int = 2,
        depth: int = 8,
        width: int = 64,
        attention: bool = False,
    ) -> None:
        """Build from settings.

        Args:
            inputs, channels: see `spec.ModelSpec`.
            depth: how often the picture is halved. 8 is the paper's, for 256×256; 6 suits 64×64.
            width: channels at half the size; they double with each halving, up to eight times that.
            attention: self-attention in the decoder at an eighth of the size, where 256×256
                pictures have the 32×32 places of the paper; with depth 3, at a quarter.
        """
        if depth < 3:
            raise ValueError(f"depth: {depth}; the U-Net has at least 3 halvings")
        super().__init__()
        self.size_multiple = 2**depth
        widths = [width * min(2**level, WIDEST) for level in range(depth)]  # at 1/2, 1/4, …
        self.first = nn.Conv2d(inputs, widths[0], 4, 2, 1, bias=False)
        self.downs = nn.ModuleList(_down(before, after) for before, after in pairwise(widths[:-1]))
        # A single pixel cannot be normalized over a batch of one picture.
        self.innermost = nn.Sequential(
            nn.LeakyReLU(0.2), nn.Conv2d(widths[-2], widths[-1], 4, 2, 1, bias=False)
        )
        self.ups = nn.ModuleList()
        for level in range(depth - 2, -1, -1):  # ups to 1/2^(level + 1)
            skipped = 0 if level == depth - 2 else widths[level + 1]
            # The paper's depth drops out in the first three layers; shallower ones in fewer.
            dropout = 0.5 if depth - 2 - level < depth - 5 else 0.0
            self.ups.append(_up(widths[level + 1] + skipped, widths[level], dropout))
        self.attention = SelfAttention(widths[min(2, depth - 2)]) if attention else nn.Identity()
        self.attended = max(0, depth - 4)  # the layer before the attention
        self.last = nn.Sequential(nn.ReLU(), nn.ConvTranspose2d(2 * widths[0], channels, 4, 2, 1))
        self.bound = nn.Tanh() if channels <= 3 else nn.Identity()
        initialize_gan(self)

    def forward(self, x: Tensor) -> Tensor:
        skips = [self.first(x)]  # (B, width, H/2, W/2)
        for down in self.downs:
            skips.append(down(skips[-1]))
        x = self.innermost(skips[-1])  # (B, 8 width, H/2^depth, W/2^depth)
        for layer, up in enumerate(self.ups):
            x = up(x)
            if layer == self.attended:
                x = self.attention(x)
            x = torch.cat([skips.pop(), x], dim=1)
        colors: Tensor = self.bound(self.last(x))  # (B, channels, H, W)
        return colors


SPEC = ModelSpec(
    build=Pix2Pix,
    outputs=("chroma", "rgb", "bins"),
    summary="pix2pix: a U-Net down to one pixel, to be trained against a patch discriminator",
    trial={"depth": 4, "width": 16},
)
