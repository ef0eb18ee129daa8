"""Pictures of one scene come to agree; pictures that share nothing stay what they are."""

import numpy as np
import pytest
import skimage.data

from photochrom import image
from photochrom.inference import Engine, Sketch, load_engine
from photochrom.inference.consistency import agreed
from photochrom.inference.correspondence import coarse, seen_in
from photochrom.inference.enlarge import bilinear


@pytest.fixture(scope="module")
def engine() -> Engine:
    return load_engine("autochrome", threads=1)


def _sketch(engine: Engine, pixels: np.ndarray) -> Sketch:
    return engine.sketch(image.from_array(np.ascontiguousarray(pixels)))


def _distance(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    return np.hypot(*np.moveaxis(one - other, -1, 0))


def _chroma(sketch: Sketch) -> float:
    return float(np.hypot(sketch.ab[..., 0], sketch.ab[..., 1]).mean())


def _left_and_right(pixels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Two crops that share the middle half."""
    width = pixels.shape[1]
    return pixels[:, : width * 3 // 4], pixels[:, width // 4 :]


def _drift(sketches: tuple[Sketch, ...], height: int, width: int) -> float:
    """Mean ΔE (1976) of the shared half of `_left_and_right`."""
    left, right = (bilinear(one.ab, height, width * 3 // 4) for one in sketches)
    shared = width // 2
    return float(_distance(left[:, -shared:], right[:, :shared]).mean())


@pytest.mark.parametrize("name", ["astronaut", "coffee", "chelsea"])
def test_crops_of_one_picture_come_to_agree(engine: Engine, name: str) -> None:
    pixels = getattr(skimage.data, name)()
    pixels = pixels[:, : pixels.shape[1] // 4 * 4]
    before = tuple(_sketch(engine, part) for part in _left_and_right(pixels))
    after = agreed(before)
    height, width = pixels.shape[:2]
    assert _drift(after, height, width) < 0.6 * _drift(before, height, width)
    for one, other in zip(before, after, strict=True):
        assert _chroma(other) > 0.95 * _chroma(one)  # nothing is washed out


def test_two_eyes_see_the_same_colors(engine: Engine) -> None:
    """A stereo pair with its true disparities: parallax, and no pixel alike."""
    left, right, disparity = skimage.data.stereo_motorcycle()
    before = (_sketch(engine, left), _sketch(engine, right))

    def drift(sketches: tuple[Sketch, ...]) -> float:
        height, width = disparity.shape
        one, other = (bilinear(sketch.ab, height, width) for sketch in sketches)
        known = np.isfinite(disparity)
        at = np.arange(width) - np.rint(np.where(known, disparity, 0)).astype(int)
        known &= at >= 0
        there = other[np.arange(height)[:, None], at.clip(0)]
        return float(_distance(one, there)[known].mean())

    assert drift(agreed(before)) < 0.7 * drift(before)


def test_unrelated_pictures_keep_their_colors(engine: Engine) -> None:
    names = ("astronaut", "coffee", "chelsea", "rocket", "camera", "coins")
    before = tuple(_sketch(engine, getattr(skimage.data, name)()) for name in names)
    for one, other in zip(before, agreed(before), strict=True):
        np.testing.assert_array_equal(one.ab, other.ab)


def _scene(ab: tuple[float, float], entropy: float) -> Sketch:
    lightness = np.random.default_rng(0).uniform(10, 90, (32, 32)).astype(np.float32)
    lightness = np.kron(lightness, np.ones((4, 4), np.float32))
    colors = np.broadcast_to(np.float32(ab), (128, 128, 2)).copy()
    return Sketch(lightness, colors, np.full((32, 32), entropy, np.float32))


def test_hue_is_averaged_without_losing_chroma() -> None:
    """(30, 0) and (0, 30) meet at 45 degrees and chroma 30, where vectors would meet at 21."""
    for sketch in agreed([_scene((30, 0), 3.0), _scene((0, 30), 3.0)]):
        middle = sketch.ab[32:96, 32:96]
        np.testing.assert_allclose(middle, 30 / np.sqrt(2), rtol=0.05)


def test_the_surer_picture_weighs_more() -> None:
    sure, unsure = agreed([_scene((30, 0), 1.0), _scene((0, 30), 5.0)])
    for sketch in (sure, unsure):
        assert sketch.ab[64, 64, 0] > 2 * sketch.ab[64, 64, 1]


def test_the_order_and_the_rest_of_the_sketches_stay() -> None:
    before = [_scene((30, 0), 3.0), _scene((0, 30), 3.0)]
    after = agreed(before)
    for sketch, known in zip(after, before, strict=True):
        assert sketch.lightness is known.lightness
    assert agreed([]) == ()
    (alone,) = agreed(before[:1])
    np.testing.assert_array_equal(alone.ab, before[0].ab)


def test_a_shift_is_found_where_it_is() -> None:
    cells = np.random.default_rng(1).uniform(0, 100, (40, 40)).astype(np.float32)
    index = np.dstack([*np.indices((40, 40)), np.ones((40, 40))]).astype(np.float32)
    seen = seen_in(cells[10:38, 4:36], cells, index)
    assert seen is not None
    inner = seen[8:-8, 8:-8]
    assert (inner[..., 2] > 0).all()
    np.testing.assert_array_equal(inner[..., 0], np.indices((28, 32))[0][8:-8, 8:-8] + 10)
    np.testing.assert_array_equal(inner[..., 1], np.indices((28, 32))[1][8:-8, 8:-8] + 4)


def test_flat_pictures_have_nothing_in_common() -> None:
    flat = coarse(np.full((64, 64), 50, np.float32))
    assert seen_in(flat, flat, np.ones((16, 16, 3), np.float32)) is None
