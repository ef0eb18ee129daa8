"""The fast way from codes to colored codes, held against the slow one and against exactness."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from photochrom.color import (
    SRGB,
    Encoding,
    ciede2000,
    fit_chroma,
    fit_to_linear,
    grey_to_lightness,
    in_srgb,
    lightness_to_grey,
    linear_to_xyz,
    srgb_to_lab,
    xyz_to_lab,
)
from photochrom.color.brush import Brush
from photochrom.color.tones import tables

WEIGHTS = np.array([0.2126, 0.7152, 0.0722])
DISPLAY_P3 = np.array(  # SMPTE EG 432-1 primaries under D65
    [[0.48657, 0.26567, 0.19822], [0.22897, 0.69174, 0.07929], [0.0, 0.04511, 1.04394]]
)
GAMMA = Encoding("gamma 2.2", lambda v: v**2.2, DISPLAY_P3 / DISPLAY_P3[1].sum())
LIGHTNESS = Encoding(  # a scale of L*, as eciRGB v2 and some grey profiles have
    "L*",
    lambda v: np.where(v > 0.08, ((100 * v + 16) / 116) ** 3, 100 * v / 903.2963),
    SRGB.to_xyz,
)


def _painted(codes: np.ndarray, ab: np.ndarray, encoding: Encoding = SRGB) -> np.ndarray:
    """Codes `(n, 1 or 3)` in chroma `(n, 2)`."""
    out = np.empty((len(codes), 3), codes.dtype)
    ours = tables(encoding, 8 * codes.dtype.itemsize)
    brush = Brush(ours, ours, len(codes))
    offsets = (ab.T / np.array([[500], [-200]])).astype(np.float32)
    brush.paint(codes, np.ones_like(offsets), offsets, out)
    return out


def _read_back(painted: np.ndarray, encoding: Encoding = SRGB) -> np.ndarray:
    """The grey codes nearest to the luminance of colored ones, by searching all greys."""
    top = np.iinfo(painted.dtype).max
    greys = encoding.curve(np.arange(top + 1) / top)
    borders = encoding.curve((np.arange(top) + 0.5) / top)  # between two codes
    luminance = encoding.curve(painted / top) @ encoding.to_xyz[1]
    assert (np.diff(greys) > 0).all()
    return np.searchsorted(borders, luminance)


def _codes(rng: np.random.Generator, dtype: type, count: int) -> np.ndarray:
    """Greys, most of them near the ends, where rounding is hardest."""
    top = np.iinfo(dtype).max
    values = rng.uniform(0, 1, count) ** rng.choice([1, 8], count)
    values = np.where(rng.random(count) < 0.3, 1 - values, values)
    return np.rint(values * top).astype(dtype)[:, None]


@pytest.mark.parametrize("encoding", [SRGB, GAMMA, LIGHTNESS], ids=lambda one: one.name)
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@given(seed=st.integers(0, 2**32 - 1), spread=st.sampled_from([3, 30, 120]))
@settings(max_examples=40)
def test_the_luminance_of_any_color_is_the_code_of_the_original(dtype, encoding, seed, spread):
    rng = np.random.default_rng(seed)
    codes = _codes(rng, dtype, 20_000)
    painted = _painted(codes, rng.normal(0, spread, (20_000, 2)), encoding)
    np.testing.assert_array_equal(_read_back(painted, encoding), codes[:, 0])


def test_every_8_bit_code_in_every_direction_keeps_its_luminance():
    angles, strengths = np.linspace(0, 2 * np.pi, 91), np.linspace(0, 150, 76)
    a = np.outer(strengths, np.cos(angles)).ravel()
    b = np.outer(strengths, np.sin(angles)).ravel()
    ab = np.stack([a, b], axis=1)
    for code in range(256):
        codes = np.full((len(ab), 1), code, np.uint8)
        np.testing.assert_array_equal(_read_back(_painted(codes, ab)), code)


@given(st.integers(0, 2**32 - 1))
def test_colors_are_those_of_the_slow_way(seed):
    rng = np.random.default_rng(seed)
    codes = rng.integers(0, 65536, (500, 1), dtype=np.uint16)
    ab = rng.normal(0, 40, (500, 2))
    lab = np.concatenate([grey_to_lightness(codes / 65535), ab], axis=1)
    slow = xyz_to_lab(linear_to_xyz(fit_to_linear(lab).clip(0, 1)))
    fast = srgb_to_lab(_painted(codes, ab) / 65535)
    inside = in_srgb(lab)
    assert 0.1 < inside.mean() < 0.9
    assert abs(fast - slow)[inside].max() < 0.1
    # Where the gamut ends is interpolated; near black and the brightest yellows by too much.
    assert np.percentile(ciede2000(fast, slow), 95) < 3
    assert ciede2000(fast, slow).mean() < 0.2


@pytest.mark.parametrize("beyond", [1.2, 2.0, 5.0])
def test_colors_far_beyond_the_gamut_keep_their_hue(beyond):
    rng = np.random.default_rng(0)
    lightness, hue = rng.uniform(20, 90, 20_000), rng.uniform(-np.pi, np.pi, 20_000)
    codes = np.rint(lightness_to_grey(lightness) * 65535).astype(np.uint16)[:, None]
    way = np.stack([np.cos(hue), np.sin(hue)], axis=1)
    rays = np.concatenate([lightness[:, None], 300 * way], axis=1)
    most = np.hypot(*fit_chroma(rays)[:, 1:].T)
    _, a, b = srgb_to_lab(_painted(codes, beyond * most[:, None] * way) / 65535).T
    turned = np.angle((a + 1j * b) * np.exp(-1j * hue), deg=True)
    assert abs(turned).max() < 1
    assert (np.hypot(a, b) / most).mean() == pytest.approx(1, abs=0.01)


def test_colors_inside_srgb_come_back_as_they_were():
    colors = np.random.default_rng(1).integers(0, 256, (20_000, 3), dtype=np.uint8)
    ab = srgb_to_lab(colors / 255)[:, 1:]
    painted = _painted(colors, ab)
    assert abs(painted.astype(int) - colors).max() <= 1
    assert (painted == colors).mean() > 0.95


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("encoding", [SRGB, GAMMA, LIGHTNESS], ids=lambda one: one.name)
def test_no_chroma_gives_equal_channels(dtype, encoding):
    codes = np.arange(np.iinfo(dtype).max + 1).astype(dtype)[:, None]
    painted = _painted(codes, np.zeros((len(codes), 2)), encoding)
    np.testing.assert_array_equal(painted, np.repeat(codes, 3, axis=1))


def test_a_brush_paints_fewer_pixels_than_it_has_room_for():
    brush = Brush(tables(SRGB, 8), tables(SRGB, 8), 100)
    out = np.zeros((7, 3), np.uint8)
    lines = np.zeros((2, 7), np.float32)
    brush.paint(np.full((7, 1), 128, np.uint8), lines + 1, lines, out)
    np.testing.assert_array_equal(out, 128)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_codes_of_one_encoding_become_those_of_another_of_the_same_luminance(dtype):
    top = np.iinfo(dtype).max
    rng = np.random.default_rng(3)
    codes = rng.integers(0, top + 1, (20_000, 1)).astype(dtype)
    ab = rng.normal(0, 20, (20_000, 2))
    depth = 8 * codes.dtype.itemsize
    out = np.empty((len(codes), 3), dtype)
    offsets = (ab.T / np.array([[500], [-200]])).astype(np.float32)
    Brush(tables(GAMMA, depth), tables(SRGB, depth), len(codes)).paint(
        codes, np.ones_like(offsets), offsets, out
    )
    asked = SRGB.curve(np.arange(top + 1) / top)  # light of the codes that are written
    luminance, was = SRGB.curve(out / top) @ WEIGHTS, GAMMA.curve(codes[:, 0] / top)
    place = np.searchsorted(asked, was).clip(1, top)
    step = asked[place] - asked[place - 1]  # between the two greys nearest to it
    assert (abs(luminance - was) / step).max() < 0.51
