import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from photochrom.color import (
    WHITE,
    linear_to_srgb,
    linear_to_xyz,
    srgb_to_linear,
    xyz_to_linear,
)

# Round trip


def test_every_8_bit_value_survives_the_round_trip():
    values = np.arange(256) / 255
    np.testing.assert_allclose(linear_to_srgb(srgb_to_linear(values)), values, atol=1e-7)


def test_xyz_round_trip():
    linear = np.random.default_rng(0).uniform(-0.2, 1.2, (50, 3))
    np.testing.assert_allclose(xyz_to_linear(linear_to_xyz(linear)), linear, atol=1e-12)


# Known values


@pytest.mark.parametrize(
    ("srgb", "linear"),
    [
        (0, 0),
        (1, 1),
        (0.5, 0.21404114),
        (0.73535698, 0.5),
        (0.04, 0.04 / 12.92),
        (-0.1, -0.1 / 12.92),
    ],
)
def test_known_values_of_the_curve(srgb, linear):
    assert srgb_to_linear(np.array(float(srgb))) == pytest.approx(linear, abs=1e-8)
    assert linear_to_srgb(np.array(float(linear))) == pytest.approx(srgb, abs=1e-7)


def test_white_is_d65():
    x, y, z = WHITE
    assert y == pytest.approx(1, abs=1e-15)
    # Chromaticity of D65 as printed in IEC 61966-2-1.
    assert (x / (x + y + z), y / (x + y + z)) == pytest.approx((0.3127, 0.3290), abs=1e-4)


# Properties


@given(st.floats(0, 1), st.floats(0, 1))
def test_the_curve_rises(first, second):
    low, high = sorted([first, second])
    assert srgb_to_linear(np.array(low)) <= srgb_to_linear(np.array(high))
    # The printed constants leave a step of 3e-8 where line and curve meet.
    assert linear_to_srgb(np.array(low)) <= linear_to_srgb(np.array(high)) + 1e-7


# Gradients


@pytest.mark.parametrize("value", [0.0, -0.5, 0.04045, 0.0031308, 1.0, 1.5])
@pytest.mark.parametrize("convert", [srgb_to_linear, linear_to_srgb])
def test_gradients_are_finite_at_the_knee_and_beyond_the_range(convert, value):
    point = torch.tensor(value, dtype=torch.float64, requires_grad=True)
    convert(point).backward()
    assert torch.isfinite(point.grad)
    assert point.grad > 0
