"""The rudimentary generator: fully connected layers from a grey picture to every pixel in color.

The first attempt of the Corolization project, on CIFAR-10: what a network does that must draw the
picture anew from a code instead of only coloring what it is given. It is here as the floor that
others are measured against.

Its authors give no widths ("multiple fully-connected layers"); ours are two hidden layers as wide
as the grey picture has pixels. The output is bounded by tanh, as colors in [-1, 1] are.
"""

from collections.abc import Sequence
from itertools import pairwise

from torch import Tensor, nn

from .network import Network
from .spec import ModelSpec

_SIDE = 32


class Rudimentary(Network):
    """Grey pictures of 32×32 to whole pictures.

    Input `(B, inputs, 32, 32)`; output `(B, channels, 32, 32)` in [-1, 1].
    """

    size_multiple = _SIDE
    stride = 1
    input_size = _SIDE

    def __init__(
        self, inputs: int = 1, channels: int = 3, widths: Sequence[int] = (1024, 1024)
    ) -> None:
        """Build from settings.

        Args:
            inputs: channels of the input.
            channels: channels of the output.
            widths: neurons of the hidden layers, at least one layer.
        """
        if not widths or min(widths) < 1:
            raise ValueError(f"widths: {widths}; at least one hidden layer, of at least 1 neuron")
        super().__init__()
        pixels = _SIDE * _SIDE
        sizes = (inputs * pixels, *widths)
        hidden: list[nn.Module] = []
        for before, after in pairwise(sizes):
            hidden += [nn.Linear(before, after), nn.ReLU()]
        self.layers = nn.Sequential(
            nn.Flatten(),  # (B, inputs · 1024)
            *hidden,
            nn.Linear(sizes[-1], channels * pixels),
            nn.Tanh(),
            nn.Unflatten(1, (channels, _SIDE, _SIDE)),
        )

    def forward(self, x: Tensor) -> Tensor:
        picture: Tensor = self.layers(x)  # (B, channels, 32, 32)
        return picture


SPEC = ModelSpec(
    build=Rudimentary,
    outputs=("rgb", "chroma"),
    summary="rudimentary generator: fully connected, grey 32×32 to RGB, every pixel drawn anew",
    trial={"widths": (128, 128)},
)
