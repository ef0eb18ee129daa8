"""What the loop needs to know of a game."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Protocol

from torch import Tensor, nn

from ..batch import Batch

MODEL = "model"
"""The player that is averaged, watched and exported; the team that it plays in bears its name."""


class Game(Protocol):
    """Players, the teams that they learn in, and what each team loses."""

    @property
    def players(self) -> Mapping[str, nn.Module]:
        """All that a checkpoint must hold, `MODEL` among them."""

    @property
    def teams(self) -> Mapping[str, Sequence[str]]:
        """Names of the players whose parameters one optimizer moves together, in their turns'
        order."""

    def turns(self, batch: Batch) -> Iterator[tuple[str, Tensor]]:
        """Yield team and loss, one after the other.

        The loop moves the team's parameters before it asks for the next turn, so later losses see
        earlier teams as they have become.
        """

    def loss(self, model: nn.Module, batch: Batch) -> Tensor:
        """What the model is measured by on pictures that it does not learn from; a scalar."""


@contextmanager
def spectating(*players: nn.Module) -> Iterator[None]:
    """Let gradients pass through players without stopping at their parameters."""
    for player in players:
        player.requires_grad_(False)
    try:
        yield
    finally:
        for player in players:
            player.requires_grad_(True)
