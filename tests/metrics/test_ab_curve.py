import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from photochrom.metrics import CELLS, AbErrorCurve, auc, cell_scores


def _pictures(seed, count=4):
    rng = np.random.default_rng(seed)
    true = rng.normal(0, 25, (count, 6, 7, 2)).clip(-107, 98)
    return true + rng.normal(0, 30, true.shape), true


def _curve(predicted, true):
    curve = AbErrorCurve()
    for one, other in zip(predicted, true, strict=True):
        curve.add(one, other)
    return curve


# Known values


def test_common_and_rare_cells_weigh_the_same():
    # 99 greys hit exactly, one red missed by 75.5: AuC 99.5, rebalanced (100 + 50.3) / 2.
    true = np.zeros((100, 2))
    true[0] = [75.5, 0]
    curve = AbErrorCurve()
    curve.add(np.zeros((100, 2)), true)
    missed = 100 * 76 / 151
    assert curve.auc() == pytest.approx((99 * 100 + missed) / 100)
    assert curve.rebalanced_auc() == pytest.approx((100 + missed) / 2)


def test_cells_are_found_by_rounding():
    curve = AbErrorCurve()
    # -4.9 and 4.9 share the cell around 0; 5.1 does not.
    curve.add(
        np.array([[-4.9, 0], [104.9, 0], [5.1, 0]]), np.array([[-4.9, 0], [4.9, 0], [5.1, 0]])
    )
    first = (100 + 100 * 51 / 151) / 2
    assert curve.rebalanced_auc() == pytest.approx((first + 100) / 2)


def test_cell_scores_worked_by_hand() -> None:
    # Cells are 27 by 27, -13 to 13: grey is in the middle one, (20, -10) two further and one back.
    true = np.array([[0.0, 0], [4.9, -4.9], [20, -10]])
    predicted = np.array([[0.0, 0], [4.9, 5.5], [20, -200]])  # off by 0, 10.4 and 190
    scores = cell_scores(predicted, true)
    assert scores.cells.tolist() == [13 * 27 + 13, 15 * 27 + 12]
    assert scores.counts.tolist() == [2, 1]
    assert scores.scores.tolist() == pytest.approx([1 + 141 / 151, 0])


def test_a_perfect_prediction_scores_100():
    _, true = _pictures(0)
    curve = _curve(true, true)
    assert curve.auc() == curve.rebalanced_auc() == 100


# Properties


@given(st.integers(0, 2**32 - 1))
def test_streaming_equals_weighing_pixels_by_the_inverse_frequency_of_their_cell(seed):
    predicted, true = _pictures(seed)
    curve = _curve(predicted, true)
    assert curve.auc() == pytest.approx(auc(predicted, true))

    cells = np.rint(true.reshape(-1, 2) / 10)
    _, which, counts = np.unique(cells, axis=0, return_inverse=True, return_counts=True)
    weights = 1 / counts[which.ravel()]
    expected = auc(predicted.reshape(-1, 2), true.reshape(-1, 2), weights)
    assert curve.rebalanced_auc() == pytest.approx(expected)


@given(st.integers(0, 2**32 - 1))
def test_curves_rise_from_at_least_0_to_at_most_1(seed):
    curve = _curve(*_pictures(seed))
    for shares in (curve.curve(), curve.rebalanced_curve()):
        assert shares.shape == (151,)
        assert (np.diff(shares) >= 0).all()
        assert shares[0] >= 0
        assert shares[-1] <= 1 + 1e-12


def test_order_and_grouping_of_pictures_do_not_matter():
    predicted, true = _pictures(0)
    at_once = AbErrorCurve()
    at_once.add(predicted[::-1], true[::-1])
    one_by_one = _curve(predicted, true)
    assert at_once.auc() == one_by_one.auc()
    assert at_once.rebalanced_auc() == one_by_one.rebalanced_auc()


@given(st.integers(0, 2**32 - 1), st.lists(st.integers(0, 3), min_size=4, max_size=4))
def test_cell_scores_of_pictures_drawn_at_random_give_the_figures_of_their_curve(
    seed: int, times: list[int]
) -> None:
    if not any(times):
        times = [1, 0, 0, 0]
    predicted, true = _pictures(seed)
    drawn = np.repeat(np.arange(4), times)
    curve = _curve(predicted[drawn], true[drawn])
    counts, scores = np.zeros(CELLS), np.zeros(CELLS)
    for weight, one, other in zip(times, predicted, true, strict=True):
        picture = cell_scores(one, other)
        counts[picture.cells] += weight * picture.counts
        scores[picture.cells] += weight * picture.scores
    occurring = counts > 0
    rebalanced = 100 * np.mean(scores[occurring] / counts[occurring])
    assert curve.auc() == pytest.approx(100 * scores.sum() / counts.sum(), rel=1e-12)
    assert curve.rebalanced_auc() == pytest.approx(rebalanced, rel=1e-12)


def test_cells_rise_and_the_order_of_pixels_does_not_matter() -> None:
    predicted, true = (pictures.reshape(-1, 2) for pictures in _pictures(1))
    forwards, backwards = cell_scores(predicted, true), cell_scores(predicted[::-1], true[::-1])
    assert (np.diff(forwards.cells) > 0).all()
    assert (forwards.scores <= forwards.counts).all()
    assert forwards.counts.sum() == len(true)
    for one, other in zip(forwards, backwards, strict=True):
        np.testing.assert_array_equal(one, other)


# Errors


def test_an_empty_set_has_no_figure():
    for figure in ("auc", "rebalanced_auc", "curve", "rebalanced_curve"):
        with pytest.raises(ValueError, match="no pixels"):
            getattr(AbErrorCurve(), figure)()


def test_bad_colors_are_refused_and_not_counted():
    curve = AbErrorCurve()
    with pytest.raises(ValueError, match="beyond 135"):
        curve.add(np.zeros((1, 2)), np.array([[0.0, 136]]))
    with pytest.raises(ValueError, match="not finite"):
        curve.add(np.array([[0.0, np.nan]]), np.zeros((1, 2)))
    with pytest.raises(ValueError, match="need ab"):
        curve.add(np.zeros((1, 3)), np.zeros((1, 3)))
    with pytest.raises(ValueError, match="no pixels"):
        curve.auc()
    with pytest.raises(ValueError, match="beyond 135"):
        cell_scores(np.zeros((1, 2)), np.array([[-136.0, 0]]))


def test_a_wild_prediction_counts_as_a_miss():
    curve = AbErrorCurve()
    curve.add(np.full((2, 2), 1e30), np.zeros((2, 2)))
    assert curve.auc() == 0
