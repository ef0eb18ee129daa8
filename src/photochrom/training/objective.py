"""What training makes smaller: a sum of parts, each a loss with its weight."""

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..color import bin_centers, rebalancing_weights, soft_encode
from ..losses.bins import rebalanced_cross_entropy
from ..losses.classes import class_cross_entropy
from ..losses.regression import l1, l2, smooth_l1
from ..models.decoding import Decoding, reduced
from .batch import Batch, Prediction
from .settings import CrossEntropy, Loss

Part: TypeAlias = Callable[[Prediction, Batch], Tensor]
"""A loss between a network's answer and the truth; a scalar."""


class Objective:
    """The weighted sum of a recipe's paired losses."""

    def __init__(self, parts: list[tuple[float, Part]]) -> None:
        self._parts = parts

    def __call__(self, prediction: Prediction, batch: Batch) -> Tensor:
        """The loss of a batch; a scalar."""
        values = [weight * part(prediction, batch) for weight, part in self._parts]
        return torch.stack(values).sum()


def objective(
    loss: Loss, decoding: Decoding | None, prior: NDArray[np.float64] | None, device: torch.device
) -> Objective:
    """Compose what a recipe asks for.

    Args:
        loss: the recipe's.
        decoding: of the network's output; None where it predicts classes.
        prior: of the ab bins, `(313,)`; None where there is no cross-entropy.
        device: of the constants.
    """
    parts: list[tuple[float, Part]] = []
    if loss.cross_entropy and prior is not None:
        parts.append((loss.cross_entropy.weight, _Bins(loss.cross_entropy, prior, device)))
    if loss.classification:
        parts.append((loss.classification.weight, _classes))
    if decoding:
        if loss.l1:
            parts.append((loss.l1.weight, _Distance(decoding, l1)))
        if loss.l2:
            parts.append((loss.l2.weight, _Distance(decoding, l2)))
        if loss.smooth_l1:
            beta = loss.smooth_l1.beta
            huber = _Distance(decoding, lambda ours, theirs: smooth_l1(ours, theirs, beta))
            parts.append((loss.smooth_l1.weight, huber))
    return Objective(parts)


class _Bins:
    """Rebalanced classification of ab colors."""

    def __init__(
        self, settings: CrossEntropy, prior: NDArray[np.float64], device: torch.device
    ) -> None:
        weights = rebalancing_weights(prior, settings.rebalance)
        self._centers = torch.from_numpy(bin_centers().copy()).float().to(device)  # (Q, 2)
        self._rebalancing = torch.from_numpy(weights).float().to(device)  # (Q,)
        self._settings = settings

    def __call__(self, prediction: Prediction, batch: Batch) -> Tensor:
        planes = batch.lab[..., 1:].movedim(-1, 1)
        ab = reduced(planes, prediction.raw.shape[2]).movedim(1, -1)  # (B, h, w, 2)
        indices, weights = soft_encode(
            ab, self._centers, neighbors=self._settings.neighbors, sigma=self._settings.sigma
        )
        return rebalanced_cross_entropy(prediction.raw, indices, weights, self._rebalancing)


class _Distance:
    """A distance between predicted and true colors."""

    def __init__(self, decoding: Decoding, distance: Callable[[Tensor, Tensor], Tensor]) -> None:
        self._decoding = decoding
        self._distance = distance

    def __call__(self, prediction: Prediction, batch: Batch) -> Tensor:
        ours = self._decoding.regressed(prediction.raw)  # (B, colors, h, w)
        theirs = reduced(self._decoding.target(batch.srgb), ours.shape[2])
        return self._distance(ours, theirs)


def _classes(prediction: Prediction, batch: Batch) -> Tensor:
    if prediction.classes is None:  # `start` has refused networks that tell no classes
        raise AssertionError("a network that tells classes was asked for colors alone")
    return class_cross_entropy(prediction.classes, batch.labels)
