"""From what a network puts out to colors, and from colors to what it should put out.

The same modules serve training (targets, pictures to look at) and export (the end of the graph).
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

from ..color import (
    CHROMA_SPACES,
    annealed_mean,
    bin_centers,
    entropy,
    srgb_to_lab,
)
from ..color.chroma import AB_SCALE
from .spec import Kind


class Decoding(nn.Module):
    """What the output of one kind of network means."""

    channels: int
    """Channels of the output."""
    colors: int
    """Channels of its colors, as `regressed` and `target` give them."""

    def forward(
        self, raw: Tensor, lightness: Tensor, temperature: Tensor | float
    ) -> tuple[Tensor, Tensor]:
        """Colors that a picture can take.

        Args:
            raw: the network's output `(B, channels, h, w)`.
            lightness: L* of the picture at that size, `(B, h, w)`.
            temperature: of the annealed mean; nothing to networks that predict one color.

        Returns:
            ab `(B, 2, h, w)`, and the entropy `(B, h, w)` in nats, 0 where one color is predicted.
        """
        raise NotImplementedError

    def regressed(self, raw: Tensor) -> Tensor:
        """The output as colors that losses compare, `(B, colors, h, w)`, about [-1, 1]."""
        return raw

    def target(self, srgb: Tensor) -> Tensor:
        """What `regressed` should be for pictures `(B, h, w, 3)` in [0, 1]."""
        raise NotImplementedError


class BinsDecoding(Decoding):
    """Logits over ab bins, decoded by their annealed mean."""

    colors = 2
    centers: Tensor

    def __init__(self, centers: Tensor | None = None) -> None:
        """`centers` `(Q, 2)` in ab units; None takes ours."""
        super().__init__()
        ours = torch.from_numpy(bin_centers().copy()).float()
        self.register_buffer("centers", ours if centers is None else centers)
        self.channels = len(self.centers)

    def forward(
        self, raw: Tensor, lightness: Tensor, temperature: Tensor | float
    ) -> tuple[Tensor, Tensor]:
        logits = raw.movedim(1, -1)  # (B, h, w, Q)
        ab: Tensor = annealed_mean(logits, self.centers, temperature)
        return ab.movedim(-1, 1), entropy(logits)

    def regressed(self, raw: Tensor) -> Tensor:
        mean: Tensor = annealed_mean(raw.movedim(1, -1), self.centers, 1.0)
        return mean.movedim(-1, 1) / AB_SCALE

    def target(self, srgb: Tensor) -> Tensor:
        encoded: Tensor = CHROMA_SPACES["lab"].encode(srgb)
        return encoded.movedim(-1, 1)


class ChromaDecoding(Decoding):
    """Two channels of a color space."""

    channels = colors = 2

    def __init__(self, space: str) -> None:
        super().__init__()
        self.space = CHROMA_SPACES[space]

    def forward(
        self, raw: Tensor, lightness: Tensor, temperature: Tensor | float
    ) -> tuple[Tensor, Tensor]:
        ab: Tensor = self.space.decode(lightness, raw.movedim(1, -1))
        return ab.movedim(-1, 1) + 0 * temperature, raw[:, 0] * 0

    def target(self, srgb: Tensor) -> Tensor:
        encoded: Tensor = self.space.encode(srgb)
        return encoded.movedim(-1, 1)


class RgbDecoding(Decoding):
    """A whole picture, of which only the color is taken: the luminance is the original's."""

    channels = colors = 3

    def forward(
        self, raw: Tensor, lightness: Tensor, temperature: Tensor | float
    ) -> tuple[Tensor, Tensor]:
        srgb = ((raw + 1) / 2).clamp(0, 1).movedim(1, -1)
        ab: Tensor = srgb_to_lab(srgb)[..., 1:]
        return ab.movedim(-1, 1) + 0 * temperature, raw[:, 0] * 0

    def target(self, srgb: Tensor) -> Tensor:
        return srgb.movedim(-1, 1) * 2 - 1


def decoding(kind: Kind, space: str) -> Decoding:
    """The decoding of a kind of output; ValueError for `classes`, which is no picture."""
    if kind == "bins":
        return BinsDecoding()
    if kind == "chroma":
        return ChromaDecoding(space)
    if kind == "rgb":
        return RgbDecoding()
    raise ValueError(f"{kind} are no colors")


def reduced(planes: Tensor, height: int) -> Tensor:
    """Planes `(B, C, H, W)` averaged down to `height` rows, a divisor of H.

    The mean of colors, not their value at one pixel: what the eye sees at the smaller size.
    """
    ratio = planes.shape[2] // height
    return functional.avg_pool2d(planes, ratio) if ratio > 1 else planes
