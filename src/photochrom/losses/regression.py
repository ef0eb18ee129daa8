"""Distances between predicted and true colors.

Colors are `(B, C, h, w)`, scaled to about [-1, 1]: 1 stands for 110 in ab, see `color.chroma`.
Each distance is a scalar, the mean over all values.
"""

from torch import Tensor
from torch.nn import functional


def l1(predicted: Tensor, target: Tensor) -> Tensor:
    """Mean absolute difference; blurs less than `l2` (Isola et al. 2017, equation 3)."""
    return functional.l1_loss(predicted, target)


def l2(predicted: Tensor, target: Tensor) -> Tensor:
    """Mean squared difference; its optimum, the mean of all that is possible, is greyish.

    Zhang, Isola and Efros 2016, equation 1, but the mean over values instead of half the sum.
    """
    return functional.mse_loss(predicted, target)


def smooth_l1(predicted: Tensor, target: Tensor, beta: float) -> Tensor:
    """Huber's mixture (Girshick 2015, equation 3): d² / 2β below β, else |d| - β / 2.

    Args:
        predicted, target: colors.
        beta: where the parabola becomes a line, in the unit of the colors. Sawhney and Agrawal's
            was PyTorch's 1 on ab in its own unit: 1/110 here, and almost `l1`. From 2 on, the loss
            is `l2` / 2β.
    """
    return functional.smooth_l1_loss(predicted, target, beta=beta)
