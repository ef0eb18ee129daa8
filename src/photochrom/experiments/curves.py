"""Learning curves of an odyssey: a panel for each kind of loss, as two kinds do not compare."""

import json
from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import EngFormatter

from ..evaluation.svg import FAINT, GRID, INK, element
from ..training.curve import read_curve
from ..training.games.game import MODEL
from ..training.plots import COLORS, DASHES, memory_of, smoothed
from .gathered import Judged
from .order import RUN

_SETTLING = 0.02  # of the steps, whose losses of random weights would press the others flat
_LINES = COLORS[:-1]  # without black, which a dark page swallows


def learning_curves(cells: Sequence[Judged]) -> list[str]:
    """Training losses, smoothed, against crops seen.

    Returns:
        SVG elements, one for each kind of loss, in the order in which the cells come.
    """
    kinds: dict[str, list[Judged]] = {}
    for cell in cells:
        kinds.setdefault(_kind(cell), []).append(cell)
    return [_panel(_title(members[0]), members) for members in kinds.values()]


def _kind(cell: Judged) -> str:
    """The same for cells whose losses compare: the same sum of the same colors."""
    recipe = cell.order.recipe
    loss = recipe.loss.model_dump(mode="json", exclude_none=True)
    if recipe.loss.adversarial:
        loss["adversarial"] = {"kind": recipe.loss.adversarial.kind}
    plain = [loss, recipe.model.output, recipe.model.space]
    return json.dumps(plain, sort_keys=True)


def _title(cell: Judged) -> str:
    """The loss in words, such as `adversarial + 100 L1, rgb`."""
    loss, parts = cell.order.recipe.loss, []
    names = {"cross_entropy": "cross-entropy", "smooth_l1": "smooth L1", "l1": "L1", "l2": "L2"}
    for name in loss.model_fields_set:
        part = getattr(loss, name)
        if part is None:
            continue
        weight = "" if part.weight == 1 else f"{part.weight:.3g} "
        parts.append(weight + names.get(name, name))
    rebalanced = loss.cross_entropy and loss.cross_entropy.rebalance < 1
    words = " + ".join(sorted(parts)) + (", rebalanced" if rebalanced else "")
    model = cell.order.recipe.model
    return f"{words}, of {model.space}" if model.space != "lab" else words


def _panel(title: str, cells: Sequence[Judged]) -> str:
    figure = Figure(figsize=(5.4, 3.6 + 0.22 * len(cells)), layout="constrained")
    panel = figure.subplots()
    panel.set_title(title, loc="left", color=INK, fontsize=12)
    panel.grid(color=GRID, lw=0.8)
    panel.set_axisbelow(True)
    panel.spines[["top", "right"]].set_visible(False)
    panel.spines[["left", "bottom"]].set_color(FAINT)
    panel.tick_params(color=FAINT, labelcolor=INK)
    shown: list[float] = []
    for at, cell in enumerate(cells):
        teams, rows = read_curve(cell.folder / RUN / "losses.csv")
        losses = np.array([row[teams.index(MODEL)] for row in rows])
        seen = cell.order.recipe.batch * np.arange(1, 1 + len(losses))
        line = smoothed(losses, memory_of(len(losses)))
        dash = DASHES[at // len(_LINES) % len(DASHES)]
        color = _LINES[at % len(_LINES)]
        panel.plot(seen, line, dash, color=color, lw=1.8, label=cell.order.title)
        shown += [*line[int(_SETTLING * len(line)) :]]
    low, high = min(shown), max(shown)
    room = 0.06 * (high - low) or 1.0
    panel.set_ylim(low - room, high + room)
    panel.xaxis.set_major_formatter(EngFormatter(sep=""))
    panel.set_xlabel("crops seen", color=INK)
    panel.set_ylabel("training loss, smoothed", color=INK)
    figure.legend(loc="outside lower left", frameon=False, labelcolor=INK, handlelength=3)
    return element(figure, title)
