"""A tiny training set and recipe for the tests of `training`."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from photochrom import image
from photochrom.data.pool import Pool
from photochrom.training.recipe import Recipe


@pytest.fixture(autouse=True, scope="session")
def one_thread() -> None:
    """Two threads on a busy machine wait for each other, and tests take 20 times as long."""
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of sixteen pictures: the bright half is orange, the dark half blue."""
    folder = tmp_path_factory.mktemp("pictures")
    rng = np.random.default_rng(0)
    for at in range(16):
        slope = np.linspace(0, 1, 48)[None, :, None] + rng.normal(0, 0.05, (40, 48, 1))
        bright = np.roll(slope > 0.5, rng.integers(48), axis=1)
        pixels = np.where(bright, [240, 170, 60], [20, 40, 130]) + rng.integers(-8, 8, (40, 48, 3))
        image.write(image.from_array(pixels.astype(np.uint8)), folder / f"{at:02}.png")
    return folder


@pytest.fixture
def settings(pictures: Path) -> dict[str, Any]:
    """A recipe of ten steps at two sizes, as plain data."""
    return {
        "name": "tiny",
        "model": {"name": "autochrome", "settings": {"widths": [8, 8, 8]}},
        "data": {"root": str(pictures), "train": ["."], "short_side": 40},
        "optimizer": {"warmup_steps": 2},
        "stages": [{"size": 32, "steps": 7}, {"size": 64, "steps": 3}],
        "batch": 4,
        "checkpoint_every": 4,
    }


@pytest.fixture
def recipe(settings: dict[str, Any]) -> Recipe:
    return Recipe.model_validate(settings)


class Recorder:
    """Notes what training tells; stops it where a test wants."""

    def __init__(self, stop_at: int | None = None) -> None:
        self.stop_at = stop_at
        self.losses: dict[int, float] = {}
        self.sheets: dict[int, Path] = {}
        self.checked: dict[int, float] = {}
        self.pool_size = 0

    def decoding(self, done: int) -> None:
        pass

    def pool(self, pool: Pool) -> None:
        self.pool_size = len(pool)

    def step(self, step: int, steps: int, loss: float, crops_per_second: float) -> None:
        assert crops_per_second > 0
        assert step <= steps
        self.losses[step] = loss
        if step == self.stop_at:
            raise KeyboardInterrupt

    def watched(self, step: int, loss: float, sheet: Path) -> None:
        self.checked[step] = loss
        self.sheets[step] = sheet


@pytest.fixture
def recorder() -> type[Recorder]:
    return Recorder
