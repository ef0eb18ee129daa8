"""The architecture of Zhang, Isola and Efros 2016 with random weights, to time against.

Layers as in the figure 2 of the paper and its code: eight blocks of 3×3 convolutions with ReLU,
a batch normalization closing each, two of them dilated, 313 bins at a quarter of the size.
"""

from torch import nn


def zhang2016() -> nn.Sequential:
    """Lightness `(B, 1, H, W)` to logits `(B, 313, H/4, W/4)`; H and W multiples of 8."""
    return nn.Sequential(
        *_block(1, 64, 64, stride=2),
        *_block(64, 128, 128, stride=2),
        *_block(128, 256, 256, 256, stride=2),
        *_block(256, 512, 512, 512),
        *_block(512, 512, 512, 512, dilation=2),
        *_block(512, 512, 512, 512, dilation=2),
        *_block(512, 512, 512, 512),
        nn.ConvTranspose2d(512, 256, 4, stride=2, padding=1),
        nn.ReLU(),
        nn.Conv2d(256, 256, 3, padding=1),
        nn.ReLU(),
        nn.Conv2d(256, 256, 3, padding=1),
        nn.ReLU(),
        nn.Conv2d(256, 313, 1),
    )


def _block(*channels: int, stride: int = 1, dilation: int = 1) -> list[nn.Module]:
    layers: list[nn.Module] = []
    last = len(channels) - 1
    for at in range(1, len(channels)):
        step = stride if at == last else 1
        convolution = nn.Conv2d(
            channels[at - 1], channels[at], 3, stride=step, padding=dilation, dilation=dilation
        )
        layers += [convolution, nn.ReLU()]
    return [*layers, nn.BatchNorm2d(channels[-1])]
