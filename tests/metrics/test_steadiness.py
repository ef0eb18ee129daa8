import numpy as np
import pytest

from photochrom.metrics import flicker, relative_flicker


def _film(frames: int = 3) -> np.ndarray:
    """A still film of one color, `(T, 4, 5, 3)`."""
    return np.tile(np.array([50.0, 10, -10]), (frames, 4, 5, 1))


# Known values, worked by hand


def test_a_still_film_is_0() -> None:
    assert flicker(_film()) == 0


def test_one_frame_of_another_tint_counts_in_both_of_its_steps() -> None:
    film = _film(4)
    film[1, ..., 1:] += [3, 4]  # steps of 5, 5 and 0
    assert flicker(film) == pytest.approx(10 / 3)


def test_what_changes_its_lightness_may_change_its_color() -> None:
    film = _film(2)
    film[1, :, 0] += [30, 50, 0]  # a thing moves into one of five columns
    assert flicker(film) == 0
    film[1, :, 1, 1] += 8  # and one of the four steady columns turns redder
    assert flicker(film) == pytest.approx(8 / 4)


def test_the_threshold_says_what_is_steady() -> None:
    film = _film(2)
    film[1] += [1.5, 6, 0]
    assert np.isnan(flicker(film))  # nothing is steady: a scene cut throughout
    assert flicker(film, steady=2) == pytest.approx(6)


def test_pixels_weigh_alike_whatever_frame_they_are_of() -> None:
    film = _film(3)
    film[1, ..., 1] += 2  # step of 2 everywhere
    film[2, ..., 1] += 2
    film[2, 1:, :, 0] += 20  # then no step, and three of four rows get lighter
    assert flicker(film) == pytest.approx((20 * 2 + 5 * 0) / 25)


def test_relative_to_the_original_and_by_the_lightness_of_the_original() -> None:
    real, ours = _film(2), _film(2)
    real[1, ..., 1] += 2
    ours[1, ..., 2] += 6
    assert relative_flicker(ours, real) == pytest.approx(3)
    ours[1, :2, :, 0] += 40  # a film that changes lightness of its own gets no pixels off
    assert relative_flicker(ours, real) == pytest.approx(3)
    assert relative_flicker(real, real) == 1


def test_an_original_without_any_change_has_no_finite_ratio_but_to_itself() -> None:
    restless = _film(2)
    restless[1, ..., 1] += 2
    assert relative_flicker(restless, _film(2)) == np.inf
    assert np.isnan(relative_flicker(_film(2), _film(2)))


# Errors


def test_other_shapes_are_refused() -> None:
    for shape in ((1, 4, 5, 3), (4, 5, 3), (2, 4, 5, 2)):
        with pytest.raises(ValueError, match=r"\(T, H, W, 3\)"):
            flicker(np.zeros(shape))
    with pytest.raises(ValueError, match="two films alike"):
        relative_flicker(_film(2), _film(3))
