import pytest
import torch
from torch import Tensor

from photochrom.losses.regression import l1, l2, smooth_l1


def colors(*values: float) -> Tensor:
    """One picture of one pixel."""
    return torch.tensor(values, dtype=torch.float64).reshape(1, -1, 1, 1)


def test_by_hand() -> None:
    predicted, target = colors(0.5, -0.25), colors(0.0, 0.75)  # 0.5 and -1 apart
    assert l1(predicted, target).item() == pytest.approx((0.5 + 1) / 2)
    assert l2(predicted, target).item() == pytest.approx((0.25 + 1) / 2)
    # 0.5 lies below the beta of 0.8, 1 beyond.
    expected = (0.25 / 1.6 + (1 - 0.4)) / 2
    assert smooth_l1(predicted, target, 0.8).item() == pytest.approx(expected)


def test_beta_of_one_in_ab_units_is_one_110th_of_the_scaled_unit() -> None:
    """Seen on ab in its own unit, with the formula of Girshick 2015, where beta is 1."""
    ab = [0.3, -0.9, 2.0, -40.0]
    by_hand = sum(0.5 * d * d if abs(d) < 1 else abs(d) - 0.5 for d in ab) / len(ab)
    scaled = smooth_l1(colors(*ab) / 110, 0 * colors(*ab), 1 / 110)
    assert 110 * scaled.item() == pytest.approx(by_hand)


def test_from_beta_2_on_smooth_l1_is_l2() -> None:
    generator = torch.Generator().manual_seed(0)
    predicted, target = (
        torch.rand(2, 2, 5, 4, generator=generator, dtype=torch.float64) * 2 - 1 for _ in range(2)
    )
    torch.testing.assert_close(smooth_l1(predicted, target, 2), l2(predicted, target) / 4)
    torch.testing.assert_close(  # and with the smallest one, l1
        smooth_l1(predicted, target, 1e-9), l1(predicted, target)
    )


@pytest.mark.parametrize("number", [0, 1, 2])
def test_best_guess_for_several_possible_colors(number: int) -> None:
    """What each loss settles on where a pixel was blue (0) twice and yellow (0.9) once."""
    truth = torch.tensor([0.0, 0.0, 0.9], dtype=torch.float64)
    guesses = torch.linspace(-1, 1, 2001, dtype=torch.float64)
    losses = [l1, l2, lambda ours, theirs: smooth_l1(ours, theirs, 1e-3)]
    values = torch.stack([losses[number](guess.expand(3), truth) for guess in guesses])
    best = guesses[values.argmin()].item()
    assert best == pytest.approx([0.0, 0.3, 0.0][number], abs=2e-3)  # median, mean, nearly median
