"""Rows without a network, on pictures whose figures are worked out by hand."""

import numpy as np
import pytest
import skimage.data

from photochrom import image
from photochrom.color import lab_to_srgb, lightness_to_grey, srgb_to_lab
from photochrom.evaluation.baselines import baselines, tinted
from photochrom.evaluation.measures import Truth
from photochrom.evaluation.protocol import Protocol
from photochrom.inference.luminance import lightness_of


def _plain(*lab: float, side: int = 32) -> image.Frame:
    """A picture of one color inside sRGB, 16 bit."""
    code = np.rint(lab_to_srgb(np.array(lab)) * 65535).astype(np.uint16)
    return image.from_array(np.broadcast_to(code, (side, side, 3)).copy())


def test_their_names() -> None:
    ways = list(baselines(Protocol()))
    assert [way.kind for way in ways] == ["grey", "mean tint", "original"]
    assert not any(way.sha256 or way.temperature for way in ways)


def test_grey_misses_by_the_chroma() -> None:
    grey, tint, original = baselines(Protocol(tint=(0, 40))).values()
    picture = _plain(60, 30, 40)
    truth = Truth(picture)
    by_grey = truth.measure(grey(picture))
    assert by_grey.values["pixel_l2"] == pytest.approx(50, abs=0.01)
    assert by_grey.values["ab_mse"] == pytest.approx(2500, abs=1)
    # 20 log10 of 255 over the root mean square of the channels, 50 / sqrt 2.
    assert by_grey.values["ab_psnr"] == pytest.approx(17.162, abs=0.01)
    # Of 151 thresholds, 50 to 150 reach an error just above 50, and 49 too one just below.
    assert round(by_grey.curve.auc() / 100 * 151) in (101, 102)
    by_tint = truth.measure(tint(picture))
    assert by_tint.values["pixel_l2"] == pytest.approx(30, abs=0.01)
    assert by_tint.values["warmth"] == pytest.approx(1)  # hue 90
    assert by_tint.values["hue_spread"] == pytest.approx(0, abs=1e-4)
    assert truth.measure(original(picture)).values["pixel_l2"] == 0


def test_a_tint_is_paler_where_srgb_has_none_such() -> None:
    lab = srgb_to_lab(tinted(_plain(99, 0, 0), (0, 60)).pixels / 65535)
    assert 0 < lab[0, 0, 2] < 20
    assert lab[0, 0, 0] == pytest.approx(99, abs=0.01)


# Of a step between neighboring greys; tests/inference/test_luminance.py says why.
@pytest.mark.parametrize(("dtype", "allowed"), [(np.uint8, 0.665), (np.uint16, 0.92)])
def test_the_tint_keeps_the_luminance(dtype: type, allowed: float) -> None:
    pixels = skimage.data.astronaut()[::4, ::4].astype(dtype)
    if dtype == np.uint16:
        pixels = pixels * np.uint16(257) ^ np.uint16(0x55)
    frame = image.from_array(pixels)
    top = np.iinfo(dtype).max
    before, after = (
        lightness_to_grey(lightness_of(one).astype(np.float64)) * top
        for one in (frame.pixels, tinted(frame, (2.0, 7.2)).pixels)
    )
    assert np.abs(after - before).max() < allowed
