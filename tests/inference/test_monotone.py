"""Colder is never duller, more saturated never greyer: of every picture, whatever its doubts."""

from itertools import pairwise

import numpy as np
import pytest
import skimage.data
from hypothesis import given
from hypothesis import strategies as st
from skimage.color import rgb2lab

from photochrom import image
from photochrom.color import annealed_mean, bin_centers
from photochrom.inference import Engine, Settings, load_engine
from photochrom.inference.vividness import Decode, tempered, useful_saturation

TEMPERATURES = (1.5, 1.0, 0.8, 0.6, 0.5, 0.38, 0.2, 0.1, 0.02)
SATURATIONS = (0.0, 0.3, 0.7, 1.0, 1.3, 2.0, 3.0, 5.0, 9.0)
NAMES = ("astronaut", "camera", "chelsea", "coffee", "coins", "rocket")


@pytest.fixture(scope="module")
def engine() -> Engine:
    return load_engine("autochrome", threads=1)


def _photograph(name: str) -> image.Frame:
    pixels = getattr(skimage.data, name)()
    scale = 160 / min(pixels.shape[:2])
    return image.from_array(image.resize(pixels, *(round(n * scale) for n in pixels.shape[:2])))


def _figures(rgb: np.ndarray) -> tuple[float, float]:
    """Mean chroma, and the colorfulness of Hasler and Suesstrunk (2003), of RGB in [0, 255]."""
    lab = rgb2lab(rgb / 255)
    red, green, blue = np.moveaxis(rgb.astype(float), -1, 0)
    opponents = [red - green, (red + green) / 2 - blue]
    spread = np.hypot(*(plane.std() for plane in opponents))
    return (
        float(np.hypot(lab[..., 1], lab[..., 2]).mean()),
        float(spread + 0.3 * np.hypot(*(plane.mean() for plane in opponents))),
    )


def _never_falls(figures: list[tuple[float, float]]) -> bool:
    """0.02 is what rounding to 8 bits moves; colorfulness is of the order of 50."""
    return all(
        np.greater(after, np.subtract(before, 0.02)).all() for before, after in pairwise(figures)
    )


# Photographs


@pytest.mark.parametrize("name", NAMES)
def test_a_lower_temperature_never_makes_a_photograph_duller(engine: Engine, name: str) -> None:
    """By the annealed mean alone camera loses 1.1 of its chroma, rocket 0.6, chelsea 0.1."""
    frame = _photograph(name)
    assert _never_falls(
        [
            _figures(engine.colorize(frame, Settings(temperature=temperature)).frame.pixels)
            for temperature in TEMPERATURES
        ]
    )


@pytest.mark.parametrize("name", NAMES)
def test_more_saturation_never_makes_a_photograph_greyer(engine: Engine, name: str) -> None:
    frame = _photograph(name)
    assert _never_falls(
        [
            _figures(engine.colorize(frame, Settings(saturation=saturation)).frame.pixels)
            for saturation in SATURATIONS
        ]
    )


def test_the_networks_own_temperature_is_left_alone(engine: Engine) -> None:
    frame = _photograph("camera")
    own = engine.card.temperature
    plain = engine.sketch(frame)
    np.testing.assert_array_equal(engine.sketch(frame, Settings(temperature=own)).ab, plain.ab)
    assert len(plain.ab) == plain.lightness.shape[0]
    cells = annealed_mean(engine.distribution(frame), bin_centers(), own)  # whole pixels: 4 × 4
    means = plain.ab[:160, :160].reshape(40, 4, 40, 4, 2).mean(axis=(1, 3))
    assert np.hypot(*np.moveaxis(means - cells[:40, :40], -1, 0)).mean() < 1


# Distributions that no photograph has


def _decoder(logits: np.ndarray) -> Decode:
    return lambda temperature: annealed_mean(logits, bin_centers(), temperature)


def _random(seed: int) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    reach = np.hypot(*bin_centers().T)
    logits = random.normal(0, random.uniform(0.5, 6), (6, 9, 313)) - reach / random.uniform(5, 40)
    return logits.astype(np.float32), random.uniform(40, 60, (6, 9)).astype(np.float32)


def _held(
    logits: np.ndarray, lightness: np.ndarray, temperature: float, neutral: float = 0.6
) -> np.ndarray:
    decode = _decoder(logits)
    whole = np.kron(lightness, np.ones((4, 4), np.float32))
    return tempered(decode, whole, temperature, neutral)


def _bimodal() -> tuple[np.ndarray, np.ndarray]:
    """Likely grey, less likely red: the mode is grey, the mean is not."""
    logits = np.full((6, 9, 313), -30, np.float32)
    ab = bin_centers()
    logits[..., (ab == [0, 0]).all(axis=1)] = 0.4
    logits[..., (ab == [40, 30]).all(axis=1)] = 0
    return logits, np.full((6, 9), 55, np.float32)


def test_a_grey_mode_with_a_vivid_tail_is_held() -> None:
    logits, lightness = _bimodal()
    plain = [np.hypot(*_decoder(logits)(t)[0, 0]) for t in (1.0, 0.6, 0.3, 0.1)]
    assert np.all(np.diff(plain) < -1)  # by the annealed mean alone, colder is duller
    held = [np.hypot(*_held(logits, lightness, t)[0, 0]) for t in (1.0, 0.6, 0.3, 0.2)]
    assert np.all(np.diff(held) > -1e-3)
    assert held[1] == pytest.approx(plain[1])


@given(st.integers(0, 10_000))
def test_random_distributions_are_ordered(seed: int) -> None:
    logits, lightness = _random(seed)
    chroma = [
        np.hypot(*np.moveaxis(_held(logits, lightness, t), -1, 0)).mean() for t in (1.5, 0.6, 0.3)
    ]
    # 54 cells, sampled between their centers, are judged as they would be painted.
    assert np.all(np.diff(chroma) > -0.05 * max(chroma))


def test_what_is_held_lies_between_two_temperatures() -> None:
    logits, lightness = _bimodal()
    warm, cold = _decoder(logits)(0.6), _decoder(logits)(0.3)
    held = _held(logits, lightness, 0.3)
    share = (held - cold) / (warm - cold)
    assert share.min() > 0
    assert share.max() <= 1.001
    assert np.ptp(share) < 1e-3


@pytest.mark.parametrize("saturation", [0.0, 0.4, 1.0])
def test_no_saturation_below_one_is_changed(saturation: float) -> None:
    ab = np.full((6, 9, 2), 90, np.float32)
    assert useful_saturation(ab, np.full((24, 36), 50, np.float32), saturation) == saturation


def test_saturation_ends_where_the_gamut_evens_colors_out() -> None:
    """Two reds of one hue: the vivid one is at the surface, the dull one comes nearer to it."""
    lightness = np.full((24, 48), 50, np.float32)
    ab = np.zeros((24, 48, 2), np.float32)
    ab[..., 0], ab[..., 1] = 40, 30
    ab[:, 24:] /= 4
    asked = (1.0, 2.0, 4.0, 6.0, 8.0, 50.0)
    useful = [useful_saturation(ab, lightness, one) for one in asked]
    assert useful == sorted(useful)
    assert useful[0] == 1.0
    assert useful[-1] < 50
