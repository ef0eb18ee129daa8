"""Two networks in a circle, from grey to color and back, without pairs (Zhu et al. 2017)."""

from collections.abc import Iterator

from torch import Tensor, nn

from ...losses.adversarial import Adversary
from ...losses.regression import l1
from ...models.decoding import Decoding, reduced
from ...models.network import Discriminator
from ..batch import Arithmetic, Batch
from ..settings import Cycle
from .game import MODEL, spectating
from .history import History

BACK = "back"
JUDGES = "discriminators"
COLOR_JUDGE, GREY_JUDGE = "color_discriminator", "grey_discriminator"
COLOR_HISTORY, GREY_HISTORY = "color_history", "grey_history"


class Circle:
    """CycleGAN between grey pictures and color pictures.

    Every other picture of a batch is shown in grey, the ones between in color, so no picture of a
    step has its partner there. The networks move first, as in the authors' code. Both take
    three channels, and a grey picture as three equal ones.
    """

    def __init__(
        self,
        model: nn.Module,
        back: nn.Module,
        judges: tuple[Discriminator, Discriminator],
        decoding: Decoding,
        adversary: Adversary,
        weight: float,
        settings: Cycle,
        arithmetic: Arithmetic,
    ) -> None:
        """Take the networks to color and to grey, and the judges of color and of grey."""
        color_judge, grey_judge = judges
        self._color_history = History(settings.history)
        self._grey_history = History(settings.history)
        self.players: dict[str, nn.Module] = {
            MODEL: model,
            BACK: back,
            COLOR_JUDGE: color_judge,
            GREY_JUDGE: grey_judge,
            COLOR_HISTORY: self._color_history,
            GREY_HISTORY: self._grey_history,
        }
        self.teams = {MODEL: (MODEL, BACK), JUDGES: (COLOR_JUDGE, GREY_JUDGE)}
        self._model, self._back = model, back
        self._color_judge, self._grey_judge = color_judge, grey_judge
        self._decoding = decoding
        self._adversary = adversary
        self._weight = weight
        self._settings = settings
        self._arithmetic = arithmetic

    def turns(self, batch: Batch) -> Iterator[tuple[str, Tensor]]:
        """The networks' turn, then the judges'."""
        grey = batch.grey[0::2]  # (B/2, 1, S, S)
        color = self._decoding.target(batch.srgb[1::2])  # (B/2, 3, S, S)
        colored, greyed = self._painted(self._model, grey), self._painted(self._back, color)
        with spectating(self._color_judge, self._grey_judge):
            deceived = self._adversary.generator(self._verdict(self._color_judge, colored))
            deceived = deceived + self._adversary.generator(self._verdict(self._grey_judge, greyed))
        there_and_back = l1(self._painted(self._back, colored), grey)
        back_and_there = l1(self._painted(self._model, greyed), color)
        total = self._weight * deceived + self._settings.weight * (there_and_back + back_and_there)
        if self._settings.identity:
            kept = l1(self._painted(self._model, color), color)
            kept = kept + l1(self._painted(self._back, grey), grey)
            total = total + self._settings.weight * self._settings.identity * kept
        yield MODEL, total
        shown_colored = self._color_history.exchanged(colored.detach())
        shown_greyed = self._grey_history.exchanged(greyed.detach())
        judged = self._told_apart(self._color_judge, color, shown_colored)
        yield JUDGES, judged + self._told_apart(self._grey_judge, grey, shown_greyed)

    def _told_apart(self, judge: nn.Module, real: Tensor, fake: Tensor) -> Tensor:
        return self._adversary.discriminator(self._verdict(judge, real), self._verdict(judge, fake))

    def _painted(self, network: nn.Module, pictures: Tensor) -> Tensor:
        with self._arithmetic():
            painted: Tensor = network(pictures)
        return painted.float()

    def _verdict(self, judge: nn.Module, pictures: Tensor) -> tuple[Tensor, ...]:
        with self._arithmetic():
            maps: tuple[Tensor, ...] = judge(pictures)
        return tuple(scores.float() for scores in maps)

    def loss(self, model: nn.Module, batch: Batch) -> Tensor:
        """The mean absolute difference from the true colors, which training never sees."""
        colors = self._decoding.regressed(self._painted(model, batch.grey))
        return l1(colors, reduced(self._decoding.target(batch.srgb), colors.shape[2]))
