"""Figures of training: the smoothed line against hand-worked values, and the files."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from photochrom.training import plots
from photochrom.training.plots import (
    Curve,
    comparison_plot,
    loss_plot,
    memory_of,
    rate_plot,
    smoothed,
)


def _rgb(color: str) -> tuple[int, ...]:
    return tuple(bytes.fromhex(color.removeprefix("#")))


def _shown(path: Path) -> set[tuple[int, ...]]:
    """The colors of a figure."""
    with Image.open(path) as picture:
        assert picture.format == "PNG"
        return set(map(tuple, np.unique(np.asarray(picture.convert("RGB")).reshape(-1, 3), axis=0)))


def test_smoothing_by_hand():
    # decay 1/2: 0.5·4 / 0.5, then (0.5·2 + 0.5·0) / 0.75, then (0.5·1 + 0.5·8) / 0.875
    assert smoothed([4.0, 0.0, 8.0], memory=2) == pytest.approx([4, 4 / 3, 36 / 7])


def test_smoothing_keeps_a_constant_and_memory_of_one_keeps_everything():
    assert smoothed([3.0] * 50, memory=10) == pytest.approx([3.0] * 50)
    noise = np.random.default_rng(0).normal(size=20)
    assert smoothed(noise, memory=1) == pytest.approx(noise)


def test_smoothing_is_the_weighted_mean_of_what_was_seen():
    noise = np.random.default_rng(1).normal(size=30)
    weights = 0.9 ** np.arange(30)[::-1]
    assert smoothed(noise, memory=10)[-1] == pytest.approx(np.average(noise, weights=weights))


def test_a_long_run_is_smoothed_over_more_steps():
    assert [memory_of(steps) for steps in (0, 5, 60, 500, 5000)] == [1, 1, 12, 20, 100]


def _run(folder: Path, header: str, rows: list[str]) -> Path:
    folder.mkdir()
    (folder / "losses.csv").write_text("\n".join([header, *rows]) + "\n")
    return folder


def test_a_run_has_a_line_and_its_validation_points(tmp_path):
    run = _run(tmp_path / "run", "step,model", [f"{at},{6 - at / 50}" for at in range(100)])
    path = loss_plot(run, [(50, 5.5), (100, 4.5)])
    assert path == run / "losses.png"
    assert {_rgb(plots.COLORS[0]), _rgb("#222222")} <= _shown(path)
    assert sorted(file.name for file in run.iterdir()) == ["losses.csv", "losses.png"]


def test_every_team_has_a_panel_of_its_own(tmp_path):
    rows = [f"{at},{100 - at},0.69" for at in range(50)]
    both = loss_plot(_run(tmp_path / "gan", "step,model,judge", rows), [])
    alone = loss_plot(_run(tmp_path / "one", "step,model", [r.rsplit(",", 1)[0] for r in rows]), [])
    assert {_rgb(plots.COLORS[0]), _rgb(plots.COLORS[1])} <= _shown(both)
    assert _rgb(plots.COLORS[1]) not in _shown(alone)
    with Image.open(both) as two, Image.open(alone) as one:
        assert two.width == one.width
        assert two.height > 1.5 * one.height


def test_the_same_losses_give_the_same_bytes(tmp_path):
    run = _run(tmp_path / "run", "step,model", [f"{at},{1 / (at + 1)}" for at in range(30)])
    first = loss_plot(run, []).read_bytes()
    assert loss_plot(run, []).read_bytes() == first


def test_a_run_without_steps_is_drawn_empty(tmp_path):
    assert loss_plot(_run(tmp_path / "run", "step,model", []), []).stat().st_size > 1000


def test_compared_runs_have_their_colors(tmp_path):
    x = np.arange(1, 101) * 16.0
    curves = [Curve(f"run {at}", x, 5 + at - x / 800, color=at) for at in range(3)]
    shown = _shown(comparison_plot(curves, "three runs", tmp_path / "new" / "losses.png"))
    assert {_rgb(color) for color in plots.COLORS[:3]} <= shown
    assert _rgb(plots.COLORS[3]) not in shown


def test_a_range_test_marks_its_suggestion(tmp_path):
    rates = list(np.geomspace(1e-5, 1, 60))
    losses = list(5 - 2 / (1 + np.exp(-3 * (np.log10(rates) + 3))))
    test = (rates, losses), (rates[:50], losses[:50])
    marked = _shown(rate_plot(tmp_path / "rates.png", "test", *test, 1e-3))
    assert {_rgb(plots.COLORS[0]), _rgb(plots.COLORS[1])} <= marked
    assert _rgb(plots.COLORS[1]) not in _shown(
        rate_plot(tmp_path / "none.png", "test", *test, None)
    )


def test_drawing_sets_nothing_for_the_process(tmp_path):
    import matplotlib

    before = dict(matplotlib.rcParams)
    comparison_plot([Curve("a", np.ones(2), np.ones(2))], "flat", tmp_path / "x.png")
    assert dict(matplotlib.rcParams) == before
