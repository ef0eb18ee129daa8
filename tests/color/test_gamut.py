import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from photochrom.color import (
    fit_chroma,
    fit_to_linear,
    in_srgb,
    lab_to_lch,
    lab_to_linear,
    lab_to_srgb,
    lightness_to_grey,
    linear_to_lightness,
    srgb_to_lab,
)

SRGB = arrays(np.float64, (20, 3), elements=st.floats(0, 1))
LAB = st.integers(0, 2**32 - 1).map(
    lambda seed: np.random.default_rng(seed).uniform([0, -150, -150], [100, 150, 150], (200, 3))
)

# Known values


@pytest.mark.parametrize(
    ("lab", "inside"),
    [
        ((100, 0, 0), True),
        ((0, 0, 0), True),
        ((53.23, 80.1, 67.2), True),  # red, the corner of the cube
        ((53.23, 82, 67.2), False),
        ((100, 0, 5), False),
        ((50, -80, 0), False),
        ((101, 0, 0), False),
    ],
)
def test_in_srgb(lab, inside):
    assert bool(in_srgb(np.array(lab, float))) is inside


def test_a_red_beyond_srgb_ends_on_the_surface():
    red = srgb_to_lab(np.array([1.0, 0, 0]))
    fitted = fit_chroma(red * [1, 1.3, 1.3])
    np.testing.assert_allclose(fitted, red, atol=0.02)
    assert lab_to_srgb(fitted).max() == pytest.approx(1, abs=2e-4)


# Properties


@given(SRGB)
def test_srgb_colors_are_untouched(srgb):
    lab = srgb_to_lab(srgb)
    assert in_srgb(lab).all()
    np.testing.assert_array_equal(fit_chroma(lab), lab)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@given(lab=LAB)
def test_lightness_and_hue_stay_and_chroma_shrinks_into_srgb(dtype, lab):
    lab = lab.astype(dtype)
    inside = in_srgb(lab)
    fitted = fit_chroma(lab)
    assert fitted.dtype == dtype
    np.testing.assert_array_equal(fitted[:, 0], lab[:, 0])
    np.testing.assert_array_equal(fitted[inside], lab[inside])
    # Twice the tolerance of in_srgb: products of other shapes may round otherwise.
    assert (abs(lab_to_linear(fitted) - 0.5) <= 0.5 + 2e-5).all()
    before, after = lab_to_lch(lab.astype(float)), lab_to_lch(fitted.astype(float))
    assert (after[:, 1] <= before[:, 1]).all()
    # Of the colors that keep enough chroma to have a hue.
    turn = (after - before)[after[:, 1] > 0.01, 2]
    np.testing.assert_allclose((turn + 180) % 360 - 180, 0, atol=1e-3)


@given(LAB)
def test_no_more_chroma_is_lost_than_needed(lab):
    strays = lab[~in_srgb(lab)]
    fitted = fit_chroma(strays)
    more = strays + 0
    more[:, 1:] = fitted[:, 1:] + strays[:, 1:] * 2.0**-14
    assert not in_srgb(more).any()


@given(LAB)
def test_fitting_on_the_way_to_linear_light_gives_the_same_colors(lab):
    np.testing.assert_array_equal(fit_to_linear(lab), lab_to_linear(fit_chroma(lab)))


@given(st.integers(0, 2**32 - 1))
def test_what_is_cut_off_below_0_is_under_a_third_of_a_16_bit_step_of_luminance(seed):
    """The darker the color, the less: steps of luminance are finest near black."""
    rng = np.random.default_rng(seed)
    lightness = 100 * rng.uniform(0, 1, 500) ** 4
    lab = np.stack([lightness, *rng.uniform(-150, 150, (2, 500))], axis=-1).astype(np.float32)
    written = linear_to_lightness(fit_to_linear(lab).astype(float).clip(0, 1))
    steps = 65535 * (lightness_to_grey(written) - lightness_to_grey(lightness))
    assert abs(steps).max() < 1 / 3


def test_one_color_without_further_axes():
    for to in (np.asarray, torch.tensor):
        fitted = fit_chroma(to([50.0, 120.0, 0.0]))
        assert fitted.shape == (3,)
        assert bool(in_srgb(fitted))


def test_the_argument_is_not_written_to():
    lab = np.array([[50.0, 120, 0], [50, 1, 1]])
    before = lab.copy()
    fit_chroma(lab)
    np.testing.assert_array_equal(lab, before)


# Gradients


def test_gradients_beyond_srgb_are_those_of_a_constant_factor():
    lab = torch.tensor([[50.0, 120, 30], [50, 10, 5]], dtype=torch.float64, requires_grad=True)
    fitted = fit_chroma(lab)
    factor = (fitted[0, 1] / lab[0, 1]).item()
    fitted.sum().backward()
    np.testing.assert_allclose(lab.grad, [[1, factor, factor], [1, 1, 1]])
    assert factor < 1
