"""The one folder outside the outputs that anything is written to."""

import os
from pathlib import Path


def cache_folder() -> Path:
    """`$PHOTOCHROM_CACHE`, or `photochrom` in the user's cache folder; it may not exist yet."""
    chosen = os.environ.get("PHOTOCHROM_CACHE")
    if chosen:
        return Path(chosen)
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "photochrom"
