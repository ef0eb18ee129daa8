"""Windows against scipy's, and by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.ndimage import uniform_filter

from photochrom.inference.windows import window_mean, window_sum

EXTENT = st.integers(1, 40)
RADIUS = st.integers(1, 9)


@given(EXTENT, EXTENT, RADIUS, st.integers(0, 99))
def test_sums_and_means_are_of_what_there_is(h: int, w: int, radius: int, seed: int) -> None:
    planes = np.random.default_rng(seed).normal(0, 50, (3, h, w))
    side = 2 * radius + 1
    within = uniform_filter(planes, (1, side, side), mode="constant")
    share = uniform_filter(np.ones_like(planes), (1, side, side), mode="constant")
    np.testing.assert_allclose(window_sum(planes, radius), within * side**2, atol=1e-9)
    np.testing.assert_allclose(window_mean(planes, radius), within / share, atol=1e-9)


def test_corners_by_hand() -> None:
    plane = np.random.default_rng(3).normal(size=(20, 30))
    assert window_mean(plane, 4)[0, 0] == pytest.approx(plane[:5, :5].mean())
    assert window_mean(plane, 4)[-1, 2] == pytest.approx(plane[-5:, :7].mean())
    assert window_sum(plane, 2)[0, 1] == pytest.approx(plane[:3, :4].sum())


def test_what_comes_in_stays_as_it_was_and_its_type_goes_out() -> None:
    plane = np.ones((5, 7), dtype=np.float32)
    assert window_mean(plane, 3).dtype == window_sum(plane, 3).dtype == np.float32
    np.testing.assert_array_equal(plane, 1)
