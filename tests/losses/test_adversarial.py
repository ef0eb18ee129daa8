import math

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from photochrom.losses.adversarial import ADVERSARIES


def scores(*values: float) -> Tensor:
    return torch.tensor(values, dtype=torch.float64).reshape(1, 1, 1, -1)


def logit(probability: float) -> float:
    return math.log(probability / (1 - probability))


def test_cross_entropy_by_hand() -> None:
    """A discriminator that takes real pictures for real by 0.8, generated ones by 0.3 and 0.1."""
    game = ADVERSARIES["bce"]
    real, fake = [scores(logit(0.8))], [scores(logit(0.3), logit(0.1))]
    told = (-math.log(0.8) - (math.log(0.7) + math.log(0.9)) / 2) / 2
    assert game.discriminator(real, fake).item() == pytest.approx(told)
    deceived = -(math.log(0.3) + math.log(0.1)) / 2
    assert game.generator(fake).item() == pytest.approx(deceived)


def test_least_squares_by_hand() -> None:
    game = ADVERSARIES["lsgan"]
    real, fake = [scores(0.5)], [scores(0.25, -1.0)]
    told = (0.5**2 + (0.25**2 + 1) / 2) / 2
    assert game.discriminator(real, fake).item() == pytest.approx(told)
    assert game.generator(fake).item() == pytest.approx((0.75**2 + 2**2) / 2)


def test_undecided_discriminator() -> None:
    """At the optimum of Goodfellow et al. 2014, D = 1/2, their value -log 4 is halved here."""
    undecided = [scores(0.0, 0.0)]
    game = ADVERSARIES["bce"]
    assert game.discriminator(undecided, undecided).item() == pytest.approx(math.log(4) / 2)
    assert game.generator(undecided).item() == pytest.approx(math.log(2))


def test_cross_entropy_equals_pytorchs() -> None:
    generator = torch.Generator().manual_seed(0)
    real, fake = (
        10 * torch.randn(2, 1, 3, 4, generator=generator, dtype=torch.float64) for _ in range(2)
    )
    bce = functional.binary_cross_entropy_with_logits
    expected = (bce(real, torch.ones_like(real)) + bce(fake, torch.zeros_like(fake))) / 2
    game = ADVERSARIES["bce"]
    torch.testing.assert_close(game.discriminator([real], [fake]), expected, rtol=1e-7, atol=0)
    torch.testing.assert_close(
        game.generator([fake]), bce(fake, torch.ones_like(fake)), rtol=1e-7, atol=0
    )


@pytest.mark.parametrize("name", sorted(ADVERSARIES))
def test_every_scale_counts_alike(name: str) -> None:
    game = ADVERSARIES[name]
    fine, coarse = scores(0.3, -0.2, 0.9, 1.4), scores(-0.7)
    both = game.generator([fine, coarse])
    apart = (game.generator([fine]) + game.generator([coarse])) / 2
    torch.testing.assert_close(both, apart)
    told = game.discriminator([fine, coarse], [coarse, fine])
    halves = game.discriminator([fine], [coarse]) + game.discriminator([coarse], [fine])
    torch.testing.assert_close(told, halves / 2)


@pytest.mark.parametrize("name", sorted(ADVERSARIES))
def test_the_two_pull_apart(name: str) -> None:
    """Where the discriminator wants a generated picture's score lower, the generator wants it
    higher; a real one's the discriminator wants higher."""
    game = ADVERSARIES[name]
    real, fake = scores(0.3).requires_grad_(), scores(0.4).requires_grad_()
    told = torch.autograd.grad(game.discriminator([real], [fake]), [real, fake])
    (deceived,) = torch.autograd.grad(game.generator([fake]), [fake])
    assert told[0] < 0 < told[1]
    assert deceived < 0


def test_seen_through_generator_still_learns() -> None:
    """The reason for the non-saturating loss: log(1 - D) would be flat here."""
    fake = scores(-30.0).requires_grad_()
    (gradient,) = torch.autograd.grad(ADVERSARIES["bce"].generator([fake]), [fake])
    assert gradient.item() == pytest.approx(-1)


def test_large_logits_stay_finite() -> None:
    game = ADVERSARIES["bce"]
    assert game.generator([scores(-1e4)]).item() == pytest.approx(1e4)
    assert game.discriminator([scores(1e4)], [scores(-1e4)]).item() == 0
