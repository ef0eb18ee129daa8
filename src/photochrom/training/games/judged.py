"""A network and a discriminator that judges its colors (Isola et al. 2017, section 3)."""

from collections.abc import Iterator

import torch
from torch import Tensor, nn

from ...losses.adversarial import Adversary
from ...models.decoding import Decoding, reduced
from ...models.network import Discriminator
from ..batch import Arithmetic, Batch, Predict
from ..objective import Objective
from .game import MODEL, spectating

JUDGE = "discriminator"


class Judged:
    """A conditional adversarial game: the judge sees the grey picture beside the colors.

    The judge moves first, on the colors of the step; then the network, against the judge as it has
    become.
    """

    def __init__(
        self,
        model: nn.Module,
        judge: Discriminator,
        objective: Objective,
        predict: Predict,
        decoding: Decoding,
        adversary: Adversary,
        weight: float,
        arithmetic: Arithmetic,
    ) -> None:
        self.players = {MODEL: model, JUDGE: judge}
        self.teams = {JUDGE: (JUDGE,), MODEL: (MODEL,)}
        self._model = model
        self._judge = judge
        self._objective = objective
        self._predict = predict
        self._decoding = decoding
        self._adversary = adversary
        self._weight = weight
        self._arithmetic = arithmetic

    def turns(self, batch: Batch) -> Iterator[tuple[str, Tensor]]:
        """The judge's turn, then the network's."""
        prediction = self._predict(self._model, batch)
        colors = self._decoding.regressed(prediction.raw)  # (B, colors, h, w)
        height = colors.shape[2]
        grey = reduced(batch.grey, height)
        real = torch.cat([grey, reduced(self._decoding.target(batch.srgb), height)], dim=1)
        fake = torch.cat([grey, colors], dim=1)
        yield (
            JUDGE,
            self._adversary.discriminator(self._verdict(real), self._verdict(fake.detach())),
        )
        with spectating(self._judge):
            deceived = self._adversary.generator(self._verdict(fake))
        yield MODEL, self._objective(prediction, batch) + self._weight * deceived

    def _verdict(self, pictures: Tensor) -> tuple[Tensor, ...]:
        with self._arithmetic():
            maps: tuple[Tensor, ...] = self._judge(pictures)
        return tuple(scores.float() for scores in maps)

    def loss(self, model: nn.Module, batch: Batch) -> Tensor:
        """The objective alone: no judge's verdict can be compared with an earlier judge's."""
        return self._objective(self._predict(model, batch), batch)
