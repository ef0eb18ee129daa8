import math

import numpy as np
import pytest
import torch
from torch.nn import functional

from photochrom.losses.bins import rebalanced_cross_entropy

B, Q, H, W, N = 2, 7, 3, 4, 3


def batch(seed: int = 0, dtype: torch.dtype = torch.float64) -> tuple[torch.Tensor, ...]:
    generator = torch.Generator().manual_seed(seed)
    logits = torch.randn(B, Q, H, W, generator=generator, dtype=dtype)
    indices = torch.rand(B, H, W, Q, generator=generator).argsort(dim=-1)[..., :N]
    weights = torch.rand(B, H, W, N, generator=generator, dtype=dtype)
    rebalancing = 0.2 + torch.rand(Q, generator=generator, dtype=dtype)
    return logits, indices, weights / weights.sum(-1, keepdim=True), rebalancing


def test_one_pixel_by_hand() -> None:
    logits = torch.tensor([math.log(1), math.log(2), math.log(5)]).reshape(
        1, 3, 1, 1
    )  # 1/8 2/8 5/8
    indices = torch.tensor([2, 1]).reshape(1, 1, 1, 2)
    weights = torch.tensor([0.75, 0.25]).reshape(1, 1, 1, 2)
    rebalancing = torch.tensor([100.0, 10.0, 2.0])  # of the nearest bin, 2, only
    expected = 2 * (0.75 * math.log(8 / 5) + 0.25 * math.log(4))
    loss = rebalanced_cross_entropy(logits, indices, weights, rebalancing)
    assert loss.item() == pytest.approx(expected)


def test_equals_a_plain_sum() -> None:
    logits, indices, weights, rebalancing = (tensor.numpy() for tensor in batch())
    total = 0.0
    for b, y, x in np.ndindex(B, H, W):
        exponentials = [math.exp(logits[b, q, y, x]) for q in range(Q)]
        target = [0.0] * Q
        for n in range(N):
            target[indices[b, y, x, n]] += weights[b, y, x, n]
        entropy = -sum(target[q] * math.log(exponentials[q] / sum(exponentials)) for q in range(Q))
        total += rebalancing[int(np.argmax(target))] * entropy
    assert rebalanced_cross_entropy(*batch()).item() == pytest.approx(total / (B * H * W))


def test_is_plain_cross_entropy_without_rebalancing() -> None:
    logits, indices, weights, _ = batch()
    dense = torch.zeros(B, H, W, Q, dtype=torch.float64).scatter_(-1, indices, weights)
    loss = rebalanced_cross_entropy(logits, indices, weights, torch.ones(Q, dtype=torch.float64))
    torch.testing.assert_close(loss, functional.cross_entropy(logits, dense.movedim(-1, 1)))


def test_is_proportional_to_rebalancing() -> None:
    logits, indices, weights, rebalancing = batch()
    once = rebalanced_cross_entropy(logits, indices, weights, rebalancing)
    thrice = rebalanced_cross_entropy(logits, indices, weights, 3 * rebalancing)
    torch.testing.assert_close(thrice, 3 * once)


def test_does_not_depend_on_the_neighbors_order() -> None:
    logits, indices, weights, rebalancing = batch()
    loss = rebalanced_cross_entropy(logits, indices, weights, rebalancing)
    flipped = rebalanced_cross_entropy(logits, indices.flip(-1), weights.flip(-1), rebalancing)
    torch.testing.assert_close(flipped, loss)


def test_large_logits_stay_finite() -> None:
    logits, indices, weights, rebalancing = batch(dtype=torch.float32)
    assert torch.isfinite(rebalanced_cross_entropy(1e4 * logits, indices, weights, rebalancing))


def test_gradient() -> None:
    logits, indices, weights, rebalancing = batch()
    logits.requires_grad_()
    assert torch.autograd.gradcheck(
        lambda x: rebalanced_cross_entropy(x, indices, weights, rebalancing), (logits,)
    )
