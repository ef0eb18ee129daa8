"""RGB spaces, against the matrices and the curves that their standards print."""

import numpy as np
import pytest
from skimage.color import rgb2lab

from photochrom.color import SRGB, WHITE, Encoding, xyz_to_lab
from photochrom.color.encoding import bradford
from photochrom.color.spaces import (
    ADOBE_RGB,
    DISPLAY_P3,
    ECI_RGB,
    LIGHTNESS,
    PROPHOTO,
    REC_2020,
    SPACES,
)

CODES = np.arange(65536) / 65535
ICC_D50 = np.array([0.9642, 1, 0.8249])


@pytest.mark.parametrize("encoding", SPACES.values(), ids=SPACES.keys())
def test_every_space_rises_from_black_to_white(encoding: Encoding) -> None:
    light = encoding.curve(CODES)
    assert light[0] == 0
    assert light[-1] == pytest.approx(1, abs=1e-15)
    assert (np.diff(light) > 0).all()
    np.testing.assert_allclose(encoding.to_xyz.sum(axis=1), WHITE, atol=1e-12)


def test_adobe_rgb_has_the_matrix_of_its_specification() -> None:
    """Adobe RGB (1998) Color Image Encoding; its white has Z = 1.0891."""
    expected = [
        [0.57667, 0.18556, 0.18823],
        [0.29734, 0.62736, 0.07529],
        [0.02703, 0.07069, 0.99134],
    ]
    np.testing.assert_allclose(ADOBE_RGB.to_xyz, expected, atol=1e-4)


def test_prophoto_has_the_matrix_of_romm() -> None:
    """ISO 22028-2 prints it under D50, in four digits."""
    expected = [[0.7977, 0.1352, 0.0313], [0.2880, 0.7119, 0.0001], [0, 0, 0.8249]]
    np.testing.assert_allclose(bradford(WHITE, ICC_D50) @ PROPHOTO.to_xyz, expected, atol=6e-5)


def test_eci_rgb_has_the_colorants_of_its_profile() -> None:
    """Under D50, as colour-science derives them from the European Color Initiative's file."""
    expected = [
        [0.65032, 0.17795, 0.13602],
        [0.32016, 0.60183, 0.07801],
        [0, 0.06798, 0.75712],
    ]
    np.testing.assert_allclose(bradford(WHITE, ICC_D50) @ ECI_RGB.to_xyz, expected, atol=5e-4)


def test_luminance_of_the_channels() -> None:
    """CSS Color 4 for Display P3, BT.2020-2 table 4."""
    np.testing.assert_allclose(DISPLAY_P3.to_xyz[1], [0.22897, 0.69174, 0.07929], atol=5e-5)
    np.testing.assert_allclose(REC_2020.to_xyz[1], [0.2627, 0.6780, 0.0593], atol=5e-5)


def test_the_curve_of_rec_2020_undoes_its_encoding() -> None:
    """BT.2020-2, table 4, for 12 bits."""
    light = np.linspace(0, 1, 1001)
    encoded = np.where(light < 0.0181, 4.5 * light, 1.0993 * light**0.45 - 0.0993)
    np.testing.assert_allclose(REC_2020.curve(encoded), light, atol=1e-4)


def test_the_curve_of_romm_has_a_straight_line_near_black() -> None:
    """ROMM RGB encodes light below 1/512 as 16 times itself, and the rest as its 1.8th root."""
    light = np.array([0, 1 / 1024, 1 / 512, 0.18, 1])
    encoded = np.array([0, 16 / 1024, 1 / 32, 0.18 ** (1 / 1.8), 1])
    np.testing.assert_allclose(PROPHOTO.curve(encoded), light, atol=1e-12)


def test_codes_of_eci_rgb_are_lightness() -> None:
    lab = xyz_to_lab(LIGHTNESS(CODES)[:, None] * WHITE)
    np.testing.assert_allclose(lab[:, 0], 100 * CODES, atol=1e-9)
    grey = np.array([[[0.5, 0.5, 0.5]]])
    light = LIGHTNESS(rgb2lab(grey)[..., 0] / 100)
    assert float(light[0, 0]) == pytest.approx(float(SRGB.curve(np.array(0.5))), abs=1e-6)
