"""What a network declares of itself; training, export and inference obey it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal


@dataclass(frozen=True)
class ModelSpec:
    """The declaration beside a network's class.

    Every network takes `(B, 1, H, W)`: lightness as (L* - 50) / 50, in [-1, 1].
    """

    build: Callable[..., Any]
    """Makes the `nn.Module`; its keyword arguments are the recipe's `model.settings`."""
    output: Literal["bins", "ab"]
    """`bins`: logits over ab bins `(B, 313, h, w)`; `ab`: `(B, 2, h, w)` in ab units."""
    size_multiple: int
    """Height and width of the input must be multiples of this."""
    stride: int
    """Input size over output size."""
    summary: str
    """One line for listings."""
