"""Patch discriminators on the picture, at half its size and at a quarter.

After pix2pixHD (Wang et al. 2018, arXiv:1711.11585, section 3.2): the same patch of 70×70 pixels
covers more of a smaller picture, so the coarsest judge sees whether the whole hangs together and
the finest whether edges are sharp. There all judges are equally deep and pictures have 1024 pixels
and more; here a judge has only as many layers as the smallest pictures leave room for. Batch
normalization by default, as in pix2pix; theirs is instance normalization.
"""

from typing import Literal

from torch import Tensor, nn
from torch.nn import functional

from ..blocks import PatchNet
from ..network import Discriminator
from ..spec import DiscriminatorSpec


def _depths(scales: int, layers: int, side: int) -> list[int]:
    """Layers with stride 2 of each judge, the finest first.

    Args:
        scales: how many judges.
        layers: at most so many each.
        side: of the smallest picture that every judge must still give a logit, in pixels.

    Raises:
        ValueError: a picture of that side is too small to be halved so often.
    """
    halvings = side.bit_length() - 3  # PatchNet needs a side of 3 behind its last stride
    if not 1 <= scales <= halvings:
        raise ValueError(f"scales: {scales}; pictures of {side} pixels have 1 to {halvings}")
    return [min(layers, halvings - scale) for scale in range(scales)]


class MultiscaleDiscriminator(Discriminator):
    """One map for each scale, the finest first."""

    def __init__(
        self,
        inputs: int = 3,
        scales: int = 3,
        width: int = 64,
        layers: int = 3,
        norm: Literal["batch", "instance"] = "batch",
        attention: bool = False,
        side: int = 64,
    ) -> None:
        """Build from settings.

        Args:
            inputs: channels that it sees.
            scales: how many judges; each sees the picture at half the size of the one before.
            width, norm, attention: of each, see `blocks.PatchNet`.
            layers: with stride 2, at most; coarse judges of small pictures have fewer.
            side: of the smallest pictures, in pixels. From 128 on, three judges have three layers
                each and see about 70, 140 and 280 pixels; at 64 they have 3, 3 and 2.
        """
        super().__init__()
        self.nets = nn.ModuleList(
            PatchNet(inputs, width, depth, norm, attention)
            for depth in _depths(scales, layers, side)
        )

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        maps = []
        for scale, net in enumerate(self.nets):
            if scale:
                # Overlapping windows, as in pix2pixHD: less aliasing than with 2×2.
                x = functional.avg_pool2d(x, 3, stride=2, padding=1, count_include_pad=False)
            maps.append(net(x))
        return tuple(maps)


SPEC = DiscriminatorSpec(
    build=MultiscaleDiscriminator,
    summary="patch discriminators of the picture, its half and its quarter (pix2pixHD)",
)
