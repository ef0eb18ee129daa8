"""What networks and discriminators have in common."""

from typing import Protocol, runtime_checkable

from torch import Tensor, nn


class Network(nn.Module):
    """Base of every network that is trained: `(B, inputs, H, W)` to `(B, channels, h, w)`.

    Pictures of a batch do not see each other in eval mode, and eval mode is deterministic: noise
    and dropout are training's. In training they come from PyTorch's global generator.
    """

    size_multiple: int
    """Height and width of the input must be multiples of this."""
    stride: int
    """Input size over output size."""
    input_size: int | None = None
    """Side of the only input, a square, that the network takes; None where sizes are free."""


@runtime_checkable
class JointClassifier(Protocol):
    """A network that tells the picture's class while it colors."""

    def colors_and_classes(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """The output of `forward`, and logits `(B, classes)`, from one pass."""


@runtime_checkable
class Stylist(Protocol):
    """A network that can color one picture in the style of another."""

    def styled(self, x: Tensor, style: Tensor) -> Tensor:
        """Colors of `x` with the global features of `style`, `(B, inputs, any, any)`."""


class Discriminator(nn.Module):
    """Base of every discriminator: pictures to maps of logits, high for what seems real.

    Input `(B, inputs, H, W)`: lightness and colors, or colors alone, all about [-1, 1]. Returns
    one map `(B, 1, h, w)` for each scale that it looks at.
    """

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        raise NotImplementedError
