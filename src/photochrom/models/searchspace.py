"""The network of "Automatic Colorization: A Search Space Odyssey" (Sawhney and Agrawal).

Six 4×4 convolutions without padding, each with ReLU and batch normalization, and one linear layer
that draws both color channels of the whole picture from all features at once: 33,856 of them to
8,192 = 2 × 64 × 64 values, 277 million weights. So the size of the picture is fixed.

Its authors also trained it with cross-entropy, and do not say how 8,192 numbers became logits. Our
reading keeps their layers: the numbers are taken as 32 planes at a quarter of the size, and a 1×1
convolution turns these into logits.
"""

from torch import Tensor, nn

from .network import Network
from .spec import ModelSpec

_WIDTHS = (8, 16, 32, 64, 128, 16)
_KERNEL = 4
_COLORS = 2
_LOGITS_STRIDE = 4
_PLANES = _COLORS * _LOGITS_STRIDE**2  # as many numbers at a quarter of the size


class SearchSpace(Network):
    """Lightness to chroma at full size, or to logits at a quarter of it.

    Input `(B, inputs, size, size)`; output `(B, 2, size, size)` where `channels` is 2, else
    `(B, channels, size/4, size/4)`.
    """

    def __init__(
        self, inputs: int = 1, channels: int = _COLORS, size: int = 64, dropout: float = 0.0
    ) -> None:
        """Build from settings.

        Args:
            inputs: channels of the input.
            channels: channels of the output.
            size: side of the pictures, a multiple of 4; the linear layer grows with its 4th power.
            dropout: share of values that training drops after each batch normalization.
        """
        shrinkage = len(_WIDTHS) * (_KERNEL - 1)
        if size % _LOGITS_STRIDE or size <= shrinkage:
            raise ValueError(f"size: {size}; a multiple of {_LOGITS_STRIDE} above {shrinkage}")
        super().__init__()
        self.input_size = self.size_multiple = size
        self.stride = 1 if channels == _COLORS else _LOGITS_STRIDE
        stack: list[nn.Module] = []
        before = inputs
        for width in _WIDTHS:
            stack += [nn.Conv2d(before, width, _KERNEL), nn.ReLU(), nn.BatchNorm2d(width)]
            if dropout:
                stack.append(nn.Dropout(dropout))
            before = width
        features = before * (size - shrinkage) ** 2  # 16 × 46 × 46 = 33,856 at size 64
        self.layers = nn.Sequential(
            *stack, nn.Flatten(), nn.Linear(features, _COLORS * size * size)
        )
        planes = _COLORS if self.stride == 1 else _PLANES
        self.planes = nn.Unflatten(1, (planes, size // self.stride, size // self.stride))
        self.head = nn.Identity() if self.stride == 1 else nn.Conv2d(_PLANES, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        flat = self.layers(x)  # (B, 2 size²)
        colors: Tensor = self.head(self.planes(flat))  # (B, channels, size/stride, size/stride)
        return colors


SPEC = ModelSpec(
    build=SearchSpace,
    outputs=("chroma", "bins"),
    summary="search-space CNN: six 4×4 convolutions and one linear layer, fixed size",
    trial={"size": 24},
)
