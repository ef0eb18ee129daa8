"""What a network declares of itself; training, export and inference obey it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

if TYPE_CHECKING:  # listing networks must not cost an import of torch
    from torch import nn


class PretrainedEncoder(Protocol):
    """The part of a network that can start from a classifier's weights; an `nn.Module`."""

    def parameters(self) -> "Iterator[nn.Parameter]":
        """What the part learns."""

    def load_classifier(self, path: Path) -> None:
        """Read the weights; raises ModelError where the file is missing or of another network."""


@dataclass(frozen=True)
class ModelSpec:
    """The declaration beside a network's class.

    Every network takes `(B, 1, H, W)`: lightness as (L* - 50) / 50, in [-1, 1].
    """

    build: "Callable[..., nn.Module]"
    """Makes the network; its keyword arguments are the recipe's `model.settings`."""
    output: Literal["bins", "ab"]
    """`bins`: logits over ab bins `(B, 313, h, w)`; `ab`: `(B, 2, h, w)` in ab units."""
    size_multiple: int
    """Height and width of the input must be multiples of this."""
    stride: int
    """Input size over output size."""
    summary: str
    """One line for listings."""
    encoder: Callable[[Any], PretrainedEncoder] | None = None
    """Finds, in the network, the module that a recipe's `model.backbone` starts and that learns at
    the backbone's rate; None where the network takes no backbone."""
