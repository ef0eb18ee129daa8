"""What each person is shown: no repeats, balance, practice first, checks spread."""

from collections import Counter
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from photochrom.evaluation.protocol import PictureList
from photochrom.turing.pairs import PairedNetwork, Pairs
from photochrom.turing.plan import Plan
from photochrom.turing.schedule import Showing, schedule


def pairs_of(networks: int, names: int = 60, practice: int = 6, checks: int = 8) -> Pairs:
    return Pairs(
        size=8,
        seed=0,
        pictures=PictureList(count=1, sha256="0"),
        networks=tuple(PairedNetwork(name=f"n{at}", sha256="0") for at in range(networks)),
        names=tuple(f"{at:03d}" for at in range(names)),
        practice=tuple(f"{at:03d}" for at in range(practice)),
        checks=tuple(f"{at:03d}" for at in range(checks)),
    )


def drawn(
    networks: int, plan: Plan, seed: int, counts: Counter[tuple[str, str]] | None = None
) -> list[Showing]:
    return schedule(pairs_of(networks), plan, counts or {}, Random(seed))


def many_people(networks: int, plan: Plan, people: int) -> list[list[Showing]]:
    """One after the other, each knowing what was given to those before."""
    counts: Counter[tuple[str, str]] = Counter()
    schedules = []
    for seed in range(people):
        shown = drawn(networks, plan, seed, counts)
        counts.update((s.picture, s.network) for s in shown if s.network)
        schedules.append(shown)
    return schedules


@given(
    networks=st.integers(1, 5),
    trials=st.integers(1, 60),
    practice=st.integers(0, 6),
    checks=st.integers(0, 8),
    seed=st.integers(0, 2**32),
)
def test_every_schedule_is_balanced_and_without_repeats(
    networks: int, trials: int, practice: int, checks: int, seed: int
) -> None:
    plan = Plan(trials=trials, practice=practice, checks=checks)
    shown = drawn(networks, plan, seed)
    assert len(shown) == plan.total
    assert len({(s.kind, s.picture) for s in shown}) == plan.total
    assert [s.kind for s in shown[:practice]] == ["practice"] * practice
    assert Counter(s.kind for s in shown) == Counter(
        {"practice": practice, "check": checks, "test": trials}
    )
    sides = Counter(s.fake_at for s in shown)
    assert abs(sides[0] - sides[1]) <= 1
    tests = [s for s in shown if s.kind == "test"]
    by_network = Counter(s.network for s in tests)
    assert max(by_network.values()) - min(by_network[f"n{n}"] for n in range(networks)) <= 1
    for network in by_network:
        own = Counter(s.fake_at for s in tests if s.network == network)
        assert abs(own[0] - own[1]) <= 1
    for begin in range(0, trials - trials % networks, networks):
        assert len({s.network for s in tests[begin : begin + networks]}) == networks


@given(trials=st.integers(8, 60), checks=st.integers(1, 8), seed=st.integers(0, 2**32))
def test_checks_are_spread(trials: int, checks: int, seed: int) -> None:
    shown = drawn(2, Plan(trials=trials, practice=0, checks=checks), seed)
    at, seen = [], 0
    for one in shown:
        if one.kind == "check":
            at.append(seen)
        else:
            seen += 1
    for number, before in enumerate(at):  # tests shown before each check
        assert number * trials // checks <= before < (number + 1) * trials // checks


def test_least_shown_pairs_come_first() -> None:
    schedules = many_people(3, Plan(trials=20), 27)
    cells = Counter((s.picture, s.network) for shown in schedules for s in shown if s.network)
    # 27 people × 20 trials are 540, over 60 pictures × 3 networks three each, if evenly dealt.
    assert len(cells) == 180
    assert max(cells.values()) - min(cells.values()) <= 2
    by_network = Counter(network for _, network in cells.elements())
    assert max(by_network.values()) - min(by_network.values()) <= 1


def test_people_see_different_orders() -> None:
    first, second = (drawn(2, Plan(), seed) for seed in (1, 2))
    assert [s.picture for s in first] != [s.picture for s in second]
    assert [s.fake_at for s in first] != [s.fake_at for s in second]


def test_nothing_tells_where_the_fake_is() -> None:
    """Over many people the fake is as often first as second at every place, by chance."""
    schedules = [drawn(2, Plan(), seed) for seed in range(400)]
    for number in range(Plan().total):
        second = sum(shown[number].fake_at for shown in schedules)
        assert abs(second - 200) < 50  # five standard deviations of 400 throws of a coin


def test_a_plan_asks_for_no_more_than_there_is() -> None:
    plan = Plan(trials=100, practice=3, checks=9).fitted(pairs_of(1))
    assert (plan.trials, plan.practice, plan.checks) == (60, 3, 8)


@pytest.mark.parametrize("wrong", [{"trials": 0}, {"checks": -1}, {"seconds": 0}, {"seconds": 61}])
def test_plans_that_mean_nothing_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=r"seconds|at least"):
        Plan(**wrong)


def test_a_sequence_of_48_pairs_takes_four_minutes() -> None:
    assert Plan().minutes == 4  # 48 × (1 s + 1 s + 3 s) = 240 s
    assert Plan(trials=41).minutes == 5
    assert Plan(mode="side-by-side").minutes == 4  # 48 × 4 s = 192 s
