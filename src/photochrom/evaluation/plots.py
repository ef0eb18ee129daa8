"""Curves of a comparison, as SVG to be put into a page.

Matplotlib's object interface, never pyplot; see `training.plots`.
"""

from collections.abc import Callable, Sequence
from itertools import chain
from typing import Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from .comparison import Comparison
from .result import ReliabilityDiagram, Result
from .svg import FAINT, GRID, GROUND, INK, element

COLORS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00")
"""Okabe and Ito 2008, told apart by the color-blind too; those seen on white and on black."""
DASHES = ("-", "--", ":", "-.")

_SIZE = (5.4, 3.9)  # inches; 11-point letters stay legible on a phone
_NEARLY_ALL = 0.99  # share of pixels from which on a cumulative curve has nothing to tell
_LEAST_SHARE = 1e-3  # of the pixels, that make a point of a reliability curve


def error_plot(comparison: Comparison) -> str:
    """Share of pixels within each threshold of ab error, a line for each way but the original.

    Returns:
        An SVG element; the same comparison gives the same text.
    """
    return _cumulative(comparison, "Pixels within an ab error", lambda result: result.curve)


def rebalanced_error_plot(comparison: Comparison) -> str:
    """The same with every cell of the ab plane weighing alike."""
    title = "The same, every color weighing alike"
    return _cumulative(comparison, title, lambda result: result.rebalanced_curve)


def reliability_plot(comparison: Comparison) -> str | None:
    """How often the likeliest bin is right against how sure the network is of it.

    Returns:
        An SVG element, or None where no way has a distribution.
    """
    sharers: dict[str, list[int]] = {}
    for at in comparison.models:
        diagram = comparison.results[at].reliability
        if diagram:  # the same for every temperature of a network
            sharers.setdefault(diagram.model_dump_json(), []).append(at)
    if not sharers:
        return None
    figure, panel = _panel("How sure, and how often right")
    panel.plot([0, 1], [0, 1], color=FAINT, lw=1.2, ls=(0, (2, 3)))
    reach = 0.1
    for text, sharing in sharers.items():
        diagram = ReliabilityDiagram.model_validate_json(text)
        counts = np.array(diagram.counts)
        shares = counts / max(1, counts.sum())
        seen = shares > _LEAST_SHARE
        x, y = np.array(diagram.confidence)[seen], np.array(diagram.accuracy)[seen]
        color, dash = style_of(comparison, sharing[0])
        label = "\n".join(comparison.labels[at] for at in sharing)
        panel.plot(x, y, dash, color=color, lw=1.6, label=label)
        panel.scatter(x, y, 8 + 240 * shares[seen], color=color, alpha=0.55, linewidths=0)
        reach = max(reach, *x, *y)
    panel.set_xlim(0, min(1, reach + 0.05))
    panel.set_ylim(0, min(1, reach + 0.05))
    panel.set_xlabel("probability of the likeliest bin")
    panel.set_ylabel("how often it is the true one")
    panel.xaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    panel.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    _legend(panel, "best")
    names = ", ".join(comparison.labels[at] for at in chain(*sharers.values()))
    return element(figure, f"Reliability of the distribution: {names}")


def _cumulative(
    comparison: Comparison, title: str, curve_of: Callable[[Result], Sequence[float]]
) -> str:
    figure, panel = _panel(title)
    thresholds, names, reach = np.arange(151), [], 30
    for at, result in enumerate(comparison.results):
        if result.way.kind == "original":  # 1 throughout
            continue
        curve = np.array(curve_of(result))
        color, dash = style_of(comparison, at)
        width = 2.0 if result.way.kind == "model" else 1.4
        panel.plot(thresholds, curve, dash, color=color, lw=width, label=comparison.labels[at])
        names.append(comparison.labels[at])
        reach = max(reach, int(np.sum(curve < _NEARLY_ALL)))
    panel.set_xlim(0, min(150, 10 * -(-reach // 10)))
    panel.set_ylim(0, 1.02)
    panel.set_xlabel("threshold, ab units")
    panel.set_ylabel("share of pixels")
    panel.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    _legend(panel, "lower right")
    return element(figure, f"{title}, by threshold: {', '.join(names)}")


def style_of(comparison: Comparison, at: int) -> tuple[str, str]:
    """Color and dash of a way: networks in colors, the others faint."""
    if comparison.results[at].way.kind != "model":
        return FAINT, "--" if comparison.results[at].way.kind == "grey" else ":"
    place = comparison.models.index(at)
    return COLORS[place % len(COLORS)], DASHES[place // len(COLORS) % len(DASHES)]


def _panel(title: str) -> tuple[Figure, Axes]:
    """A figure of one panel with lines that stay behind what is drawn."""
    figure = Figure(figsize=_SIZE, layout="constrained", facecolor="none")
    panel = figure.subplots()
    panel.set_facecolor("none")
    panel.set_title(title, loc="left", color=INK, fontsize=12.5, pad=10)
    panel.grid(color=GRID, lw=0.8)
    panel.set_axisbelow(True)
    panel.spines[["top", "right"]].set_visible(False)
    panel.spines[["left", "bottom"]].set_color(FAINT)
    panel.tick_params(color=FAINT, labelcolor=INK, labelsize=10.5)
    panel.xaxis.label.set(color=INK, fontsize=11)
    panel.yaxis.label.set(color=INK, fontsize=11)
    return figure, panel


def _legend(panel: Axes, where: Literal["best", "lower right"]) -> None:
    legend = panel.legend(
        loc=where,
        frameon=True,
        facecolor=GROUND,
        framealpha=0.8,
        edgecolor="none",
        labelcolor=INK,
        fontsize=10.5,
        handlelength=2.6,
    )
    for text in legend.get_texts():
        text.set_parse_math(False)  # a name may have a $
