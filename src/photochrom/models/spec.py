"""What a network declares of itself; training, export and inference obey it."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeAlias

if TYPE_CHECKING:  # listing networks must not cost an import of torch
    from torch import nn

    from .network import Discriminator, Network

Kind: TypeAlias = Literal["bins", "chroma", "rgb", "classes"]
"""What a network predicts.

`bins`: logits over the 313 ab bins. `chroma`: the two color channels of the recipe's color space,
about [-1, 1]. `rgb`: sRGB, [-1, 1]. `classes`: no picture but logits over the data set's classes,
`(B, classes, 1, 1)`.
"""


class PretrainedEncoder(Protocol):
    """The part of a network that can start from a classifier's weights; an `nn.Module`."""

    def parameters(self) -> "Iterator[nn.Parameter]":
        """What the part learns."""

    def load_classifier(self, path: Path) -> None:
        """Read the weights; raises ModelError where the file is missing or of another network."""


@dataclass(frozen=True)
class ModelSpec:
    """The declaration beside a network's class."""

    build: "Callable[..., Network]"
    """Makes the network, from

    - `inputs`: channels of the input. The first is lightness, (L* - 50) / 50, in [-1, 1]; others
      are one-hot class maps. (Only a CycleGAN's way back has three, and they are a picture.)
    - `channels`: channels of the output, as its kind needs them: 313 bins, 2 of chroma, 3 of RGB.
    - `classes`: how many classes to tell apart beside coloring; only where `classifies`.
    - the recipe's `model.settings`, as further keyword arguments.

    ValueError and TypeError tell what does not fit.
    """
    outputs: tuple[Kind, ...]
    """What the network can be trained to predict; the first is what its authors chose."""
    summary: str
    """One line for listings."""
    encoder: Callable[[Any], PretrainedEncoder] | None = None
    """Finds, in the network, the module that a recipe's `model.backbone` starts and that learns at
    the backbone's rate; None where the network takes no backbone."""
    classifies: bool = False
    """Whether the network also tells the picture's class: a `network.JointClassifier`."""
    trial: Mapping[str, Any] = field(default_factory=dict)
    """Settings of a small network of the same kind, which learns in seconds: for trying out."""


@dataclass(frozen=True)
class DiscriminatorSpec:
    """The declaration beside a discriminator's class."""

    build: "Callable[..., Discriminator]"
    """Makes it, from `inputs`, the channels that it sees, and the recipe's
    `loss.adversarial.settings`, as further keyword arguments."""
    summary: str
    """One line for listings."""
