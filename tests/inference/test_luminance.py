"""Luminance is sacred: no picture, setting or color may move it.

The measure is the step between neighboring greys of the file's bit depth, at the luminance of the
pixel. Red and blue are rounded first, and green is what they leave of the luminance, rounded in
turn: half a code g of green is then the only error, but where green meets its ends. It is at most
Y / 0.7152, where its curve is steeper than at Y by (1 / 0.7152) ** (1 - 1 / 2.4) = 1.22, and it
makes up 0.7152 of the luminance: 0.5 * 0.7152 * 1.22 = 0.435 steps. Where green ends at 0, red and
blue may leave a little more. Below half a step, the grey code read back is the original's.
"""

import numpy as np
import pytest
import skimage.data
from hypothesis import given, settings
from hypothesis import strategies as st

from photochrom import image
from photochrom.color import (
    lightness_to_grey,
    linear_to_lightness,
    linear_to_srgb,
    srgb_to_linear,
)
from photochrom.inference import Settings, uncolored
from photochrom.inference.luminance import lightness_of

ALLOWED = {np.uint8: 0.47, np.uint16: 0.47}  # of a step; from 0.5 on another grey is nearer
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
def test_saturation_0_gives_greys_of_color_too(engine, dtype):
    """To a code: green makes up for what the rounding of red and blue did to the luminance."""
    top = np.iinfo(dtype).max
    pixels = np.random.default_rng(0).integers(0, top + 1, (70, 70, 3), dtype=dtype)
    colored = engine.colorize(image.from_array(pixels), Settings(saturation=0)).frame.pixels
    assert abs(colored.astype(int) - colored[..., [1, 2, 0]]).max() <= 1
    assert _steps_between(pixels, colored) < 0.51


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_the_black_and_white_picture_has_the_luminance_of_the_colored_one(dtype) -> None:
    top = np.iinfo(dtype).max
    pixels = np.random.default_rng(0).integers(0, top + 1, (20, 20, 3)).astype(dtype)
    grey = uncolored(image.from_array(pixels)).pixels
    assert grey.shape == (20, 20, 1)
    luminance = srgb_to_linear(pixels / top) @ [0.2126, 0.7152, 0.0722]
    assert np.abs(linear_to_srgb(luminance) * top - grey[..., 0]).max() <= 0.51
    assert (uncolored(image.from_array(grey)).pixels == grey).all()
