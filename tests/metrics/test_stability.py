import numpy as np
import pytest
from skimage.color import deltaE_ciede2000

from photochrom.metrics import size_drift

RANDOM = np.random.default_rng(0)
LABS = RANDOM.uniform([20, -60, -60], [80, 60, 60], (3, 8, 9, 3))


def test_the_mean_is_over_all_pairs() -> None:
    pairs = [(0, 1), (0, 2), (1, 2)]
    expected = np.mean([deltaE_ciede2000(LABS[i], LABS[j]).mean() for i, j in pairs])
    assert size_drift(LABS) == pytest.approx(float(expected), rel=1e-5)


def test_one_size_that_differs_by_a_published_difference_counts_in_two_of_three_pairs() -> None:
    # The 21st pair of Sharma, Wu and Dalal (2005), table 1: exactly 1.
    labs = np.tile(np.array([50.0, 2.5, 0]), (3, 4, 5, 1))
    labs[2] = [50, 3.1736, 0.5854]
    assert size_drift(labs) == pytest.approx(2 / 3, abs=1e-4)


def test_equal_results_are_0() -> None:
    assert size_drift(np.repeat(LABS[:1], 4, axis=0)) == 0


def test_other_shapes_are_refused() -> None:
    for shape in ((1, 8, 9, 3), (8, 9, 3), (2, 8, 9, 2)):
        with pytest.raises(ValueError, match=r"\(S, H, W, 3\)"):
            size_drift(np.zeros(shape))
