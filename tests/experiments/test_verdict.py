"""Verdicts from figures written by hand."""

from collections.abc import Callable

import numpy as np
import pytest
from scipy.stats import norm

from photochrom.evaluation.figures import Estimate
from photochrom.evaluation.protocol import Protocol
from photochrom.evaluation.result import Result
from photochrom.experiments.claims import CLAIMS, MADE, NATURE, SCENES
from photochrom.experiments.gathered import Gathered
from photochrom.experiments.judging import Style
from photochrom.experiments.measures import At, Gain, Of, PerColor, StyleChange
from photochrom.experiments.verdict import Check, Claim, Side, State, finding, judged, verdict

Gather = Callable[..., Gathered]
Make = Callable[..., Result]


@pytest.mark.parametrize(
    ("low", "high", "side", "state"),
    [
        (0.1, 0.3, "above", "confirmed"),
        (-0.1, 0.3, "above", "not confirmed"),
        (-0.3, -0.1, "above", "contradicted"),
        (0.1, 0.3, "below", "contradicted"),
        (-0.3, -0.1, "below", "confirmed"),
        (-0.1, 0.3, "below", "not confirmed"),
        # No improvement worth the name on an error of 20: the margin is 0.2.
        (-0.1, 0.4, "not below", "confirmed"),
        (0.1, 0.4, "not below", "confirmed"),
        (-0.3, 0.4, "not below", "not confirmed"),
        (-0.15, -0.05, "not below", "contradicted"),
    ],
)
def test_rule(low: float, high: float, side: Side, state: State) -> None:
    assert judged(Estimate((low + high) / 2, low, high), side, 20.0) == state


def test_figure_that_no_picture_has_is_not_tested(made: Make, gathered: Gather) -> None:
    found = gathered({name: [made(name, {"psnr": [1.0] * 8})] for name in ("a", "b")})
    came = finding(Check("", Of("warmth", At("a")), Of("warmth", At("b")), "above"), found)
    assert (came.state, came.missing) == ("not tested", ("values of warmth",))


def test_pairs_cancel_what_is_hard_for_both(made: Make, gathered: Gather) -> None:
    """Errors that differ by 0.1 ± 0.02 on pictures whose errors spread by 5: paired, apart."""
    rng = np.random.default_rng(0)
    hard = rng.normal(20, 5, 200)
    easier = hard - rng.normal(0.1, 0.02, 200)
    found = gathered(
        {"a": [made("a", {"ciede2000": hard})], "b": [made("b", {"ciede2000": easier})]}
    )
    left, right = Of("ciede2000", At("a")), Of("ciede2000", At("b"))
    paired = finding(Check("", left, right, "above"), found)
    assert paired.state == "confirmed"
    assert paired.difference is not None
    mean = float(np.mean(hard - easier))
    assert paired.difference.value == pytest.approx(mean)
    reach = norm.ppf(0.975) * np.std(hard - easier) / np.sqrt(200)
    assert paired.difference.low == pytest.approx(mean - reach, abs=reach / 4)
    apart = finding(Check("", left, right, "above", paired=False), found)
    assert apart.state == "not confirmed"
    assert apart.difference is not None
    reach = norm.ppf(0.975) * 5 * np.sqrt(2 / 200)
    assert apart.difference.high - apart.difference.low == pytest.approx(2 * reach, rel=0.2)


def test_classes_restrict_and_groups_compare(made: Make, gathered: Gather) -> None:
    """By day the error is 2 of grey's 10, by night 18 of 20: 80 % taken away against 10 %."""
    grey = made("grey", {"pixel_l2": [10.0, 20.0] * 10}, kind="grey")
    ours = made("a", {"pixel_l2": [2.0, 18.0] * 10})
    found = gathered({"a": [ours]}, grey=grey)
    test = Check("", Gain(At("a"), ("day",)), Gain(At("a"), ("night",)), "above", paired=False)
    came = finding(test, found)
    assert came.state == "confirmed"
    assert came.left is not None
    assert came.right is not None
    assert (came.left.value, came.right.value) == pytest.approx((80.0, 10.0))
    day = Of("pixel_l2", At("a"), ("day",)).drawn(found, seed=0)
    assert (day == 2.0).all()


def test_figure_over_colorfulness(made: Make, gathered: Gather) -> None:
    found = gathered({"a": [made("a", {"bleeding": [1.0, 3.0], "colorfulness": [10.0, 30.0]})]})
    assert PerColor("bleeding", At("a")).drawn(found, seed=0)[0] == pytest.approx(0.1)


def test_styles_are_held_against_a_number(made: Make, gathered: Gather) -> None:
    cells = {"a": [made("a", {"ciede2000": [1.0, 1.0]})]}
    for change, state in ((3.0, "confirmed"), (0.4, "contradicted")):
        style = Style(protocol=Protocol(), pictures=("x",) * 9, differences=(change,) * 9)
        found = gathered(cells, styles={"a": style})
        assert finding(Check("", StyleChange("a"), 1.0, "above"), found).state == state
    assert StyleChange("a").missing(gathered(cells)) == ["styles of a"]


def test_temperatures_of_one_cell_are_ways_of_their_own(made: Make, gathered: Gather) -> None:
    ways = [
        made(f"a, T = {t:g}", {"spottedness": [value] * 8}, temperature=t)
        for t, value in ((0.01, 10.0), (0.38, 5.0))
    ]
    found = gathered({"a": ways})
    test = Check("", Of("spottedness", At("a", 0.01)), Of("spottedness", At("a", 0.38)), "above")
    assert finding(test, found).state == "confirmed"
    other = Check("", Of("spottedness", At("a", 1.0)), Of("spottedness", At("a", 0.38)), "above")
    assert finding(other, found).missing == ("the cell a at T = 1",)


def test_all_tests_of_a_claim_must_hold(made: Make, gathered: Gather) -> None:
    found = gathered(
        {name: [made(name, {"psnr": [value] * 8})] for name, value in (("a", 1.0), ("b", 2.0))}
    )
    low, high = Of("psnr", At("a")), Of("psnr", At("b"))
    true, false = Check("", low, high, "below"), Check("", low, high, "above")
    none = Check("", low, Of("psnr", At("c")), "below")
    equal = Check("", low, low, "below")
    for tests, state in (
        ((true, true), "confirmed"),
        ((true, equal), "not confirmed"),
        ((true, equal, false), "contradicted"),
        ((false, none), "not tested"),
    ):
        assert verdict(Claim("", (), "", tests), found).state == state
    assert verdict(Claim("", (), "", (none,)), found).missing == ["the cell c"]


def test_every_claim_is_told_without_any_cell(gathered: Gather) -> None:
    found = gathered({})
    for claim in CLAIMS:
        told = verdict(claim, found)
        assert told.state == "not tested"
        assert told.missing


def test_claims_are_of_the_seeds_and_distinct() -> None:
    assert len({claim.id for claim in CLAIMS}) == len(CLAIMS)
    assert {seed for claim in CLAIMS for seed in claim.seeds} == {"000", "001", "002", "003", "004"}
    assert not set(NATURE) & set(MADE)
    assert "face" not in SCENES
