"""A result that somebody has changed by hand: kept, under another name."""

import os
from itertools import count
from pathlib import Path

from ..api import default_output


def set_aside(target: Path) -> Path:
    """Rename photo.color.jpg to photo.changed.color.jpg, or photo.changed-2.color.jpg, …

    Raises:
        OSError: it cannot be renamed.
    """
    stem = Path(target.stem).stem  # without the mark of results, which the new name gets again
    for number in count(1):
        mark = ".changed" if number == 1 else f".changed-{number}"
        aside = default_output(target.with_name(f"{stem}{mark}{target.suffix}"))
        if not os.path.lexists(aside):
            break
    os.rename(target, aside)
    return aside
