"""Pictures for the tests of `image`, made here, so that no file is committed."""

from collections.abc import Callable
from io import BytesIO
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

Maker = Callable[..., bytes]


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(7)


@pytest.fixture
def pil_bytes() -> Maker:
    """A file as Pillow, the independent program here, writes it."""

    def make(pixels: npt.NDArray[Any] | Image.Image, kind: str, **options: Any) -> bytes:
        image = pixels if isinstance(pixels, Image.Image) else Image.fromarray(pixels)
        file = BytesIO()
        image.save(file, kind, **options)
        return file.getvalue()

    return make
