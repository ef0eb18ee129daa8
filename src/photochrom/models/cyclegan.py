"""CycleGAN's generator: residual blocks at a quarter of the size.

Zhu, Park, Isola and Efros, *Unpaired Image-to-Image Translation using Cycle-Consistent Adversarial
Networks*, ICCV 2017, arXiv:1703.10593, appendix 7.2, after Johnson, Alahi and Fei-Fei 2016:
c7s1-64, d128, d256, six R256 for 128×128 or nine for 256×256, u128, u64, c7s1-3, with instance
normalization and reflected edges. The same class is the way back, from color to grey.

What differs: convolutions before a normalization have no bias, which the normalization would only
subtract again. The authors' size multiple is 4; here it is 8, because the blocks reflect edges at a
quarter of the size, where a single pixel has nothing to reflect.
"""

from torch import Tensor, nn

from .blocks import initialize_gan
from .network import Network
from .spec import ModelSpec


def _normalized(convolution: nn.Module, width: int) -> list[nn.Module]:
    return [convolution, nn.InstanceNorm2d(width), nn.ReLU()]


class _Residual(nn.Module):
    """R: two 3×3 convolutions, added to their input `(B, width, h, w)`; no ReLU after the sum."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.change = nn.Sequential(
            nn.ReflectionPad2d(1),
            *_normalized(nn.Conv2d(width, width, 3, bias=False), width),
            nn.ReflectionPad2d(1),
            nn.Conv2d(width, width, 3, bias=False),
            nn.InstanceNorm2d(width),
        )

    def forward(self, x: Tensor) -> Tensor:
        changed: Tensor = x + self.change(x)
        return changed


class CycleGan(Network):
    """A picture to a picture of the same size.

    Input `(B, inputs, H, W)`, H and W multiples of 8; output `(B, channels, H, W)` within [-1, 1].
    A single channel stands for `inputs` equal ones: in the circle, where a network also sees
    pictures of its own goal, both networks take three.
    """

    size_multiple = 8
    stride = 1

    def __init__(
        self, inputs: int = 1, channels: int = 3, blocks: int = 6, width: int = 64
    ) -> None:
        """Build from settings.

        Args:
            inputs, channels: see `spec.ModelSpec`; the way back has 1 channel, lightness.
            blocks: residual ones; 6 for pictures of 128×128, 9 from 256×256 on.
            width: channels of the first layer; four times as many in the blocks.
        """
        super().__init__()
        self._inputs = inputs
        half, quarter = 2 * width, 4 * width  # channels at these sizes
        self.layers = nn.Sequential(
            nn.ReflectionPad2d(3),
            *_normalized(nn.Conv2d(inputs, width, 7, bias=False), width),
            *_normalized(nn.Conv2d(width, half, 3, 2, 1, bias=False), half),
            *_normalized(nn.Conv2d(half, quarter, 3, 2, 1, bias=False), quarter),
            *(_Residual(quarter) for _ in range(blocks)),
            *_normalized(nn.ConvTranspose2d(quarter, half, 3, 2, 1, 1, bias=False), half),
            *_normalized(nn.ConvTranspose2d(half, width, 3, 2, 1, 1, bias=False), width),
            nn.ReflectionPad2d(3),
            nn.Conv2d(width, channels, 7),
            nn.Tanh(),
        )
        initialize_gan(self)

    def forward(self, x: Tensor) -> Tensor:
        if x.shape[1] == 1:
            x = x.expand(-1, self._inputs, -1, -1)
        colors: Tensor = self.layers(x)  # (B, channels, H, W)
        return colors


SPEC = ModelSpec(
    build=CycleGan,
    outputs=("rgb", "chroma"),
    summary="CycleGAN: residual blocks at a quarter size, for training without pairs",
    trial={"blocks": 2, "width": 16},
)
