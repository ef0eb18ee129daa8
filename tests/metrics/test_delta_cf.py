import numpy as np
import pytest

from photochrom.color import colorfulness
from photochrom.metrics import delta_cf_of_means, mean_delta_cf


def test_what_is_too_dull_here_and_too_gaudy_there_cancels_in_one_definition_only() -> None:
    results, originals = np.array([10.0, 50, 31]), np.array([20.0, 40, 28])
    assert delta_cf_of_means(results, originals) == pytest.approx(1)
    assert mean_delta_cf(results, originals) == pytest.approx(23 / 3)


def test_both_agree_where_all_results_are_duller() -> None:
    results, originals = np.array([10.0, 30]), np.array([20.0, 60])
    assert delta_cf_of_means(results, originals) == mean_delta_cf(results, originals) == 20


def test_grey_results_differ_by_all_the_color_there_is() -> None:
    pictures = np.random.default_rng(0).uniform(0, 1, (3, 6, 7, 3))
    real = colorfulness(pictures)
    assert mean_delta_cf(np.zeros(3), real) == pytest.approx(float(real.mean()))


@pytest.mark.parametrize("measure", [delta_cf_of_means, mean_delta_cf])
def test_bad_arguments_are_refused(measure) -> None:
    for results, originals in (((3,), (2,)), ((0,), (0,)), ((2, 2), (2, 2)), ((), ())):
        with pytest.raises(ValueError, match="N >= 1 pictures"):
            measure(np.zeros(results), np.zeros(originals))
