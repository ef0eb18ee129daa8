from collections.abc import Iterator

import numpy as np
import pytest
import scipy.linalg
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from torchmetrics.image.fid import FrechetInceptionDistance

from photochrom.metrics import FeatureMoments, frechet_distance

Features = NDArray[np.float64]


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def _moments(*batches: Features) -> FeatureMoments:
    moments = FeatureMoments(batches[0].shape[1])
    for batch in batches:
        moments.add(batch)
    return moments


def _features(seed: int, count: int, dimensions: int) -> Features:
    """Correlated features with a decaying spectrum, as pooled features of networks have."""
    rng = np.random.default_rng(seed)
    mixing = rng.normal(size=(dimensions, dimensions)) * np.exp(-np.arange(dimensions) / 8)
    return rng.normal(size=(count, dimensions)) @ mixing.T + rng.normal(size=dimensions)


def _spread_along_axes(mean: Features, spread: Features) -> FeatureMoments:
    """Exact moments: two features per axis, so the covariance is diagonal with spread²."""
    count = 2 * len(spread)
    offsets = np.concatenate([np.diag(spread), -np.diag(spread)]) * np.sqrt((count - 1) / 2)
    return _moments(mean + offsets)


# Known values


def test_moments_are_those_of_numpy() -> None:
    features = _features(0, 50, 7)
    moments = _moments(features[:1], features[1:20], features[20:])
    assert moments.count == 50
    np.testing.assert_allclose(moments.mean, features.mean(axis=0))
    np.testing.assert_allclose(moments.covariance(), np.cov(features, rowvar=False))


def test_diagonal_covariances_have_a_closed_form() -> None:
    # |mu|² + sum of (s_a - s_b)²: 9 + 16 + (1 - 3)² + (2 - 2)² + (5 - 1)² = 45
    a = _spread_along_axes(np.zeros(3), np.array([1.0, 2, 5]))
    b = _spread_along_axes(np.array([3.0, 0, 4]), np.array([3.0, 2, 1]))
    assert frechet_distance(a, b) == pytest.approx(45)


def test_covariances_that_do_not_commute() -> None:
    # Of S_a = diag(4, 1) and S_b = [[2, 1], [1, 2]]: det(S_a S_b) = 12, tr(S_a S_b) = 10, and of
    # 2 × 2 matrices tr(M^½) = sqrt(tr M + 2 sqrt(det M)); 5 + 4 - 2 sqrt(10 + 2 sqrt 12).
    root = np.linalg.cholesky([[2.0, 1], [1, 2]])
    cross = np.array([[1.0, 0], [-1, 0], [0, 1], [0, -1]]) * np.sqrt(3 / 2)  # covariance 1
    distance = frechet_distance(_moments(cross * [2, 1]), _moments(cross @ root.T))
    assert distance == pytest.approx(9 - 2 * np.sqrt(10 + 2 * np.sqrt(12)))


def test_a_set_with_no_spread_counts_by_the_other_one_s() -> None:
    a = _moments(np.zeros((5, 2)))
    b = _spread_along_axes(np.array([3.0, 4]), np.array([1.0, 2]))
    assert frechet_distance(a, b) == pytest.approx(25 + 1 + 4)
    assert frechet_distance(a, a) == 0


@pytest.mark.parametrize("seed", range(5))
def test_only_directions_that_both_sets_spread_in_are_shared(seed: int) -> None:
    rotation = np.linalg.qr(np.random.default_rng(seed).normal(size=(12, 12)))[0]
    axes = np.array([[1], [-1]]) * np.sqrt(11 / 2)  # times 6 axes: variance 1 along each
    spread = np.kron(axes, np.eye(6))  # (12, 6)
    a = _moments(2 * spread @ rotation[:6])
    b = _moments(spread @ rotation[3:9])
    # 6 × 2² + 6 × 1² - 2 × (3 shared) × 2 × 1
    assert frechet_distance(a, b) == pytest.approx(18, abs=1e-6)


@pytest.mark.parametrize(("count_a", "count_b"), [(200, 150), (200, 20), (15, 25)])
def test_scipy_s_matrix_root_agrees_even_with_fewer_pictures_than_dimensions(
    count_a: int, count_b: int
) -> None:
    a, b = _features(1, count_a, 30), _features(2, count_b, 30)
    covariances = [np.cov(features, rowvar=False) for features in (a, b)]
    # A little ridge, as sqrtm has no answer for singular matrices.
    ridge = 1e-12 * np.eye(30)
    root = scipy.linalg.sqrtm((covariances[0] + ridge) @ (covariances[1] + ridge))
    offset = a.mean(axis=0) - b.mean(axis=0)
    expected = offset @ offset + sum(map(np.trace, covariances)) - 2 * np.trace(root).real
    assert frechet_distance(_moments(a), _moments(b)) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize(("count_a", "count_b"), [(25, 8), (8, 25), (12, 12)])
def test_singular_values_agree_to_the_last_digits_where_pictures_are_few(
    count_a: int, count_b: int
) -> None:
    rng = np.random.default_rng(4)
    a, b = rng.normal(size=(count_a, 60)), rng.normal(1, 2, (count_b, 60))
    centered = [(set_ - set_.mean(axis=0)) / np.sqrt(len(set_) - 1) for set_ in (a, b)]
    # tr((XᵀX YᵀY)^½) is the sum of the singular values of X Yᵀ.
    shared = np.linalg.svd(centered[0] @ centered[1].T, compute_uv=False)[:-1].sum()
    offset = a.mean(axis=0) - b.mean(axis=0)
    expected = offset @ offset + sum((part**2).sum() for part in centered) - 2 * shared
    assert frechet_distance(_moments(a), _moments(b)) == pytest.approx(expected, rel=1e-11)


class _Flat(torch.nn.Module):
    num_features = 24

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        return pictures.flatten(1)


def test_torchmetrics_agrees() -> None:
    rng = np.random.default_rng(3)
    real = rng.uniform(0, 1, (60, 24))
    fake = rng.beta(2, 3, (90, 24))
    metric = FrechetInceptionDistance(_Flat(), normalize=True, input_img_size=(3, 2, 4))
    metric.set_dtype(torch.float64)
    for pictures, is_real in ((real, True), (fake, False)):
        metric.update(torch.from_numpy(pictures.reshape(-1, 3, 2, 4)), real=is_real)
    assert frechet_distance(_moments(real), _moments(fake)) == pytest.approx(
        float(metric.compute()), rel=1e-9
    )


# Properties


@given(st.integers(0, 2**32 - 1), st.lists(st.integers(1, 39), max_size=5))
def test_batches_and_merged_parts_give_the_moments_of_the_whole(seed: int, cuts: list[int]) -> None:
    features = _features(seed, 40, 5)
    batches = np.split(features, sorted(set(cuts)))
    merged = FeatureMoments(5)
    for batch in batches:
        merged.merge(_moments(batch))
    for moments in (_moments(*batches), merged):
        assert moments.count == 40
        np.testing.assert_allclose(moments.mean, features.mean(axis=0), atol=1e-12)
        np.testing.assert_allclose(
            moments.covariance(), np.cov(features, rowvar=False), rtol=1e-9, atol=1e-12
        )


def test_merging_nothing_changes_nothing() -> None:
    empty = FeatureMoments(3)
    empty.merge(FeatureMoments(3))
    assert empty.count == 0
    assert (empty.mean == 0).all()


def test_a_mean_far_from_0_costs_no_digits() -> None:
    features = _features(0, 64, 4)
    # Sums of squares would leave 16 - 2 × 7 = 2 digits here.
    far = _moments(*np.split(features + 1e7, 8))
    np.testing.assert_allclose(
        far.covariance(), _moments(features).covariance(), rtol=1e-6, atol=1e-7
    )


@given(st.integers(0, 2**32 - 1), st.integers(2, 40), st.integers(2, 40))
def test_the_distance_is_symmetric_at_least_0_and_0_to_itself(
    seed: int, count_a: int, count_b: int
) -> None:
    a, b = _moments(_features(seed, count_a, 12)), _moments(_features(seed + 1, count_b, 12))
    scale = np.trace(a.covariance()) + np.trace(b.covariance())
    distance = frechet_distance(a, b)
    assert distance >= 0
    assert distance == pytest.approx(frechet_distance(b, a), abs=1e-7 * scale)
    assert 0 <= frechet_distance(a, a) < 1e-7 * scale


def test_fewer_pictures_of_one_distribution_are_farther_from_it() -> None:
    pictures = _features(0, 4000, 20)
    whole = _moments(pictures[2000:])
    distances = [frechet_distance(_moments(pictures[:count]), whole) for count in (25, 200, 2000)]
    assert distances == sorted(distances, reverse=True)
    assert distances[0] > 5 * distances[2]


# Errors


def test_bad_features_are_refused_and_not_counted() -> None:
    moments = FeatureMoments(3)
    for features in (np.zeros((2, 4)), np.zeros(3), np.zeros((0, 3))):
        with pytest.raises(ValueError, match="need features"):
            moments.add(features)
    with pytest.raises(ValueError, match="not finite"):
        moments.add(np.array([[0, np.inf, 0]]))
    assert moments.count == 0
    with pytest.raises(ValueError, match="at least 1 dimension"):
        FeatureMoments(0)


def test_one_picture_and_other_dimensions_have_no_distance() -> None:
    one, some = _moments(np.zeros((1, 3))), _moments(np.eye(3))
    with pytest.raises(ValueError, match="at least 2 pictures, not 1"):
        frechet_distance(some, one)
    with pytest.raises(ValueError, match="do not compare"):
        frechet_distance(some, _moments(np.eye(2)))
    with pytest.raises(ValueError, match="cannot merge 2 dimensions into 3"):
        some.merge(_moments(np.eye(2)))
