"""What discriminator and generator make smaller when one learns to tell and one to deceive.

Each is given maps of logits `(B, 1, h, w)`, one for each scale that the discriminator looks at.
Every scale counts alike, however many logits its map has (pix2pixHD: Wang et al. 2018, equation 3,
but the mean instead of the sum, so that the weight does not depend on the number of scales).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import torch
from torch import Tensor
from torch.nn import functional

Maps: TypeAlias = Sequence[Tensor]


@dataclass(frozen=True)
class Adversary:
    """The two sides of one game."""

    discriminator: Callable[[Maps, Maps], Tensor]
    """From the maps of real and of generated pictures to the discriminator's loss, a scalar.

    It is half the sum of both, "which slows down the rate at which D learns relative to G" (Isola
    et al. 2017, section 3.3).
    """
    generator: Callable[[Maps], Tensor]
    """From the maps of generated pictures to the generator's loss, a scalar."""


def _mean(maps: Maps, loss: Callable[[Tensor], Tensor]) -> Tensor:
    return torch.stack([loss(scores).mean() for scores in maps]).mean()


def _not_real(scores: Tensor) -> Tensor:
    """Cross-entropy against "real": -log sigmoid, without overflow."""
    return functional.softplus(-scores)


def _not_one(scores: Tensor) -> Tensor:
    return (scores - 1).square()


def _bce_discriminator(real: Maps, fake: Maps) -> Tensor:
    return (_mean(real, _not_real) + _mean(fake, functional.softplus)) / 2


def _bce_generator(fake: Maps) -> Tensor:
    return _mean(fake, _not_real)


def _lsgan_discriminator(real: Maps, fake: Maps) -> Tensor:
    return (_mean(real, _not_one) + _mean(fake, torch.square)) / 2


def _lsgan_generator(fake: Maps) -> Tensor:
    return _mean(fake, _not_one)


ADVERSARIES = {
    "bce": Adversary(_bce_discriminator, _bce_generator),
    "lsgan": Adversary(_lsgan_discriminator, _lsgan_generator),
}
"""By name.

`bce`: cross-entropy, the generator raising log D instead of lowering log(1 - D) (Goodfellow et al.
2014, section 3), as in pix2pix. `lsgan`: least squares against 1 for real and 0 for generated (Mao
et al. 2017, equation 9), whose generator's half is left out as in CycleGAN (Zhu et al. 2017,
section 4).
"""
