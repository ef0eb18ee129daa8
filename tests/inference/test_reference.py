"""Reference pictures, measured on painted pictures: ΔE2000 by scikit-image, not by our own."""

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import skimage.data
import skimage.io
from scipy.ndimage import uniform_filter
from skimage.color import deltaE_ciede2000, rgb2lab

from photochrom import image
from photochrom.errors import UnsupportedImageError
from photochrom.inference import Engine, Sketch, painted
from photochrom.inference.luminance import lightness_of, uncolored
from photochrom.inference.matching import matched
from photochrom.inference.palette import in_palette
from photochrom.inference.reference import like

FOLDER = Path(skimage.data.__file__).parent


def _photograph(name: str) -> np.ndarray:
    """One of the color photographs of scikit-image's wheel, as large as is needed here."""
    (path,) = FOLDER.glob(f"{name}.*")
    pixels = skimage.io.imread(path)
    scale = (300 * 300 / (pixels.shape[0] * pixels.shape[1])) ** 0.5
    return image.resize(pixels, *(round(scale * side) for side in pixels.shape[:2]))


def _exposed(pixels: np.ndarray, light: float) -> np.ndarray:
    """The same with more light or less; the curve of sRGB is near enough a power of 2.2."""
    return np.rint(255 * ((pixels / 255) ** 2.2 * light).clip(0, 1) ** (1 / 2.2)).astype(np.uint8)


def _within(pixels: np.ndarray) -> np.ndarray:
    height, width = pixels.shape[:2]
    return pixels[height // 5 : -height // 5, width // 6 : -width // 4]


def _errors(engine: Engine, pixels: np.ndarray, reference: np.ndarray) -> tuple[float, float]:
    """Mean ΔE2000 to the true colors, without and with the reference."""
    grey = uncolored(image.from_array(np.ascontiguousarray(pixels)))
    sketch = engine.sketch(grey)
    edited = like(image.from_array(np.ascontiguousarray(reference)))(sketch)
    without, after = (
        float(deltaE_ciede2000(rgb2lab(painted(grey, one).frame.pixels), rgb2lab(pixels)).mean())
        for one in (sketch, edited)
    )
    return without, after


# The same scene


@pytest.mark.parametrize("name", ["astronaut", "coffee", "chelsea", "rocket"])
def test_a_picture_gets_its_own_colors_back(engine: Engine, name: str) -> None:
    """From itself; in parentheses the largest of the four when written."""
    pixels = _photograph(name)
    without, after = _errors(engine, pixels, pixels)
    assert without > 6
    assert after < 2.5  # (2.0)


@pytest.mark.parametrize(
    ("reference", "most"),
    [
        (lambda pixels: pixels[:, ::-1], 0.3),
        (lambda pixels: _exposed(pixels, 0.35), 0.35),
        (lambda pixels: _exposed(pixels, 1.5), 0.35),
        (lambda pixels: image.resize(np.ascontiguousarray(pixels), 80, 130), 0.5),  # squeezed
        (_within, 0.7),
    ],
    ids=["mirrored", "darker", "lighter", "squeezed", "a part"],
)
def test_from_the_same_picture_seen_otherwise(
    engine: Engine, reference: Callable[[np.ndarray], np.ndarray], most: float
) -> None:
    pixels = _photograph("chelsea")
    without, after = _errors(engine, pixels, reference(pixels))
    assert after < most * without


def test_a_part_gets_its_colors_from_the_whole(engine: Engine) -> None:
    pixels = _photograph("astronaut")
    without, after = _errors(engine, _within(pixels), pixels)
    assert after < 0.35 * without


@pytest.mark.parametrize(("one", "other"), [("left", "right"), ("right", "left")])
def test_from_the_same_scene_seen_from_elsewhere(engine: Engine, one: str, other: str) -> None:
    """A stereo pair: things are shifted by up to a tenth of the width, each by its own."""
    without, after = _errors(
        engine, _photograph(f"motorcycle_{one}"), _photograph(f"motorcycle_{other}")
    )
    assert after < 0.4 * without  # (0.32)


def test_matches_are_the_measured_disparities() -> None:
    """Against the stereo pair's own ground truth (Middlebury 2014), not against colors."""
    left, right = (
        skimage.io.imread(FOLDER / f"motorcycle_{side}.png") for side in ("left", "right")
    )
    true = np.load(FOLDER / "motorcycle_disp.npz")["arr_0"]
    height, width = left.shape[:2]

    def lightness(pixels: np.ndarray, scale: float) -> np.ndarray:
        h, w = round(209 * scale), round(313 * scale)
        return lightness_of(image.resize(pixels, h, w))

    match = matched(lightness(left, 1), lambda scale: lightness(right, scale))
    assert match is not None
    rows, columns = (np.indices(match.row.shape) + 0.5) / np.array(match.row.shape)[:, None, None]
    disparity = true[(rows * height).astype(int), (columns * width).astype(int)]
    known = np.isfinite(disparity) & (match.confidence > 0.3)
    assert known.mean() > 0.3
    error = np.abs((columns - match.column) * width - disparity)[known]
    assert np.median(error) < 2.5  # of 741 columns: one at the size of matching
    assert (error < 8).mean() > 0.8
    assert np.abs((rows - match.row) * height)[known].mean() < 3  # the pair is level


# Another scene


NAMES = ("astronaut", "coffee", "chelsea", "rocket")
CIRCLE = [*zip(NAMES, (*NAMES[1:], NAMES[0]), strict=True)]


@pytest.mark.parametrize(("name", "other"), [*zip(NAMES, NAMES, strict=True), *CIRCLE])
def test_unlike_pictures_match_nowhere_and_like_ones_do(name: str, other: str) -> None:
    def lightness(name: str, scale: float) -> np.ndarray:
        pixels = _photograph(name)
        shape = (round(side * scale * 0.85) for side in pixels.shape[:2])
        return lightness_of(image.resize(pixels, *shape))

    match = matched(lightness(name, 1), lambda scale: lightness(other, scale))
    assert (match is not None) == (name == other)


@pytest.mark.parametrize(("name", "other"), [*CIRCLE, ("chelsea", "coffee")])
def test_the_palette_is_taken_without_blotches(engine: Engine, name: str, other: str) -> None:
    pixels, reference = _photograph(name), _photograph(other)
    grey = uncolored(image.from_array(pixels))
    sketch = engine.sketch(grey)
    edited = like(image.from_array(reference))(sketch)
    before, after = (rgb2lab(painted(grey, one).frame.pixels) for one in (sketch, edited))
    theirs = rgb2lab(reference)

    def away(lab: np.ndarray) -> float:
        return float(np.hypot(*(lab[..., 1:].mean((0, 1)) - theirs[..., 1:].mean((0, 1)))))

    assert away(after) < max(0.7 * away(before), 6)
    # Blotches are changes of color over some pixels where the lightness hardly changes.
    assert _unevenness(after) < 1.2 * max(_unevenness(before), _unevenness(theirs))
    chroma = np.hypot(after[..., 1], after[..., 2])
    assert chroma.max() < np.hypot(theirs[..., 1], theirs[..., 2]).max() + 45


def _unevenness(lab: np.ndarray) -> float:
    """Mean deviation of ab within 9×9 pixels, where the lightness is even."""
    mean = uniform_filter(lab, (9, 9, 0))
    deviation = np.sqrt((uniform_filter(lab**2, (9, 9, 0)) - mean**2).clip(0))
    is_even = deviation[..., 0] < 4
    return float(np.hypot(deviation[..., 1], deviation[..., 2])[is_even].mean())


def test_a_palette_by_hand() -> None:
    """Dark pixels are blue and light ones red in the reference: so they are in the picture."""
    random = np.random.default_rng(0)
    lightness = np.where(np.arange(4000) < 2000, 20.0, 80.0).reshape(40, 100)
    colors = np.where(lightness[..., None] < 50, [10.0, -40.0], [50.0, 30.0])
    reference = np.concatenate([lightness[..., None], colors], axis=-1)
    ab = random.normal([3, 5], 1, (40, 100, 2)).astype(np.float32)
    result = in_palette(lightness.astype(np.float32), ab, reference)
    for dark, goal in ((True, [10, -40]), (False, [50, 30])):
        np.testing.assert_allclose(result[(lightness < 50) == dark].mean(0), goal, atol=6)


def test_of_one_band_mean_and_covariance_are_taken() -> None:
    """By numpy's own covariance, where the stretch is within limits."""
    random = np.random.default_rng(1)
    shape = np.array([[28.0, 0], [10, 24]])
    mine = random.normal([10, -5], 24, (90, 90, 2))
    others = random.normal(0, 1, (90, 90, 2)) @ shape.T + [30, 20]
    lightness = np.full((90, 90), 50.0)
    reference = np.concatenate([lightness[..., None], others], axis=-1)
    result = in_palette(lightness.astype(np.float32), mine.astype(np.float32), reference)
    pixels = result.reshape(-1, 2)
    np.testing.assert_allclose(pixels.mean(0), [30, 20], atol=0.5)
    np.testing.assert_allclose(np.cov(pixels.T), shape @ shape.T, rtol=0.1)


# What stays, and what is refused


def test_lightness_and_entropy_stay_and_no_strength_changes_nothing(engine: Engine) -> None:
    sketch = engine.sketch(uncolored(image.from_array(_photograph("coffee"))))
    reference = image.from_array(_photograph("chelsea"))
    edited = like(reference)(sketch)
    assert edited.lightness is sketch.lightness
    assert edited.entropy is sketch.entropy
    assert edited.ab.dtype == np.float32
    np.testing.assert_array_equal(like(reference, strength=0)(sketch).ab, sketch.ab)


def test_strength_is_the_share_of_the_way(engine: Engine) -> None:
    sketch = engine.sketch(uncolored(image.from_array(_photograph("coffee"))))
    reference = image.from_array(_photograph("coffee"))
    half, full = (like(reference, strength=strength)(sketch).ab for strength in (0.5, 1))
    np.testing.assert_allclose(half, (sketch.ab + full) / 2, atol=0.05)


def test_sixteen_bits_are_as_good_as_eight(engine: Engine) -> None:
    sketch = engine.sketch(uncolored(image.from_array(_photograph("coffee"))))
    pixels = _photograph("coffee")
    one, other = (
        like(image.from_array(values))(sketch).ab
        for values in (pixels, pixels.astype(np.uint16) * 257)
    )
    np.testing.assert_allclose(one, other, atol=1)


@pytest.mark.parametrize("channels", [1, 3])
def test_a_reference_without_colors_is_refused(channels: int) -> None:
    grey = np.repeat(_photograph("coffee")[..., :1], channels, axis=2)
    with pytest.raises(UnsupportedImageError, match=r"<array>: black and white.*give a reference"):
        like(image.from_array(grey))


@pytest.mark.parametrize("strength", [-0.1, 1.1, float("nan")])
def test_a_strength_out_of_range_is_refused(strength: float) -> None:
    with pytest.raises(ValueError, match="strength"):
        like(image.from_array(_photograph("coffee")), strength=strength)


@pytest.mark.parametrize("shape", [(1, 1), (1, 200), (15, 15), (17, 40), (300, 9)])
@pytest.mark.parametrize("other", [(1, 1), (400, 3), (20, 30)])
def test_the_smallest_pictures(shape: tuple[int, int], other: tuple[int, int]) -> None:
    random = np.random.default_rng(0)
    lightness = random.uniform(0, 100, shape).astype(np.float32)
    sketch = Sketch(lightness, np.zeros((*shape, 2), np.float32), lightness)
    pixels = random.integers(0, 256, (*other, 3), dtype=np.uint8)
    pixels[..., 0] = 255
    assert np.isfinite(like(image.from_array(pixels))(sketch).ab).all()


def test_it_takes_less_than_a_second(engine: Engine) -> None:
    sketch = engine.sketch(uncolored(image.from_array(_photograph("astronaut"))))
    edit = like(image.from_array(_photograph("astronaut")))
    begin = time.process_time()
    edit(sketch)
    assert time.process_time() - begin < 2  # (0.6 when written)
