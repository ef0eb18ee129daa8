import colorsys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from photochrom.color import hsl_to_rgb, rgb_to_hsl

COLORS = np.random.default_rng(0).uniform(0, 1, (500, 3))
# Every corner, edge and face of the cube in steps of a fifth: greys, ties and full saturation.
CUBE = np.stack(np.meshgrid(*[np.linspace(0, 1, 6)] * 3), axis=-1).reshape(-1, 3)


def by_colorsys(rgb: np.ndarray) -> np.ndarray:
    """Hue, saturation, lightness of Python's own module, which calls it HLS."""
    hls = np.array([colorsys.rgb_to_hls(*color) for color in rgb])
    return hls[:, [0, 2, 1]]


def test_round_trip() -> None:
    np.testing.assert_allclose(hsl_to_rgb(rgb_to_hsl(COLORS)), COLORS, atol=1e-14)
    np.testing.assert_allclose(hsl_to_rgb(rgb_to_hsl(CUBE)), CUBE, atol=1e-14)


@pytest.mark.parametrize(
    ("rgb", "hsl"),
    [
        ((0, 0, 0), (0, 0, 0)),
        ((1, 1, 1), (0, 0, 1)),
        ((0.5, 0.5, 0.5), (0, 0, 0.5)),
        ((1, 0, 0), (0, 1, 0.5)),
        ((1, 1, 0), (1 / 6, 1, 0.5)),
        ((0, 1, 0), (2 / 6, 1, 0.5)),
        ((0, 1, 1), (3 / 6, 1, 0.5)),
        ((0, 0, 1), (4 / 6, 1, 0.5)),
        ((1, 0, 1), (5 / 6, 1, 0.5)),
        ((0.5, 0.25, 0.25), (0, 1 / 3, 0.375)),
    ],
)
def test_known_values(rgb: tuple[float, ...], hsl: tuple[float, ...]) -> None:
    np.testing.assert_allclose(rgb_to_hsl(np.array(rgb, float)), hsl, atol=1e-15)


@pytest.mark.parametrize("colors", [COLORS, CUBE], ids=["random", "cube"])
def test_agrees_with_colorsys(colors: np.ndarray) -> None:
    np.testing.assert_allclose(rgb_to_hsl(colors), by_colorsys(colors), atol=1e-12)


@given(st.tuples(*[st.floats(0, 1)] * 3))
def test_way_back_agrees_with_colorsys(hsl: tuple[float, float, float]) -> None:
    hue, saturation, lightness = hsl
    expected = colorsys.hls_to_rgb(hue, lightness, saturation)
    np.testing.assert_allclose(hsl_to_rgb(np.array(hsl)), expected, atol=1e-12)


@given(st.tuples(*[st.floats(0, 1)] * 3))
def test_ranges(rgb: tuple[float, float, float]) -> None:
    hue, saturation, lightness = rgb_to_hsl(np.array(rgb))
    assert 0 <= hue < 1
    assert 0 <= saturation <= 1
    assert 0 <= lightness <= 1


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_hue_a_hair_below_red_is_no_whole_turn(dtype: type) -> None:
    """The sextant is then so little below 0 that one turn more rounds to 1."""
    hue = rgb_to_hsl(np.array([1, 0, np.finfo(dtype).tiny], dtype))[0]
    assert 0 <= hue < 1


def test_hue_goes_round() -> None:
    turned = np.array([[hue, 0.6, 0.4] for hue in (-0.75, 0.25, 1.25)])
    np.testing.assert_allclose(hsl_to_rgb(turned), hsl_to_rgb(turned[[1, 1, 1]]), atol=1e-14)
