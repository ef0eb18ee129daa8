"""Hints, measured on painted pictures: ΔE2000 by scikit-image, not by our own."""

import time
from collections.abc import Sequence

import numpy as np
import pytest
import skimage.data
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import binary_erosion, gaussian_filter, zoom
from skimage.color import deltaE_ciede2000

from photochrom import image
from photochrom.color import fit_chroma, srgb_to_lab
from photochrom.errors import HintError
from photochrom.inference import Engine, Sketch, painted
from photochrom.inference.hints import Hint, hinted
from photochrom.inference.luminance import lab_of, lightness_of, uncolored

SIDE = 128
ROWS, COLUMNS = np.mgrid[:SIDE, :SIDE] + 0.5
REGIONS = {
    "disc": np.hypot(ROWS - 64, COLUMNS - 64) < 30,
    "small disc": np.hypot(ROWS - 64, COLUMNS - 64) < 5,
    "stripe": abs(COLUMNS - 64) < 4,
    "slope": 2 * ROWS + COLUMNS < 250,
    "half": COLUMNS < 66,
}
MIDDLE = {"slope": (50, 60)}  # (x, y) inside a region, if not the center of the picture
VIOLET = (120, 60, 200)


def _picture(region: str, grain: float, scale: int, dtype: type, seed: int = 0) -> image.Frame:
    """A grey picture, `scale` times the working size, of a region that is 28 L* lighter."""
    random = np.random.default_rng(seed)
    mask = np.kron(REGIONS[region], np.ones((scale, scale)))
    blurred = gaussian_filter(np.where(mask > 0, 0.65, 0.38), 0.4 * scale)
    noise = random.normal(0, grain / 100, blurred.shape)
    top = np.iinfo(dtype).max
    return image.from_array(np.rint((blurred + noise).clip(0, 1) * top).astype(dtype))


def _sketch(frame: image.Frame, height: int = SIDE, width: int = SIDE) -> Sketch:
    """As a network might color it: patches that know nothing of edges."""
    lightness = lightness_of(image.resize(frame.pixels, height, width))
    patches = np.random.default_rng(7).normal(0, 9, (9, 9, 2))
    ab = np.stack([zoom(patch, (height / 9, width / 9), order=1) for patch in patches.T], axis=-1)
    return Sketch(lightness, ab[:height, :width].astype(np.float32), lightness[::4, ::4])


def _difference(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    return deltaE_ciede2000(one.astype(np.float64), other.astype(np.float64))


def _reachable(lab: np.ndarray, color: Sequence[int]) -> np.ndarray:
    """The hinted color under the lightness that is there, or the nearest that sRGB has."""
    ab = srgb_to_lab(np.array(color) / 255)[1:]
    return fit_chroma(np.concatenate([lab[..., :1], np.broadcast_to(ab, (*lab.shape[:-1], 2))], -1))


# Reached at the hint, and nothing moves beyond the edge


@pytest.mark.parametrize("region", REGIONS)
@pytest.mark.parametrize("grain", [0.0, 3.0])
@pytest.mark.parametrize(("scale", "dtype"), [(1, np.uint8), (4, np.uint16)])
def test_the_region_takes_the_color_and_beyond_its_edge_nothing_moves(
    region: str, grain: float, scale: int, dtype: type
) -> None:
    frame = _picture(region, grain, scale, dtype)
    sketch = _sketch(frame)
    x, y = (scale * at for at in MIDDLE.get(region, (64, 64)))
    edit = hinted([Hint(x, y, VIOLET)], frame.height, frame.width)
    before, after = (lab_of(painted(frame, one).frame.pixels) for one in (sketch, edit(sketch)))
    wanted = _reachable(after, VIOLET)
    error, moved = _difference(after, wanted), _difference(after, before)
    mask = np.kron(REGIONS[region], np.ones((scale, scale))) > 0
    near = binary_erosion(mask, iterations=scale) & (
        np.hypot(*(np.indices(mask.shape) - [[[y]], [[x]]])) < 20 * scale
    )
    assert error[y, x] < 3
    assert error[near].mean() < 3
    assert moved[near].mean() > 10  # there was something to do
    beyond = binary_erosion(~mask, iterations=scale)
    assert moved[beyond].mean() < 1  # (0.1; with grain finer than the working size 0.5)
    ring = beyond & ~binary_erosion(~mask, iterations=8 * scale)  # where a color would bleed to
    assert moved[ring].mean() < 2  # (0.2; grain finer than the working size: up to 1.5)


def test_at_sixteen_times_the_working_size() -> None:
    frame = _picture("disc", 3.0, 16, np.uint8)
    sketch = _sketch(frame)
    x = y = 16 * 64
    edit = hinted([Hint(x, y, VIOLET)], frame.height, frame.width)
    before, after = (lab_of(painted(frame, one).frame.pixels) for one in (sketch, edit(sketch)))
    at = np.s_[y - 40 : y + 40, x - 40 : x + 40]
    assert _difference(after[at], _reachable(after[at], VIOLET)).max() < 3
    rows, columns = np.mgrid[: frame.height : 7, : frame.width : 7]
    outside = np.hypot(rows - y, columns - x) > 31 * 16
    assert _difference(before[rows, columns], after[rows, columns])[outside].mean() < 0.5


@given(
    x=st.integers(0, SIDE - 1),
    y=st.integers(0, SIDE - 1),
    color=st.tuples(*[st.integers(0, 255)] * 3),
    region=st.sampled_from(sorted(REGIONS)),
)
@settings(max_examples=25)
def test_any_color_anywhere_is_reached_or_its_nearest(
    x: int, y: int, color: tuple[int, int, int], region: str
) -> None:
    frame = _picture(region, 1.0, 1, np.uint8)
    sketch = _sketch(frame)
    edited = hinted([Hint(x, y, color)], SIDE, SIDE)(sketch)
    after = lab_of(painted(frame, edited).frame.pixels)[y, x]
    # Codes of 8 bits move dark colors by up to ΔE 2 themselves.
    assert _difference(after, _reachable(after, color)) < 3


@pytest.mark.parametrize(
    ("name", "x", "y", "inside", "outside"),
    [  # boxes (left, top, right, bottom) in relative coordinates, read off the pictures
        ("astronaut", 0.10, 0.50, (0.06, 0.42, 0.11, 0.48), (0.7, 0.75, 0.9, 0.95)),
        ("coffee", 0.35, 0.12, (0.36, 0.10, 0.42, 0.16), (0.05, 0.7, 0.4, 0.95)),
        ("chelsea", 0.38, 0.36, (0.36, 0.33, 0.38, 0.36), (0.2, 0.1, 0.6, 0.25)),
        ("rocket", 0.30, 0.30, (0.25, 0.2, 0.35, 0.4), (0.0, 0.3, 0.08, 0.9)),
    ],
)
def test_in_photographs(
    engine: Engine,
    name: str,
    x: float,
    y: float,
    inside: tuple[float, ...],
    outside: tuple[float, ...],
) -> None:
    frame = uncolored(image.from_array(getattr(skimage.data, name)()))
    sketch = engine.sketch(frame)
    edited = hinted([Hint(x, y, VIOLET, "relative")], frame.height, frame.width)(sketch)
    before, after = (lab_of(painted(frame, one).frame.pixels) for one in (sketch, edited))

    def cut(box: tuple[float, ...]) -> tuple[slice, slice]:
        left, top, right, bottom = box
        return np.s_[
            int(top * frame.height) : int(bottom * frame.height),
            int(left * frame.width) : int(right * frame.width),
        ]

    at = int(y * frame.height), int(x * frame.width)
    assert _difference(after[at], _reachable(after[at], VIOLET)) < 3
    assert _difference(after[cut(inside)], _reachable(after[cut(inside)], VIOLET)).mean() < 6
    assert _difference(after[cut(outside)], before[cut(outside)]).mean() < 0.2


# What hints are to each other


def test_of_two_hints_each_has_its_side_of_the_edge() -> None:
    sketch = _sketch(_picture("half", 2.0, 1, np.uint8))
    red, green = (200, 40, 40), (40, 160, 60)
    edited = hinted([Hint(30, 64, red), Hint(100, 64, green)], SIDE, SIDE)(sketch)
    for column, color in ((30, red), (100, green)):
        there = edited.ab[40:90, column - 15 : column + 15]
        np.testing.assert_allclose(there.mean((0, 1)), srgb_to_lab(np.array(color) / 255)[1:], 0.05)


def test_hints_for_one_pixel_are_averaged() -> None:
    sketch = _sketch(_picture("disc", 0.0, 1, np.uint8))
    both = hinted([Hint(64, 64, (255, 0, 0)), Hint(64, 64, (0, 0, 255))], SIDE, SIDE)(sketch)
    colors = srgb_to_lab(np.eye(3)[[0, 2]])[:, 1:].mean(axis=0)
    np.testing.assert_allclose(both.ab[64, 64], colors, atol=0.5)


@pytest.mark.parametrize("strength", [0.0, 0.3, 1.0])
def test_strength_is_the_share_of_the_way(strength: float) -> None:
    frame = _picture("disc", 0.0, 1, np.uint16)
    sketch = _sketch(frame)
    edit = hinted([Hint(64, 64, (150, 130, 140), strength=strength)], SIDE, SIDE)
    before, after = (lab_of(painted(frame, one).frame.pixels) for one in (sketch, edit(sketch)))
    way = srgb_to_lab(np.array([150, 130, 140]) / 255)[1:] - before[64, 64, 1:]
    np.testing.assert_allclose(after[64, 64, 1:] - before[64, 64, 1:], strength * way, atol=0.2)


def test_a_hint_without_strength_holds_the_color_against_others() -> None:
    sketch = _sketch(_picture("half", 0.0, 1, np.uint8))
    alone = Hint(20, 30, VIOLET)
    fence = Hint(20, 100, (0, 0, 0), strength=0)
    taken, held = (hinted(hints, SIDE, SIDE)(sketch) for hints in ([alone], [alone, fence]))
    moved = [np.abs(one.ab - sketch.ab)[90:110, 10:30].mean() for one in (taken, held)]
    assert moved[1] < 0.1 * moved[0]


@given(st.floats(2, 60))
@settings(max_examples=10)
def test_nothing_changes_beyond_the_radius(radius: float) -> None:
    sketch = _sketch(_picture("half", 1.0, 1, np.uint8))
    edited = hinted([Hint(30, 64, VIOLET, radius=radius)], SIDE, SIDE)(sketch)
    changed = np.abs(edited.ab - sketch.ab).max(axis=-1) > 1
    distance = np.hypot(ROWS - 64.5, COLUMNS - 30.5)
    assert distance[changed].max() < radius + 9  # painting has neighborhoods of 9 pixels
    assert changed[64, 30]


def test_a_narrow_hint_lies_over_a_wide_one() -> None:
    sketch = _sketch(_picture("half", 0.0, 1, np.uint8))
    wide, narrow = Hint(30, 40, (40, 160, 60)), Hint(30, 80, (200, 40, 40), radius=12)
    edited = hinted([narrow, wide], SIDE, SIDE)(sketch)
    green, red = (srgb_to_lab(np.array(hint.color) / 255)[1:] for hint in (wide, narrow))
    np.testing.assert_allclose(edited.ab[40, 30], green, atol=1)
    np.testing.assert_allclose(edited.ab[60, 30], green, atol=1)
    np.testing.assert_allclose(edited.ab[80, 30], red, atol=1)


# Where points are


def test_pixels_and_shares_say_the_same_place() -> None:
    sketch = _sketch(_picture("disc", 1.0, 1, np.uint8))
    in_pixels = Hint(639.5, 319.5, VIOLET, radius=100)
    in_shares = Hint(0.5, 0.5, VIOLET, "relative", radius=100 / 1280)
    one, other = (hinted([hint], 640, 1280)(sketch).ab for hint in (in_pixels, in_shares))
    np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize(("x", "y"), [(0, 0), (639, 0), (0, 479), (639, 479), (639.9, 479.9)])
def test_corners_belong_to_the_picture(x: float, y: float) -> None:
    sketch = _sketch(_picture("half", 0.0, 1, np.uint8))
    edited = hinted([Hint(x, y, VIOLET)], 480, 640)(sketch)
    at = round(y / 479 * (SIDE - 1)), round(x / 639 * (SIDE - 1))
    np.testing.assert_allclose(edited.ab[at], srgb_to_lab(np.array(VIOLET) / 255)[1:], atol=1)


@pytest.mark.parametrize(("x", "y"), [(640, 0), (0, 480), (1e300, 0)])
def test_points_outside_are_refused_with_their_place(x: float, y: float) -> None:
    with pytest.raises(HintError, match=r"a\.csv: line 2: .* outside .* 640 × 480 pixels"):
        hinted([Hint(x, y, VIOLET, place="a.csv: line 2")], 480, 640)


@pytest.mark.parametrize("x", [float("nan"), float("inf"), -1.0])
def test_no_place_is_refused(x: float) -> None:
    with pytest.raises(HintError, match="x is"):
        Hint(x, 0, VIOLET)


# What stays


def test_lightness_entropy_and_the_rest_of_a_sketch_stay() -> None:
    sketch = _sketch(_picture("disc", 1.0, 1, np.uint8))
    lightness = sketch.lightness.copy()
    edited = hinted([Hint(64, 64, VIOLET)], SIDE, SIDE)(sketch)
    assert edited.lightness is sketch.lightness
    assert edited.entropy is sketch.entropy
    assert edited.ab.dtype == np.float32
    np.testing.assert_array_equal(sketch.lightness, lightness)


def test_no_hints_change_nothing() -> None:
    sketch = _sketch(_picture("disc", 1.0, 1, np.uint8))
    assert hinted([], SIDE, SIDE)(sketch) is sketch


@pytest.mark.parametrize("shape", [(1, 1), (1, 40), (40, 1), (2, 3), (3, 500)])
@pytest.mark.parametrize("grey", [0, 128, 255])
def test_the_smallest_pictures_and_flat_ones(shape: tuple[int, int], grey: int) -> None:
    frame = image.from_array(np.full(shape, grey, np.uint8))
    sketch = Sketch(lightness_of(frame.pixels), np.zeros((*shape, 2), np.float32), np.zeros((1, 1)))
    edited = hinted([Hint(0, 0, VIOLET), Hint(0, 0, (9, 9, 9), radius=3)], *shape)(sketch)
    assert np.isfinite(edited.ab).all()


def test_ten_thousand_hints_and_ten_take_about_as_long() -> None:
    sketch = _sketch(image.from_array(skimage.data.chelsea()), 256, 256)
    random = np.random.default_rng(0)

    def seconds(count: int) -> float:
        points = random.uniform(0, 1, (count, 2))
        edit = hinted([Hint(x, y, VIOLET, "relative") for x, y in points], 256, 256)
        begin = time.process_time()
        edit(sketch)
        return time.process_time() - begin

    few = min(seconds(10) for _ in range(3))
    assert few < 0.5  # (0.1 when written, alone on its core)
    assert seconds(10_000) < 5 * few
