"""Agreement of labels and the way from grey to real, by hand."""

import numpy as np
import pytest

from photochrom.evaluation.interpretability import agreement, way_from_grey

REAL = np.array(
    [
        [0, 9, 1, 2, 3, 4, 5],  # label 1
        [7, 0, 0, 0, 0, 0, 0],  # label 0
        [0, 1, 2, 3, 4, 5, 6],  # label 6
        [0, 1, 2, 9, 4, 5, 6],  # label 3
    ],
    dtype=np.float32,
)
OURS = np.array(
    [
        [0, 2, 1, 1, 1, 1, 1],  # label 1 is first
        [3, 4, 5, 6, 7, 1, 1],  # label 0 is fifth
        [6, 5, 4, 3, 2, 1, 1.5],  # label 6 is sixth
        [9, 1, 2, 8, 4, 5, 6],  # label 3 is second
    ],
    dtype=np.float32,
)


def test_the_real_label_is_looked_for_among_ours() -> None:
    found = agreement(REAL, OURS)
    assert found.in_top1.tolist() == [True, False, False, False]
    assert found.in_top5.tolist() == [True, True, False, True]


def test_which_one_is_real_matters() -> None:
    found = agreement(OURS, REAL)
    # Ours say 1, 4, 0, 0: in the real ones' order first, equal to five others, last, last.
    assert found.in_top1.tolist() == [True, False, False, False]
    assert found.in_top5.tolist() == [True, True, False, False]


def test_a_picture_agrees_with_itself_even_where_logits_are_equal() -> None:
    flat = np.zeros((2, 9))
    assert agreement(flat, flat).in_top1.all()
    assert agreement(REAL, REAL).in_top1.all()


def test_a_classifier_that_says_nothing_does_not_agree_with_everything() -> None:
    real = np.eye(8)
    found = agreement(real, np.zeros((8, 8)))
    assert found.in_top1.sum() == 1
    assert found.in_top5.sum() == 5


def test_agrees_with_a_sort_of_random_logits() -> None:
    random = np.random.default_rng(0)
    real = random.normal(size=(300, 20))
    ours = real + random.normal(size=(300, 20))
    found = agreement(real, ours)
    order = np.argsort(-ours, axis=1)
    first = np.argsort(-real, axis=1)[:, 0]
    assert found.in_top1.tolist() == [first[n] == order[n, 0] for n in range(300)]
    assert found.in_top5.tolist() == [first[n] in order[n, :5] for n in range(300)]
    assert 0.1 < found.in_top1.mean() < found.in_top5.mean() < 1


@pytest.mark.parametrize(
    ("real", "ours"),
    [(REAL, OURS[:3]), (REAL, OURS[:, :5]), (REAL[0], OURS[0]), (REAL[:, :0], OURS[:, :0])],
)
def test_logits_of_other_pictures_or_classes_are_refused(
    real: np.ndarray, ours: np.ndarray
) -> None:
    with pytest.raises(ValueError, match="logits"):
        agreement(real, ours)


def test_a_logit_that_is_no_number_is_refused() -> None:
    broken = OURS.copy()
    broken[2, 2] = np.nan
    with pytest.raises(ValueError, match="not a number"):
        agreement(REAL, broken)


def test_the_way_from_grey_by_hand() -> None:
    assert way_from_grey(0.75, 0.5) == pytest.approx(0.5)
    assert way_from_grey(1.0, 0.2) == 1
    assert way_from_grey(0.2, 0.2) == 0
    assert way_from_grey(0.4, 0.5) == pytest.approx(-0.2)


def test_the_way_from_grey_of_many_at_once() -> None:
    way = way_from_grey(np.array([0.6, 0.8, 1.0]), np.array([0.2, 0.6, 1.0]))
    np.testing.assert_allclose(way, [0.5, 0.5, np.nan])


@pytest.mark.parametrize(("ours", "grey"), [(75, 0.5), (0.5, 50), (-0.1, 0.5), (np.nan, 0.5)])
def test_percent_are_refused(ours: float, grey: float) -> None:
    with pytest.raises(ValueError, match="divide percentages"):
        way_from_grey(ours, grey)
