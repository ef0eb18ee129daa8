"""Luminance is sacred: no picture, setting or color may move it beyond rounding.

The measure is the step between neighboring greys of the file's bit depth, at the luminance of the
pixel. Rounding moves each channel c by half a code at most, and so the luminance Y = sum(w f(c)) by
sum(w g(f(c))) with g(v) = f(c + 1/2) - f(c) where f(c) = v. Were g concave, this were g(Y) at most
(Jensen), half a step of the equally light grey. It is, but for the straight part of sRGB's curve
near black: there the concave hull of g bounds it, which is 0.661 steps where it lies highest above
g, at 1 % grey, and falls to 0.5 above. In 16 bits, what is cut off where colors end at the border
of sRGB may add a quarter of a step.
"""

import numpy as np
import pytest
import skimage.data
from hypothesis import given, settings
from hypothesis import strategies as st

from photochrom import image
from photochrom.color import (
    in_srgb,
    lab_to_lch,
    lch_to_lab,
    lightness_to_grey,
    linear_to_lightness,
    linear_to_srgb,
    srgb_to_lab,
    srgb_to_linear,
)
from photochrom.inference import Settings, uncolored
from photochrom.inference.join import paint
from photochrom.inference.luminance import lightness_of

ALLOWED = {np.uint8: 0.665, np.uint16: 0.92}  # of a step; what is demanded is 1
DEPTHS = list(ALLOWED)


def _grey_codes(pixels: np.ndarray) -> np.ndarray:
    """The greys, as codes with fractions, that are as light as the pixels."""
    top = np.iinfo(pixels.dtype).max
    linear = srgb_to_linear(np.broadcast_to(pixels, (*pixels.shape[:2], 3)) / top)
    return top * lightness_to_grey(linear_to_lightness(linear))


def _steps_between(before: np.ndarray, after: np.ndarray) -> float:
    assert after.dtype == before.dtype
    assert after.shape == (*before.shape[:2], 3)
    return float(abs(_grey_codes(after) - _grey_codes(before)).max())


def _noise(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    return rng.uniform(0, 1, shape)


def _dark(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    return rng.uniform(0, 1, shape) ** 6


def _poster(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    return rng.choice([0, 0.004, 0.5, 0.996, 1], shape)


def _ramp(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    down, across = (np.linspace(0, 1, extent) for extent in shape[:2])
    return (down[:, None, None] + across[:, None] * rng.uniform(0, 1, shape[2])) / 2


@st.composite
def _pictures(draw) -> np.ndarray:
    shape = (
        draw(st.integers(1, 70)),
        draw(st.integers(1, 70)),
        draw(st.sampled_from([1, 3])),
    )
    values = draw(st.sampled_from([_noise, _dark, _poster, _ramp]))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    dtype = draw(st.sampled_from(DEPTHS))
    return np.rint(values(rng, shape) * np.iinfo(dtype).max).astype(dtype)


# The engine


@given(
    pixels=_pictures(),
    saturation=st.floats(0, 3),
    temperature=st.floats(0.05, 1.5),
    size=st.sampled_from([16, 64, 96]),
)
@settings(max_examples=120)
def test_no_picture_and_no_setting_moves_the_luminance(
    engine, pixels, saturation, temperature, size
):
    chosen = Settings(temperature=temperature, saturation=saturation, working_size=size)
    colored = engine.colorize(image.from_array(pixels), chosen).frame.pixels
    assert _steps_between(pixels, colored) < ALLOWED[pixels.dtype.type]


@pytest.mark.parametrize("dtype", DEPTHS)
@pytest.mark.parametrize("name", ["astronaut", "coffee"])
def test_photographs_keep_their_luminance(engine, name, dtype):
    pixels = getattr(skimage.data, name)()[::2, ::2].astype(dtype)
    if dtype == np.uint16:
        pixels = pixels * np.uint16(257) ^ np.uint16(0x55)  # codes that 8 bits do not have
    grey = lightness_to_grey(lightness_of(pixels)) * np.iinfo(dtype).max
    for picture in (pixels, np.rint(grey).astype(dtype)[..., None]):
        colored = engine.colorize(image.from_array(picture), Settings(saturation=2)).frame
        assert _steps_between(picture, colored.pixels) < ALLOWED[dtype]


@pytest.mark.parametrize("dtype", DEPTHS)
def test_saturation_0_gives_every_grey_code_back(engine, dtype):
    side = 16 if dtype == np.uint8 else 256
    codes = np.arange(side * side, dtype=dtype).reshape(side, side, 1)
    colored = engine.colorize(image.from_array(codes), Settings(saturation=0)).frame.pixels
    np.testing.assert_array_equal(colored, np.broadcast_to(codes, (side, side, 3)))


@pytest.mark.parametrize("dtype", DEPTHS)
def test_saturation_0_gives_exact_greys_of_color_too(engine, dtype):
    top = np.iinfo(dtype).max
    pixels = np.random.default_rng(0).integers(0, top + 1, (70, 70, 3), dtype=dtype)
    colored = engine.colorize(image.from_array(pixels), Settings(saturation=0)).frame.pixels
    np.testing.assert_array_equal(colored, colored[..., [1, 2, 0]])
    assert _steps_between(pixels, colored) < ALLOWED[dtype]


# The joining itself, with more chroma than any network predicts


def _extreme(seed: int, dtype: type) -> tuple[np.ndarray, np.ndarray]:
    """Grey codes (40, 50, 1), half of them dark, and ab within ±150."""
    rng = np.random.default_rng(seed)
    values = rng.uniform(0, 1, (40, 50, 1)) ** rng.choice([1, 6], (40, 50, 1))
    codes = np.rint(values * np.iinfo(dtype).max).astype(dtype)
    return codes, rng.uniform(-150, 150, (40, 50, 2)).astype(np.float32)


@pytest.mark.parametrize("dtype", DEPTHS)
@given(seed=st.integers(0, 2**32 - 1))
def test_chroma_beyond_srgb_does_not_move_the_luminance(dtype, seed):
    codes, ab = _extreme(seed, dtype)
    painted = paint(lightness_of(codes), ab, codes.dtype)
    assert _steps_between(codes, painted) < ALLOWED[dtype]


@given(st.integers(0, 2**32 - 1))
def test_chroma_beyond_srgb_is_shrunk_to_its_surface_with_the_hue_kept(seed):
    codes, ab = _extreme(seed, np.uint16)
    painted = paint(lightness_of(codes), ab, codes.dtype)
    asked = lab_to_lch(np.concatenate([lightness_of(codes)[..., None], ab], axis=-1).astype(float))
    got = lab_to_lch(srgb_to_lab(painted / 65535))
    shrunk = got[..., 1] < asked[..., 1] - 0.5
    assert shrunk.mean() > 0.5
    assert (got[..., 1] < asked[..., 1] + 0.1).all()
    more = got + np.array([0, 0.3, 0])
    assert not in_srgb(lch_to_lab(more[shrunk & (got[..., 0] > 1) & (got[..., 0] < 99.9)])).any()
    # Of colors that are not so dark that rounding turns their hue.
    turn = (got - asked)[(got[..., 0] > 10) & (got[..., 1] > 3), 2]
    assert len(turn)
    assert abs((turn + 180) % 360 - 180).max() < 0.1


@given(st.integers(0, 2**32 - 1))
def test_colors_inside_srgb_are_painted_as_they_are(seed):
    colors = np.random.default_rng(seed).integers(0, 65536, (10, 20, 3), dtype=np.uint16)
    lab = srgb_to_lab(colors / 65535).astype(np.float32)
    painted = paint(lab[..., 0], lab[..., 1:], colors.dtype)
    np.testing.assert_allclose(painted.astype(int), colors, atol=1)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_the_black_and_white_picture_has_the_luminance_of_the_colored_one(dtype) -> None:
    top = np.iinfo(dtype).max
    pixels = np.random.default_rng(0).integers(0, top + 1, (20, 20, 3)).astype(dtype)
    grey = uncolored(image.from_array(pixels)).pixels
    assert grey.shape == (20, 20, 1)
    luminance = srgb_to_linear(pixels / top) @ [0.2126, 0.7152, 0.0722]
    assert np.abs(linear_to_srgb(luminance) * top - grey[..., 0]).max() <= 0.51
    assert (uncolored(image.from_array(grey)).pixels == grey).all()
