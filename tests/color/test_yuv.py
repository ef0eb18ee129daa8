import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from skimage.color import rgb2yuv

from photochrom.color import rgb_to_yuv, yuv_to_rgb

COLORS = np.random.default_rng(0).uniform(0, 1, (500, 3))


def test_round_trip():
    np.testing.assert_allclose(yuv_to_rgb(rgb_to_yuv(COLORS)), COLORS, atol=1e-14)


@pytest.mark.parametrize(
    ("rgb", "yuv"),
    [
        ((1, 1, 1), (1, 0, 0)),
        ((1, 0, 0), (0.299, -0.436 * 0.299 / 0.886, 0.615)),
        ((0, 0, 1), (0.114, 0.436, -0.615 * 0.114 / 0.701)),
    ],
)
def test_known_values(rgb, yuv):
    np.testing.assert_allclose(rgb_to_yuv(np.array(rgb, float)), yuv, atol=1e-15)


def test_agrees_with_skimage():
    # skimage prints 0.492 (B - Y) and 0.877 (R - Y) with more digits of its own.
    np.testing.assert_allclose(rgb_to_yuv(COLORS), rgb2yuv(COLORS), atol=1e-4)


@given(st.tuples(*[st.floats(0, 1)] * 3))
def test_ranges(rgb):
    y, u, v = rgb_to_yuv(np.array(rgb))
    assert -1e-12 <= y <= 1 + 1e-12
    assert abs(u) <= 0.436 + 1e-12
    assert abs(v) <= 0.615 + 1e-12
