"""What an exported graph computes: the network and, around it, the decoding of its output."""

from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from ..models.decoding import BinsDecoding, Decoding
from ..models.network import Discriminator, Network, Stylist

_OFFSET = _SCALE = 50.0  # networks take (L* - offset) / scale


class Verdict(nn.Module):
    """A discriminator's opinion as one number a picture: the mean of its logits over its maps."""

    def __init__(self, judge: Discriminator) -> None:
        super().__init__()
        self.judge = judge

    def forward(self, grey: Tensor, colors: Tensor) -> Tensor:
        """Scores `(N,)` of lightness `(N, 1, h, w)` and colors `(N, C, h, w)`."""
        maps = self.judge(self._shown(grey, colors))
        return torch.stack([logits.mean(dim=(1, 2, 3)) for logits in maps]).mean(dim=0)

    def _shown(self, grey: Tensor, colors: Tensor) -> Tensor:
        raise NotImplementedError


class PairVerdict(Verdict):
    """Of a judge that sees the grey picture beside the colors."""

    def _shown(self, grey: Tensor, colors: Tensor) -> Tensor:
        return torch.cat([grey, colors], dim=1)


class ColorVerdict(Verdict):
    """Of a judge that sees the colors alone, as in a cycle."""

    def _shown(self, grey: Tensor, colors: Tensor) -> Tensor:
        return colors


class Decoded(nn.Module):
    """A network with the decoding of its output, and the verdict on it, behind it.

    Input: scaled lightness `(N, 1, H, W)` and temperature, a scalar. Returns ab `(N, 2, h, w)` at
    that temperature, the entropy `(N, h, w)` of the undecided distribution in nats and, where there
    is a judge, its score `(N,)`; of networks that think in our bins, last, the logits
    `(N, 313, h, w)` themselves.
    """

    def __init__(
        self, network: Network, decoding: Decoding, verdict: Verdict | None = None
    ) -> None:
        super().__init__()
        self.network = network
        self.decoding = decoding
        self.verdict = verdict
        self.distribution = _over_our_bins(decoding)
        self.eval()

    def forward(self, lightness: Tensor, temperature: Tensor) -> tuple[Tensor, ...]:
        return self._answer(self.network(lightness), lightness, temperature)

    def _answer(self, raw: Tensor, lightness: Tensor, temperature: Tensor) -> tuple[Tensor, ...]:
        # Over the size that the network declares, not its output's: the graph's sizes are free.
        grey = functional.avg_pool2d(lightness, self.network.stride)  # (N, 1, h, w)
        small = grey[:, 0] * _SCALE + _OFFSET  # (N, h, w), L*
        ab, entropy = self.decoding(raw, small, temperature)
        answer: tuple[Tensor, ...] = (ab, entropy)
        if self.verdict is not None:
            answer = (*answer, self.verdict(grey, self.decoding.regressed(raw)))
        return (*answer, raw) if self.distribution else answer


def _over_our_bins(decoding: Decoding) -> bool:
    """Whether the output is a distribution that `color.bin_centers` gives a meaning.

    Weights of others bring bins of their own, which no card tells.
    """
    ours = BinsDecoding().centers
    return isinstance(decoding, BinsDecoding) and torch.equal(decoding.centers, ours)


class Styled(Decoded):
    """The same with a third input: scaled lightness `(N, 1, any, any)` of the style's picture."""

    def forward(  # type: ignore[override]  # a graph has its inputs by number
        self, lightness: Tensor, temperature: Tensor, style: Tensor
    ) -> tuple[Tensor, ...]:
        raw = cast(Stylist, self.network).styled(lightness, style)
        return self._answer(raw, lightness, temperature)


class Probabilities(nn.Module):
    """A classifier: scaled lightness `(N, 1, H, W)` to probabilities `(N, K)`."""

    def __init__(self, network: Network) -> None:
        super().__init__()
        self.network = network
        self.eval()

    def forward(self, lightness: Tensor) -> Tensor:
        logits: Tensor = self.network(lightness)[:, :, 0, 0]
        return logits.softmax(dim=1)
