"""Arrays of another size: exact in size, in place, antialiased."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from photochrom.image import resize

sizes = st.one_of(st.integers(1, 12), st.integers(13, 400))


@settings(max_examples=200, deadline=None)
@given(sizes, sizes, sizes, sizes, st.sampled_from([np.uint8, np.uint16, np.float32]))
def test_the_size_is_exact_and_constants_stay(height, width, new_height, new_width, dtype):
    value = dtype(200)
    out = resize(np.full((height, width), value), new_height, new_width)
    assert out.shape == (new_height, new_width)
    assert out.dtype == dtype
    np.testing.assert_allclose(out, value, rtol=1e-5)


@pytest.mark.parametrize("shape", [(8, 9), (8, 9, 1), (8, 9, 2), (8, 9, 3), (8, 9, 4)])
def test_the_rank_stays_and_the_input_too(shape, rng):
    array = rng.random(shape, dtype=np.float32)
    before = array.copy()
    assert resize(array, 5, 20).shape == (5, 20, *shape[2:])
    same = resize(array, 8, 9)
    np.testing.assert_array_equal(same, before)
    assert not np.shares_memory(same, array)


@pytest.mark.parametrize("size", [(64, 80), (37, 91), (16, 41), (33, 20)])
def test_enlarging_linearly_agrees_with_pillow(rng, size):
    array = rng.random((16, 20), dtype=np.float32)
    expected = Image.fromarray(array).resize(size[::-1], Image.Resampling.BILINEAR)
    np.testing.assert_allclose(resize(array, *size, kernel="linear"), expected, atol=1e-5)


@pytest.mark.parametrize("kernel", ["linear", "cubic", "lanczos3"])
@pytest.mark.parametrize("size", [(40, 200), (40, 91), (40, 10), (8, 10), (8, 41)])
def test_nothing_moves(kernel, size):
    """A ramp stays the same ramp at the same place, whichever way each side goes."""
    ramp = np.tile(np.arange(20, dtype=np.float32), (20, 1))
    for array, (height, width) in ((ramp, size), (ramp.T.copy(), size[::-1])):
        out = resize(array, height, width, kernel=kernel)
        out = out if array is ramp else out.T
        expected = (np.arange(size[1]) + 0.5) * 20 / size[1] - 0.5
        inner = slice(size[1] // 5, -(size[1] // 5))  # off the edges, where it flattens
        np.testing.assert_allclose(out[4][inner], expected[inner], atol=0.02)


def test_linear_stays_in_range(rng):
    array = (rng.random((16, 16)) > 0.5).astype(np.float32)
    for size in ((50, 47), (5, 6), (50, 5)):
        out = resize(array, *size, kernel="linear")
        assert out.min() >= 0
        assert out.max() <= 1


def test_shrinking_does_not_alias():
    stripes = np.tile(np.array([0, 255], np.uint8), (64, 64))
    shrunk = resize(stripes, 16, 24)[:, 2:-2]
    assert np.abs(shrunk.astype(int) - 127).max() < 25


def test_16_bits_are_not_rounded_to_8(rng):
    array = np.linspace(0, 65535, 4096).astype(np.uint16).reshape(1, -1)
    assert np.unique(resize(array, 1, 2048)).size > 2000


@pytest.mark.parametrize(
    ("array", "size", "kernel"),
    [
        (np.zeros((4, 4)), (2, 2), "cubic"),
        (np.zeros(4, np.uint8), (2, 2), "cubic"),
        (np.zeros((0, 4), np.uint8), (2, 2), "cubic"),
        (np.zeros((4, 4), np.uint8), (0, 2), "cubic"),
        (np.zeros((4, 4), np.uint8), (2, 2), "area"),
    ],
)
def test_errors(array, size, kernel):
    with pytest.raises(ValueError, match=r".+"):
        resize(array, *size, kernel=kernel)
