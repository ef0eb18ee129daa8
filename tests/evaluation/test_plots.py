"""Curves as SVG: what is drawn is read back from the paths."""

import re
from collections.abc import Callable
from typing import TypeAlias
from xml.etree import ElementTree

import matplotlib as mpl
import numpy as np
import pytest

from photochrom.evaluation.comparison import Comparison
from photochrom.evaluation.plots import (
    COLORS,
    error_plot,
    rebalanced_error_plot,
    reliability_plot,
)
from photochrom.evaluation.result import Result

MakeResult: TypeAlias = Callable[..., Result]

DIAGRAM = {
    "counts": (600, 0, 399, 1),
    "confidence": (0.1, np.nan, 0.4, 0.9),
    "accuracy": (0.2, np.nan, 0.3, 0.0),
}


@pytest.fixture
def compared(make_result: MakeResult) -> Comparison:
    flat = {"curve": (0.6,) * 151, "rebalanced_curve": (0.2,) * 151}
    return Comparison.of(
        [
            make_result("grey", kind="grey", curve=(0.4,) * 151),
            make_result("a <b> & $c$", **flat, reliability=DIAGRAM),
            make_result("d", curve=(0.8,) * 151),
            make_result("original", kind="original", curve=(1.0,) * 151),
        ]
    )


def paths(svg: str, color: str) -> list[list[tuple[float, float]]]:
    """The points of every path of a color that has an axis to lie in."""
    found = []
    for path in ElementTree.fromstring(svg).iter("{http://www.w3.org/2000/svg}path"):
        if f"stroke: {color}" in path.get("style", "") and path.get("clip-path"):
            numbers = [float(number) for number in re.findall(r"-?[\d.]+", path.get("d", ""))]
            found.append(list(zip(numbers[::2], numbers[1::2], strict=True)))
    return found


def heights(svg: str) -> list[float]:
    """Where the horizontal lines of the grid are, from the lowest on."""
    grid = [line for line in paths(svg, "var(--plot-grid, #e4e7ea)") if line[0][1] == line[1][1]]
    return sorted((line[0][1] for line in grid), reverse=True)


def letters(svg: str) -> str:
    return " ".join(ElementTree.fromstring(svg).itertext())


@pytest.mark.parametrize(
    ("plot", "lines"), [(error_plot, {0: 3, 1: 4}), (rebalanced_error_plot, {0: 1})]
)
def test_lines_lie_where_their_shares_are(
    compared: Comparison, plot: Callable[[Comparison], str], lines: dict[int, int]
) -> None:
    svg = plot(compared)
    grid = heights(svg)  # 0, 20, ... 100 %
    assert len(grid) == 6
    for color, fifths in lines.items():
        [line] = paths(svg, COLORS[color])
        assert [y for _, y in line] == pytest.approx([grid[fifths]] * len(line), abs=1e-3)


def test_a_curve_of_a_sure_network_is_not_pressed_into_a_corner(make_result: MakeResult) -> None:
    soon = make_result(curve=(0.5,) * 35 + (0.995,) * 116)
    assert " 40 " in letters(error_plot(Comparison.of([soon])))
    assert " 50 " not in letters(error_plot(Comparison.of([soon])))
    assert " 140 " in letters(error_plot(Comparison.of([make_result(curve=(0.5,) * 151)])))


def test_names_are_said_as_they_are_and_the_original_is_no_line(compared: Comparison) -> None:
    svg = error_plot(compared)
    root = ElementTree.fromstring(svg)
    assert root.get("role") == "img"
    title = root[0]
    assert title.tag.endswith("title")
    assert title.text == "Pixels within an ab error, by threshold: grey, a <b> & $c$, d"
    assert letters(svg).count("a <b> & $c$") == 2  # title and legend
    assert "original" not in letters(svg)


def test_reliability_leaves_out_bins_with_next_to_nothing(compared: Comparison) -> None:
    svg = reliability_plot(compared)
    assert svg is not None
    [line] = paths(svg, COLORS[0])
    assert len(line) == 2
    grid = heights(svg)
    scale = (grid[0] - grid[-1]) / 0.45  # which the panel goes up to
    assert [(grid[0] - y) / scale for _, y in line] == pytest.approx([0.2, 0.3], abs=1e-3)


def test_temperatures_of_one_network_share_a_line(make_result: MakeResult) -> None:
    results = [make_result(title, reliability=DIAGRAM) for title in ("n, T = 1", "n, T = 0.38")]
    svg = reliability_plot(Comparison.of([Result(**one.model_dump()) for one in results]))
    assert svg is not None
    assert len(paths(svg, COLORS[0])) == 1
    assert not paths(svg, COLORS[1])
    assert "n, T = 0.38" in letters(svg)


def test_without_a_distribution_there_is_no_reliability(make_result: MakeResult) -> None:
    assert reliability_plot(Comparison.of([make_result()])) is None


def test_the_same_comparison_draws_the_same_and_settings_stay(compared: Comparison) -> None:
    before = dict(mpl.rcParams)
    assert error_plot(compared) == error_plot(compared)
    assert dict(mpl.rcParams) == before
    assert "date" not in error_plot(compared).lower()


def test_no_id_is_said_twice_in_a_page(compared: Comparison) -> None:
    plots = (error_plot, rebalanced_error_plot, reliability_plot)
    ids = re.findall(r' id="([^"]+)"', "".join(str(plot(compared)) for plot in plots))
    assert ids
    assert len(ids) == len(set(ids))
    for plot in plots:
        svg = str(plot(compared))
        assert set(re.findall(r"#((?:m|p)[0-9a-f]{10})", svg)) <= set(ids)
