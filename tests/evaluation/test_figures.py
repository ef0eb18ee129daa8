"""Figures as functions of weights: hand-worked, and the same as those of a repeated set."""

import numpy as np
import pytest

from photochrom.evaluation.figures import FIGURES, WHOLES, Figure, Rows, figure, mean_of
from photochrom.metrics import AbErrorCurve, auc

NAN, INF = float("nan"), float("inf")
ONCE = np.ones((1, 2))


def rows(values: dict[str, list[float]], counts: object = None, scores: object = None) -> Rows:
    pictures = len(next(iter(values.values())))
    return Rows(
        {name: np.array(column, dtype=np.float64) for name, column in values.items()},
        np.array(counts if counts is not None else np.ones((pictures, 1)), dtype=np.float64),
        np.array(scores if scores is not None else np.ones((pictures, 1)), dtype=np.float64),
    )


def test_means_by_hand() -> None:
    kept = rows({"psnr": [20, 30], "ab_mse": [9, 16], "top1": [0, 1]})
    assert figure("psnr").of(kept, ONCE) == pytest.approx([25])
    assert figure("psnr").of(kept, np.array([[3, 1], [0, 2]])) == pytest.approx([22.5, 30])
    assert figure("ab_rmse").of(kept, ONCE) == pytest.approx([np.sqrt(12.5)])
    assert figure("top1").of(kept, np.array([[1, 3]])) == pytest.approx([75])


def test_a_picture_without_a_value_does_not_count() -> None:
    kept = rows({"stability": [4, NAN]})
    weights = np.array([[1, 1], [1, 5], [0, 2]])
    assert mean_of("stability")(kept, weights) == pytest.approx([4, 4, NAN], nan_ok=True)


def test_a_perfect_picture_says_nothing_of_the_others_psnr() -> None:
    kept = rows({"psnr": [INF, 30]})
    weights = np.array([[1, 1], [0, 2], [2, 0]])
    assert mean_of("psnr")(kept, weights) == pytest.approx([30, 30, INF])
    assert mean_of("psnr")(rows({"psnr": [INF, INF]}), weights) == pytest.approx([INF] * 3)


def test_a_value_that_nobody_kept_is_no_figure() -> None:
    kept = rows({"psnr": [20, 30]})
    for one in FIGURES:
        if one.name not in ("psnr", "auc", "rebalanced_auc"):
            assert np.isnan(one.of(kept, ONCE)), one.name


def test_colorfulness_by_hand() -> None:
    kept = rows({"colorfulness": [10, 50], "real_colorfulness": [20, 30]})
    assert figure("colorfulness_ratio").of(kept, ONCE) == pytest.approx([30 / 25])
    assert figure("delta_cf_of_means").of(kept, ONCE) == pytest.approx([5])
    assert figure("mean_delta_cf").of(kept, ONCE) == pytest.approx([15])
    # Where errors cancel the two definitions part.
    again = np.array([[2, 1]])
    assert figure("delta_cf_of_means").of(kept, again) == pytest.approx([0])
    assert figure("mean_delta_cf").of(kept, again) == pytest.approx([40 / 3])


def test_auc_weighs_pixels_and_rebalanced_auc_cells() -> None:
    # picture 0: 90 grey pixels, all right; picture 1: 10 grey ones, half; 10 red ones, a fifth
    kept = rows({"psnr": [1, 1]}, counts=[[90, 0], [10, 10]], scores=[[90, 0], [5, 2]])
    assert figure("auc").of(kept, ONCE) == pytest.approx([100 * 97 / 110])
    assert figure("rebalanced_auc").of(kept, ONCE) == pytest.approx([100 * (0.95 + 0.2) / 2])
    # A resample weighs pixels by their rarity in the set: 1 / 100 and 1 / 10.
    thrice = 100 * (90 / 100 + 3 * (5 / 100 + 2 / 10)) / (90 / 100 + 3 * (10 / 100 + 10 / 10))
    assert figure("rebalanced_auc").of(kept, np.array([[1, 3]])) == pytest.approx([thrice])
    # Some pictures as a set of their own have cells of their own.
    assert figure("rebalanced_auc").of(kept.of([0]), np.ones((1, 1))) == pytest.approx([100])


def test_resamples_of_rebalanced_auc_center_on_the_set_though_they_lack_rare_cells() -> None:
    random = np.random.default_rng(2)
    counts = np.hstack([random.integers(50, 99, (60, 1)), 9 * np.eye(60)])  # a cell a picture
    kept = rows({"psnr": [1.0] * 60}, counts, counts * random.uniform(0.3, 0.6, (60, 61)))
    weights = random.multinomial(60, np.full(60, 1 / 60), 2000)
    of = figure("rebalanced_auc").of
    low, high = np.percentile(of(kept, weights), (30, 70))
    assert low < of(kept, np.ones((1, 60)))[0] < high


def test_auc_agrees_with_pixels_counted_one_by_one() -> None:
    random = np.random.default_rng(0)
    true, ours = random.normal(0, 25, (2, 400, 2)).clip(-100, 100)
    cell = np.rint(true / 10).astype(int) @ [100, 1]
    reached = np.minimum(np.hypot(*(ours - true).T), 151).astype(int)
    kinds, column = np.unique(cell, return_inverse=True)
    counts, scores = np.zeros((2, 2, len(kinds)))
    np.add.at(counts, (np.arange(400) // 200, column), 1)
    np.add.at(scores, (np.arange(400) // 200, column), (151 - reached) / 151)
    kept = rows({"psnr": [1, 1]}, counts, scores)
    assert figure("auc").of(kept, ONCE) == pytest.approx([auc(ours, true)])
    curve = AbErrorCurve()
    curve.add(ours, true)
    assert figure("rebalanced_auc").of(kept, ONCE) == pytest.approx([curve.rebalanced_auc()])


@pytest.mark.parametrize(
    "one", [f for f in FIGURES if f.name != "rebalanced_auc"], ids=lambda one: one.name
)
def test_weights_stand_for_repeated_pictures(one: Figure) -> None:
    random = np.random.default_rng(1)
    names = {*(other.name for other in FIGURES), "ab_mse", "colorfulness", "real_colorfulness"}
    counts = random.integers(1, 9, (5, 3))
    kept = rows(
        {n: list(random.random(5)) for n in sorted(names)}, counts, counts * random.random((5, 3))
    )
    repeated = kept.of([0, 0, 0, 2, 4, 4])
    found = one.of(kept, np.array([[3, 0, 1, 0, 2]]))
    assert found == pytest.approx(one.of(repeated, np.ones((1, 6))))
    assert np.isfinite(found)


def test_names_and_titles_are_unique_and_meanings_one_line() -> None:
    columns = [*FIGURES, *WHOLES]
    assert len({one.name for one in columns}) == len({one.title for one in columns}) == len(columns)
    assert all(one.meaning.endswith(".") and "\n" not in one.meaning for one in columns)


def test_colorfulness_over_originals_without_color_is_told_silently() -> None:
    kept = rows({"colorfulness": [3, 0], "real_colorfulness": [0, 0]})
    ratio = figure("colorfulness_ratio").of(kept, np.array([[1, 1], [0, 2]]))
    assert ratio == pytest.approx([INF, NAN], nan_ok=True)
