import math

import pytest
import torch
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from torch.optim.lr_scheduler import ReduceLROnPlateau

from photochrom.training.schedule import plateaus, rate_factor, size_at
from photochrom.training.settings import Schedule, Stage

COSINE = Schedule(warmup_steps=4, final_fraction=0.1)


@pytest.mark.parametrize(
    ("step", "factor"),
    [
        (0, 0.25),  # warm-up, never 0: the first step learns too
        (1, 0.5),
        (3, 1.0),
        (4, 1.0),  # the cosine's top
        (7, 0.1 + 0.9 * (1 + math.sqrt(0.5)) / 2),  # a quarter of the way
        (10, 0.55),  # half way
        (16, 0.1),  # the end
        (99, 0.1),  # and on
    ],
)
def test_cosine_known_values(step: int, factor: float) -> None:
    assert rate_factor(step, 16, COSINE, []) == pytest.approx(factor)


def test_without_warm_up() -> None:
    assert rate_factor(0, 10, Schedule(warmup_steps=0), []) == 1


@given(steps=st.integers(1, 400), warmup=st.integers(0, 500), final=st.floats(0, 1))
def test_cosine_rises_then_falls(steps: int, warmup: int, final: float) -> None:
    schedule = Schedule(warmup_steps=warmup, final_fraction=final)
    factors = [rate_factor(step, steps, schedule, []) for step in range(steps + 1)]
    assert all(0 <= factor <= 1 for factor in factors)
    rising, falling = factors[:warmup], factors[warmup:]
    assert rising == sorted(rising)
    assert falling == sorted(falling, reverse=True)


def test_constant_is_the_peak_after_warm_up_whatever_the_losses() -> None:
    schedule = Schedule(name="constant", warmup_steps=2)
    factors = [rate_factor(step, 5, schedule, [1.0] * 99) for step in range(6)]
    assert factors == [0.5, 1, 1, 1, 1, 1]


def test_plateau_takes_a_thousandth_to_a_ten_thousandth() -> None:
    """Adam at 1e-3, which falls to 1e-4 when the loss stands still and stays there."""
    schedule = Schedule(name="plateau", warmup_steps=0, patience=2, final_fraction=0.1)
    losses = [5.0, 4.0, 3.0, 3.5, 3.0, 3.1, 2.0, 2.0, 2.0, 2.0, 2.0, 2.0, 2.0]
    rates = [1e-3 * rate_factor(9, 99, schedule, losses[:n]) for n in range(len(losses) + 1)]
    # The third loss is the best; the sixth is the third in a row that is not below it.
    assert rates == pytest.approx([1e-3] * 6 + [1e-4] * 8)


def test_plateau_warms_up_too() -> None:
    schedule = Schedule(name="plateau", warmup_steps=4)
    assert rate_factor(1, 99, schedule, []) == 0.5


@given(
    losses=st.lists(st.integers(0, 12).map(lambda tenths: tenths / 10), max_size=60),
    patience=st.integers(0, 5),
    drop=st.sampled_from([0.1, 0.5]),
    final=st.sampled_from([0.0, 0.01, 0.3]),
)
@hypothesis_settings(max_examples=200)
def test_plateau_falls_as_in_pytorch(
    losses: list[float], patience: int, drop: float, final: float
) -> None:
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    theirs = ReduceLROnPlateau(
        optimizer, factor=drop, patience=patience, threshold=0, min_lr=final, eps=0
    )
    schedule = Schedule(
        name="plateau", warmup_steps=0, patience=patience, drop=drop, final_fraction=final
    )
    for count in range(1, len(losses) + 1):
        theirs.step(losses[count - 1])
        ours = rate_factor(count, 99, schedule, losses[:count])
        assert ours == pytest.approx(optimizer.param_groups[0]["lr"], rel=1e-9, abs=1e-30)


def test_each_plateau_counts_anew() -> None:
    assert [plateaus([1.0] * count, patience=1) for count in range(8)] == [0, 0, 0, 1, 1, 2, 2, 3]


def test_sizes() -> None:
    stages = [Stage(size=32, steps=2), Stage(size=64, steps=1), Stage(size=96, steps=3)]
    sizes = [size_at(step, stages) for step in range(8)]
    assert sizes == [32, 32, 64, 96, 96, 96, 96, 96]
