"""Figures of training: losses of a run, of several runs side by side, of a learning-rate test.

Matplotlib's object interface and the Agg canvas, never pyplot: no window system is asked for and
nothing is set for the whole process.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import EngFormatter
from numpy.typing import NDArray

from ..whole import replacing
from .curve import read_curve
from .games.game import MODEL

COLORS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00", "#000000")
"""Okabe and Ito 2008, told apart by the color-blind too; without their yellow, faint on white."""
DASHES = ("-", "--", ":", "-.")
_INK, _FAINT, _GRID = "#222222", "#b4bcc4", "#e4e7ea"
_DPI = 160
_MEMORY = 0.02  # of a run's steps, that its smoothed line looks back on
_LEAST = 20.0  # steps of memory, which the noise of batches needs; a fifth of shorter runs
_SETTLING = 0.01  # of a run's steps whose losses, of random weights, may leave the figure's top

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Curve:
    """One line of a figure."""

    label: str
    x: Floats
    losses: Floats
    color: int = 0
    """Number in `COLORS`; counted around."""
    dash: int = 0
    """Number in `DASHES`; counted around."""


def smoothed(losses: Sequence[float] | Floats, memory: float) -> Floats:
    """Exponential moving average, corrected for its start at 0 (Kingma and Ba 2015, section 3).

    Args:
        losses: `(n,)`.
        memory: steps it looks back on; the decay is `1 - 1 / memory`, and 1 changes nothing.

    Returns:
        `(n,)`; the first value is the first loss.
    """
    decay, average = 1 - 1 / max(1.0, memory), 0.0
    line = np.empty(len(losses))
    for at, loss in enumerate(losses):
        average = decay * average + (1 - decay) * float(loss)
        line[at] = average / (1 - decay ** (at + 1))
    return line


def memory_of(steps: int) -> float:
    """Steps that the smoothed line of a run of `steps` looks back on."""
    return max(1.0, _MEMORY * steps, min(_LEAST, steps / 5))


def _settled(steps: int) -> int:
    """Steps from which on a figure shows every loss."""
    return int(_SETTLING * steps)


def loss_plot(run: Path, history: Sequence[tuple[int, float]]) -> Path:
    """Draw `losses.png` into a run's folder: a panel for each team.

    Args:
        run: folder with `losses.csv`.
        history: steps done and validation loss of each checkpoint.

    Returns:
        Path of the figure.
    """
    teams, rows = read_curve(run / "losses.csv")
    losses = np.asarray(rows, dtype=np.float64).reshape(-1, len(teams))
    steps = np.arange(1, len(losses) + 1, dtype=np.float64)
    figure = Figure(figsize=(8, 0.8 + 3.4 * len(teams)), layout="constrained")
    panels = figure.subplots(len(teams), 1, sharex=True, squeeze=False)[:, 0]
    for at, (team, panel) in enumerate(zip(teams, panels, strict=True)):
        _dress(panel, team if len(teams) > 1 else run.name, "loss")
        line = smoothed(losses[:, at], memory_of(len(losses)))
        panel.plot(steps, losses[:, at], color=_FAINT, lw=0.6, label="each step")
        panel.plot(steps, line, color=COLORS[at % len(COLORS)], lw=1.8, label="smoothed")
        seen = [*line]
        if len(losses) > 1:
            seen += [*np.percentile(losses[_settled(len(losses)) :, at], (1, 99))]
        if team == MODEL and history:
            at_steps, unseen = zip(*history, strict=True)
            panel.plot(at_steps, unseen, "o", ms=5, mec="white", color=_INK, label="validation")
            seen += unseen
        _fit(panel, seen)
        panel.legend(frameon=True, facecolor="white", framealpha=0.85, edgecolor="none")
    panels[-1].set_xlabel("step")
    panels[-1].xaxis.set_major_formatter(EngFormatter(sep=""))
    return _write(figure, run / "losses.png")


def comparison_plot(curves: Sequence[Curve], title: str, path: Path) -> Path:
    """Draw smoothed losses of several runs against the pictures that they had seen."""
    figure = Figure(figsize=(9.5, 5.2), layout="constrained")
    panel = figure.subplots()
    _dress(panel, title, "training loss, smoothed")
    seen: list[float] = []
    for curve in curves:
        line = smoothed(curve.losses, memory_of(len(curve.losses)))
        color, dash = COLORS[curve.color % len(COLORS)], DASHES[curve.dash % len(DASHES)]
        panel.plot(curve.x, line, dash, color=color, lw=1.8, label=curve.label)
        seen += [*line[_settled(len(line)) :]]
    _fit(panel, seen)
    panel.set_xlabel("pictures seen")
    panel.xaxis.set_major_formatter(EngFormatter(sep=""))
    figure.legend(loc="outside right upper", frameon=False, handlelength=3)
    return _write(figure, path)


def rate_plot(
    path: Path,
    title: str,
    raw: tuple[Sequence[float], Sequence[float]],
    line: tuple[Sequence[float], Sequence[float]],
    suggestion: float | None,
) -> Path:
    """Draw a learning-rate range test on a logarithmic axis.

    Args:
        path: the figure.
        title: of the figure.
        raw: rate and loss of each step.
        line: the same, smoothed; at least one point.
        suggestion: a rate to mark, if any.
    """
    figure = Figure(figsize=(8, 4.6), layout="constrained")
    panel = figure.subplots()
    _dress(panel, title, "training loss")
    panel.plot(*raw, ".", ms=4, color=_FAINT, label="each step")
    panel.plot(*line, color=COLORS[0], lw=2, label="smoothed")
    if suggestion is not None:
        _mark(panel, suggestion, line)
    # A loss that breaks away would press everything that matters flat.
    losses = np.asarray(line[1])
    begun = float(np.median(losses[: max(1, len(losses) // 10)]))
    highest = 2 * begun - float(losses.min())
    inside = np.array([loss for loss in raw[1] if loss <= highest])
    shown = [loss for loss in line[1] if loss <= highest]
    _fit(panel, [*shown, *(np.percentile(inside, (2, 98)) if len(inside) else [])])
    panel.set_xscale("log")
    panel.set_xlabel("learning rate")
    panel.legend(frameon=True, facecolor="white", framealpha=0.85, edgecolor="none")
    return _write(figure, path)


def _mark(panel: Axes, rate: float, line: tuple[Sequence[float], Sequence[float]]) -> None:
    """A point on the line, and its rate in letters."""
    height = float(np.interp(np.log(rate), np.log(line[0]), line[1]))
    panel.axvline(rate, color=COLORS[1], lw=1.2, ls="--")
    panel.plot([rate], [height], "o", ms=8, mec="white", color=COLORS[1])
    panel.annotate(
        f"steepest fall\n{rate:.1e}",
        (rate, 0.97),
        xycoords=("data", "axes fraction"),
        xytext=(6, 0),
        textcoords="offset points",
        va="top",
        color=COLORS[1],
        bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.85, "pad": 1.5},
    )


def _dress(panel: Axes, title: str, measure: str) -> None:
    """Title, label and lines that stay behind what is drawn."""
    panel.set_title(title, loc="left", color=_INK, fontsize=12)
    panel.set_ylabel(measure)
    panel.grid(color=_GRID, lw=0.8)
    panel.set_axisbelow(True)
    panel.spines[["top", "right"]].set_visible(False)
    panel.spines[["left", "bottom"]].set_color(_FAINT)
    panel.tick_params(color=_FAINT, labelcolor=_INK)


def _fit(panel: Axes, values: Sequence[float]) -> None:
    """Show these values, with some room above and below."""
    finite = [value for value in values if np.isfinite(value)]
    if not finite:
        return
    low, high = min(finite), max(finite)
    room = 0.06 * (high - low) or 0.06 * abs(high) or 1.0
    panel.set_ylim(low - room, high + room)


def _write(figure: Figure, path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as beside:
        FigureCanvasAgg(figure)
        # Without the version of matplotlib the same losses give the same bytes.
        figure.savefig(beside, dpi=_DPI, format="png", metadata={"Software": None})
    return path
