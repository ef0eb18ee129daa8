"""What training makes smaller: the loss of a network on a batch of color pictures."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from ..color import bin_centers, rebalancing_weights, soft_encode, srgb_to_lab
from ..losses.bins import rebalanced_cross_entropy
from .recipe import Recipe


class Objective:
    """Rebalanced classification of ab colors, as the recipe sets it."""

    def __init__(self, recipe: Recipe, prior: NDArray[np.float64], device: torch.device) -> None:
        weights = rebalancing_weights(prior, recipe.loss.rebalance)
        self.centers = torch.from_numpy(bin_centers().copy()).float().to(device)  # (Q, 2)
        self.rebalancing = torch.from_numpy(weights).float().to(device)  # (Q,)
        self._settings = recipe.loss
        self._half = recipe.precision == "bf16"

    def loss(self, model: nn.Module, crops: Tensor) -> Tensor:
        """The loss of a network on sRGB crops `(B, S, S, 3)` in [0, 1]; a scalar."""
        lab = srgb_to_lab(crops)
        logits = self.logits(model, lab[..., 0])  # (B, Q, h, w)
        ratio = crops.shape[1] // logits.shape[2]
        # The mean of ab, not its value at one pixel: what the eye sees at the smaller size.
        ab = functional.avg_pool2d(lab[..., 1:].movedim(-1, 1), ratio).movedim(1, -1)
        indices, weights = soft_encode(
            ab, self.centers, neighbors=self._settings.neighbors, sigma=self._settings.sigma
        )
        return rebalanced_cross_entropy(logits, indices, weights, self.rebalancing)

    def logits(self, model: nn.Module, lightness: Tensor) -> Tensor:
        """Logits `(B, Q, h, w)`, fp32, for L* `(B, H, W)` in [0, 100]."""
        scaled = (lightness / 50 - 1)[:, None].contiguous(memory_format=torch.channels_last)
        with torch.autocast(lightness.device.type, torch.bfloat16, enabled=self._half):
            logits: Tensor = model(scaled)
        return logits.float()
