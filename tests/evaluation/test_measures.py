"""Measures of one picture against hand-worked values and independent libraries."""

import numpy as np
import pytest
import skimage.color
import skimage.data
import skimage.metrics

from photochrom import image
from photochrom.color import lab_to_srgb
from photochrom.evaluation.measures import Seen, Truth


@pytest.fixture(scope="module")
def real() -> image.Frame:
    return image.from_array(np.ascontiguousarray(skimage.data.coffee()[:192, :192]))


@pytest.fixture(scope="module")
def ours(real: image.Frame) -> image.Frame:
    """The picture with less chroma, as networks leave it."""
    lab = skimage.color.rgb2lab(real.pixels) * (1, 0.5, 0.7)
    return image.from_array(np.rint(skimage.color.lab2rgb(lab) * 255).astype(np.uint8))


def test_a_picture_is_perfect_beside_itself(real: image.Frame) -> None:
    found = Truth(real).measure(real)
    exact = {"psnr": np.inf, "ab_psnr": np.inf, "ssim": 1, "ms_ssim": 1, "ciede2000": 0}
    exact |= {"pixel_l2": 0, "ab_mse": 0}
    assert {name: found.values[name] for name in exact} == exact
    assert found.values["colorfulness"] == found.values["real_colorfulness"]
    assert (found.curve.auc(), found.curve.rebalanced_auc()) == (100, 100)
    np.testing.assert_array_equal(found.cells.scores, found.cells.counts)


def test_figures_of_independent_libraries(real: image.Frame, ours: image.Frame) -> None:
    found = Truth(real).measure(ours).values
    assert found["psnr"] == pytest.approx(
        skimage.metrics.peak_signal_noise_ratio(real.pixels, ours.pixels), rel=1e-6
    )
    similarity = skimage.metrics.structural_similarity(
        real.pixels,
        ours.pixels,
        channel_axis=2,
        gaussian_weights=True,
        sigma=1.5,
        use_sample_covariance=False,
    )
    assert found["ssim"] == pytest.approx(similarity, abs=1e-4)
    labs = [skimage.color.rgb2lab(frame.pixels) for frame in (ours, real)]
    # Its sRGB matrix differs from the standard's in the fourth digit.
    assert found["ciede2000"] == pytest.approx(
        skimage.color.deltaE_ciede2000(*labs).mean(), rel=2e-3
    )
    offset = labs[0][..., 1:] - labs[1][..., 1:]
    assert found["pixel_l2"] == pytest.approx(np.hypot(*offset.T).mean(), rel=2e-3)
    assert found["ab_mse"] == pytest.approx((offset**2).sum(axis=-1).mean(), rel=4e-3)
    assert found["colorfulness"] < found["real_colorfulness"]


def test_cells_and_curve_agree(real: image.Frame, ours: image.Frame) -> None:
    found = Truth(real).measure(ours)
    assert found.cells.counts.sum() == real.height * real.width
    share = 100 * found.cells.scores.sum() / found.cells.counts.sum()
    assert share == pytest.approx(found.curve.auc())


def test_one_truth_measures_many_results_alike(real: image.Frame, ours: image.Frame) -> None:
    truth = Truth(real)
    first = truth.measure(ours).values
    truth.measure(real)
    assert truth.measure(ours).values == first == Truth(real).measure(ours).values


def test_grey_pictures_have_no_hues() -> None:
    grey = image.from_array(np.full((24, 24, 1), 99, np.uint8))
    values = Truth(grey).measure(grey).values
    assert "warmth" not in values
    assert "hue_spread" not in values
    assert values["colorfulness"] == 0
    assert values["real_colorfulness"] == 0


def test_small_pictures_lack_what_needs_large_ones() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (16, 16, 3), dtype=np.uint8)
    frame = image.from_array(pixels)
    values = Truth(frame).measure(frame).values
    assert values["ssim"] == 1
    assert np.isnan(values["ms_ssim"])
    assert np.isnan(values["spottedness"])


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_forms_of_a_picture(dtype: type) -> None:
    top = np.iinfo(dtype).max
    code = np.rint(lab_to_srgb(np.array([50.0, 20, -30])) * top).astype(dtype)
    seen = Seen(image.from_array(np.broadcast_to(code, (8, 8, 3)).copy()))
    assert seen.srgb.dtype == np.float32
    np.testing.assert_allclose(seen.srgb[0, 0], code / top, rtol=1e-6)
    np.testing.assert_allclose(seen.lab[0, 0], [50, 20, -30], atol=0.6 if top == 255 else 0.01)
