import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from photochrom.training.recipe import Optimizer, Stage
from photochrom.training.schedule import rate_factor, size_at

PLAIN = Optimizer(warmup_steps=4, final_fraction=0.1)


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
def test_rate_known_values(step: int, factor: float) -> None:
    assert rate_factor(step, 16, PLAIN) == pytest.approx(factor)


def test_without_warm_up() -> None:
    assert rate_factor(0, 10, Optimizer(warmup_steps=0)) == 1


@given(
    steps=st.integers(1, 400),
    warmup=st.integers(0, 500),
    final=st.floats(0, 1),
)
def test_rises_then_falls(steps: int, warmup: int, final: float) -> None:
    settings = Optimizer(warmup_steps=warmup, final_fraction=final)
    factors = [rate_factor(step, steps, settings) for step in range(steps + 1)]
    assert all(0 <= factor <= 1 for factor in factors)
    rising, falling = factors[:warmup], factors[warmup:]
    assert rising == sorted(rising)
    assert falling == sorted(falling, reverse=True)


def test_sizes() -> None:
    stages = [Stage(size=32, steps=2), Stage(size=64, steps=1), Stage(size=96, steps=3)]
    sizes = [size_at(step, stages) for step in range(8)]
    assert sizes == [32, 32, 64, 96, 96, 96, 96, 96]
