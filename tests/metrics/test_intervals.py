from statistics import NormalDist
from typing import Any

import numpy as np
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from photochrom.metrics import (
    bootstrap_weights,
    cluster_bootstrap,
    percentile_interval,
    raters_needed,
    wilson,
)

MICE = np.array([94, 197, 16, 38, 99, 141, 23])
"""Survival times of the treated mice (Efron and Tibshirani 1993, table 2.1)."""


TWO_DEVIATIONS = 2 * NormalDist().cdf(2) - 1
"""The level of confidence that is ± 2 standard deviations wide."""


def _people(seed: int, people: int) -> tuple[NDArray[Any], NDArray[Any]]:
    """Fooled and shown per person; people differ, and so do the numbers of their answers."""
    rng = np.random.default_rng(seed)
    shown = rng.integers(20, 60, people)
    return rng.binomial(shown, rng.beta(2, 4, people)), shown


# Known values


def test_efron_s_mice_have_the_standard_errors_of_the_book() -> None:
    # Table 2.2 of the book: 23.36 for the mean and 37.83 for the median with endless resamples.
    weights = bootstrap_weights(7, 40_000, seed=0)
    assert np.std(weights @ MICE / 7) == pytest.approx(23.36, rel=0.02)
    order = np.argsort(MICE)
    middle = np.argmax(np.cumsum(weights[:, order], axis=1) >= 4, axis=1)
    assert np.std(MICE[order][middle]) == pytest.approx(37.83, rel=0.02)


def test_weights_have_the_moments_of_draws_with_replacement() -> None:
    # Multinomial: mean 1, variance 1 - 1/n, covariance -1/n.
    weights = bootstrap_weights(5, 100_000, seed=1)
    np.testing.assert_allclose(weights.mean(axis=0), 1, atol=0.02)
    expected = np.eye(5) - 1 / 5
    np.testing.assert_allclose(np.cov(weights, rowvar=False), expected, atol=0.02)


@pytest.mark.parametrize(("resamples", "low", "high"), [(39, 1, 39), (999, 25, 975)])
def test_ends_of_the_percentile_interval_are_counted_from_either_end(
    resamples: int, low: int, high: int
) -> None:
    values = np.random.default_rng(0).permutation(np.arange(1, resamples + 1))
    assert percentile_interval(values) == (low, high)


@pytest.mark.parametrize("level", [0.5, 0.9, 0.95, 0.98])
def test_numpy_s_quantiles_of_the_same_rank_agree(level: float) -> None:
    values = np.random.default_rng(0).normal(size=1999)
    tails = [(1 - level) / 2, (1 + level) / 2]
    expected = np.quantile(values, tails, method="weibull")  # rank (B + 1) p
    assert percentile_interval(values, level) == pytest.approx(tuple(expected))


def test_scipy_s_bootstrap_of_a_mean_agrees() -> None:
    figures = np.random.default_rng(2).gamma(2, 5, 60)
    interval = percentile_interval(bootstrap_weights(60, 20_000, seed=3) @ figures / 60)
    expected = scipy.stats.bootstrap(
        (figures,), np.mean, n_resamples=20_000, method="percentile", rng=4
    ).confidence_interval
    # The standard error of a 2.5 % quantile of 20,000 is 0.019 standard deviations of the mean.
    noise = 5 * 0.019 * np.sqrt(2) * figures.std() / np.sqrt(60)
    assert interval == pytest.approx(tuple(expected), abs=noise)


@pytest.mark.parametrize(
    ("successes", "trials", "low", "high"),
    [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0000, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_wilson_has_the_figures_of_newcombe(
    successes: int, trials: int, low: float, high: float
) -> None:
    # Newcombe 1998, table I, method 3.
    assert wilson(successes, trials) == pytest.approx((low, high), abs=5e-5)


@given(
    st.integers(1, 3000).flatmap(lambda trials: st.tuples(st.integers(0, trials), st.just(trials))),
    st.sampled_from([0.5, 0.9, 0.95, 0.99]),
)
def test_scipy_s_wilson_agrees(answers: tuple[int, int], level: float) -> None:
    expected = scipy.stats.binomtest(*answers).proportion_ci(level, method="wilson")
    assert wilson(*answers, level) == pytest.approx((expected.low, expected.high), abs=1e-12)


def test_wilson_does_not_shut_out_what_was_seen() -> None:
    for trials in range(1, 500):
        assert wilson(0, trials).low == 0
        assert wilson(trials, trials).high == 1


def test_scipy_s_bootstrap_of_participants_agrees() -> None:
    fooled, shown = _people(0, 40)
    rates = cluster_bootstrap(fooled, shown, 20_000, seed=1)

    def rate(fooled: NDArray[Any], shown: NDArray[Any], axis: int) -> NDArray[Any]:
        return np.asarray(fooled.sum(axis=axis) / shown.sum(axis=axis))

    expected = scipy.stats.bootstrap(
        (fooled, shown), rate, paired=True, n_resamples=20_000, method="percentile", rng=2
    )
    noise = 5 * 0.019 * np.sqrt(2) * expected.standard_error
    assert percentile_interval(rates) == pytest.approx(
        tuple(expected.confidence_interval), abs=noise
    )
    assert rates.std() == pytest.approx(expected.standard_error, rel=0.03)


def test_people_who_always_answer_the_same_count_once_each() -> None:
    # 50 people, 30 answers each: as 50 independent answers, 20 of them fooled.
    shown = np.full(50, 30)
    fooled = np.where(np.arange(50) < 20, 30, 0)
    rates = cluster_bootstrap(fooled, shown, 20_000, seed=0)
    assert rates.mean() == pytest.approx(0.4, abs=0.003)
    assert rates.std() == pytest.approx(np.sqrt(0.4 * 0.6 / 50), rel=0.03)
    low, high = percentile_interval(rates)
    by_answers = wilson(600, 1500)
    assert high - low > 5 * (by_answers.high - by_answers.low)


def test_cochran_s_anthropologist_needs_400_people() -> None:
    # Cochran 1977, chapter 4: ± 5 % at 2 standard errors, rate near one half.
    assert raters_needed(0.05, 1, 0.0, level=TWO_DEVIATIONS) == 400


def test_a_rounding_error_takes_no_further_rater() -> None:
    for raters in range(2, 200):
        # z = 2 and p = 1/2: n = 1 / d², and 4 answers a rater
        assert raters_needed(raters**-0.5 / 2, 4, 0.0, level=TWO_DEVIATIONS) == raters


@pytest.mark.parametrize(
    ("answers_per_rater", "intraclass", "raters"),
    [
        (1, 0.0, 385),  # 1.95996² / 4 / 0.05² = 384.15
        (40, 0.0, 10),  # 384.15 / 40 = 9.6
        (40, 0.05, 29),  # design effect 2.95: 384.15 × 2.95 / 40 = 28.33
        (40, 1.0, 385),  # each always answers the same: one answer each
    ],
)
def test_raters_for_five_percent_by_hand(
    answers_per_rater: int, intraclass: float, raters: int
) -> None:
    assert raters_needed(0.05, answers_per_rater, intraclass) == raters


# Properties


@given(st.integers(1, 50), st.integers(1, 20), st.integers(0, 2**32 - 1))
def test_every_resample_draws_as_many_pictures_as_there_are(
    pictures: int, resamples: int, seed: int
) -> None:
    weights = bootstrap_weights(pictures, resamples, seed)
    assert weights.shape == (resamples, pictures)
    assert (weights >= 0).all()
    assert (weights.sum(axis=1) == pictures).all()
    np.testing.assert_array_equal(weights, bootstrap_weights(pictures, resamples, seed))


def test_another_seed_draws_other_pictures() -> None:
    assert (bootstrap_weights(20, 10, 0) != bootstrap_weights(20, 10, 1)).any()


@given(st.integers(0, 2**32 - 1))
def test_a_percentile_interval_goes_with_any_rising_scale_and_its_level(seed: int) -> None:
    values = np.random.default_rng(seed).normal(size=199)
    narrow, wide = percentile_interval(values, 0.5), percentile_interval(values, 0.95)
    assert wide.low < narrow.low < narrow.high < wide.high
    assert percentile_interval(np.exp(values)) == pytest.approx(tuple(np.exp(wide)))


def test_infinite_figures_stay_infinite() -> None:
    assert percentile_interval(np.full(100, np.inf)) == (np.inf, np.inf)


def test_networks_shown_to_the_same_people_pair_up_under_one_seed() -> None:
    fooled, shown = _people(3, 30)
    better = np.minimum(fooled + 2, shown)
    difference = cluster_bootstrap(better, shown, 2000, 5) - cluster_bootstrap(
        fooled, shown, 2000, 5
    )
    unpaired = cluster_bootstrap(better, shown, 2000, 5) - cluster_bootstrap(fooled, shown, 2000, 6)
    assert percentile_interval(difference).low > 0
    assert difference.std() < 0.2 * unpaired.std()


def test_as_many_raters_as_advised_reach_the_half_width() -> None:
    # Beta-binomial people: intraclass correlation 1 / (alpha + beta + 1) = 0.1, rate 0.3.
    people = raters_needed(0.04, 25, 0.1, rate=0.3)
    rng = np.random.default_rng(0)
    rates = rng.binomial(25, rng.beta(2.7, 6.3, (4000, people))).mean(axis=1) / 25
    covered = np.mean(np.abs(rates - 0.3) <= 0.04)
    assert covered == pytest.approx(0.95, abs=0.015)


# Errors


def test_resamples_that_cannot_be_drawn_are_refused() -> None:
    for pictures, resamples in ((0, 5), (5, 0)):
        with pytest.raises(ValueError, match="cannot draw"):
            bootstrap_weights(pictures, resamples, 0)


def test_values_without_an_interval_are_refused() -> None:
    with pytest.raises(ValueError, match="too few"):
        percentile_interval(np.arange(38))
    with pytest.raises(ValueError, match="not a number"):
        percentile_interval(np.append(np.arange(100.0), np.nan))
    with pytest.raises(ValueError, match="one value per resample"):
        percentile_interval(np.zeros((100, 2)))
    for level in (0.0, 1.0, 95.0):
        with pytest.raises(ValueError, match="level"):
            percentile_interval(np.arange(100), level)
        with pytest.raises(ValueError, match="level"):
            wilson(1, 2, level)


@pytest.mark.parametrize(("successes", "trials"), [(0, 0), (3, 2), (-1, 2)])
def test_rates_of_nothing_are_refused(successes: int, trials: int) -> None:
    with pytest.raises(ValueError, match="no rate"):
        wilson(successes, trials)


@pytest.mark.parametrize(
    ("fooled", "shown", "message"),
    [
        ([1], [2], "at least 2 participants"),
        ([1, 1, 1], [2, 2], "at least 2 participants"),
        ([0, 1], [0, 2], "no answers"),
        ([3, 1], [2, 2], "more than were given"),
        ([-1, 1], [2, 2], "more than were given"),
    ],
)
def test_participants_who_cannot_be_are_refused(
    fooled: list[int], shown: list[int], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        cluster_bootstrap(np.array(fooled), np.array(shown), 10, 0)


@pytest.mark.parametrize(
    ("half_width", "answers", "intraclass", "rate"),
    [(0.0, 1, 0.0, 0.5), (0.6, 1, 0.0, 0.5), (0.05, 0, 0.0, 0.5), (0.05, 1, 1.1, 0.5)]
    + [(0.05, 1, 0.0, rate) for rate in (0.0, 1.0)],
)
def test_sample_sizes_of_nonsense_are_refused(
    half_width: float, answers: int, intraclass: float, rate: float
) -> None:
    with pytest.raises(ValueError, match="no sample size"):
        raters_needed(half_width, answers, intraclass, rate)
