"""Several processes that train one network as a single one would, on one machine or many.

Lightning Fabric starts them, gives each its device and connects them. Gradients are averaged here,
not by PyTorch's `DistributedDataParallel`: that expects one forward and one backward pass a step,
and adversarial games have several. Batch normalization takes the statistics of the whole batch.
"""

from collections.abc import Sequence
from typing import Any

import torch
from lightning_fabric import Fabric
from torch import Tensor, distributed, nn

from .games.game import Game


def average_gradients(parameters: Sequence[nn.Parameter], fabric: Fabric) -> None:
    """Replace each gradient by its mean over the processes."""
    if fabric.world_size == 1:
        return
    for parameter in parameters:
        if parameter.grad is None:  # of a layer that this process's pictures did not need
            parameter.grad = torch.zeros_like(parameter)
    gradients = [parameter.grad for parameter in parameters if parameter.grad is not None]
    flat = torch.cat([gradient.flatten() for gradient in gradients])
    mean: Any = fabric.all_reduce(flat, reduce_op="mean")
    parts = torch.split(mean, [gradient.numel() for gradient in gradients])
    for gradient, part in zip(gradients, parts, strict=True):
        gradient.copy_(part.view_as(gradient))


def share(game: Game, fabric: Fabric) -> None:
    """Make the batch normalization of all players take the statistics of all processes."""
    if fabric.world_size > 1:
        for player in game.players.values():
            _synchronize(player)


def _synchronize(module: nn.Module) -> None:
    """Exchange the class of each batch normalization: its tensors and their names stay."""
    for child in module.modules():
        if type(child) in _SYNCHRONIZED:
            child.__class__ = _SYNCHRONIZED[type(child)]


class _Sum(torch.autograd.Function):
    """The sum over the processes, of values and of gradients alike."""

    @staticmethod
    def forward(context: Any, mine: Tensor) -> Tensor:
        total = mine.clone()
        distributed.all_reduce(total)
        return total

    @staticmethod
    def backward(context: Any, gradient: Tensor) -> Tensor:
        total = gradient.clone()
        distributed.all_reduce(total)
        return total


class _Synchronized(nn.modules.batchnorm._BatchNorm):
    """Batch normalization over the batches of all processes.

    PyTorch's own `SyncBatchNorm` runs on GPUs alone.
    """

    def forward(self, x: Tensor) -> Tensor:
        if not self.training:
            return super().forward(x)
        axes = [axis for axis in range(x.dim()) if axis != 1]
        count = torch.tensor([x.numel() / x.shape[1]], device=x.device)
        wide = x.float()
        sums = torch.cat([wide.sum(axes), wide.square().sum(axes), count])
        total: Tensor = _Sum.apply(sums)  # type: ignore[no-untyped-call]
        everyone = total[-1]
        mean = total[: x.shape[1]] / everyone
        variance = (total[x.shape[1] : -1] / everyone - mean.square()).clamp(min=0)
        self._remember(mean.detach(), variance.detach() * everyone / (everyone - 1).clamp(min=1))
        scale = self.weight * torch.rsqrt(variance + self.eps)
        shape = [1, -1] + [1] * (x.dim() - 2)
        shift = self.bias - mean * scale
        return (x * scale.view(shape) + shift.view(shape)).to(x.dtype)

    @torch.no_grad()
    def _remember(self, mean: Tensor, variance: Tensor) -> None:
        if self.running_mean is None or self.running_var is None:
            return
        if self.num_batches_tracked is not None:
            self.num_batches_tracked.add_(1)
        self.running_mean.lerp_(mean, self.momentum or 0.1)
        self.running_var.lerp_(variance, self.momentum or 0.1)


class _Synchronized1d(_Synchronized, nn.BatchNorm1d):
    pass


class _Synchronized2d(_Synchronized, nn.BatchNorm2d):
    pass


_SYNCHRONIZED: dict[type[nn.Module], type[nn.Module]] = {
    nn.BatchNorm1d: _Synchronized1d,
    nn.BatchNorm2d: _Synchronized2d,
}
