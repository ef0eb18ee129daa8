"""Candidates: the ordinary result first, each another opinion, regions in one color."""

import numpy as np
import pytest
import skimage.data
from scipy.spatial import KDTree
from scipy.special import log_softmax
from skimage.filters import median

from photochrom import image
from photochrom.color import bin_centers
from photochrom.errors import ModelError
from photochrom.inference import Engine, Settings, Sketch, load_engine
from photochrom.inference.candidates import APART, FEWEST, Candidate, candidates
from photochrom.inference.regions import groups_of, regions_of

NAMES = ("coffee", "chelsea", "camera")


@pytest.fixture(scope="module")
def engine() -> Engine:
    return load_engine("autochrome", threads=1)


@pytest.fixture(scope="module")
def found(engine: Engine) -> dict[str, tuple[Candidate, ...]]:
    return {name: candidates(engine, _frame(name), 4) for name in NAMES}


def _frame(name: str) -> image.Frame:
    return image.from_array(getattr(skimage.data, name)())


def _apart(one: Sketch, other: Sketch) -> float:
    return float(np.hypot(*np.moveaxis(one.ab - other.ab, -1, 0)).mean())


@pytest.mark.parametrize("name", NAMES)
def test_the_first_is_the_ordinary_result(
    engine: Engine, found: dict[str, tuple[Candidate, ...]], name: str
) -> None:
    np.testing.assert_array_equal(found[name][0].sketch.ab, engine.sketch(_frame(name)).ab)


@pytest.mark.parametrize("name", NAMES)
def test_any_two_differ(found: dict[str, tuple[Candidate, ...]], name: str) -> None:
    sketches = [one.sketch for one in found[name]]
    assert len(sketches) == 4
    gaps = [_apart(one, other) for one in sketches for other in sketches if one is not other]
    # Enlarging to pixels averages a little of it away.
    assert min(gaps) > 0.9 * APART


@pytest.mark.parametrize("name", NAMES)
def test_the_others_are_ranked_by_likelihood(
    engine: Engine, found: dict[str, tuple[Candidate, ...]], name: str
) -> None:
    """Held against a likelihood of scipy's: of the bins about each cell's mean color."""
    ranks = [one.log_likelihood for one in found[name][1:]]
    assert ranks == sorted(ranks, reverse=True)
    log_probabilities = log_softmax(engine.distribution(_frame(name)).astype(float), axis=-1)
    rows, columns = (extent // 4 for extent in found[name][0].sketch.lightness.shape)
    for one in found[name]:
        cells = one.sketch.ab[: 4 * rows, : 4 * columns].reshape(rows, 4, columns, 4, 2)
        distance, near = KDTree(bin_centers()).query(cells.mean(axis=(1, 3)), 5)
        weight = np.exp(-(distance**2) / 50)
        chosen = np.exp(np.take_along_axis(log_probabilities[:rows, :columns], near, axis=-1))
        expected = np.log((weight * chosen).sum(axis=-1) / weight.sum(axis=-1) + 1e-12).mean()
        assert one.log_likelihood == pytest.approx(expected, abs=0.1)


@pytest.mark.parametrize("name", NAMES)
def test_no_candidate_is_more_speckled_than_the_ordinary_result(
    found: dict[str, tuple[Candidate, ...]], name: str
) -> None:
    """What a median filter takes away, in ab units; of salt and pepper, nearly all."""

    def speckles(sketch: Sketch) -> float:
        planes = np.moveaxis(sketch.ab[::4, ::4], -1, 0)
        return float(np.mean([abs(plane - median(plane, np.ones((3, 3)))) for plane in planes]))

    plain = speckles(found[name][0].sketch)
    for one in found[name][1:]:
        assert speckles(one.sketch) < 2 * plain + 0.2


def test_the_same_picture_gets_the_same_candidates(engine: Engine) -> None:
    frame = _frame("coffee")
    small = Settings(working_size=128)
    for one, other in zip(
        candidates(engine, frame, 3, small), candidates(engine, frame, 3, small), strict=True
    ):
        np.testing.assert_array_equal(one.sketch.ab, other.sketch.ab)


def test_saturation_and_edits_reach_every_candidate(engine: Engine) -> None:
    frame = _frame("coffee")

    def warmed(sketch: Sketch) -> Sketch:
        return sketch.with_ab(sketch.ab + np.float32([0, 5]))

    plain = candidates(engine, frame, 3, Settings(working_size=128))
    settings = Settings(working_size=128, saturation=0.5, edits=(warmed,))
    for one, other in zip(plain, candidates(engine, frame, 3, settings), strict=True):
        np.testing.assert_allclose(other.sketch.ab, one.sketch.ab / 2 + [0, 5], atol=1e-3)


def test_of_many_no_two_are_one(engine: Engine) -> None:
    many = candidates(engine, _frame("camera"), 40, Settings(working_size=64))
    assert len(many) <= 40
    for number, one in enumerate(many):
        assert all(_apart(one.sketch, other.sketch) > 0.8 * FEWEST for other in many[:number])


# What is refused


def test_networks_without_a_distribution_are_refused(mean_engine: Engine) -> None:
    with pytest.raises(ModelError, match="distribution"):
        candidates(mean_engine, _frame("coffee"), 2)


def test_styles_are_refused(engine: Engine) -> None:
    frame = _frame("coffee")
    with pytest.raises(ModelError, match="no style"):
        candidates(engine, frame, 2, Settings(style=frame))


def test_no_candidate_at_all_is_no_request(engine: Engine) -> None:
    with pytest.raises(ValueError, match="1 or more"):
        candidates(engine, _frame("coffee"), 0)


# Their parts


def test_halves_of_two_colors_are_two_regions() -> None:
    probabilities = np.zeros((12, 16, 313), np.float32)
    green, red = (
        int(np.hypot(*(bin_centers() - color).T).argmin()) for color in ([-40, 40], [60, 40])
    )
    probabilities[:, :8, green] = 1
    probabilities[:, 8:, red] = 1
    regions = regions_of(probabilities, np.full((12, 16), 50, np.float32))
    np.testing.assert_allclose(regions.sum(axis=0), 1, atol=1e-5)
    left, right = regions[:, :, :8].sum(axis=(1, 2)), regions[:, :, 8:].sum(axis=(1, 2))
    np.testing.assert_allclose(np.minimum(left, right), 0, atol=0.01)


def test_two_likely_colors_are_two_groups() -> None:
    weights = np.zeros(313)
    places = np.array([[60, 40], [-40, 20]])
    for place, weight in zip(places, (3, 1), strict=True):
        weights[np.hypot(*(bin_centers() - place).T).argmin()] = weight
    groups = groups_of(weights)
    order = np.argsort(-groups.probabilities)
    np.testing.assert_allclose(groups.probabilities[order], [0.75, 0.25])
    np.testing.assert_allclose(groups.centers[order], places)
