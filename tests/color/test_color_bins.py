import warnings

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from photochrom.color import (
    annealed_mean,
    bin_centers,
    entropy,
    log_softmax,
    prior_of,
    rebalancing_weights,
    soft_encode,
    srgb_to_lab,
)

Q = 313
SEEDS = st.integers(0, 2**32 - 1)

# Round trip


def test_decoding_a_soft_encoded_color_gives_about_the_color():
    ab = srgb_to_lab(np.random.default_rng(0).uniform(0, 1, (500, 3)))[:, 1:]
    indices, weights = soft_encode(ab, bin_centers())
    decoded = np.sum(weights[..., None] * bin_centers()[indices], axis=-2)
    assert np.linalg.norm(decoded - ab, axis=-1).max() < 7.1  # half the diagonal of a bin


# Known values


def test_there_are_313_bins_on_a_grid_of_10():
    centers = bin_centers()
    assert centers.shape == (Q, 2)
    assert (centers % 10 == 0).all()
    assert len(np.unique(centers, axis=0)) == Q
    assert centers.tolist() == sorted(centers.tolist())


def test_plain_rounding_of_8_bit_colors_gives_261_bins_all_of_them_among_the_313():
    axis = np.arange(256) / 255  # the surface of the cube covers its projection on ab
    side = np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2)
    surface = np.concatenate([np.insert(side, c, v, axis=1) for c in range(3) for v in (0, 1)])
    rounded = {tuple(cell) for cell in np.rint(srgb_to_lab(surface)[:, 1:] / 10) * 10}
    assert len(rounded) == 261
    assert rounded <= {tuple(center) for center in bin_centers()}


def test_bin_centers_are_shared_and_cannot_be_written_to():
    assert bin_centers() is bin_centers()
    with pytest.raises(ValueError, match="read-only"):
        bin_centers()[0] = 0


def test_torch_takes_the_read_only_centers_without_a_warning():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        soft_encode(torch.zeros(1, 2, dtype=torch.float64), bin_centers())


def test_weights_of_a_bin_center():
    indices, weights = soft_encode(np.zeros(2), bin_centers())
    near = np.exp(-100 / 50)  # the four neighbors, 10 away; sigma = 5
    assert bin_centers()[indices[weights.argmax()]].tolist() == [0, 0]
    np.testing.assert_allclose(np.sort(weights), np.array([near] * 4 + [1]) / (1 + 4 * near))


def test_prior_of_counts_weights_by_bin():
    prior = prior_of(np.array([[0, 2], [2, 3]]), np.array([[0.25, 0.75], [0.5, 0.5]]), 5)
    np.testing.assert_allclose(prior, [0.125, 0, 0.625, 0.25, 0])


def test_rebalancing_weights_worked_by_hand():
    # Mixed: (0.7, 0.3); inverse (10/7, 10/3), expectation 0.9 * 10/7 + 0.1 * 10/3 = 34/21.
    weights = rebalancing_weights(np.array([0.9, 0.1]))
    np.testing.assert_allclose(weights, np.array([10 / 7, 10 / 3]) / (34 / 21))


# Properties


@given(SEEDS)
def test_soft_encoding_takes_the_nearest_five(seed):
    ab = np.random.default_rng(seed).uniform(-130, 130, (40, 2))
    indices, weights = soft_encode(ab, bin_centers())
    distance = np.linalg.norm(ab[:, None] - bin_centers(), axis=-1)  # (40, 313)
    order = np.argsort(distance, axis=-1)[:, :5]
    np.testing.assert_array_equal(np.sort(indices), np.sort(order))
    np.testing.assert_allclose(weights.sum(axis=-1), 1)
    expected = np.exp(-(np.take_along_axis(distance, indices, -1) ** 2) / 50)
    np.testing.assert_allclose(weights * expected.sum(-1, keepdims=True), expected, rtol=1e-9)


def test_soft_encoding_survives_colors_far_outside_all_bins():
    for ab in (np.array([1e4, -1e4], np.float32), torch.tensor([1e4, -1e4])):
        _, weights = soft_encode(ab, bin_centers())
        assert weights.sum() == pytest.approx(1)


@given(SEEDS, st.floats(0.01, 1))
def test_rebalancing_weights_have_expectation_1_and_favor_the_rare(seed, mix):
    prior = np.random.default_rng(seed).dirichlet(np.full(Q, 0.1))
    weights = rebalancing_weights(prior, mix)
    assert np.sum(prior * weights) == pytest.approx(1)
    assert (np.diff(weights[np.argsort(prior)]) <= 1e-12).all()


@given(SEEDS)
def test_annealed_mean_at_1_is_the_mean_and_near_0_the_mode(seed):
    logits = np.random.default_rng(seed).normal(0, 3, (4, Q))
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=-1, keepdims=True)
    centers = bin_centers()
    np.testing.assert_allclose(annealed_mean(logits, centers, 1), probabilities @ centers)
    np.testing.assert_allclose(
        annealed_mean(logits, centers, 1e-9), centers[logits.argmax(axis=-1)], atol=1e-3
    )


@given(st.floats(0.01, 5), st.floats(0.05, 1), st.floats(0.05, 1))
def test_between_two_bins_a_lower_temperature_is_nearer_to_the_mode(lead, first, second):
    logits, centers = np.array([0.0, lead]), np.array([[-10.0, 20], [30, 0]])
    low, high = sorted([first, second])
    vivid, dull = (annealed_mean(logits, centers, t) for t in (low, high))
    assert np.linalg.norm(vivid - centers[1]) <= np.linalg.norm(dull - centers[1]) + 1e-9


def test_every_pixel_may_have_its_own_temperature():
    logits = np.random.default_rng(0).normal(0, 3, (2, Q))
    both = annealed_mean(logits, bin_centers(), np.array([[1.0], [0.38]]))
    np.testing.assert_allclose(both[0], annealed_mean(logits[0], bin_centers(), 1.0))
    np.testing.assert_allclose(both[1], annealed_mean(logits[1], bin_centers(), 0.38))


@given(SEEDS, st.floats(0, 200))
def test_entropy_lies_between_0_and_the_logarithm_of_the_bins(seed, contrast):
    logits = np.random.default_rng(seed).normal(0, 1, (5, Q)) * contrast
    measured = entropy(logits)
    assert (measured >= -1e-12).all()
    assert (measured <= np.log(Q) + 1e-12).all()


def test_entropy_reaches_its_bounds():
    assert entropy(np.zeros(Q)) == pytest.approx(np.log(313))
    assert entropy(np.array([1e4] + [0.0] * (Q - 1))) == 0


@given(SEEDS, st.floats(-1e4, 1e4))
def test_log_softmax_sums_to_1_and_ignores_an_offset(seed, offset):
    logits = np.random.default_rng(seed).normal(0, 5, (3, 20))
    np.testing.assert_allclose(np.exp(log_softmax(logits)).sum(axis=-1), 1)
    np.testing.assert_allclose(log_softmax(logits + offset), log_softmax(logits), atol=1e-9)


# Gradients


@pytest.mark.parametrize("logits", [[0.0] * 4, [1e4, 0, 0, 0], [5.0, 5, -1e4, 0]])
@pytest.mark.parametrize("temperature", [1, 0.38, 0.01])
def test_gradients_of_flat_and_of_certain_distributions_are_finite(logits, temperature):
    centers = bin_centers()[:4]
    point = torch.tensor(logits, dtype=torch.float64, requires_grad=True)
    (annealed_mean(point, centers, temperature).sum() + entropy(point)).backward()
    assert torch.isfinite(point.grad).all()


def test_the_gradient_of_soft_encoding_is_finite_on_a_center_and_far_away():
    ab = torch.tensor([[0.0, 0], [1e3, 1e3]], dtype=torch.float64, requires_grad=True)
    (soft_encode(ab, bin_centers())[1] ** 2).sum().backward()
    assert torch.isfinite(ab.grad).all()
