"""Half-written files, and folders of them, of processes that were killed."""

import os
import re
import shutil
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

_PART = re.compile(r"\.[0-9a-f]{16}\.part")
"""As `image` names a file until it is whole, and `archive` a folder of several."""

_PAUSE = 0.05  # seconds: longer than a writer takes from closing a file to renaming it
_AGE = 600.0  # seconds without a change, where nobody tells which process has a file open


def remove_abandoned(folder: Path) -> None:
    """Remove from a folder what is not whole and no process is writing any more."""
    try:
        parts = {folder / name for name in os.listdir(folder) if _PART.fullmatch(name)}
    except OSError:
        return
    parts = _unheld(parts)
    if parts:
        time.sleep(_PAUSE)
    for path in _unheld(parts):
        with suppress(OSError):
            shutil.rmtree(path) if path.is_dir() else path.unlink()


def _unheld(paths: set[Path]) -> set[Path]:
    """Those that no process has open."""
    if not paths:
        return paths
    if not os.path.isdir("/proc/self/fd"):
        return {path for path in paths if _age(path) > _AGE}
    held = set(_open_files())
    return {path for path in paths if os.path.realpath(path) not in held}


def _open_files() -> Iterable[str]:
    """What the processes that we may look into have open (Linux)."""
    for process in filter(str.isdigit, os.listdir("/proc")):
        with suppress(OSError):
            for number in os.listdir(f"/proc/{process}/fd"):
                with suppress(OSError):
                    yield os.readlink(f"/proc/{process}/fd/{number}")


def _age(path: Path) -> float:
    """Seconds since a file was changed."""
    try:
        return time.time() - path.stat().st_mtime
    except OSError:
        return 0.0
