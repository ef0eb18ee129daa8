"""What results are called."""

import hashlib
import os
from pathlib import Path

from ..api import default_output

_LONGEST = 235
"""Bytes that a result's name may have: file systems hold 255, and what goes with a result is named
after it."""


def result_of(path: Path) -> Path:
    """Where a picture's colored version goes; see `default_output`.

    What is too long for a file system is cut, and told from its like by a part of its hash.
    """
    target = default_output(path)
    if len(os.fsencode(target.name)) <= _LONGEST:
        return target
    digest = hashlib.sha256(os.fsencode(path.name)).hexdigest()[:8]
    stem = path.stem
    while len(os.fsencode(target.name)) > _LONGEST and stem:
        stem = stem[:-1]
        target = default_output(path.with_name(f"{stem}~{digest}{path.suffix}"))
    return target
