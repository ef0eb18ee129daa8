from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from photochrom.color import bin_centers, soft_encode, srgb_to_lab
from photochrom.data import prior as module
from photochrom.data.pool import Pool, Rules, load_pool
from photochrom.data.prior import load_prior, measure_prior

RED, BLUE = (200, 30, 40), (20, 40, 180)


def plain(color: tuple[int, int, int], height: int, width: int) -> np.ndarray:
    return np.full((height, width, 3), color, np.uint8)


def expected(color: tuple[int, int, int], neighbors: int = 5, sigma: float = 5.0) -> np.ndarray:
    """The prior of pictures of one color: that color, soft-encoded."""
    ab = srgb_to_lab(np.array(color) / 255)[1:]
    indices, weights = soft_encode(ab, bin_centers(), neighbors=neighbors, sigma=sigma)
    prior = np.zeros(313)
    prior[indices] = weights
    return prior


@pytest.fixture
def pool(tmp_path: Path, save: Callable) -> Pool:
    """Two red pictures and a far larger blue one."""
    save(tmp_path / "set/1.png", plain(RED, 20, 20))
    save(tmp_path / "set/2.png", plain(RED, 12, 40))
    save(tmp_path / "set/3.png", plain(BLUE, 150, 155))
    return load_pool([tmp_path / "set"], Rules(), tmp_path / "cache")


def test_every_picture_counts_the_same(pool: Pool) -> None:
    assert_allclose(measure_prior(pool), (2 * expected(RED) + expected(BLUE)) / 3, atol=1e-5)


def test_chunks_of_unequal_length(pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_CHUNK", 2)
    assert_allclose(measure_prior(pool), (2 * expected(RED) + expected(BLUE)) / 3, atol=1e-5)


def test_a_sample_is_drawn_from_a_large_pool(pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_PICTURES", 1)
    one = measure_prior(pool)
    assert (
        np.isclose(one, expected(RED), atol=1e-5).all()
        or np.isclose(one, expected(BLUE), atol=1e-5).all()
    )


def test_is_a_distribution(tmp_path: Path, colored: Callable, save: Callable) -> None:
    for at in range(4):
        save(tmp_path / f"mixed/{at}.png", colored(at, 40, 30))
    prior = measure_prior(load_pool([tmp_path / "mixed"], Rules(), tmp_path))
    assert prior.shape == (313,)
    assert prior.sum() == pytest.approx(1)
    assert prior.min() >= 0
    assert np.count_nonzero(prior) > 20


def test_measured_once(tmp_path: Path, pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    first = load_prior(pool, tmp_path / "cache")
    assert_array_equal(first, measure_prior(pool))
    monkeypatch.setattr(module, "measure_prior", lambda *_: pytest.fail("measured anew"))
    assert_array_equal(load_prior(pool, tmp_path / "cache"), first)
    assert not list((tmp_path / "cache").glob("*.part*"))


@pytest.mark.parametrize(("neighbors", "sigma"), [(1, 5.0), (10, 5.0), (5, 2.5), (313, 100.0)])
def test_is_measured_with_the_neighbors_and_the_width_of_the_targets(
    pool: Pool, neighbors: int, sigma: float
) -> None:
    prior = measure_prior(pool, neighbors, sigma)
    red, blue = (expected(color, neighbors, sigma) for color in (RED, BLUE))
    assert_allclose(prior, (2 * red + blue) / 3, atol=1e-5)
    assert np.count_nonzero(prior) == min(2 * neighbors, 313)


def test_each_setting_has_a_file_of_its_own(tmp_path: Path, pool: Pool) -> None:
    settings = [(5, 5.0), (10, 5.0), (5, 2.5), (5, 2.5000001)]
    for _ in range(2):  # measured, and from the cache
        for neighbors, sigma in settings:
            loaded = load_prior(pool, tmp_path / "cache", neighbors, sigma)
            assert_array_equal(loaded, measure_prior(pool, neighbors, sigma))
    assert len(list((tmp_path / "cache").glob(f"prior-{pool.key}-*.npy"))) == len(settings)


def test_other_pictures_have_another_prior(tmp_path: Path, pool: Pool, save: Callable) -> None:
    cache = tmp_path / "cache"
    first = load_prior(pool, cache)
    save(tmp_path / "set/1.png", plain(BLUE, 20, 20))
    second = load_prior(load_pool([tmp_path / "set"], Rules(), cache), cache)
    assert_allclose(first, (2 * expected(RED) + expected(BLUE)) / 3, atol=1e-5)
    assert_allclose(second, (expected(RED) + 2 * expected(BLUE)) / 3, atol=1e-5)
