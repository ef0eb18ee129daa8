"""The discriminator that learned with a network, taken along so that it can say how colors look."""

import copy

import torch
from torch import Tensor, nn
from torch.nn import functional

from ..models.network import Discriminator, Network

_FACTORS = range(1, 33)  # of the network's size multiple, among which a judge's least is looked for


class Resizing(Discriminator):
    """A judge of squares of one size that is shown pictures of any, squashed."""

    def __init__(self, judge: Discriminator, side: int) -> None:
        super().__init__()
        self.judge = judge
        self.side = side

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        square = functional.interpolate(
            x, (self.side, self.side), mode="bilinear", align_corners=False
        )
        maps: tuple[Tensor, ...] = self.judge(square)
        return maps


def fitted(
    judge: Discriminator, inputs: int, network: Network, trained: int
) -> tuple[Discriminator, int]:
    """A judge that can look at whatever the network draws, and the least input that this needs.

    Args:
        judge: as it was trained.
        inputs: channels that it sees.
        network: whose colors it sees.
        trained: side of the pictures that both were trained on last.

    Returns:
        The judge, behind a resizing if it knows only one size, and the network's least input size.
    """
    if network.input_size:
        return judge, network.input_size
    asked = copy.deepcopy(judge).eval().to("meta")  # shapes without numbers
    for factor in _FACTORS:
        least = network.size_multiple * factor
        if all(_takes(asked, inputs, least, wide, network.stride) for wide in (least, 2 * least)):
            return judge, least
    return Resizing(judge, trained // network.stride), network.size_multiple


def _takes(judge: nn.Module, inputs: int, height: int, width: int, stride: int) -> bool:
    try:
        judge(torch.empty(1, inputs, height // stride, width // stride, device="meta"))
    except (RuntimeError, ValueError):
        return False
    return True
