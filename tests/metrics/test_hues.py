"""Warmth and spread of hues, by hand and against scipy's circular variance."""

import numpy as np
import pytest
from scipy.stats import circvar

from photochrom.color import srgb_to_lab
from photochrom.metrics.hues import hues


def test_one_hue_has_no_spread() -> None:
    sepia = np.full((4, 5, 2), (6.0, 12.0))
    assert hues(sepia) == pytest.approx((1.0, 0.0))


def test_opposite_hues_cancel_out() -> None:
    """Half orange (hue 60), half its opposite: half the chroma is warm, no hue is left."""
    orange = np.array([np.cos(np.pi / 3), np.sin(np.pi / 3)]) * 20
    assert hues(np.stack([orange, -orange])) == pytest.approx((0.5, 1.0))


def test_pixels_weigh_by_their_chroma() -> None:
    """Orange of chroma 30 and blue (hue 270) of chroma 10."""
    ab = np.array([[0.0, 30.0], [0.0, -10.0], [0.0, 0.0]])
    assert hues(ab) == pytest.approx((0.75, 0.5))


def test_spread_is_the_circular_variance_of_equal_chroma() -> None:
    angles = np.random.default_rng(1).uniform(-np.pi, np.pi, 500) * 0.4
    ab = 17 * np.stack([np.cos(angles), np.sin(angles)], axis=-1)
    assert hues(ab).hue_spread == pytest.approx(circvar(angles))


@pytest.mark.parametrize(
    ("color", "warm"),
    [
        ((150, 75, 0), 1),  # what HTML calls brown
        ((112, 66, 20), 1),  # sepia
        ((224, 172, 105), 1),  # skin
        ((70, 130, 180), 0),  # sky
        ((60, 140, 60), 0),  # grass
        ((180, 60, 160), 0),
    ],
)
def test_named_colors(color: tuple[int, int, int], warm: float) -> None:
    lab = srgb_to_lab(np.full((2, 2, 3), color) / 255)
    assert hues(lab[..., 1:]).warmth == warm


def test_grey_has_neither() -> None:
    assert all(np.isnan(hues(np.zeros((3, 3, 2)))))
