"""Files that are whole or not there: written beside their name, then renamed."""

import os
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
