import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from skimage.color import rgb2lab

from photochrom.color import (
    WHITE,
    grey_to_lightness,
    lab_to_lch,
    lab_to_linear,
    lab_to_srgb,
    lab_to_xyz,
    lch_to_lab,
    lightness_to_grey,
    linear_to_lightness,
    polar,
    srgb_to_lab,
    srgb_to_linear,
    xyz_to_lab,
)

COLORS = np.random.default_rng(0).uniform(0, 1, (500, 3))

# Round trip


def test_srgb_round_trip():
    np.testing.assert_allclose(lab_to_srgb(srgb_to_lab(COLORS)), COLORS, atol=1e-7)


def test_srgb_round_trip_in_float32_stays_below_a_16_bit_step():
    colors = COLORS.astype(np.float32)
    np.testing.assert_allclose(lab_to_srgb(srgb_to_lab(colors)), colors, atol=0.5 / 65535)


def test_xyz_round_trip_includes_the_straight_line_near_black():
    xyz = COLORS * np.array([[1], [1e-3]])[np.arange(500) % 2]
    np.testing.assert_allclose(lab_to_xyz(xyz_to_lab(xyz)), xyz, atol=1e-12)


def test_lch_round_trip():
    lab = srgb_to_lab(COLORS)
    np.testing.assert_allclose(lch_to_lab(lab_to_lch(lab)), lab, atol=1e-10)


def test_every_16_bit_grey_survives_the_round_trip():
    greys = np.arange(65536) / 65535
    back = lightness_to_grey(grey_to_lightness(greys))
    np.testing.assert_array_equal(np.round(back * 65535), np.arange(65536))


# Known values


def test_lightness_alone_is_that_of_the_whole_conversion():
    lightness = linear_to_lightness(srgb_to_linear(COLORS))
    np.testing.assert_allclose(lightness, srgb_to_lab(COLORS)[:, 0], atol=1e-12)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_greys_have_equal_channels_to_the_last_bit(dtype):
    lab = np.zeros((1001, 3), dtype)
    lab[:, 0] = np.linspace(0, 100, 1001)
    linear = lab_to_linear(lab)
    np.testing.assert_array_equal(linear, linear[:, [1, 2, 0]])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_white_is_exactly_100_0_0(dtype):
    assert srgb_to_lab(np.ones(3, dtype)).tolist() == [100, 0, 0]
    assert srgb_to_lab(torch.from_numpy(np.ones((2, 3), dtype))).tolist() == [[100, 0, 0]] * 2


@pytest.mark.parametrize(
    ("srgb", "lab"),  # by B. Lindbloom's calculator, whose matrix has 7 digits
    [
        ((1, 0, 0), (53.24, 80.09, 67.20)),
        ((0, 1, 0), (87.73, -86.18, 83.18)),
        ((0, 0, 1), (32.30, 79.19, -107.86)),
        ((0, 0, 0), (0, 0, 0)),
    ],
)
def test_primaries(srgb, lab):
    np.testing.assert_allclose(srgb_to_lab(np.array(srgb, float)), lab, atol=0.03)


def test_agrees_with_skimage():
    # skimage has seven digits of the matrix and a white rounded on its own.
    np.testing.assert_allclose(srgb_to_lab(COLORS), rgb2lab(COLORS), atol=0.02)


def test_middle_grey_reflects_18_per_cent():
    assert xyz_to_lab(0.1842 * WHITE)[0] == pytest.approx(50, abs=0.01)


# Properties


@given(st.floats(0, 1))
def test_greys_have_the_lightness_of_three_equal_channels_and_no_chroma(grey):
    lab = srgb_to_lab(np.full(3, grey))
    assert grey_to_lightness(np.array(grey)) == pytest.approx(lab[0], abs=1e-10)
    np.testing.assert_allclose(lab[1:], 0, atol=1e-10)


@given(st.floats(-150, 150), st.floats(-150, 150))
def test_chroma_and_hue_keep_their_ranges(a, b):
    chroma, hue = polar(np.array(a), np.array(b))
    assert chroma >= 0
    assert 0 <= hue < 360


def test_a_hue_a_hair_below_0_is_0():
    assert polar(np.array(1.0), np.array(-1e-20))[1] == 0


def test_grey_has_hue_0():
    for a, b in [(0.0, 0.0), (-0.0, -0.0), (-1e-20, 1e-20)]:
        assert [float(part) for part in polar(np.array(a), np.array(b))] == [0, 0]


# Gradients


def test_gradients_of_chroma_and_hue_are_0_at_grey():
    grey = torch.tensor([50.0, 0, 0], dtype=torch.float64, requires_grad=True)
    lab_to_lch(grey).sum().backward()
    assert grey.grad.tolist() == [1, 0, 0]


@pytest.mark.parametrize("grey", [0.0, 1e-9, 0.04045, 1.0])
def test_gradients_are_finite_for_black_dark_and_white(grey):
    color = torch.full((3,), grey, dtype=torch.float64, requires_grad=True)
    lab_to_srgb(srgb_to_lab(color)).sum().backward()
    # At the knee of the curve, 0.04045, the slopes on the two sides differ by 2 per cent.
    np.testing.assert_allclose(color.grad, 1, atol=0.02 if grey == 0.04045 else 1e-6)
