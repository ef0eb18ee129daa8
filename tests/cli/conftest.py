"""The command within the test's process, or as a process of its own where that is the point."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image
from typer.testing import CliRunner, Result

import photochrom
from photochrom.cli.main import app

Run = Callable[..., Result]
Launch = Callable[..., "subprocess.CompletedProcess[bytes]"]
Photo = Callable[..., Path]


@pytest.fixture
def run() -> Run:
    """`run("colorize", path)`: the command, without the start of a process."""

    def call(*arguments: object, **options: Any) -> Result:
        return CliRunner().invoke(app, [str(argument) for argument in arguments], **options)

    return call


@pytest.fixture
def environment() -> dict[str, str]:
    """Where a process of its own finds the package, from any folder."""
    source = str(Path(photochrom.__file__).parents[1])
    return os.environ | {"PYTHONPATH": source, "PYTHONDONTWRITEBYTECODE": "1"}


@pytest.fixture
def launch(environment: dict[str, str]) -> Launch:
    """`launch("colorize", path)`: a process, for its exit code and its streams."""

    def call(*arguments: object, **options: Any) -> "subprocess.CompletedProcess[bytes]":
        command = [sys.executable, "-m", "photochrom", *map(str, arguments)]
        return subprocess.run(
            command, capture_output=True, env=environment, timeout=120, check=False, **options
        )

    return call


@pytest.fixture
def pixels() -> npt.NDArray[np.uint8]:
    """(48, 64): something for the network to color, with a bright and a dark part."""
    rows, columns = np.mgrid[0:48, 0:64]
    noise = np.random.default_rng(3).integers(0, 24, (48, 64))
    return (20 + 3 * rows + columns + noise).astype(np.uint8)


@pytest.fixture
def photo(tmp_path: Path, pixels: npt.NDArray[np.uint8]) -> Photo:
    """`photo("a/b.jpg")`: a black-and-white picture in the test's folder, written by Pillow."""

    def make(name: str, **options: Any) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(path, **options)
        return path

    return make
