"""What an exported graph computes: the network and, around it, the decoding of its output."""

import torch
from torch import Tensor, nn

from ..color import annealed_mean, bin_centers, entropy
from ..models.spec import ModelSpec


class DecodedBins(nn.Module):
    """A network of output `bins` with the annealed mean behind it.

    Input: scaled lightness `(N, 1, H, W)` and temperature, a scalar. Returns ab `(N, 2, h, w)` at
    that temperature, and the entropy `(N, h, w)` of the undecided distribution in nats.
    """

    centers: Tensor

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network
        self.register_buffer("centers", torch.from_numpy(bin_centers().copy()).float())

    def forward(self, lightness: Tensor, temperature: Tensor) -> tuple[Tensor, Tensor]:
        logits = self.network(lightness).movedim(1, -1)  # (N, h, w, Q)
        ab: Tensor = annealed_mean(logits, self.centers, temperature)
        return ab.movedim(-1, 1), entropy(logits)


class PlainAb(nn.Module):
    """A network of output `ab`: the temperature changes nothing and the entropy is 0."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, lightness: Tensor, temperature: Tensor) -> tuple[Tensor, Tensor]:
        ab: Tensor = self.network(lightness)
        return ab + 0 * temperature, ab[:, 0] * 0


def decoded(network: nn.Module, spec: ModelSpec) -> nn.Module:
    """The module that is exported for a network."""
    wrapper = DecodedBins if spec.output == "bins" else PlainAb
    return wrapper(network).eval()
