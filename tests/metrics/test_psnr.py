import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from skimage.metrics import peak_signal_noise_ratio

from photochrom.metrics import psnr

RNG = np.random.default_rng(0)
PICTURES = RNG.uniform(0, 1, (2, 3, 6, 7, 3))


# Known values


def test_a_constant_error_of_a_tenth_is_20_db():
    assert psnr(np.full((4, 5, 3), 0.4), np.full((4, 5, 3), 0.5)) == pytest.approx(20)


def test_equal_pictures_are_infinite_without_a_warning():
    assert psnr(PICTURES, PICTURES).tolist() == np.full((2, 3), np.inf).tolist()


def test_agrees_with_skimage_picture_by_picture():
    other = PICTURES + RNG.normal(0, 0.1, PICTURES.shape)
    measured = psnr(other, PICTURES)
    assert measured.shape == (2, 3)
    for place in np.ndindex(2, 3):
        expected = peak_signal_noise_ratio(PICTURES[place], other[place], data_range=1)
        assert measured[place] == pytest.approx(expected)


# Properties


@given(st.floats(0.01, 0.5))
def test_half_the_error_is_6_db_more(size):
    true, other = PICTURES[0, :2]
    error = size * (true - other)
    gain = psnr(true + error / 2, true) - psnr(true + error, true)
    assert gain == pytest.approx(20 * np.log10(2))


def test_float32_is_measured_in_float64():
    true = np.full((100, 100, 3), 0.5, np.float32)
    assert psnr(true + np.float32(0.1), true) == pytest.approx(20, abs=1e-5)


# Errors


def test_other_shapes_and_integers_are_refused():
    with pytest.raises(ValueError, match="H, W, 3"):
        psnr(np.zeros((4, 5, 3)), np.zeros((5, 4, 3)))
    with pytest.raises(ValueError, match="H, W, 3"):
        psnr(np.zeros((3, 4, 5)), np.zeros((3, 4, 5)))
    with pytest.raises(ValueError, match="uint8"):
        psnr(np.zeros((4, 5, 3), np.uint8), np.zeros((4, 5, 3), np.uint8))
