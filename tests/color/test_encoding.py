import numpy as np
import pytest

from photochrom.color import SRGB, WHITE, srgb_to_linear
from photochrom.color.encoding import D50, Power, bradford, scaled_to_white

CODES = np.arange(65536) / 65535


def test_the_parameters_of_srgb_are_its_function() -> None:
    np.testing.assert_allclose(SRGB.curve(CODES), srgb_to_linear(CODES), atol=1e-15)


def test_a_curve_keeps_any_shape() -> None:
    assert SRGB.curve(np.full((2, 3, 4), 0.5)).shape == (2, 3, 4)
    assert float(SRGB.curve(np.array(0.5))) == pytest.approx(0.21404114)


def test_a_power_of_seven_parameters() -> None:
    law = Power(2.0, 0.5, 0.25, 0.125, 0.5, 0.0625, 0.03125)
    # (0.5 * 0.75 + 0.25)² + 0.0625 and 0.125 * 0.25 + 0.03125, by hand.
    np.testing.assert_array_equal(law(np.array([0.75, 0.25])), [0.453125, 0.0625])


def test_what_lies_below_a_curve_has_no_light_and_no_warning() -> None:
    assert Power(2.2, 1.0, -0.25)(np.array([0.0, 0.1])).tolist() == [0, 0]


def test_the_adaptation_from_d65_to_d50_is_the_published_one() -> None:
    """B. Lindbloom's table of chromatic adaptation, from ASTM E308 whites."""
    matrix = bradford(np.array([0.95047, 1, 1.08883]), np.array([0.96422, 1, 0.82521]))
    expected = [
        [1.0478112, 0.0228866, -0.0501270],
        [0.0295424, 0.9904844, -0.0170491],
        [-0.0092345, 0.0150436, 0.7521316],
    ]
    np.testing.assert_allclose(matrix, expected, atol=1e-6)


def test_adaptation_takes_white_to_white_and_back() -> None:
    there = bradford(D50, WHITE)
    np.testing.assert_allclose(there @ D50, WHITE, atol=1e-15)
    np.testing.assert_allclose(bradford(WHITE, D50) @ there, np.eye(3), atol=1e-14)


def test_primaries_of_any_length_add_up_to_white() -> None:
    """sRGB's own matrix comes back from its chromaticities, but for its printed digits."""
    xy = np.array([[0.64, 0.33], [0.30, 0.60], [0.15, 0.06]])
    columns = np.column_stack([xy, 1 - xy.sum(axis=1)]).T
    np.testing.assert_allclose(scaled_to_white(columns * [1, 2, 3]), SRGB.to_xyz, atol=1e-4)


def test_primaries_in_one_plane_are_none() -> None:
    with pytest.raises(np.linalg.LinAlgError):
        scaled_to_white(np.array([[1.0, 2, 0], [0, 0, 1], [0, 0, 1]]))
