"""A tiny training set, recipes for it, and the command that trains, for the tests of `training`."""

import json
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from lightning_fabric import Fabric
from typer.testing import CliRunner, Result

import photochrom
from photochrom import image
from photochrom.cli.main import app
from photochrom.data.pool import Pool
from photochrom.training.settings import Recipe


@pytest.fixture(autouse=True, scope="session")
def one_thread() -> None:
    """Two threads on a busy machine wait for each other, and tests take 20 times as long."""
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sixteen pictures, in a folder for each of two classes and one of pictures without.

    The bright half is orange and the dark half blue; where the class is `night`, vice versa.
    """
    folder = tmp_path_factory.mktemp("pictures")
    rng = np.random.default_rng(0)
    for at in range(16):
        kind = "photo" if at % 8 == 7 else ("day", "night")[at % 2]
        colors = [[240, 170, 60], [20, 40, 130]] if at % 2 else [[170, 200, 250], [130, 50, 10]]
        slope = np.linspace(0, 1, 48)[None, :, None] + rng.normal(0, 0.05, (40, 48, 1))
        bright = np.roll(slope > 0.5, rng.integers(48), axis=1)
        pixels = np.where(bright, *colors) + rng.integers(-8, 8, (40, 48, 3))
        (folder / kind).mkdir(exist_ok=True)
        frame = image.from_array(pixels.clip(0, 255).astype(np.uint8))
        image.write(frame, folder / kind / f"{at:02}.png")
    return folder


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def fabric() -> Fabric:
    return Fabric(accelerator="cpu", devices=1)


@pytest.fixture
def settings(pictures: Path) -> dict[str, Any]:
    """A recipe of ten steps at two sizes, as plain data."""
    return {
        "name": "tiny",
        "model": {"name": "autochrome", "settings": {"widths": [8, 8, 8]}},
        "data": {"root": str(pictures), "train": ["."], "short_side": 40},
        "schedule": {"warmup_steps": 2},
        "stages": [{"size": 32, "steps": 7}, {"size": 64, "steps": 3}],
        "batch": 4,
        "checkpoint_every": 4,
        "film": [7],
    }


@pytest.fixture
def recipe(settings: dict[str, Any]) -> Recipe:
    return Recipe.model_validate(settings)


_GAN = {"optimizer": {"name": "adam", "momentum": 0.5, "weight_decay": 0.0, "clip_norm": 0.0}}
_PATCH = {"width": 8, "layers": 1}
_LEARNERS: dict[str, dict[str, Any]] = {
    "plain": {},
    "dropout": {  # of the depth that has some
        "model": {"name": "pix2pix", "settings": {"depth": 6, "width": 4}},
        "loss": {"l1": {}},
        "stages": [{"size": 64, "steps": 10}],
    },
    "judged": {  # noise, a discriminator with a rate of its own, batch normalization in both
        "model": {"name": "noise", "settings": {"depth": 3, "width": 8}},
        "loss": {
            "l1": {"weight": 10.0},
            "adversarial": {"settings": _PATCH, "learning_rate": 1e-3},
        },
        **_GAN,
    },
    "drawing": {  # the whole picture, not its colors alone
        "model": {"name": "pix2pix", "output": "rgb", "settings": {"depth": 4, "width": 8}},
        "loss": {"l1": {"weight": 10.0}, "adversarial": {"settings": _PATCH}},
        **_GAN,
    },
    "cycle": {
        "model": {"name": "cyclegan", "settings": {"blocks": 1, "width": 4}},
        "loss": {
            "cycle": {"history": 5},
            "adversarial": {"kind": "lsgan", "settings": _PATCH | {"norm": "instance"}},
        },
        **_GAN,
    },
    "classifier": {"model": {"name": "classifier"}, "loss": {"classification": {"weight": 1.0}}},
    "joint": {
        "model": {
            "name": "iizuka",
            "settings": {"fusion": "concatenate", "global_size": 32},
        },
        "loss": {"l2": {"weight": 0.25}, "classification": {}},
    },
    "conditioned": {
        "model": {"name": "beta", "conditioned": True},
        "loss": {"l2": {}, "classification": {"weight": 0.01}},
    },
}


@pytest.fixture
def learner(settings: dict[str, Any]) -> "Learners":
    return Learners(settings)


class Learners:
    """Recipes for each way to learn; by name, with other settings in place of the fixture's."""

    names = tuple(_LEARNERS)

    def __init__(self, settings: Mapping[str, Any]) -> None:
        self._settings = settings

    def __call__(self, name: str, **changes: Any) -> Recipe:
        return Recipe.model_validate({**self._settings, **_LEARNERS[name], **changes})


class Command:
    """`photochrom train` with a recipe, on one thread of the CPU."""

    def __init__(self, folder: Path, recipe: Recipe) -> None:
        file = folder / f"{recipe.name}.toml"
        settings = recipe.model_dump(mode="json", exclude_unset=True)
        file.write_text("".join(f"{name} = {_toml(value)}\n" for name, value in settings.items()))
        self.arguments = ["train", str(file), "--device", "cpu", "--threads", "1"]
        self.environment = os.environ | {
            "PHOTOCHROM_CACHE": str(folder / "cache"),
            "PYTHONPATH": str(Path(photochrom.__file__).parents[1]),
            "OMP_NUM_THREADS": "1",
        }

    def here(self, run: Path, *more: str) -> Result:
        """Run to the end in this process."""
        return CliRunner().invoke(
            app, [*self.arguments, "-o", str(run), *more], env=self.environment
        )

    def start(self, run: Path, *more: str, launcher: Sequence[str] = ()) -> subprocess.Popen[str]:
        """Start in a process of its own, under a launcher if one is given."""
        return subprocess.Popen(
            [sys.executable, *launcher, "-m", "photochrom", *self.arguments, "-o", str(run), *more],
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def finish(self, run: Path, *more: str, launcher: Sequence[str] = ()) -> str:
        """Run to the end; returns what it printed."""
        with self.start(run, *more, launcher=launcher) as process:
            told, messages = process.communicate(timeout=300)
        assert process.returncode == 0, messages
        return told

    def kill_after_checkpoint(self, run: Path) -> None:
        """Start, and kill at some moment after the first checkpoint."""
        with self.start(run) as process:
            while not (run / "checkpoint.safetensors").exists():
                assert process.poll() is None, process.communicate()[1]
                time.sleep(0.01)
            time.sleep(0.1)
            process.send_signal(signal.SIGKILL)
            process.communicate()
        assert process.returncode == -signal.SIGKILL, "finished before it was killed"


def _toml(value: Any) -> str:
    """A value as TOML on one line."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{name} = {_toml(entry)}" for name, entry in value.items()) + "}"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return json.dumps(value)


@pytest.fixture
def command(tmp_path: Path) -> Callable[[Recipe], Command]:
    """Makes the command that trains a recipe."""
    return partial(Command, tmp_path)


@contextmanager
def _full_disk(room: int) -> Iterator[None]:
    """Let no file grow beyond so many bytes: writing then fails as on a full disk.

    Python ignores the signal that comes with it, and the kernel does the rest.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.fixture
def full_disk() -> Callable[[int], AbstractContextManager[None]]:
    return _full_disk


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
