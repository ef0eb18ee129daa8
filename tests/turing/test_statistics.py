"""Figures against hand-worked values, published ones and independent libraries."""

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import binomtest

from photochrom.errors import DatasetError
from photochrom.turing.answers import COLUMNS, Answer, write_csv
from photochrom.turing.report import text
from photochrom.turing.statistics import Rule, fooled_rate, intraclass, study


def answer(person: int = 1, number: int = 1, fooled: bool = False, **others: object) -> Answer:
    facts: dict[str, object] = {
        "kind": "test",
        "picture": f"{number:03d}",
        "network": "a",
        "fake_at": number % 2,
        "milliseconds": 700,
        "answered_at": "2026-01-01T00:00:00.000+00:00",
        "mode": "sequence",
        "seconds": 1.0,
        "checks": 0,
    }
    facts |= others
    at = int(str(facts["fake_at"]))
    return Answer(participant=person, number=number, choice=1 - at if fooled else at, **facts)  # type: ignore[arg-type]


def people(rates: list[float], each: int, network: str = "a") -> list[Answer]:
    """A rater per rate, fooled in that share of `each` answers."""
    return [
        answer(person, number, number < rate * each, network=network)
        for person, rate in enumerate(rates)
        for number in range(each)
    ]


def test_wilson_is_scipy_s() -> None:
    rate = fooled_rate("a", people([0.25, 0.5, 0.3], 20))
    assert (rate.fooled, rate.answers, rate.raters) == (21, 60, 3)
    theirs = binomtest(21, 60).proportion_ci(method="wilson")
    assert rate.wilson == pytest.approx((theirs.low, theirs.high))


def test_the_rate_of_zhang_2016_in_1600_answers_is_known_to_two_points() -> None:
    """By hand: 1.96 × sqrt(0.323 × 0.677 / 1600) = 0.0229."""
    answers = [answer(n % 40, n, fooled=n < 517) for n in range(1600)]  # 32.3 %
    rate = fooled_rate("a", answers)
    assert rate.rate == pytest.approx(0.323, abs=2e-4)
    assert rate.wilson.high - rate.wilson.low == pytest.approx(2 * 0.0229, abs=1e-4)


def test_the_bootstrap_is_over_people() -> None:
    """Half the raters are always fooled, half never: 40 people say no more than 40 throws."""
    rate = fooled_rate("a", people([0.0, 1.0] * 20, 50))
    assert rate.rate == 0.5
    assert rate.wilson.high - rate.wilson.low == pytest.approx(2 * 0.0219, abs=1e-3)
    assert rate.bootstrap is not None
    of_40 = 1.96 * np.sqrt(0.25 / 40)
    assert rate.bootstrap.high - rate.bootstrap.low == pytest.approx(2 * of_40, rel=0.1)
    assert rate.intraclass == pytest.approx(1)


def test_a_single_rater_has_no_interval_over_people() -> None:
    assert fooled_rate("a", people([0.5], 10)).bootstrap is None


def test_intraclass_correlation_by_hand() -> None:
    """Two people, four answers each, fooled in 3 and 1: MSB = 8/16, MSW = 1.5/6, m0 = 4.

    rho = (0.5 - 0.25) / (0.5 + 3 × 0.25) = 0.2.
    """
    assert intraclass(np.array([3, 1]), np.array([4, 4])) == pytest.approx(0.2)


def test_intraclass_correlation_of_known_raters_is_found() -> None:
    """Rates from Beta(a, b) correlate answers by 1 / (a + b + 1), here 0.2."""
    random = np.random.default_rng(0)
    fooled = random.binomial(40, random.beta(2, 2, 2000))
    assert intraclass(fooled, np.full(2000, 40)) == pytest.approx(0.2, abs=0.015)
    assert intraclass(random.binomial(40, 0.5, 2000), np.full(2000, 40)) < 0.005


@pytest.mark.parametrize("shown", [[4], [1, 1]])
def test_nothing_can_be_said_of_the_correlation_of_one_person_or_one_answer_each(
    shown: list[int],
) -> None:
    assert intraclass(np.array([1, 0][: len(shown)]), np.array(shown)) == 0


def checks(person: int, right: int, of: int) -> list[Answer]:
    return [answer(person, 100 + n, fooled=n >= right, kind="check", network="") for n in range(of)]


def test_the_rule_leaves_out_whom_it_says() -> None:
    answers = people([0.5] * 5, 10)
    answers += checks(0, 4, 4) + checks(1, 3, 4) + checks(2, 2, 4)  # 3 answers no check
    answers += checks(4, 4, 4)
    answers = [
        answer(4, a.number, a.fooled, milliseconds=150)
        if (a.participant, a.kind) == (4, "test")
        else a
        for a in answers
    ]
    found = study([replace(one, checks=4) for one in answers])
    assert found.excluded == {
        2: "2 of 4 checks right",
        3: "no check answered",
        4: "answers too fast",
    }
    assert (found.participants, found.networks[0].raters) == (5, 2)


def test_where_nobody_was_checked_nobody_is_left_out_for_it() -> None:
    unchecked = people([0.5, 0.5], 10)
    assert study(unchecked).excluded == {}
    checked = [replace(one, participant=9) for one in unchecked[:10]]
    with_some = unchecked + [replace(one, checks=4) for one in checked] + checks(9, 4, 4)
    assert study(with_some).excluded == {}


def test_people_who_stopped_early_are_judged_by_the_checks_they_saw() -> None:
    answers = people([0.5, 0.5], 10) + checks(0, 2, 2) + checks(1, 1, 2)
    assert study(answers).excluded == {1: "1 of 2 checks right"}


def test_practice_and_checks_are_no_answers() -> None:
    answers = people([0.5], 10) + checks(0, 4, 4)
    answers += [answer(0, 200, fooled=True, kind="practice", network="")]
    (rate,) = study(answers).networks
    assert (rate.fooled, rate.answers) == (5, 10)


def test_another_rule_can_be_stated() -> None:
    answers = people([0.5], 10) + checks(0, 2, 4)
    assert study(answers).excluded
    assert not study(answers, Rule(checks=0.5)).excluded


def test_times_are_quartiles() -> None:
    answers = [answer(1, n, milliseconds=100 * n) for n in range(1, 6)]
    assert fooled_rate("a", answers).milliseconds == (200, 300, 400)


def test_the_report_says_rates_rule_bias_and_sample_size() -> None:
    answers = people([0.3, 0.4], 20) + people([0.1, 0.1], 20, "b")
    answers += checks(0, 4, 4) + checks(1, 4, 4) + checks(7, 1, 4)
    report = text(study(answers))
    assert "Raters: 3, of whom 2 count" in report
    assert "fewer than 75%" in report
    assert "- rater 7: 1 of 4 checks right" in report
    first, second = (line for line in report.splitlines() if line.startswith(("| a ", "| b ")))
    assert first.startswith("| a | 2 | 40 | 35.0% |")
    assert second.startswith("| b | 2 | 40 | 10.0% |")
    assert "Position: " in report
    # 1.96² × 0.35 × 0.65 / 0.1² = 87.4 answers, 20 each: 5 raters.
    assert "Sample size, a: ± 10 points take 5 raters" in report


def test_a_favored_place_is_called_a_bias() -> None:
    always_second = [answer(p, n, fooled=n % 2 == 0) for p in range(4) for n in range(20)]
    assert study(always_second).second == (80, 80)
    assert "a bias" in text(study(always_second))
    assert "no bias" in text(study(people([0.5, 0.5], 20)))


def test_a_report_of_nothing_is_no_error() -> None:
    assert "No answer that counts yet." in text(study([]))


def test_the_csv_file_has_a_row_for_each_answer(tmp_path: Path) -> None:
    answers = [answer(1, 1), answer(2, 2, fooled=True)]
    write_csv(answers, {2: "answers too fast"}, tmp_path / "all.csv")
    with (tmp_path / "all.csv").open(newline="", encoding="utf-8") as file:
        first, second = csv.DictReader(file)
    assert tuple(first) == COLUMNS
    assert (
        *("participant", "number", "kind", "picture", "network", "fake_at", "choice"),
        *("milliseconds", "answered_at", "mode", "seconds", "checks", "correct", "excluded"),
    ) == COLUMNS
    assert (first["participant"], first["correct"], first["excluded"]) == ("1", "1", "")
    assert (second["participant"], second["correct"]) == ("2", "0")
    assert second["excluded"] == "answers too fast"


def test_a_csv_file_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"all\.csv: cannot be written"):
        write_csv([], {}, tmp_path / "absent" / "all.csv")
