import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from photochrom.metrics import AbErrorCurve, auc


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


def test_a_wild_prediction_counts_as_a_miss():
    curve = AbErrorCurve()
    curve.add(np.full((2, 2), 1e30), np.zeros((2, 2)))
    assert curve.auc() == 0
