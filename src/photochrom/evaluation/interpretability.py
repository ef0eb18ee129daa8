"""Semantic interpretability: does a classifier still see in our colors what is in the picture?

Zhang, Isola and Efros (2016, section 3.1) show recolored pictures to a classifier that learned on
real colors, and count how often it is right. Most sets of photographs carry no labels that it
knows, so here its own first label of the real picture stands for the truth: a real picture agrees
with itself always, and what colors add is seen from the grey pictures' share upwards.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

_FIVE = 5


class Agreement(NamedTuple):
    """Of each picture, whether the real one's label is among ours."""

    in_top1: NDArray[np.bool_]
    """Ours has the same first label, `(N,)`."""
    in_top5: NDArray[np.bool_]
    """It is among the five likeliest of ours, `(N,)`."""


def agreement(real_logits: NDArray[Any], ours_logits: NDArray[Any]) -> Agreement:
    """Whether a classifier's first label of the real picture is among its first of ours.

    Of equal logits the one of the lower class number goes first, on both sides.

    Args:
        real_logits, ours_logits: `(N, K)`, of the same pictures in the same order; anything that
            grows with the logits will do.

    Raises:
        ValueError: the shapes differ or are not (N, K), or a value is not a number.
    """
    if real_logits.shape != ours_logits.shape or real_logits.ndim != 2 or not real_logits.shape[1]:
        raise ValueError(
            f"need logits (N, K) twice, not {real_logits.shape} and {ours_logits.shape}"
        )
    if np.isnan(real_logits).any() or np.isnan(ours_logits).any():
        raise ValueError("a logit is not a number")
    label = real_logits.argmax(axis=1)[:, None]  # (N, 1)
    of_label = np.take_along_axis(ours_logits, label, axis=1)
    earlier = np.arange(ours_logits.shape[1]) < label
    rank = ((ours_logits > of_label) | ((ours_logits == of_label) & earlier)).sum(axis=1)
    return Agreement(rank < 1, rank < _FIVE)


def way_from_grey(ours: ArrayLike, grey: ArrayLike) -> NDArray[np.float64]:
    """How far colors lead from what grey pictures reach to what real ones do: 0 to 1.

    (ours - grey) / (1 - grey): shares of agreeing pictures, of which real ones reach 1. Below 0 our
    colors mislead the classifier more than none at all.

    Args:
        ours, grey: shares in [0, 1], numbers or arrays that broadcast; not percent.

    Returns:
        The broadcast shape; NaN where grey reaches 1, which leaves no way to go.

    Raises:
        ValueError: a share is outside [0, 1].
    """
    ours, grey = np.asarray(ours, dtype=np.float64), np.asarray(grey, dtype=np.float64)
    if not all(np.all((share >= 0) & (share <= 1)) for share in (ours, grey)):
        raise ValueError("shares are within [0, 1]; divide percentages by 100")
    left = np.where(grey < 1, 1 - grey, np.nan)
    return np.asarray((ours - grey) / left)
