"""Files and folders that are whole or not there: written beside their name, then renamed."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a name beside `path` to write to; the file takes its place when the block ends well.

    When the block fails, nothing is left and an earlier file at `path` stays as it was. The name
    is the process's own and keeps the suffix, which some writers insist on.

    Raises:
        OSError: it cannot be written; names `path`, where a full disk's error names nothing.
    """
    beside = path.with_name(f".{path.stem}.{os.getpid()}.part{path.suffix}")
    try:
        yield beside
        beside.replace(path)
    except OSError as error:
        if error.errno and error.filename in (None, str(beside)):
            error.filename = str(path)
        raise
    finally:
        beside.unlink(missing_ok=True)


@contextmanager
def beginning(folder: Path) -> Iterator[Path]:
    """Give an empty folder beside `folder`, which takes its place when the block ends well.

    When the block fails, nothing is left; what a killed process leaves is the process's own, and
    in nobody's way.

    Raises:
        OSError: it cannot be made, or `folder` holds something already.
    """
    beside = folder.with_name(f".{folder.name}.{os.getpid()}.part")
    shutil.rmtree(beside, ignore_errors=True)
    beside.mkdir(parents=True)
    try:
        yield beside
        beside.replace(folder)  # an empty folder gives way, any other does not
    finally:
        shutil.rmtree(beside, ignore_errors=True)
