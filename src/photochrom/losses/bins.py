"""Classification of ab colors."""

from torch import Tensor
from torch.nn import functional


def rebalanced_cross_entropy(
    logits: Tensor, indices: Tensor, weights: Tensor, rebalancing: Tensor
) -> Tensor:
    """Cross-entropy against soft-encoded colors, rare colors weighted up.

    Args:
        logits: `(B, Q, H, W)`.
        indices, weights: soft-encoded targets `(B, H, W, neighbors)`, see `color.bins`.
        rebalancing: the weight of each bin, `(Q,)`, expectation 1 under the prior.

    Returns:
        A scalar: the mean over pixels of v(Z) · H(Z, Z'), v being the weight of the target's
        nearest bin (Zhang, Isola and Efros 2016, equations 2 and 3).
    """
    log_probabilities = functional.log_softmax(logits.movedim(1, -1), dim=-1)  # (B, H, W, Q)
    cross_entropy = -(weights * log_probabilities.gather(-1, indices)).sum(dim=-1)  # (B, H, W)
    nearest = indices.gather(-1, weights.argmax(dim=-1, keepdim=True)).squeeze(-1)
    return (rebalancing[nearest] * cross_entropy).mean()
