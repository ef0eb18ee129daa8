"""The machine Turing test: what judges can learn, what they cannot, and what is said of it."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
import typer
from numpy.typing import NDArray
from typer.testing import CliRunner, Result

from photochrom.cli.faults import Verbs
from photochrom.cli.machine import machine
from photochrom.errors import DatasetError
from photochrom.evaluation.protocol import PictureList
from photochrom.experiments.machine_judge import (
    Pictures,
    Setup,
    coarsened,
    folds_of,
    margins,
    rejoined,
)
from photochrom.experiments.machine_verdict import (
    COPY,
    GREY,
    LABEL,
    OWN,
    Exhibit,
    Record,
    Verdict,
    examine,
    row_of,
    text,
    verdict,
)
from photochrom.turing.pairs import PairedNetwork, write_pairs

CPU = torch.device("cpu")
QUICK = Setup(folds=2, steps=12, batch=8, width=4)


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


def blotches(count: int, seed: int = 0) -> Pictures:
    """`(count, 32, 32, 3)`: every picture of other colors, sixteen squares of them."""
    colors = np.random.default_rng(seed).integers(40, 216, (count, 4, 4, 3), dtype=np.uint8)
    return colors.repeat(8, axis=1).repeat(8, axis=2)


def crossed(real: Pictures, fake: Pictures, parts: NDArray[np.int64], setup: Setup) -> float:
    """Accuracy over all pairs, each judged by the judge of its part."""
    found = np.concatenate(
        [margins(real, fake, parts == fold, setup, fold, CPU) for fold in range(setup.folds)]
    )
    return float((found > 0).mean())


def exhibit(count: int = 12, **fakes: Callable[[], Pictures]) -> Exhibit:
    names = [f"{number:03d}" for number in range(count)]
    return Exhibit("0" * 64, names, blotches(count), fakes)


def test_grey_pictures_are_told_from_real_ones() -> None:
    real = blotches(40)
    setup = Setup(folds=2, steps=30, batch=8, width=8)
    assert crossed(real, rejoined(real, 0), folds_of(real, setup), setup) >= 0.95


def test_a_picture_and_its_copy_have_the_same_score_to_the_last_bit() -> None:
    real = blotches(37)  # no multiple of what is scored at a time
    held_out = np.arange(37) % 2 == 0
    found = margins(real, real.copy(), held_out, QUICK, 0, CPU)
    assert np.array_equal(found, np.zeros(19))


def test_identical_pairs_come_out_at_half(tmp_path: Path) -> None:
    found = examine(exhibit(12), QUICK, tmp_path / "folds.json", CPU)
    copy = next(row for row in found.rows if row.name == COPY)
    assert (copy.pairs, copy.ties, copy.found, copy.accuracy) == (12, 12, 6, 0.5)
    assert copy.wilson.low < 0.5 < copy.wilson.high


def test_a_coin_is_learned_by_heart_only_where_a_picture_lies_in_two_parts() -> None:
    once = blotches(16)
    heads = np.random.default_rng(1).permutation(16)[:, None, None, None] < 8
    grey = rejoined(once, 0)
    real, fake = np.where(heads, grey, once), np.where(heads, once, grey)
    real, fake = np.concatenate([real, real]), np.concatenate([fake, fake])
    setup = Setup(folds=2, steps=100, batch=16, width=16)
    leaking = np.arange(32) // 16  # each picture is held out while its double is learned
    assert crossed(real, fake, leaking, setup) > 0.9
    parts = folds_of(real, setup)
    assert np.array_equal(parts[:16], parts[16:])
    assert crossed(real, fake, parts, setup) < 0.8


def test_every_original_is_held_out_once_and_parts_are_alike() -> None:
    setup = Setup(folds=5)
    parts = folds_of(blotches(23), setup)
    assert sorted(np.bincount(parts)) == [4, 4, 5, 5, 5]
    assert np.array_equal(parts, folds_of(blotches(23), setup))
    assert not np.array_equal(parts, folds_of(blotches(23), Setup(folds=5, seed=1)))


def test_pictures_too_small_or_too_few_are_refused() -> None:
    with pytest.raises(DatasetError, match="too small"):
        folds_of(blotches(9)[:, :24, :24], QUICK)
    with pytest.raises(DatasetError, match="1 different originals"):
        folds_of(blotches(1).repeat(9, axis=0), QUICK)


def test_rejoined_copies_exactly_and_greys_keep_their_lightness() -> None:
    from skimage.color import rgb2lab

    real = blotches(3)
    assert np.array_equal(rejoined(real, 1), real)
    grey = rejoined(real, 0)
    assert np.all(grey == grey[..., :1])
    assert np.abs(rgb2lab(grey)[..., 0] - rgb2lab(real)[..., 0]).max() < 0.4  # rounding to 8 bits


def test_coarsened_keeps_lightness_and_mean_colors_and_loses_what_is_finer_than_a_cell() -> None:
    from skimage.color import rgb2lab

    fine = np.full((1, 34, 34, 3), 128, dtype=np.uint8)
    fine[:, :, ::2, 0], fine[:, :, 1::2, 2] = 150, 150  # columns of one pixel, red and blue
    before, after = rgb2lab(fine), rgb2lab(coarsened(fine))
    assert after.shape == (1, 34, 34, 3)
    assert np.abs(after[..., 0] - before[..., 0]).max() < 0.5  # rounding to 8 bits
    means = before[..., 1:].mean(axis=(0, 1, 2))
    assert np.abs(after[..., 1:] - means).max() < 3  # lines of lightness keep a little
    assert np.abs(before[..., 1:] - means).max() > 7


def test_figures_of_a_hand_worked_case() -> None:
    # Seven originals seem more real, one less; of two ties the second counts as found.
    values = [2.0, 1.0, 0.5, 0.0, 3.0, -1.0, 0.0, 0.1, 0.2, 4.0]
    row = row_of("a", {f"{at:03d}": value for at, value in enumerate(values)}, seed=0)
    assert (row.pairs, row.found, row.ties, row.accuracy) == (10, 8, 2, 0.8)
    assert row.fooled == pytest.approx(0.2)
    # Newcombe 1998, method 3, for 8 of 10: z = 1.959964 by hand.
    assert row.wilson == pytest.approx((0.49016, 0.94332), abs=1e-5)
    assert row.bootstrap == (0.5, 1.0)  # binomial(10, 0.8): P(<= 4) = 0.6 %, P(<= 5) = 3.3 %


def record_of(grey: float, copy: float, own: float, pairs: int = 200) -> Record:
    """Accuracies of the controls, in two folds."""

    def folds(accuracy: float) -> dict[int, dict[str, float]]:
        right = round(accuracy * pairs)
        sides = [(f"{at:03d}", 1.0 if at < right else -1.0) for at in range(pairs)]
        return {0: dict(sides[::2]), 1: dict(sides[1::2])}

    return Record(
        pairs="0" * 64, setup=QUICK, folds={GREY: folds(grey), COPY: folds(copy), OWN: folds(own)}
    )


def test_a_judge_that_is_not_to_be_trusted_is_named() -> None:
    rows = (GREY, COPY, OWN)
    assert verdict(record_of(0.99, 0.5, 0.5), rows, 200).warnings == ()
    for bad, told in (
        (record_of(0.90, 0.5, 0.5), "learned too little"),
        (record_of(0.99, 0.6, 0.5), "how pictures are written"),
        (record_of(0.99, 0.5, 0.6), "how fine colors are"),
    ):
        (warning,) = verdict(bad, rows, 200).warnings
        assert told in warning
    (few,) = verdict(record_of(0.99, 0.5, 0.5, 100), rows, 100).warnings
    assert "learns from 50 pairs, fewer than 100" in few


def test_a_stopped_test_goes_on_and_ends_as_if_it_had_not_been_stopped(tmp_path: Path) -> None:
    shown = exhibit(12, a=lambda: blotches(12, seed=1))
    whole = examine(shown, QUICK, tmp_path / "whole.json", CPU)
    learned = 0

    def stop(steps: int) -> None:
        nonlocal learned
        learned += steps
        if learned == 3 * QUICK.steps + 5:  # within the fourth judge of eight
            raise KeyboardInterrupt

    kept = tmp_path / "kept.json"
    with pytest.raises(KeyboardInterrupt):
        examine(shown, QUICK, kept, CPU, advance=stop)
    told: list[int] = []
    assert examine(shown, QUICK, kept, CPU, advance=told.append) == whole
    assert (told[0], told[1:]) == (3 * QUICK.steps, [1] * (5 * QUICK.steps))
    again: list[int] = []
    assert examine(shown, QUICK, kept, CPU, advance=again.append) == whole
    assert again == [8 * QUICK.steps]


def test_when_the_time_is_over_one_judge_is_done_and_the_rest_is_named(tmp_path: Path) -> None:
    shown, kept = exhibit(12, a=lambda: blotches(12, seed=1)), tmp_path / "kept.json"
    first = examine(shown, QUICK, kept, CPU, deadline=0.0)
    assert (first.rows, first.missing) == ((), (GREY, COPY, OWN, "a"))
    second = examine(shown, QUICK, kept, CPU, deadline=0.0)
    assert ([row.name for row in second.rows], second.missing) == ([GREY], (COPY, OWN, "a"))
    assert (
        "Not judged yet: control: copy, control: own colors, a; the same command goes on."
        in text(second)
    )


def test_judges_of_another_test_are_not_gone_on_with(tmp_path: Path) -> None:
    kept = tmp_path / "kept.json"
    examine(exhibit(12), QUICK, kept, CPU, deadline=0.0)
    with pytest.raises(DatasetError, match="other pairs or settings"):
        examine(exhibit(12), QUICK.model_copy(update={"seed": 1}), kept, CPU)
    kept.write_text("{}")
    with pytest.raises(DatasetError, match="delete it to begin anew"):
        examine(exhibit(12), QUICK, kept, CPU)


@pytest.fixture
def pairs(tmp_path: Path) -> Path:
    """Ten pairs of a network that colors all grey, and of one that copies."""
    real = blotches(10)
    fakes = zip(rejoined(real, 0), real, strict=True)
    networks = [PairedNetwork(name=name, sha256="0" * 64) for name in ("dull", "perfect")]
    return write_pairs(
        tmp_path / "pairs",
        networks=networks,
        tests=[(one, both) for one, both in zip(real, fakes, strict=True)],
        practice=[],
        checks=[],
        pictures=PictureList(count=10, sha256="0" * 64),
    ).folder


def run(*arguments: object) -> Result:
    app = typer.Typer(cls=Verbs, rich_markup_mode=None, pretty_exceptions_enable=False)
    app.command()(machine)
    app.callback()(lambda: None)
    return CliRunner().invoke(app, ["machine", *map(str, arguments)])


FAST = ("--folds", 2, "--steps", 10, "--width", 4, "--device", "cpu", "--threads", 1)


def test_the_verb_writes_a_verdict_that_says_it_is_no_human_s(pairs: Path) -> None:
    result = run("--pairs", pairs, *FAST)
    assert result.exit_code == 0, result.stderr
    target = pairs.with_name("pairs.machine.json")
    assert result.stdout.splitlines()[-1] == str(target)
    assert LABEL == "A machine's verdict, not people's."
    assert LABEL in result.stdout
    written = json.loads(target.read_text())
    assert written["label"] == LABEL
    found = Verdict.model_validate(written)
    by_name = {row.name: row for row in found.rows}
    assert list(by_name) == [GREY, COPY, OWN, "dull", "perfect"]
    # Judges of equal pairs learn alike, whatever the pairs are called.
    assert by_name["dull"].margins == by_name[GREY].margins
    assert by_name["perfect"].accuracy == by_name[COPY].accuracy == 0.5
    assert "| perfect | 10 | 50.0% | 23.7% – 76.3% | " in result.stdout
    assert "learns from 5 pairs, fewer than 100" in result.stdout
    assert run("--pairs", pairs, *FAST).stdout == result.stdout  # from what is kept


def test_only_the_networks_asked_for_are_judged(pairs: Path) -> None:
    result = run("--pairs", pairs, *FAST, "--network", "perfect", "-o", pairs / "x.json")
    assert result.exit_code == 0, result.stderr
    assert "| perfect |" in result.stdout
    assert "| dull |" not in result.stdout
    assert (pairs / "x.json").is_file()


def test_faults_are_one_line(pairs: Path, tmp_path: Path) -> None:
    absent = run("--pairs", tmp_path / "absent", *FAST)
    assert absent.exit_code == 1
    assert absent.stderr.startswith(f"error: {tmp_path / 'absent'}")
    few = run("--pairs", pairs, *FAST, "--folds", 11)
    assert few.exit_code == 1
    assert few.stderr.splitlines()[-1].startswith("error: 10 different originals")
    for options, told in (
        (("--network", "other"), "other: the pairs have dull, perfect"),
        (("--device", "abacus"), "abacus: no such device here"),
        (("-o", tmp_path / "absent" / "x.json"), "absent: no such folder"),
    ):
        result = run("--pairs", pairs, *FAST, *options)
        assert result.exit_code == 2
        assert told in result.stderr
