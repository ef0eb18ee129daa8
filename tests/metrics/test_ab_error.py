import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from skimage.metrics import peak_signal_noise_ratio

from photochrom.metrics import ab_distance, ab_psnr, ab_rmse, auc, pixel_l2

RNG = np.random.default_rng(0)
TRUE = RNG.uniform(-100, 100, (8, 9, 2))


def _away(distance, shape=(4, 5)):
    """A prediction and the truth, every pixel `distance` apart."""
    true = np.zeros((*shape, 2))
    return true + np.array([0.6, -0.8]) * distance, true


# Known values


@pytest.mark.parametrize(
    ("distance", "percent"),
    [
        (0, 100),
        (1e-9, 100),  # a rounding error costs nothing
        (0.99, 100),
        (1.01, 100 * 150 / 151),
        (75.5, 100 * 76 / 151),
        (150.5, 100 / 151),
        (151.5, 0),
        (1e9, 0),
    ],
)
def test_auc_of_one_distance(distance, percent):
    assert auc(*_away(distance)) == pytest.approx(percent)


def test_auc_is_the_mean_share_over_the_thresholds():
    predicted = TRUE + RNG.normal(0, 60, TRUE.shape)
    distance = np.linalg.norm(predicted - TRUE, axis=-1)
    shares = [np.mean(np.floor(distance) <= threshold) for threshold in range(151)]
    assert auc(predicted, TRUE) == pytest.approx(100 * np.mean(shares))


def test_rmse_is_over_pixels_not_channels():
    assert ab_rmse(np.array([[3.0, 4], [0, 0]]), np.zeros((2, 2))) == pytest.approx(np.sqrt(12.5))


def test_distance():
    assert ab_distance(np.array([3.0, 4.0]), np.zeros(2)) == 5


def test_pixel_l2_is_the_mean_distance() -> None:
    assert pixel_l2(np.array([[3.0, 4], [0, 0]]), np.zeros((2, 2))) == pytest.approx(2.5)
    predicted = TRUE + RNG.normal(0, 20, TRUE.shape)
    expected = np.mean(np.linalg.norm(predicted - TRUE, axis=-1))
    assert pixel_l2(predicted, TRUE) == pytest.approx(expected)


def test_psnr_of_ab_has_the_peak_255_and_averages_over_both_channels() -> None:
    # Off by 25.5 in both channels is 20 dB; in one alone, half the squared error: 3.01 dB more.
    both = np.full((4, 5, 2), 25.5)
    assert ab_psnr(both, np.zeros_like(both)) == pytest.approx(20)
    one = both * [1, 0]
    assert ab_psnr(one, np.zeros_like(one)) == pytest.approx(20 + 10 * np.log10(2))
    predicted = TRUE + RNG.normal(0, 20, TRUE.shape)
    expected = peak_signal_noise_ratio(TRUE, predicted, data_range=255)
    assert ab_psnr(predicted, TRUE) == pytest.approx(expected)
    assert ab_psnr(TRUE, TRUE) == np.inf


# Properties


@given(st.integers(0, 2**32 - 1), st.floats(0, 200))
def test_auc_stays_in_range_and_falls_with_the_error(seed, size):
    error = np.random.default_rng(seed).normal(0, 1, TRUE.shape)
    small, large = auc(TRUE + size * error, TRUE), auc(TRUE + 1.5 * size * error, TRUE)
    assert 0 <= large <= small <= 100


def test_equal_weights_change_nothing_and_a_weight_of_2_counts_twice():
    predicted = TRUE + RNG.normal(0, 60, TRUE.shape)
    assert auc(predicted, TRUE, np.full((8, 9), 7)) == pytest.approx(auc(predicted, TRUE))
    weights = np.ones((8, 9))
    weights[:4] = 2
    repeated = (np.concatenate([array[:4], array]) for array in (predicted, TRUE))
    assert auc(predicted, TRUE, weights) == pytest.approx(auc(*repeated))


# Errors


def test_bad_arguments_are_refused():
    nan = np.full((3, 2), np.nan)
    for measure in (auc, ab_rmse, ab_distance, pixel_l2, ab_psnr):
        with pytest.raises(ValueError, match="ab"):
            measure(np.zeros((3, 2)), np.zeros((2, 2)))
        with pytest.raises(ValueError, match="not finite"):
            measure(nan, np.zeros((3, 2)))
    for measure in (auc, ab_rmse, pixel_l2, ab_psnr):
        with pytest.raises(ValueError, match="no pixels"):
            measure(np.zeros((0, 2)), np.zeros((0, 2)))
    with pytest.raises(ValueError, match="weights"):
        auc(np.zeros((3, 2)), np.zeros((3, 2)), np.ones(2))
    with pytest.raises(ValueError, match="none with weight"):
        auc(np.zeros((3, 2)), np.zeros((3, 2)), np.zeros(3))
