import numpy as np
import pytest

from photochrom.metrics import bleeding

HEIGHT, WIDTH = 20, 32


def _step(column: int, height: float) -> np.ndarray:
    """A plane `(H, W)` that rises at a column."""
    return np.where(np.arange(WIDTH) >= column, height, 0.0) * np.ones((HEIGHT, 1))


def _colored(a: np.ndarray, b: np.ndarray | float = 0.0) -> np.ndarray:
    return np.stack([a, np.broadcast_to(b, a.shape)], axis=-1)


# Known values, worked by hand


def test_a_color_edge_on_a_lightness_edge_is_0() -> None:
    assert bleeding(_colored(_step(10, 30)), _step(10, 40)) == 0


def test_a_color_edge_on_flat_lightness_counts_its_step_in_one_of_the_columns() -> None:
    # 3-4-5: steps of 30 in a and 40 in b are one of 50, in 1 of W - 1 columns of differences.
    measured = bleeding(_colored(_step(10, 30), _step(10, 40)), np.full((HEIGHT, WIDTH), 60.0))
    assert measured == pytest.approx(50 / (WIDTH - 1))


def test_a_color_that_runs_three_pixels_over_an_edge_counts_among_the_flat_pixels() -> None:
    # The lightness edge takes a column away; of the other W - 2, one has the step of the color.
    assert bleeding(_colored(_step(13, 30)), _step(10, 40)) == pytest.approx(30 / (WIDTH - 2))


def test_gradients_across_and_down_are_joined() -> None:
    down, across = np.mgrid[:HEIGHT, :WIDTH].astype(float)
    slope = _colored(0.3 * across + 0.4 * down)
    assert bleeding(slope, np.zeros((HEIGHT, WIDTH))) == pytest.approx(0.5, rel=1e-5)
    # Lightness of slope 1.5 across and 2 down is 2.5 per pixel: flat below 3, not below 2.
    lightness = 1.5 * across + 2 * down
    assert bleeding(slope, lightness, flat=3) == pytest.approx(0.5, rel=1e-5)
    assert np.isnan(bleeding(slope, lightness))


# Properties


def test_grey_is_0_and_twice_the_chroma_twice_the_figure() -> None:
    random = np.random.default_rng(0)
    ab, lightness = random.normal(0, 20, (30, 40, 2)), random.uniform(50, 52, (30, 40))
    assert bleeding(np.zeros_like(ab), lightness) == 0
    assert bleeding(2 * ab, lightness) == pytest.approx(2 * bleeding(ab, lightness), rel=1e-5)


def test_color_smeared_over_edges_is_told_from_color_that_keeps_to_them() -> None:
    kept = _step(10, 30)
    smeared = np.apply_along_axis(np.convolve, 1, kept, np.full(5, 0.2), mode="same")
    inner = slice(4, -4)  # convolution has edges of its own
    lightness = _step(10, 40)[:, inner]
    assert bleeding(_colored(kept[:, inner]), lightness) == 0
    assert bleeding(_colored(smeared[:, inner]), lightness) > 0.5


# Errors


def test_other_shapes_are_refused() -> None:
    for ab, lightness in (((4, 5, 3), (4, 5)), ((4, 5, 2), (5, 4)), ((1, 5, 2), (1, 5))):
        with pytest.raises(ValueError, match="lightness"):
            bleeding(np.zeros(ab), np.zeros(lightness))
