"""Colors are the picture's, not the file's: at any size from the working size up, the same."""

import numpy as np
import pytest
import skimage.data
from skimage.color import deltaE_ciede2000, rgb2lab

from photochrom import image
from photochrom.inference import Engine, load_engine
from photochrom.inference.view import working_shape

SIZES = (256, 1024, 4096)


@pytest.fixture(scope="module")
def engine() -> Engine:
    return load_engine("autochrome", threads=1)


def _long(pixels: np.ndarray, side: int) -> np.ndarray:
    """A picture whose long side is `side`."""
    scale = side / max(pixels.shape[:2])
    return image.resize(pixels, *(max(1, round(extent * scale)) for extent in pixels.shape[:2]))


def _drift(engine: Engine, pixels: np.ndarray) -> float:
    """The largest mean ΔE of two results, brought to the smallest size and to one lightness."""
    large = _long(pixels, max(SIZES))
    small = _long(large, min(SIZES))
    labs = []
    for size in SIZES:
        colored = engine.colorize(image.from_array(_long(large, size))).frame.pixels
        labs.append(rgb2lab(image.resize(colored, *small.shape[:2])))
        labs[-1][..., 0] = labs[0][..., 0]
    assert np.hypot(labs[0][..., 1], labs[0][..., 2]).mean() > 10  # there are colors to compare
    return max(
        deltaE_ciede2000(labs[one], labs[other]).mean() for one, other in ((0, 1), (0, 2), (1, 2))
    )


@pytest.mark.parametrize("name", ["astronaut", "chelsea", "rocket"])
def test_a_photograph_at_256_1024_and_4096_pixels_is_the_same(engine: Engine, name: str) -> None:
    """At most 0.5 when written; 6.2 of chelsea when copies below the working area were enlarged."""
    assert _drift(engine, getattr(skimage.data, name)()) < 1


@pytest.mark.parametrize("part", [np.s_[:, :200], np.s_[150:250]], ids=["tall", "panorama"])
def test_a_tall_crop_and_a_panorama_too(engine: Engine, part: tuple[slice, ...]) -> None:
    """1.1 when written, of the panorama: its 42.7 rows are 43 in the smallest copy."""
    assert _drift(engine, skimage.data.coffee()[part]) < 1.5


@pytest.mark.parametrize("shape", [(256, 256), (171, 256), (256, 80), (32, 256)])
def test_no_picture_as_long_as_the_working_size_is_enlarged(shape: tuple[int, int]) -> None:
    """Enlarged, a copy holds less than the network sees of larger ones, and is colored unlike."""
    for factor in (1, 4, 16):
        assert working_shape(shape[0] * factor, shape[1] * factor, 256, 32) == shape


def test_strips_keep_pixels_to_see_but_take_no_more_memory_than_squares() -> None:
    assert working_shape(1, 32, 256, 32) == (32, 1024)
    assert working_shape(100_000, 100, 256, 32) == (2048, 2)
