"""The patch discriminator of pix2pix (Isola, Zhu, Zhou and Efros 2017, arXiv:1611.07004).

Convolutions alone: each logit judges one patch of 70×70 pixels, as if patches further apart were
independent, and the loss is the mean over the map. CycleGAN (Zhu et al. 2017) uses it with
instance normalization. Self-attention, between the layers with stride 2 and those with stride 1,
lets patches see each other (Zhang et al. 2019, arXiv:1805.08318).
"""

from typing import Literal

from torch import Tensor

from ..blocks import PatchNet
from ..network import Discriminator
from ..spec import DiscriminatorSpec


class PatchDiscriminator(Discriminator):
    """One map `(B, 1, H/8 - 2, W/8 - 2)` for pictures `(B, inputs, H, W)`, with three layers."""

    def __init__(
        self,
        inputs: int = 3,
        width: int = 64,
        layers: int = 3,
        norm: Literal["batch", "instance"] = "batch",
        attention: bool = False,
    ) -> None:
        """The settings are those of `blocks.PatchNet`."""
        super().__init__()
        self.net = PatchNet(inputs, width, layers, norm, attention)

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        return (self.net(x),)


SPEC = DiscriminatorSpec(
    build=PatchDiscriminator,
    summary="judges patches of 70×70 pixels (pix2pix, CycleGAN), on request with self-attention",
)
