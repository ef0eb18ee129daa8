"""A tiny odyssey: sixteen pictures, two cells of a few steps, and results written by hand."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import photochrom
from photochrom import image
from photochrom.evaluation.protocol import PictureList, Protocol
from photochrom.evaluation.result import Cells, Result, Way
from photochrom.experiments.gathered import Gathered, Judged
from photochrom.experiments.grid import load_grid, recipe_of
from photochrom.experiments.judging import Style
from photochrom.experiments.order import Order, Status

GRID = """
set = ["schedule.warmup_steps=1", "optimizer.ema_decay=0.5"]

[budget]
pictures = 64
size = 32
batch = 8
checkpoints = 4

[data]
train = ["learned"]
validation = ["judged"]
short_side = 40

[judging]
pictures = ["judged"]
size = 32
temperatures = [0.01, 0.38, 1.0]
resamples = 100
shown = 2
styles = 2

[[cell]]
name = "bins"
title = "small, of bins"
recipe = "network.toml"
set = ["model.settings={widths=[8,8,8]}"]

[[cell]]
name = "beta"
recipe = "network.toml"
set = ["model.name=beta", "loss={l2={}}"]
note = "As published."
"""

RECIPE = """
name = "network"

[model]
name = "autochrome"

[data]
train = ["."]

[[stages]]
size = 64
steps = 1
"""


def write_pictures(folder: Path, count: int, seed: int) -> None:
    """Orange and blue halves, in a folder for each of two classes."""
    rng = np.random.default_rng(seed)
    for at in range(count):
        slope = np.linspace(0, 1, 48)[None, :, None] + rng.normal(0, 0.05, (40, 48, 1))
        bright = np.roll(slope > 0.5, rng.integers(48), axis=1)
        pixels = np.where(bright, [240, 170, 60], [20, 40, 130]) + rng.integers(-9, 9, (40, 48, 3))
        (folder / ("day", "night")[at % 2]).mkdir(parents=True, exist_ok=True)
        frame = image.from_array(pixels.clip(0, 255).astype(np.uint8))
        image.write(frame, folder / ("day", "night")[at % 2] / f"{at:02}.png")


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder with `grid.toml`, its recipe, and pictures to learn from and to be judged by."""
    write_pictures(tmp_path / "learned", 12, seed=0)
    write_pictures(tmp_path / "judged", 4, seed=1)
    (tmp_path / "grid.toml").write_text(GRID)
    (tmp_path / "network.toml").write_text(RECIPE)
    return tmp_path


class Odyssey:
    """`photochrom odyssey` on the tiny grid, in a process of its own, with one thread a cell."""

    def __init__(self, place: Path, cache: Path) -> None:
        self.place = place
        self.cells = place / "out" / "cells"
        self._environment = os.environ | {
            "PHOTOCHROM_CACHE": str(cache),
            "PYTHONPATH": str(Path(photochrom.__file__).parents[1]),
        }

    def start(self, *more: str) -> "subprocess.Popen[str]":
        """Begin it."""
        command = [sys.executable, "-m", "photochrom", "odyssey", "--grid", "grid.toml"]
        command += ["-o", "out", "--threads", "1", "--device", "cpu", *more]
        return subprocess.Popen(
            command,
            cwd=self.place,
            env=self._environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *more: str) -> "subprocess.CompletedProcess[str]":
        """Do it to the end."""
        with self.start(*more) as process:
            told, errors = process.communicate(timeout=900)
        return subprocess.CompletedProcess(process.args, process.returncode, told, errors)

    def processes(self) -> list[int]:
        """Of the cells that are alive."""
        found = []
        for folder in Path("/proc").iterdir():
            if folder.name.isdigit():
                try:
                    command = (folder / "cmdline").read_bytes().decode().split("\0")
                except OSError:  # it has ended
                    continue
                if "photochrom.cli.cell" in command and str(self.place) in "".join(command):
                    found.append(int(folder.name))
        return found

    def wait_for(self, path: Path, process: "subprocess.Popen[str]") -> None:
        """Until a file is there."""
        end = time.monotonic() + 120
        while not path.exists():
            assert process.poll() is None, process.communicate()
            assert time.monotonic() < end
            time.sleep(0.02)

    def assert_no_process_is_left(self) -> None:
        end = time.monotonic() + 30
        while self.processes():
            assert time.monotonic() < end
            time.sleep(0.1)

    def end(self, process: "subprocess.Popen[str]", number: signal.Signals) -> int:
        """End it by a signal; its exit code."""
        process.send_signal(number)
        process.communicate(timeout=60)
        return process.returncode


@pytest.fixture
def odyssey(place: Path, tmp_path_factory: pytest.TempPathFactory) -> Odyssey:
    """The command, on the tiny grid."""
    return Odyssey(place, tmp_path_factory.mktemp("cache"))


@pytest.fixture
def made() -> Callable[..., Result]:
    """Builds a result: title, values by figure, temperature and kind."""
    return _made


def _made(
    title: str,
    values: Mapping[str, Sequence[float]],
    temperature: float | None = None,
    kind: Any = "model",
) -> Result:
    """A result whose pictures are one of class `day`, one of class `night`, and so on."""
    count = len(next(iter(values.values())))
    names = [f"{('day', 'night')[at % 2]}/{at:03}.png" for at in range(count)]
    return Result(
        photochrom="1",
        protocol=Protocol(
            temperatures=(0.01, 0.38, 1.0), pictures=PictureList(count=count, sha256="0")
        ),
        way=Way(title=title, kind=kind, sha256=title, temperature=temperature),
        pictures=tuple(names),
        values={name: tuple(column) for name, column in values.items()},
        cells=Cells(
            pictures=tuple(range(count)),
            cells=(0,) * count,
            counts=(9,) * count,
            scores=(1.0,) * count,
        ),
        whole={},
        curve=(1.0,) * 151,
        rebalanced_curve=(1.0,) * 151,
    )


@pytest.fixture
def gathered(place: Path) -> Callable[..., Gathered]:
    """`gathered({"beta": [result]}, grey=result)`: what an odyssey found, written by hand."""
    grid = load_grid(place / "grid.toml")
    recipe = recipe_of(grid.cell[0], grid, place, place)
    order = Order.of(grid.cell[0], grid, recipe, place)

    def build(
        cells: Mapping[str, Sequence[Result]],
        styles: Mapping[str, Style] | None = None,
        **baselines: Result,
    ) -> Gathered:
        status = Status(fingerprint=order.fingerprint, state="done")
        judged = {
            name: Judged(order, status, place, tuple(results), (styles or {}).get(name))
            for name, results in cells.items()
        }
        return Gathered(grid, judged, {}, tuple(baselines.values()))

    return build
