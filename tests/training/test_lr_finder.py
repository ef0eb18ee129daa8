"""The range test against curves whose steepest fall is known, and on a network."""

import csv
import math
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from photochrom.errors import RecipeError
from photochrom.training.loop import train
from photochrom.training.lr_finder import RangeTest, find_rate, rising, table_beside, write_test

RATES = rising(1e-6, 1.0, 200)


def _falling_at(rate: float, noise: float = 0.0) -> list[float]:
    """A loss from 6 to 4, half way and steepest at `rate`, that climbs again from 0.3 on."""
    x = np.log10(RATES)
    fall = 2 / (1 + np.exp(-5 * (x - math.log10(rate))))
    climb = 40 * np.maximum(0, x - math.log10(0.3)) ** 2
    losses: list[float] = (
        6 - fall + climb + np.random.default_rng(0).normal(0, noise, len(x))
    ).tolist()
    return losses


def test_rates_rise_by_a_constant_factor():
    assert rising(1e-4, 1e-1, 4) == pytest.approx([1e-4, 1e-3, 1e-2, 1e-1])


@pytest.mark.parametrize("rate", [1e-4, 1e-3, 1e-2])
def test_the_steepest_fall_is_found(rate):
    found = RangeTest(RATES, _falling_at(rate)).suggestion
    assert found == pytest.approx(rate, rel=0.4)  # a fifth of the width that it falls over


@pytest.mark.parametrize("rate", [1e-4, 1e-2])
def test_the_steepest_fall_is_found_in_noise(rate):
    found = RangeTest(RATES, _falling_at(rate, noise=0.2)).suggestion
    assert rate / 3 < found < rate * 3


def test_the_lowest_loss_is_found():
    # Without noise the lowest loss of this curve lies shortly before it climbs.
    assert 0.1 < RangeTest(RATES, _falling_at(1e-3)).lowest < 0.5


def test_no_fall_no_suggestion():
    assert RangeTest(RATES, [1.0 + at / 100 for at in range(200)]).suggestion is None
    assert RangeTest(RATES[:5], [5.0, 4.0, 3.0, 2.0, 1.0]).suggestion is None


def test_a_fall_back_from_a_peak_is_none():
    losses = np.array(_falling_at(1e-3))
    losses[170:] = [*np.linspace(4, 16, 8), *np.linspace(16, 6, 22)]
    assert RangeTest(RATES, losses.tolist()).suggestion == pytest.approx(1e-3, rel=0.4)


def test_a_last_loss_that_is_no_number_has_no_mean(tmp_path):
    losses = [*_falling_at(1e-3)[:150], math.inf]
    test = RangeTest(RATES[:151], losses)
    assert len(test.mean_losses) == len(test.mean_rates) == 150
    assert write_test(test, "x", tmp_path / "x.png") == tmp_path / "x.csv"


def test_rates_are_averaged_as_losses_are():
    # Two steps, decay d: (d·a + b) / (1 + d) of losses and of logarithms alike.
    test = RangeTest([1e-4, 1e-2], [4.0, 2.0])
    d = 0.9
    assert test.mean_losses == pytest.approx([4.0, (d * 4 + 2) / (1 + d)])
    assert np.log10(test.mean_rates) == pytest.approx([-4, (d * -4 - 2) / (1 + d)])


def test_figure_and_table_are_written(tmp_path):
    test = RangeTest(RATES, _falling_at(1e-3, noise=0.1))
    plot = tmp_path / "rates.png"
    assert write_test(test, "beta", plot) == table_beside(plot)
    with Image.open(plot) as picture:
        assert picture.format == "PNG"
    with table_beside(plot).open() as file:
        rows = list(csv.DictReader(file))
    assert [float(row["rate"]) for row in rows] == RATES
    assert [float(row["loss"]) for row in rows] == list(test.losses)
    assert [float(row["mean_loss"]) for row in rows] == test.mean_losses


@pytest.fixture
def gentle(settings):
    """The optimizer whose steps are the rate times the gradient, without clipping."""
    return settings | {"optimizer": {"name": "sgd", "momentum": 0.0, "clip_norm": 0.0}}


def _test(settings, rates, cache, fabric, recorder):
    from photochrom.training.settings import Recipe

    progress = recorder()
    return find_rate(Recipe.model_validate(settings), rates, cache, fabric, progress), progress


def test_the_first_losses_are_those_of_training_at_that_rate(
    settings, cache, fabric, recorder, tmp_path
):
    from photochrom.training.settings import Recipe

    peak = 2e-3
    flat = settings | {
        "optimizer": {"learning_rate": peak},
        "schedule": {"name": "constant", "warmup_steps": 0},
        "stages": [{"size": 32, "steps": 4}],
    }
    train(Recipe.model_validate(flat), tmp_path / "run", cache, fabric, recorder())
    lines = (tmp_path / "run" / "losses.csv").read_text().splitlines()[1:]
    trained = [float(line.split(",")[1]) for line in lines]
    # The recipe's own rate and schedule must not matter.
    other = flat | {"optimizer": {"learning_rate": 0.5}, "schedule": {"warmup_steps": 3}}
    test, progress = _test(other, [peak] * 4, cache, fabric, recorder)
    assert test.losses == pytest.approx(trained, rel=1e-5)
    assert list(progress.losses) == [1, 2, 3, 4]


def test_the_test_ends_where_the_loss_breaks_away(gentle, cache, fabric, recorder):
    rates = rising(1e-3, 1e9, 40)
    test, _ = _test(gentle, rates, cache, fabric, recorder)
    assert 2 < len(test.losses) < 40
    assert list(test.rates) == rates[: len(test.losses)]
    last = test.mean_losses[-1]
    assert not math.isfinite(test.losses[-1]) or last > 4 * min(test.mean_losses)


def test_of_two_teams_the_network_s_loss_is_told(learner, cache, fabric, recorder):
    recipe = learner("judged")
    test = find_rate(recipe, [1e-6] * 2, cache, fabric, recorder())
    assert test.losses[0] > 2, "ten times a distance of colors and a verdict, not a judge's 0.7"


def test_what_does_not_fit_is_refused_first(settings, cache, fabric, recorder, tmp_path: Path):
    wrong = settings | {"loss": {"classification": {}}}
    with pytest.raises(RecipeError, match="tells no classes"):
        _test(wrong, [1e-3], cache, fabric, recorder)
