"""A network alone with the truth."""

from collections.abc import Iterator

from torch import Tensor, nn

from ..batch import Batch, Predict
from ..objective import Objective
from .game import MODEL


class Alone:
    """Ordinary supervised learning."""

    def __init__(self, model: nn.Module, objective: Objective, predict: Predict) -> None:
        self.players = {MODEL: model}
        self.teams = {MODEL: (MODEL,)}
        self._model = model
        self._objective = objective
        self._predict = predict

    def turns(self, batch: Batch) -> Iterator[tuple[str, Tensor]]:
        """One turn: the objective."""
        yield MODEL, self.loss(self._model, batch)

    def loss(self, model: nn.Module, batch: Batch) -> Tensor:
        """The objective."""
        return self._objective(self._predict(model, batch), batch)
