"""What the map of confidence says, and that eyes of all kinds can read it."""

import numpy as np
import pytest
import skimage.data
from scipy.stats import spearmanr
from skimage.color import rgb2lab

from photochrom import image
from photochrom.color import bin_centers
from photochrom.errors import ModelError
from photochrom.inference import Sketch, load_engine
from photochrom.inference.confidence import ConfidenceRows, confidence, confidence_map, overlay


def _sketch(entropy: np.ndarray, lightness: np.ndarray | None = None) -> Sketch:
    height, width = (4 * extent for extent in entropy.shape)
    grey = np.full((height, width), 50, np.float32) if lightness is None else lightness
    return Sketch(grey, np.zeros((height, width, 2), np.float32), entropy.astype(np.float32))


def test_no_doubt_is_one_and_no_idea_is_zero() -> None:
    sure = confidence(_sketch(np.array([[0.0, np.log(len(bin_centers())) / 2, np.log(313)]])))
    np.testing.assert_allclose(sure, [[1, 0.5, 0]], atol=1e-6)


@pytest.mark.parametrize(("bit_depth", "top"), [(8, 255), (16, 65535)])
def test_codes_are_proportional_to_the_confidence(bit_depth: int, top: int) -> None:
    frame = confidence_map(_sketch(np.full((8, 8), np.log(313) / 4)), 50, 70, bit_depth)
    assert frame.is_grey
    assert (frame.height, frame.width, frame.bit_depth) == (50, 70, bit_depth)
    np.testing.assert_allclose(frame.pixels, 0.75 * top, atol=1)


def test_confidence_changes_where_the_lightness_does() -> None:
    """One cell of the network is 4 pixels; the edge between sure and not is 2 wide all the same."""
    lightness = np.full((64, 64), 20, np.float32)
    lightness[:, 30:] = 80
    entropy = np.where(np.arange(16) < 7.5, 5.0, 1.0) * np.ones((16, 1))
    codes = confidence_map(_sketch(entropy, lightness), 64, 64).pixels[32, :, 0].astype(int)
    steps = np.diff(codes)
    assert steps[29] == steps.max()
    assert steps[29] > 0.5 * (codes.max() - codes.min())


def test_strips_are_parts_of_the_whole() -> None:
    entropy = np.random.default_rng(0).uniform(0.5, 5, (16, 16))
    rows = ConfidenceRows(_sketch(entropy), 200, 150)
    parts = [rows.rows(begin, min(begin + 37, 200)) for begin in range(0, 200, 37)]
    np.testing.assert_array_equal(np.concatenate(parts), rows.rows(0, 200))


def test_networks_without_doubts_are_refused() -> None:
    with pytest.raises(ModelError, match="knows no doubt"):
        confidence(_sketch(np.zeros((4, 4))))


# The overlay

PROTAN = np.array([[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216],
                   [-0.003882, -0.048116, 1.051998]])  # fmt: skip
DEUTAN = np.array([[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413],
                   [-0.011820, 0.042940, 0.968881]])  # fmt: skip
TRITAN = np.array([[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602],
                   [0.004733, 0.691367, 0.303900]])  # fmt: skip
"""What dichromats see, in linear light: Machado, Oliveira and Fernandes (2009), severity 1."""


def _linear(codes: np.ndarray) -> np.ndarray:
    srgb = codes / 255
    return np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)


def _seen(codes: np.ndarray, eye: np.ndarray) -> np.ndarray:
    linear = (_linear(codes) @ eye.T).clip(0, 1)
    srgb = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    lab: np.ndarray = rgb2lab(srgb)
    return lab


def _ramp(level: int) -> np.ndarray:
    """An overlay from sure on the left to undecided on the right, over one grey."""
    entropy = np.linspace(0.01, 5.7, 32) * np.ones((8, 1))
    frame = image.from_array(np.full((32, 128), level, np.uint8))
    sketch = _sketch(entropy, np.full((32, 128), level / 2.55, np.float32))
    return overlay(frame, sketch).pixels[16]


@pytest.mark.parametrize("level", [0, 60, 128, 200, 255])
@pytest.mark.parametrize(
    "eye", [np.eye(3), PROTAN, DEUTAN, TRITAN], ids=["normal", "protan", "deutan", "tritan"]
)
def test_more_doubt_is_farther_from_grey_to_all_eyes(level: int, eye: np.ndarray) -> None:
    lab = _seen(_ramp(level), eye)
    away = np.hypot(*(lab[:, 1:] - lab[0, 1:]).T)
    assert away[-1] > 12
    assert spearmanr(away, np.arange(128)).statistic > 0.99


def test_the_tint_is_the_same_at_every_lightness_and_proportional_to_the_doubt() -> None:
    chroma = [np.hypot(*rgb2lab(_ramp(level))[:, 1:].T) for level in (0, 60, 128, 200, 255)]
    np.testing.assert_allclose(chroma, np.broadcast_to(chroma[2], (5, 128)), atol=2.5)
    np.testing.assert_allclose(chroma[2][64], chroma[2][-1] / 2, rtol=0.05)


def test_sure_places_stay_grey_and_the_drawing_is_kept() -> None:
    frame = image.from_array(np.tile(np.arange(256, dtype=np.uint8)[::2], (32, 1)))
    sketch = _sketch(np.full((8, 32), 1e-3), np.tile(np.linspace(0, 100, 128), (32, 1)))
    shown = overlay(frame, sketch).pixels[16].astype(int)
    assert np.ptp(shown, axis=-1).max() <= 1
    assert (np.diff(shown[:, 1]) >= 0).all()
    assert shown[-1, 1] - shown[0, 1] > 120


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_an_overlay_has_the_size_and_depth_of_its_picture(dtype: type) -> None:
    engine = load_engine("autochrome", threads=1)
    pixels = image.resize(skimage.data.coffee(), 100, 150).astype(dtype)
    frame = image.from_array(pixels * (257 if dtype is np.uint16 else 1))
    shown = overlay(frame, engine.sketch(frame))
    assert (shown.pixels.shape, shown.pixels.dtype) == ((100, 150, 3), dtype)
