import numpy as np
import pytest
from skimage.color import deltaE_ciede2000

from photochrom.metrics import mean_ciede2000

RANDOM = np.random.default_rng(0)
LAB = RANDOM.uniform([0, -90, -90], [100, 90, 90], (190, 201, 3))  # more than a chunk of pixels
NEAR = LAB + RANDOM.normal(0, 4, LAB.shape)


# Known values


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_agrees_with_skimage(dtype: type) -> None:
    for other in (NEAR, RANDOM.permutation(LAB)):
        expected = float(np.mean(deltaE_ciede2000(LAB, other)))
        measured = mean_ciede2000(other.astype(dtype), LAB.astype(dtype))
        # float32 moves a hue to the other side of opposite now and then.
        assert measured == pytest.approx(expected, rel=2e-5)


def test_the_mean_of_two_published_differences() -> None:
    # The first and the 25th pair of Sharma, Wu and Dalal (2005), table 1.
    first = np.array([[50, 2.6772, -79.7751], [60.2574, -34.0099, 36.2677]])
    second = np.array([[50, 0, -82.7485], [60.4626, -34.1751, 39.4387]])
    assert mean_ciede2000(first, second) == pytest.approx((2.0425 + 1.2644) / 2, abs=1e-4)


# Properties


def test_equal_pictures_are_0_and_order_does_not_matter() -> None:
    assert mean_ciede2000(LAB, LAB) == 0
    assert mean_ciede2000(NEAR, LAB) == pytest.approx(mean_ciede2000(LAB, NEAR), rel=1e-5)


# Errors


def test_bad_arguments_are_refused() -> None:
    with pytest.raises(ValueError, match=r"\(\.\.\., 3\)"):
        mean_ciede2000(np.zeros((4, 3)), np.zeros((5, 3)))
    with pytest.raises(ValueError, match=r"\(\.\.\., 3\)"):
        mean_ciede2000(np.zeros((4, 2)), np.zeros((4, 2)))
    with pytest.raises(ValueError, match="no pixels"):
        mean_ciede2000(np.zeros((0, 3)), np.zeros((0, 3)))
    with pytest.raises(ValueError, match="not finite"):
        mean_ciede2000(np.array([[50.0, np.nan, 0]]), np.array([[50.0, 1, 0]]))
