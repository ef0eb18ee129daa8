"""What is written beside a colored picture: other candidates, and how sure the network was."""

import os
from pathlib import Path

from .. import image
from ..errors import OutputExistsError
from ..image import Header, Original
from ..inference import Sketch
from ..inference.confidence import confidence_map, overlay

_MAP = 24_000_000
"""Pixels of the map of confidence, at most: it is as smooth as the network's cells are large."""
_SHOWN = 4_000_000
"""Pixels of the overlay, at most: it is there to be looked at."""


def candidate_path(target: Path, number: int) -> Path:
    """Where the second candidate, the third, ... go: photo.color.2.jpg."""
    return target.with_name(f"{target.stem}.{number}{target.suffix}")


def confidence_paths(target: Path) -> tuple[Path, Path]:
    """Where map and overlay go: photo.color.confidence.png, photo.color.overlay.png."""
    return (
        target.with_name(f"{target.stem}.confidence.png"),
        target.with_name(f"{target.stem}.overlay.png"),
    )


def refuse(paths: list[Path]) -> None:
    """Tell before the work is done what writing would refuse after it.

    Raises:
        OutputExistsError: one of the files exists.
    """
    for path in paths:
        if os.path.lexists(path):
            raise OutputExistsError(
                f"{path}: exists already; allow overwriting (--force on the command line), or "
                "choose another name"
            )


def write_confidence(page: Original, sketch: Sketch, target: Path) -> None:
    """Write the map, grey in the picture's bit depth, and the overlay.

    Raises:
        ModelError: the network knows no doubt.
        ImageError: a file cannot be read or written.
    """
    header = page.header
    height, width = _within(header, _MAP)
    sure = confidence_map(sketch, height, width, 16 if header.bit_depth == 16 else 8)
    grey, tinted = confidence_paths(target)
    image.write(sure, grey)
    small = page.thumbnail(min(_SHOWN, header.height * header.width))
    image.write(overlay(small, sketch).to_8_bit(), tinted)


def _within(header: Header, area: int) -> tuple[int, int]:
    """Height and width of the picture, or less where that is more than the area."""
    scale = min(1.0, (area / (header.height * header.width)) ** 0.5)
    return max(1, round(header.height * scale)), max(1, round(header.width * scale))
