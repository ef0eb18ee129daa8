import math

import numpy as np
import pytest
import torch

from photochrom.color import (
    CHROMA_SPACES,
    hsl_to_rgb,
    lab_to_srgb,
    rgb_to_yuv,
    srgb_to_lab,
    yuv_to_rgb,
)

SPACES = sorted(CHROMA_SPACES)
COLORS = np.random.default_rng(0).uniform(0, 1, (2000, 3))
CORNERS = np.stack(np.meshgrid(*[[0.0, 1.0]] * 3), axis=-1).reshape(-1, 3)


def test_names() -> None:
    assert SPACES == ["hsl", "lab", "yuv"]


@pytest.mark.parametrize("name", SPACES)
def test_round_trip(name: str) -> None:
    """Sixteen halvings of a range of 3 leave 5e-5 of luma: at most 0.01 of ab."""
    space, lab = CHROMA_SPACES[name], srgb_to_lab(COLORS)
    np.testing.assert_allclose(space.decode(lab[:, 0], space.encode(COLORS)), lab[:, 1:], atol=0.01)


@pytest.mark.parametrize("name", SPACES)
def test_colors_of_srgb_lie_within_one(name: str) -> None:
    assert np.abs(CHROMA_SPACES[name].encode(np.concatenate([COLORS, CORNERS]))).max() <= 1 + 1e-9


@pytest.mark.parametrize(
    ("name", "srgb", "chroma"),
    [
        ("lab", (1, 0, 0), (80.0925 / 110, 67.2032 / 110)),  # Lindbloom's figures, D65
        ("lab", (0, 0, 1), (79.1875 / 110, -107.8602 / 110)),
        ("yuv", (0, 0, 1), (1, -0.114 / 0.701)),
        ("yuv", (1, 0, 0), (-0.299 / 0.886, 1)),
        ("hsl", (1, 0, 0), (1, 0)),
        ("hsl", (0, 1, 0), (-1 / 2, math.sqrt(3) / 2)),  # a third of a turn
        ("hsl", (0.25, 0.75, 0.75), (-1 / 2, 0)),  # half a turn, half saturated
    ],
)
def test_known_values(name: str, srgb: tuple[float, ...], chroma: tuple[float, float]) -> None:
    encoded = CHROMA_SPACES[name].encode(np.array(srgb, float))
    np.testing.assert_allclose(encoded, chroma, atol=2e-4)


@pytest.mark.parametrize("name", SPACES)
def test_greys_are_zero_and_zero_is_grey(name: str) -> None:
    space, greys = CHROMA_SPACES[name], np.repeat(np.linspace(0, 1, 11)[:, None], 3, axis=1)
    np.testing.assert_allclose(space.encode(greys), 0, atol=1e-12)
    lightness = srgb_to_lab(greys)[:, 0]
    np.testing.assert_allclose(space.decode(lightness, np.zeros((11, 2))), 0, atol=1e-4)


@pytest.mark.parametrize("name", ["yuv", "hsl"])
def test_any_two_channels_give_a_color_that_the_lightness_can_have(name: str) -> None:
    """Also beyond the gamut: the color found is one of sRGB, and of that L*."""
    rng = np.random.default_rng(1)
    chroma, lightness = rng.uniform(-1.2, 1.2, (2000, 2)), rng.uniform(1, 99, 2000)
    ab = CHROMA_SPACES[name].decode(lightness, chroma)
    lab = np.concatenate([lightness[:, None], ab], axis=-1)
    srgb = lab_to_srgb(lab)
    assert srgb.min() > -2e-3
    assert srgb.max() < 1 + 2e-3
    np.testing.assert_allclose(srgb_to_lab(srgb.clip(0, 1))[:, 0], lightness, atol=0.02)


def test_decoded_yuv_keeps_both_differences() -> None:
    """Inside the gamut the color found has U and V as given, whatever its luma is."""
    rng = np.random.default_rng(2)
    inside = rgb_to_yuv(rng.uniform(0.2, 0.8, (500, 3)))
    lightness = srgb_to_lab(yuv_to_rgb(inside))[:, 0]
    ab = CHROMA_SPACES["yuv"].decode(lightness, inside[:, 1:] / [0.436, 0.615])
    found = rgb_to_yuv(lab_to_srgb(np.concatenate([lightness[:, None], ab], axis=-1)))
    np.testing.assert_allclose(found, inside, atol=1e-4)


def test_saturation_beyond_one_is_one() -> None:
    full = np.array([math.cos(1.0), math.sin(1.0)])
    lightness = np.array([30.0, 60.0])
    decode = CHROMA_SPACES["hsl"].decode
    np.testing.assert_allclose(
        decode(lightness, np.stack([full, full]) * 3), decode(lightness, np.stack([full, full]))
    )
    lab = srgb_to_lab(hsl_to_rgb(np.array([1 / (2 * math.pi), 1.0, 0.4])))
    np.testing.assert_allclose(decode(lab[:1], full[None])[0], lab[1:], atol=0.01)


@pytest.mark.parametrize("name", SPACES)
@pytest.mark.parametrize("lightness", [0.0, 1e-3, 50.0, 100.0])
def test_wild_channels_stay_finite(name: str, lightness: float) -> None:
    chroma = np.array([[0, 0], [5, -5], [-40, 40], [1e3, 1e3], [1e-9, 0], [0, -1e-30]])
    light = np.full(len(chroma), lightness)
    assert np.isfinite(CHROMA_SPACES[name].decode(light, chroma)).all()
    by_torch = CHROMA_SPACES[name].decode(torch.tensor(light).float(), torch.tensor(chroma).float())
    assert by_torch.isfinite().all()


@pytest.mark.parametrize("name", SPACES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_numpy_and_torch_agree(name: str, dtype: type) -> None:
    space, srgb = CHROMA_SPACES[name], COLORS[:200].astype(dtype)
    chroma = space.encode(srgb)
    lightness = srgb_to_lab(srgb)[:, 0]
    ab = space.decode(lightness, chroma)
    by_torch = space.decode(torch.from_numpy(lightness), torch.from_numpy(chroma))
    assert chroma.dtype == ab.dtype == dtype
    assert by_torch.numpy().dtype == dtype
    tight = {np.float32: 1e-5, np.float64: 1e-12}[dtype]
    np.testing.assert_allclose(space.encode(torch.from_numpy(srgb)).numpy(), chroma, atol=tight)
    # Bisection may end one step apart.
    np.testing.assert_allclose(by_torch.numpy(), ab, atol=0.02)


@pytest.mark.parametrize("name", SPACES)
def test_decoding_takes_planes_of_a_picture(name: str) -> None:
    srgb = COLORS[:24].reshape(2, 3, 4, 3)
    space, lab = CHROMA_SPACES[name], srgb_to_lab(srgb)
    ab = space.decode(lab[..., 0], space.encode(srgb))
    assert ab.shape == (2, 3, 4, 2)
    np.testing.assert_allclose(ab, lab[..., 1:], atol=0.01)
