from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from torchmetrics.functional.classification import multiclass_calibration_error

from photochrom.metrics import (
    Reliability,
    bootstrap_weights,
    expected_calibration_error,
    negative_log_likelihood,
)


def _pixels(seed: int, shape: tuple[int, ...] = (12, 15)) -> tuple[NDArray[Any], NDArray[Any]]:
    """Distributions over 313 bins, float32 as networks give them, and true bins."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(0, 4, (*shape, 313))
    # Most true bins are the likeliest ones, so that accuracy moves with confidence.
    true = np.argmax(logits + rng.gumbel(0, 2, logits.shape), axis=-1)
    probabilities = torch.softmax(torch.from_numpy(logits), dim=-1).float().numpy()
    return probabilities, true


def _reliability(probabilities: NDArray[Any], true: NDArray[Any]) -> Reliability:
    reliability = Reliability()
    reliability.add_distributions(probabilities, true)
    return reliability


# Known values


def test_a_case_worked_by_hand() -> None:
    reliability = Reliability()
    # Bin 15: two at 0.95 and 0.97, one right. Bin 8, (7/15, 8/15]: three at 0.5, two right.
    confidence = np.array([0.95, 0.97, 0.5, 0.5, 0.5])
    reliability.add(confidence, np.array([True, False, True, True, False]))
    counts, mean_confidence, accuracy = reliability.curve()
    assert counts.tolist() == [0] * 7 + [3] + [0] * 6 + [2]
    assert mean_confidence[[7, 14]] == pytest.approx([0.5, 0.96])
    assert accuracy[[7, 14]] == pytest.approx([2 / 3, 0.5])
    assert np.isnan(accuracy[0])
    # 3/5 × |2/3 - 0.5| + 2/5 × |0.5 - 0.96|
    assert reliability.ece() == pytest.approx(0.1 + 0.184)


def test_bins_include_their_upper_edge() -> None:
    reliability = Reliability()
    edges = np.arange(16) / 15
    reliability.add(edges, np.ones(16, dtype=bool))
    assert reliability.curve().counts.tolist() == [2] + [1] * 14


@pytest.mark.parametrize("seed", range(3))
def test_torchmetrics_agrees(seed: int) -> None:
    probabilities, true = _pixels(seed)
    expected = multiclass_calibration_error(
        torch.from_numpy(probabilities.reshape(-1, 313)),
        torch.from_numpy(true.ravel()),
        num_classes=313,
        n_bins=15,
        norm="l1",
    )
    ece = _reliability(probabilities, true).ece()
    assert ece > 0.02  # the figure that is compared is not trivially 0
    assert ece == pytest.approx(float(expected), abs=1e-6)


def test_torch_has_the_same_likelihood() -> None:
    probabilities, true = _pixels(0)
    expected = torch.nn.functional.nll_loss(
        torch.from_numpy(probabilities.reshape(-1, 313)).double().log(),
        torch.from_numpy(true.ravel()),
    )
    assert negative_log_likelihood(probabilities, true) == pytest.approx(float(expected))


def test_likelihoods_of_certain_uniform_and_impossible_bins() -> None:
    true = np.array([1, 2])
    assert negative_log_likelihood(np.eye(4)[true], true) == 0
    assert negative_log_likelihood(np.full((2, 4), 0.25), true) == pytest.approx(np.log(4))
    assert negative_log_likelihood(np.eye(4)[[1, 3]], true) == np.inf


def test_probabilities_that_a_softmax_rounded_above_1_count_as_1() -> None:
    probabilities = np.array([[np.nextafter(np.float32(1), np.float32(2)), 0]], dtype=np.float32)
    true = np.zeros(1, dtype=int)
    reliability = _reliability(probabilities, true)
    assert reliability.curve().confidence[-1] == 1
    assert reliability.ece() == 0
    assert negative_log_likelihood(probabilities, true) == 0


# Properties


@given(st.integers(0, 2**32 - 1))
def test_true_bins_drawn_from_the_distribution_itself_are_calibrated(seed: int) -> None:
    rng = np.random.default_rng(seed)
    confidence = rng.uniform(0, 1, 20_000)
    calibrated, overconfident = Reliability(), Reliability()
    correct = rng.uniform(0, 1, 20_000) < confidence
    calibrated.add(confidence, correct)
    overconfident.add(np.minimum(confidence + 0.2, 1), correct)
    # About sqrt(15 × 2 / pi × 1/6 / 20,000) of noise: 0.01.
    assert calibrated.ece() < 0.03
    assert overconfident.ece() == pytest.approx(0.18, abs=0.03)


def test_pictures_add_up_in_any_order() -> None:
    pictures = [_pixels(seed) for seed in range(3)]
    at_once = _reliability(*map(np.stack, zip(*pictures, strict=True)))
    merged = Reliability()
    for picture in reversed(pictures):
        merged.merge(_reliability(*picture))
    np.testing.assert_allclose(merged.tallies, at_once.tallies)
    assert merged.ece() == pytest.approx(at_once.ece())


def test_weighted_tallies_are_resampled_pictures() -> None:
    pictures = [_pixels(seed, (5, 5)) for seed in range(4)]
    tallies = np.stack([_reliability(*picture).tallies for picture in pictures])  # (4, 3, 15)
    weights = bootstrap_weights(4, 6, seed=0)
    errors = expected_calibration_error(np.einsum("bp,ptm->btm", weights, tallies))
    assert errors.shape == (6,)
    for error, row in zip(errors, weights, strict=True):
        resampled = Reliability()
        for picture, times in zip(pictures, row, strict=True):
            for _ in range(times):
                resampled.add_distributions(*picture)
        assert error == pytest.approx(resampled.ece())


# Errors


def test_an_empty_set_has_no_figure() -> None:
    with pytest.raises(ValueError, match="no predictions"):
        Reliability().ece()
    with pytest.raises(ValueError, match="no pixels"):
        negative_log_likelihood(np.zeros((0, 4)), np.zeros(0, dtype=int))
    with pytest.raises(ValueError, match="need tallies"):
        expected_calibration_error(np.zeros(15))


def test_bad_confidences_are_refused_and_not_counted() -> None:
    reliability = Reliability()
    for confidence in (np.array([1.01]), np.array([-0.1]), np.array([np.nan])):
        with pytest.raises(ValueError, match="not in"):
            reliability.add(confidence, np.array([True]))
    for correct in (np.array([1]), np.array([True, False])):
        with pytest.raises(ValueError, match="booleans of one shape"):
            reliability.add(np.array([0.5]), correct)
    assert not reliability.tallies.any()


@pytest.mark.parametrize(
    ("probabilities", "true", "message"),
    [
        (np.full((2, 4), 0.25), np.zeros(3, dtype=int), "true bins"),
        (np.full((2, 4), 0.25), np.zeros(2), "indices"),
        (np.full((2, 4), 0.25), np.array([0, 4]), r"0\.\.3"),
        (np.full((2, 4), 0.25), np.array([0, -1]), r"0\.\.3"),
        (np.full((2, 4), 2.5), np.zeros(2, dtype=int), "no probabilities"),
        (np.array([[1.5, -0.5]]), np.zeros(1, dtype=int), "no probabilities"),
        (np.full((1, 4), np.nan), np.zeros(1, dtype=int), "no probabilities"),
    ],
)
def test_what_is_no_distribution_is_refused(
    probabilities: NDArray[Any], true: NDArray[Any], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        Reliability().add_distributions(probabilities, true)
    with pytest.raises(ValueError, match=message):
        negative_log_likelihood(probabilities, true)
