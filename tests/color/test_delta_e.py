import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from skimage.color import deltaE_ciede2000

from photochrom.color import ciede2000, delta_e_76

# L1, a1, b1, L2, a2, b2, difference: table 1 of Sharma, Wu and Dalal (2005)
SHARMA = np.array(
    [
        [50.0000, 2.6772, -79.7751, 50.0000, 0.0000, -82.7485, 2.0425],
        [50.0000, 3.1571, -77.2803, 50.0000, 0.0000, -82.7485, 2.8615],
        [50.0000, 2.8361, -74.0200, 50.0000, 0.0000, -82.7485, 3.4412],
        [50.0000, -1.3802, -84.2814, 50.0000, 0.0000, -82.7485, 1.0000],
        [50.0000, -1.1848, -84.8006, 50.0000, 0.0000, -82.7485, 1.0000],
        [50.0000, -0.9009, -85.5211, 50.0000, 0.0000, -82.7485, 1.0000],
        [50.0000, 0.0000, 0.0000, 50.0000, -1.0000, 2.0000, 2.3669],
        [50.0000, -1.0000, 2.0000, 50.0000, 0.0000, 0.0000, 2.3669],
        [50.0000, 2.4900, -0.0010, 50.0000, -2.4900, 0.0009, 7.1792],
        [50.0000, 2.4900, -0.0010, 50.0000, -2.4900, 0.0010, 7.1792],
        [50.0000, 2.4900, -0.0010, 50.0000, -2.4900, 0.0011, 7.2195],
        [50.0000, 2.4900, -0.0010, 50.0000, -2.4900, 0.0012, 7.2195],
        [50.0000, -0.0010, 2.4900, 50.0000, 0.0009, -2.4900, 4.8045],
        [50.0000, -0.0010, 2.4900, 50.0000, 0.0010, -2.4900, 4.8045],
        [50.0000, -0.0010, 2.4900, 50.0000, 0.0011, -2.4900, 4.7461],
        [50.0000, 2.5000, 0.0000, 50.0000, 0.0000, -2.5000, 4.3065],
        [50.0000, 2.5000, 0.0000, 73.0000, 25.0000, -18.0000, 27.1492],
        [50.0000, 2.5000, 0.0000, 61.0000, -5.0000, 29.0000, 22.8977],
        [50.0000, 2.5000, 0.0000, 56.0000, -27.0000, -3.0000, 31.9030],
        [50.0000, 2.5000, 0.0000, 58.0000, 24.0000, 15.0000, 19.4535],
        [50.0000, 2.5000, 0.0000, 50.0000, 3.1736, 0.5854, 1.0000],
        [50.0000, 2.5000, 0.0000, 50.0000, 3.2972, 0.0000, 1.0000],
        [50.0000, 2.5000, 0.0000, 50.0000, 1.8634, 0.5757, 1.0000],
        [50.0000, 2.5000, 0.0000, 50.0000, 3.2592, 0.3350, 1.0000],
        [60.2574, -34.0099, 36.2677, 60.4626, -34.1751, 39.4387, 1.2644],
        [63.0109, -31.0961, -5.8663, 62.8187, -29.7946, -4.0864, 1.2630],
        [61.2901, 3.7196, -5.3901, 61.4292, 2.2480, -4.9620, 1.8731],
        [35.0831, -44.1164, 3.7933, 35.0232, -40.0716, 1.5901, 1.8645],
        [22.7233, 20.0904, -46.6940, 23.0331, 14.9730, -42.5619, 2.0373],
        [36.4612, 47.8580, 18.3852, 36.2715, 50.5065, 21.2231, 1.4146],
        [90.8027, -2.0831, 1.4410, 91.1528, -1.6435, 0.0447, 1.4441],
        [90.9257, -0.5406, -0.9208, 88.6381, -0.8985, -0.7239, 1.5381],
        [6.7747, -0.2908, -2.4247, 5.8714, -0.0985, -2.2286, 0.6377],
        [2.0776, 0.0795, -1.1350, 0.9033, -0.0636, -0.5514, 0.9082],
    ]
)
RANDOM = np.random.default_rng(0).uniform([0, -100, -100], [100, 100, 100], (2, 2000, 3))
LAB = st.tuples(st.floats(0, 100), st.floats(-120, 120), st.floats(-120, 120)).map(np.array)

# Known values


@pytest.mark.parametrize("to", [np.asarray, torch.from_numpy])
@pytest.mark.parametrize("order", [slice(None), slice(None, None, -1)])
def test_all_pairs_of_sharma(to, order):
    assert len(SHARMA) == 34
    first, second = (to(colors) for colors in (SHARMA[:, :3], SHARMA[:, 3:6])[order])
    np.testing.assert_allclose(ciede2000(first, second), SHARMA[:, 6], atol=5.01e-5)


def test_ciede2000_agrees_with_skimage():
    expected = deltaE_ciede2000(RANDOM[0], RANDOM[1])
    np.testing.assert_allclose(ciede2000(RANDOM[0], RANDOM[1]), expected, atol=1e-10)


def test_delta_e_76_is_the_euclidean_distance():
    assert delta_e_76(np.array([50.0, 3, 4]), np.array([38.0, 3, 4])) == 12
    np.testing.assert_allclose(
        delta_e_76(RANDOM[0], RANDOM[1]), np.linalg.norm(RANDOM[0] - RANDOM[1], axis=-1)
    )


# Properties


@pytest.mark.parametrize("difference", [delta_e_76, ciede2000])
@given(first=LAB, second=LAB)
def test_never_negative_symmetric_and_0_for_equal_colors(difference, first, second):
    assert difference(first, second) >= 0
    assert difference(first, first) == 0
    # Hue 180 apart is where a rounding error decides between two values: there the halves of a
    # pair may differ, nowhere else.
    hues = np.arctan2([first[2], second[2]], [first[1], second[1]])
    if abs(abs(hues[1] - hues[0]) - np.pi) > 1e-6:
        assert difference(first, second) == pytest.approx(difference(second, first), abs=1e-9)


def test_one_color_is_compared_with_many():
    one = RANDOM[1, 0]
    expected = [ciede2000(color, one) for color in RANDOM[0, :20]]
    np.testing.assert_allclose(ciede2000(RANDOM[0, :20], one), expected)


# Gradients

GREY, BLUE = [50.0, 0.0, 0.0], [40.0, 20.0, -60.0]


@pytest.mark.parametrize("difference", [delta_e_76, ciede2000])
@pytest.mark.parametrize("color", [GREY, BLUE, [0.0, 0.0, 0.0], [100.0, 0.0, 0.0]])
def test_the_gradient_at_equal_colors_is_0(difference, color):
    first, second = (torch.tensor(color, dtype=torch.float64, requires_grad=True) for _ in "12")
    difference(first, second).backward()
    assert first.grad.tolist() == second.grad.tolist() == [0, 0, 0]


@pytest.mark.parametrize("chroma", [0.0, 1e-300, 1e-160, 1e-25, 1e-12, 1e-3])
@pytest.mark.parametrize("other", [[60.0, 0.0, 0.0], [50.0, 20.0, -60.0], [50.0, -1e-12, 1e-12]])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_the_gradient_near_grey_is_finite(chroma, other, dtype):
    color = torch.tensor([50.0, chroma, -chroma], dtype=dtype, requires_grad=True)
    for difference in (delta_e_76, ciede2000):
        (gradient,) = torch.autograd.grad(difference(color, color.new_tensor(other)), color)
        assert torch.isfinite(gradient).all()


def test_a_grey_pixel_leaves_its_neighbor_a_gradient():
    colors = torch.tensor([GREY, BLUE], dtype=torch.float64, requires_grad=True)
    ciede2000(colors, colors.new_tensor([[50.0, 0, 0], [40.0, 10, -40]])).sum().backward()
    assert torch.isfinite(colors.grad).all()
    assert (colors.grad[1] != 0).any()
