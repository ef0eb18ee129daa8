"""Classification of whole pictures."""

from torch import Tensor
from torch.nn import functional


def class_cross_entropy(logits: Tensor, labels: Tensor) -> Tensor:
    """Cross-entropy of the pictures' classes.

    Args:
        logits: `(B, classes)`.
        labels: `(B,)`; -1 for pictures without a class, which add nothing.

    Returns:
        A scalar: the sum over labeled pictures divided by B, so that the mean over equal parts of
        a batch is the batch's (Iizuka, Simo-Serra and Ishikawa 2016, equation 5).
    """
    total = functional.cross_entropy(logits, labels, ignore_index=-1, reduction="sum")
    return total / len(labels)
