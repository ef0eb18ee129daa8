"""What spreads and settles, against scipy's sparse solver and distances by hand."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import coo_matrix, diags
from scipy.sparse.linalg import spsolve

from photochrom.inference.conduction import _grid, _solved, settled
from photochrom.inference.spreading import spread


def _conductors(seed: int, h: int, w: int) -> tuple[np.ndarray, np.ndarray]:
    """Conductances over seven orders of magnitude."""
    random = np.random.default_rng(seed)
    return 10 ** random.uniform(-7, 0, (h, w - 1)), 10 ** random.uniform(-7, 0, (h - 1, w))


@given(st.integers(0, 99), st.integers(1, 40), st.integers(1, 40))
@settings(max_examples=25)
def test_conjugate_gradients_agree_with_scipy(seed: int, h: int, w: int) -> None:
    random = np.random.default_rng(seed)
    net = _grid(*_conductors(seed, h, w))
    drain = 10 ** random.uniform(-4, 2, h * w)
    feed = drain * random.normal(size=(2, h * w))
    joins = coo_matrix((net.conductance, (net.begin, net.end)), shape=(h * w, h * w))
    joins = joins + joins.T
    matrix = diags(joins @ np.ones(h * w) + drain) - joins
    expected = spsolve(matrix.tocsc(), feed.T).reshape(h * w, 2).T
    np.testing.assert_allclose(_solved(net, drain, feed), expected, atol=1e-2)


@given(st.integers(0, 99), st.integers(1, 50), st.integers(1, 50))
@settings(max_examples=25)
def test_potentials_lie_between_the_ground_and_what_is_fed(seed: int, h: int, w: int) -> None:
    random = np.random.default_rng(seed)
    weight = np.where(random.random((h, w)) < 0.1, 100.0, 0)
    potential = settled(*_conductors(seed, h, w), weight + 1e-3, weight[None])
    assert potential.min() > -0.02
    assert potential.max() < 1.02


def test_in_a_flat_picture_distance_is_the_common_one() -> None:
    weights = np.zeros((200, 200), np.float32)
    weights[100, 100] = 100
    flat = np.full((200, 200), 50, np.float32)
    distance = spread(flat, weights, np.ones((200, 200, 1), np.float32)).distance * 200
    rows, columns = np.mgrid[:200, :200]
    true = np.hypot(rows - 100, columns - 100)
    far = (true > 20) & (true < 90)
    slope, _ = np.polyfit(true[far], distance[far], 1)
    # The bit more than 1 is what remains of currents thinning out as their circles grow.
    assert slope == pytest.approx(1.1, abs=0.15)
    assert np.corrcoef(true[far], distance[far])[0, 1] > 0.99


def test_around_a_wall_the_way_is_around_it() -> None:
    lightness = np.full((100, 100), 50, np.float32)
    lightness[:80, 50] = 90
    weights = np.zeros((100, 100), np.float32)
    weights[10, 40] = 100
    distance = spread(lightness, weights, np.ones((100, 100, 1), np.float32)).distance
    assert distance[10, 60] > distance[75, 40] + 0.1
    assert distance[10, 60] > 3 * distance[10, 20]


@given(st.integers(0, 99))
@settings(max_examples=10)
def test_means_never_leave_the_range_of_the_sources(seed: int) -> None:
    random = np.random.default_rng(seed)
    lightness = random.uniform(0, 100, (40, 50)).astype(np.float32)
    weights = np.where(random.random((40, 50)) < 0.01, 100, 0).astype(np.float32)
    weights[3, 4] = 1
    values = random.normal(0, 40, (40, 50, 2)).astype(np.float32)
    mean = spread(lightness, weights, values).mean
    sources = values[weights > 0]
    assert (mean >= sources.min(axis=0)).all()
    assert (mean <= sources.max(axis=0)).all()


def test_sources_keep_their_values() -> None:
    random = np.random.default_rng(0)
    lightness = random.uniform(40, 60, (64, 64)).astype(np.float32)
    weights = np.zeros((64, 64), np.float32)
    weights[[10, 50], [10, 50]] = 100
    values = np.zeros((64, 64, 1), np.float32)
    values[50, 50] = 30
    mean = spread(lightness, weights, values).mean[..., 0]
    assert mean[10, 10] == pytest.approx(0, abs=0.5)
    assert mean[50, 50] == pytest.approx(30, abs=0.5)
