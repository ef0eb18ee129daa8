"""Figures that only networks give, held against the same by hand."""

import numpy as np
import pytest
import skimage.data

from photochrom import image
from photochrom.evaluation.extractor import Looks
from photochrom.evaluation.learned import Moments, doubts_of, labels_kept
from photochrom.inference import load_engine
from photochrom.metrics import FeatureMoments


def test_a_label_is_kept_first_or_among_the_first_five() -> None:
    real = Looks(np.zeros((1, 2), np.float32), np.eye(8, dtype=np.float32)[:1])  # label 0
    order = np.arange(8, dtype=np.float32)[None]  # label 0 last
    fifth = order.copy()
    fifth[0, 0] = 3.5  # behind 4, 5, 6 and 7
    for logits, kept in ((real.logits, (1, 1)), (fifth, (0, 1)), (order, (0, 0))):
        ours = Looks(real.features, logits)
        assert labels_kept(real, ours) == {"top1": kept[0], "top5": kept[1]}
    assert labels_kept(Looks(real.features, None), real) == {}


def test_moments_are_those_of_all_pictures_however_many_wait() -> None:
    features = np.random.default_rng(0).normal(size=(123, 6)).astype(np.float32)
    moments, at_once = Moments(), FeatureMoments(6)
    assert moments.found is None
    moments.add(None)
    for one in features:
        moments.add(Looks(one[None], None))
    at_once.add(features)
    found = moments.found
    assert found is not None
    assert found.count == 123
    np.testing.assert_allclose(found.mean, at_once.mean, atol=1e-6)
    np.testing.assert_allclose(found.covariance(), at_once.covariance(), atol=1e-6)


def test_doubts_are_the_networks_own_probabilities_of_what_was_so() -> None:
    engine = load_engine(threads=1)
    frame = image.from_array(skimage.data.coffee()[:256, :256])
    logits = engine.distribution(frame, 64).astype(np.float64)
    true = engine.true_bins(frame, 64)
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=-1, keepdims=True)
    given = np.take_along_axis(probabilities, true[..., None], axis=-1)
    doubts = doubts_of(engine, frame, 64)
    assert doubts.nll == pytest.approx(-np.log(given).mean(), rel=1e-6)
    curve = doubts.reliability.curve()
    assert curve.counts.sum() == true.size
    right = np.nansum(curve.counts * curve.accuracy)
    assert right == pytest.approx((probabilities.argmax(axis=-1) == true).sum())
