"""Comparisons: intervals against scipy's bootstrap, paired differences, what is refused."""

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
import pytest
from scipy import stats

from photochrom.errors import ProtocolError
from photochrom.evaluation.comparison import Comparison, estimate, weights_of
from photochrom.evaluation.figures import Estimate
from photochrom.evaluation.protocol import ExtractorId, Protocol
from photochrom.evaluation.result import Result

MakeResult: TypeAlias = Callable[..., Result]


def hard_and_easy(seed: int = 0, count: int = 120) -> np.ndarray:
    return np.random.default_rng(seed).gamma(4, 3, count)


def test_an_interval_is_that_of_scipys_percentile_bootstrap(make_result: MakeResult) -> None:
    errors = hard_and_easy()
    found = Comparison.of([make_result(values={"ciede2000": errors})]).estimates(0)["ciede2000"]
    assert found.value == pytest.approx(errors.mean())
    theirs = stats.bootstrap(
        (errors,), np.mean, n_resamples=20_000, method="percentile", rng=np.random.default_rng(5)
    ).confidence_interval
    # The ends of 1,000 resamples lie within some hundredths of a standard error of those.
    spread = errors.std() / np.sqrt(len(errors))
    assert (found.low, found.high) == pytest.approx(tuple(theirs), abs=0.25 * spread)


def test_a_root_is_taken_after_the_mean_in_every_resample(make_result: MakeResult) -> None:
    squares = hard_and_easy(1)
    found = Comparison.of([make_result(values={"ab_mse": squares})]).estimates(0)["ab_rmse"]
    theirs = stats.bootstrap(
        (squares,),
        lambda x, axis: np.sqrt(np.mean(x, axis=axis)),
        n_resamples=20_000,
        method="percentile",
        rng=np.random.default_rng(6),
    )
    assert found.value == pytest.approx(np.sqrt(squares.mean()))
    assert (found.low, found.high) == pytest.approx(
        tuple(theirs.confidence_interval), abs=0.25 * theirs.standard_error
    )


def test_a_difference_is_paired_so_hard_pictures_cancel_out(make_result: MakeResult) -> None:
    errors, gain = hard_and_easy(), np.random.default_rng(2).normal(-0.2, 0.4, 120)
    one, other = (
        make_result(t, {"ciede2000": v}) for t, v in (("a", errors), ("b", errors + gain))
    )
    comparison = Comparison.of([one, other])
    found = comparison.differences(1, 0)["ciede2000"]
    theirs = stats.bootstrap(
        (errors + gain, errors),
        lambda x, y, axis: np.mean(x, axis=axis) - np.mean(y, axis=axis),
        paired=True,
        n_resamples=20_000,
        method="percentile",
        rng=np.random.default_rng(7),
    )
    assert found.value == pytest.approx(gain.mean())
    assert (found.low, found.high) == pytest.approx(
        tuple(theirs.confidence_interval), abs=0.25 * theirs.standard_error
    )
    assert found.differs
    apart = comparison.estimates(0)["ciede2000"]
    assert found.high - found.low < (apart.high - apart.low) / 10
    mirrored = comparison.differences(0, 1)["ciede2000"]
    assert (mirrored.value, mirrored.differs) == (pytest.approx(-found.value), True)


def test_a_constant_difference_has_no_width_and_none_does_not_differ(
    make_result: MakeResult,
) -> None:
    # In binary fractions sums are exact.
    a, b = (make_result(t, {"ciede2000": v}) for t, v in (("a", (8.0, 16.0)), ("b", (8.5, 16.5))))
    comparison = Comparison.of([a, b])
    assert comparison.differences(1, 0)["ciede2000"] == Estimate(0.5, 0.5, 0.5)
    assert not comparison.differences(0, 0)["ciede2000"].differs


def test_two_pictures_by_hand(make_result: MakeResult) -> None:
    # Of two pictures a resample has 8, 9 or 10 as its mean, each end in a quarter of all.
    found = Comparison.of([make_result(values={"ciede2000": (8.0, 10.0)})]).estimates(0)
    assert found["ciede2000"] == Estimate(9.0, 8.0, 10.0)
    weights = weights_of(2, 1000)
    assert weights.shape == (1001, 2)
    assert weights[0].tolist() == [1, 1]
    assert set(map(tuple, weights[1:].tolist())) == {(2, 0), (1, 1), (0, 2)}


def test_a_figure_that_is_infinite_or_missing_has_no_interval(make_result: MakeResult) -> None:
    perfect = make_result("o", {"psnr": (np.inf, np.inf)}, kind="original")
    net = make_result("net", {"psnr": (20.0, 24.0)})
    comparison = Comparison.of([net, perfect])
    assert comparison.estimates(1)["psnr"] == Estimate(np.inf, np.inf, np.inf)
    assert np.isnan(comparison.estimates(1)["ssim"].value)
    assert np.isnan(comparison.differences(1, 1)["psnr"].value)
    assert not comparison.differences(1, 1)["psnr"].differs
    assert [one.name for one in comparison.figures()] == ["auc", "rebalanced_auc", "psnr"]


def test_a_resample_without_a_value_is_left_out_of_the_interval() -> None:
    values = np.array([4.0, *np.linspace(3, 5, 99), np.nan])
    assert estimate(values) == Estimate(4.0, *np.sort(values[1:100])[[1, -2]])


def test_some_pictures_alone_are_resampled_among_themselves(make_result: MakeResult) -> None:
    errors = hard_and_easy()
    comparison = Comparison.of([make_result(values={"ciede2000": errors})])
    alone = Comparison.of([make_result(values={"ciede2000": errors[[3, 5, 9]]})])
    found = comparison.within([3, 5, 9], ["ciede2000"])
    assert found[0]["ciede2000"] == alone.estimates(0)["ciede2000"]


def test_other_protocols_are_refused_and_told_apart(make_result: MakeResult) -> None:
    net = make_result("net")
    small = make_result("small net", protocol=Protocol(size=64))
    with pytest.raises(ProtocolError, match=r"small net: .* net .* size \(64, not 256\) and do"):
        Comparison.of([net, small])
    looked = make_result("seer", protocol=Protocol(extractor=ExtractorId(name="e", sha256="a1")))
    with pytest.raises(ProtocolError, match=r"extractor \(e a1, not none\)"):
        Comparison.of([net, looked])
    elsewhere = make_result("far", pictures=("x.png", "y.png"))
    with pytest.raises(ProtocolError, match=r"differ in pictures \(2 [0-9a-f]{16}, not 2 "):
        Comparison.of([net, elsewhere])
    damaged = net.model_copy(update={"pictures": net.pictures[:1]})
    with pytest.raises(ProtocolError, match="1 pictures of the list could be read, but 2"):
        Comparison.of([net, damaged])
    with pytest.raises(ProtocolError, match="no results"):
        Comparison.of([])


def test_every_way_stands_once_between_grey_and_the_original(make_result: MakeResult) -> None:
    ways = [("original", "original"), ("b", "model"), ("a", "model"), ("b", "model")]
    ways += [("mean tint", "mean tint"), ("grey", "grey")]
    comparison = Comparison.of([make_result(title, kind=kind) for title, kind in ways])
    assert comparison.labels == ("grey", "mean tint", "b", "a", "original")
    assert comparison.models == (2, 3)


def test_networks_of_one_name_are_told_apart_by_their_hash(make_result: MakeResult) -> None:
    comparison = Comparison.of([make_result(sha256="a1b2c3d4"), make_result(sha256="ffeeddcc")])
    assert comparison.labels == ("net (a1b2c3)", "net (ffeedd)")
