import numpy as np
import pytest
from scipy.ndimage import median_filter
from skimage.data import coffee

from photochrom.color import srgb_to_lab
from photochrom.metrics import spottedness

SIDE = 64  # 16 x 16 blocks, of which 12 x 12 are judged


def _flat(color: tuple[float, float] = (5.0, -20.0)) -> np.ndarray:
    return np.tile(np.array(color), (SIDE, SIDE, 1))


# Known values, worked by hand


def test_an_isolated_patch_counts_by_its_blocks() -> None:
    ab = _flat()
    ab[24:32, 28:40] += [12, 16]  # 2 x 3 blocks, 20 units away
    assert spottedness(ab) == pytest.approx(100 * 6 / 144)


def test_a_patch_less_than_the_threshold_away_does_not_count() -> None:
    ab = _flat()
    ab[24:32, 28:40] += [5.9, 8]  # 9.94
    assert spottedness(ab) == 0
    assert spottedness(ab, apart=9.9) == pytest.approx(100 * 6 / 144)


def test_a_patch_that_fills_part_of_a_block_counts_by_its_part() -> None:
    ab = _flat()
    ab[24:26, 24:28] += [30, 0]  # half of one block: 15 units
    assert spottedness(ab) == pytest.approx(100 / 144)
    ab = _flat()
    ab[24:25, 24:28] += [30, 0]  # a quarter: 7.5
    assert spottedness(ab) == 0


def test_a_right_angle_costs_three_blocks() -> None:
    ab = _flat()
    ab[32:, 32:] += [40, 0]
    assert spottedness(ab) == pytest.approx(100 * 3 / 144)


@pytest.mark.parametrize("angle", [0.0, 0.3, np.pi / 4, 1.2, np.pi / 2])
@pytest.mark.parametrize("offset", [0, 1.5, 3])
def test_a_straight_edge_does_not_count(angle: float, offset: float) -> None:
    down, across = np.mgrid[:SIDE, :SIDE] - SIDE / 2
    side = np.cos(angle) * across + np.sin(angle) * down > offset
    assert spottedness(np.where(side[..., None], [60.0, 30], [-20.0, 5])) == 0


def test_a_gradient_does_not_count() -> None:
    down, across = np.mgrid[:SIDE, :SIDE].astype(float)
    assert spottedness(np.stack([2 * across - 60, 1.5 * down - 40], axis=-1)) == 0


# Properties


def test_agrees_with_the_median_filter_of_scipy_on_a_photograph() -> None:
    ab = srgb_to_lab(coffee() / 255)[..., 1:]
    height, width = (side // 4 for side in ab.shape[:2])
    blocks = ab[: 4 * height, : 4 * width].reshape(height, 4, width, 4, 2).mean(axis=(1, 3))
    distance = np.linalg.norm(blocks - median_filter(blocks, size=(5, 5, 1)), axis=-1)
    expected = 100 * np.mean(distance[2:-2, 2:-2] > 10)
    assert 0 < expected < 20
    assert spottedness(ab) == pytest.approx(expected, abs=0.02)  # a block of float32's rounding


def test_more_spots_are_more_spotted() -> None:
    random = np.random.default_rng(0)
    few, many = _flat(), _flat()
    for place in random.integers(3, 13, (30, 2)) * 4:
        many[place[0] : place[0] + 4, place[1] : place[1] + 4] += [0, 25]
    few[16:20, 16:20] += [0, 25]
    assert spottedness(_flat()) == 0 < spottedness(few) < spottedness(many)


def test_pictures_without_a_neighborhood_have_no_figure() -> None:
    assert np.isnan(spottedness(np.zeros((19, 100, 2))))
    assert spottedness(np.zeros((20, 23, 2))) == 0


# Errors


def test_other_shapes_are_refused() -> None:
    with pytest.raises(ValueError, match=r"\(H, W, 2\)"):
        spottedness(np.zeros((30, 30, 3)))
