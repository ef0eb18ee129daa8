import numpy as np
import pytest
import torch
from skimage.metrics import structural_similarity
from torch.nn.functional import avg_pool2d
from torchmetrics.functional.image import (
    multiscale_structural_similarity_index_measure,
    structural_similarity_index_measure,
)

from photochrom.metrics import StructureOf

torch.set_num_threads(1)

WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)


def _pair(height: int, width: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """A duller, noisier version and the truth: patches of color with some texture."""
    random = np.random.default_rng(seed)
    patches = random.uniform(0, 1, (height // 16 + 1, width // 16 + 1, 3))
    true = np.kron(patches, np.ones((16, 16, 1)))[:height, :width]
    true = (true + random.normal(0, 0.05, true.shape)).clip(0, 1)
    dull = 0.6 * true + 0.4 * true.mean(axis=-1, keepdims=True)
    return (dull + random.normal(0, 0.03, true.shape)).clip(0, 1), true


def _tensor(picture: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(np.ascontiguousarray(np.moveaxis(picture, -1, 0)))[None]


def _inside(predicted: torch.Tensor, true: torch.Tensor) -> float:
    """SSIM of torchmetrics over the windows that lie inside the picture."""
    _, similarity = structural_similarity_index_measure(
        predicted, true, data_range=1.0, return_full_image=True
    )
    return float(similarity[..., 5:-5, 5:-5].mean())


# Known values


@pytest.mark.parametrize("size", [(256, 256), (181, 200), (11, 40)])
def test_ssim_agrees_with_skimage_and_with_the_inside_of_the_map_of_torchmetrics(
    size: tuple[int, int],
) -> None:
    predicted, true = _pair(*size)
    measured = StructureOf(true).against(predicted).ssim
    expected = structural_similarity(
        predicted,
        true,
        gaussian_weights=True,
        sigma=1.5,
        use_sample_covariance=False,
        data_range=1,
        channel_axis=-1,
    )
    assert measured == pytest.approx(expected, abs=2e-6)
    assert measured == pytest.approx(_inside(_tensor(predicted), _tensor(true)), abs=2e-6)


@pytest.mark.parametrize("size", [(256, 256), (181, 199), (176, 176)])
def test_ms_ssim_agrees_with_the_scales_of_torchmetrics(size: tuple[int, int]) -> None:
    pair = _pair(*size)
    predicted, true = (_tensor(picture) for picture in pair)
    product = 1.0
    for weight in WEIGHTS[:-1]:
        _, contrast = structural_similarity_index_measure(
            predicted, true, data_range=1.0, return_contrast_sensitivity=True
        )
        product *= float(contrast.mean()) ** weight
        predicted, true = avg_pool2d(predicted, 2), avg_pool2d(true, 2)
    product *= _inside(predicted, true) ** WEIGHTS[-1]
    measured = StructureOf(pair[1]).against(pair[0]).ms_ssim
    assert measured == pytest.approx(product, abs=2e-6)
    # In one call torchmetrics counts windows over mirrored edges at the last scale.
    whole = multiscale_structural_similarity_index_measure(
        *(_tensor(picture) for picture in pair), data_range=1.0
    )
    assert measured == pytest.approx(float(whole), abs=0.003)


def test_two_flat_pictures_differ_in_luminance_alone() -> None:
    flat = StructureOf(np.full((11, 11, 3), 0.5)).against(np.full((11, 11, 3), 0.25))
    assert flat.ssim == pytest.approx((2 * 0.5 * 0.25 + 1e-4) / (0.5**2 + 0.25**2 + 1e-4), abs=1e-6)


def test_equal_pictures_are_1() -> None:
    for picture in (_pair(176, 180)[1], np.ones((176, 176, 3))):
        assert StructureOf(picture).against(picture) == (1, 1)


def test_a_negative_is_unlike_and_has_no_ms_ssim_above_0() -> None:
    true = _pair(176, 176)[1]
    measured = StructureOf(true).against(1 - true)
    assert measured.ssim < -0.1
    assert measured.ms_ssim == 0


# Properties


def test_small_pictures_have_no_figure() -> None:
    assert np.isnan(StructureOf(np.ones((10, 300, 3))).against(np.ones((10, 300, 3)))).all()
    small = StructureOf(np.ones((175, 300, 3))).against(np.ones((175, 300, 3)))
    assert small.ssim == 1
    assert np.isnan(small.ms_ssim)


def test_a_bright_flat_ground_with_faint_noise_keeps_its_digits_in_float32() -> None:
    random = np.random.default_rng(0)
    true = np.ones((64, 64, 3), np.float32)
    predicted = true - np.abs(random.normal(0, 0.003, true.shape)).astype(np.float32)
    expected = _inside(_tensor(predicted).double(), _tensor(true).double())
    assert StructureOf(true).against(predicted).ssim == pytest.approx(expected, abs=1e-5)


def test_one_truth_serves_many_predictions() -> None:
    predicted, true = _pair(176, 176)
    structure = StructureOf(true)
    first = structure.against(predicted)
    structure.against(1 - true)
    assert structure.against(predicted) == first


def test_arguments_are_not_written_to() -> None:
    predicted, true = (picture.astype(np.float32) for picture in _pair(180, 190))
    copies = predicted.copy(), true.copy()
    StructureOf(true).against(predicted)
    np.testing.assert_array_equal((predicted, true), copies)


# Errors


def test_other_shapes_and_integers_are_refused() -> None:
    with pytest.raises(ValueError, match=r"\(H, W, 3\)"):
        StructureOf(np.zeros((20, 20)))
    with pytest.raises(ValueError, match="uint8"):
        StructureOf(np.zeros((20, 20, 3), np.uint8))
    with pytest.raises(ValueError, match="need a picture"):
        StructureOf(np.zeros((20, 20, 3))).against(np.zeros((20, 21, 3)))
    with pytest.raises(ValueError, match="uint8"):
        StructureOf(np.zeros((20, 20, 3))).against(np.zeros((20, 20, 3), np.uint8))
