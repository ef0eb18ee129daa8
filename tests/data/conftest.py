"""Small pictures for the tests of `data`, made here, so that no file is committed."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from photochrom import image

Picture = NDArray[np.uint8]


@pytest.fixture(autouse=True, scope="session")
def one_thread() -> None:
    """Two threads on a busy machine wait for each other, and tests take 20 times as long."""
    torch.set_num_threads(1)


@pytest.fixture
def colored() -> Callable[[int, int, int], Picture]:
    """A picture of a seed: a gradient between two strong colors with a rectangle in it."""

    def make(seed: int, height: int = 24, width: int = 32) -> Picture:
        rng = np.random.default_rng(seed)
        ends = np.eye(3)[rng.permutation(3)[:2]] * 255
        slope = np.linspace(0, 1, width)[None, :, None]
        pixels = np.broadcast_to(ends[0] * slope + ends[1] * (1 - slope), (height, width, 3)).copy()
        pixels[height // 4 : height // 2, width // 4 : width // 2] = rng.integers(0, 256, 3)
        return pixels.round().astype(np.uint8)

    return make


@pytest.fixture
def save() -> Callable[[Path, NDArray[np.generic]], Path]:
    """Write an array as a picture file, with the folders it needs."""

    def write(path: Path, pixels: NDArray[np.generic]) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        image.write(image.from_array(pixels), path, overwrite=True)
        return path

    return write
