import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from photochrom.color import colorfulness

SEEDS = st.integers(0, 2**32 - 1)

# Known values, worked by hand


def test_half_red_half_black():
    # rg = (255, 0), yb = (127.5, 0): deviations and means are 127.5 and 63.75 alike.
    picture = np.array([[[1.0, 0, 0], [0, 0, 0]]])
    assert colorfulness(picture) == pytest.approx(1.3 * np.hypot(127.5, 63.75))


def test_one_color_has_only_the_term_of_the_mean():
    picture = np.tile([1.0, 0, 0], (4, 5, 1))
    assert colorfulness(picture) == pytest.approx(0.3 * np.hypot(255, 127.5))


def test_opposite_colors_cancel_in_the_mean():
    # rg = (255, -255), yb = (127.5, 127.5)
    picture = np.array([[[1.0, 0, 0], [0, 1, 0]]])
    assert colorfulness(picture) == pytest.approx(255 + 0.3 * 127.5)


# Properties


@given(SEEDS)
def test_grey_is_0(seed):
    grey = np.random.default_rng(seed).uniform(0, 1, (6, 7, 1))
    assert colorfulness(np.repeat(grey, 3, axis=-1)) == pytest.approx(0, abs=1e-10)


@given(SEEDS, st.floats(0, 1))
def test_scales_with_the_colors(seed, factor):
    picture = np.random.default_rng(seed).uniform(0, 1, (6, 7, 3))
    assert colorfulness(factor * picture) == pytest.approx(factor * colorfulness(picture))


def test_pictures_of_a_batch_are_judged_one_by_one():
    pictures = np.random.default_rng(0).uniform(0, 1, (2, 3, 6, 7, 3))
    measured = colorfulness(pictures)
    assert measured.shape == (2, 3)
    assert measured[1, 2] == pytest.approx(colorfulness(pictures[1, 2]))


# Gradients


@pytest.mark.parametrize("color", [[0.5, 0.5, 0.5], [0.0, 0.0, 0.0], [1.0, 0.2, 0.1]])
def test_gradients_are_finite_where_all_pixels_are_alike(color):
    picture = torch.tensor(color, dtype=torch.float64).expand(4, 5, 3).clone().requires_grad_()
    colorfulness(picture).backward()
    assert torch.isfinite(picture.grad).all()
