"""Files that get their name when they are complete, and take nobody's by accident."""

import errno
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from photochrom.errors import ImageError, OutputExistsError


@contextmanager
def placed(target: Path, *, overwrite: bool) -> Iterator[BinaryIO]:
    """Give an empty file, open to be written and read, that becomes `target` when the block ends.

    It is on the disk, not only on its way there, before it gets its name. When the block fails
    nothing is left, and an earlier file at `target` stays as it was.

    Raises:
        OutputExistsError: `target` exists and `overwrite` is false.
        ImageError: the folder is missing, closed or full; the OSError is its cause.
    """
    if not overwrite and os.path.lexists(target):  # told before the work is done
        raise taken(target)
    beside = target.with_name(f".{secrets.token_hex(8)}.part")
    try:
        with open(beside, "x+b") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        if overwrite:
            os.replace(beside, target)
        else:
            move_to_new(beside, target)
    except FileExistsError:
        raise taken(target) from None
    except OSError as error:
        raise unwritten(target, error) from error
    finally:
        with suppress(OSError):  # of a folder that became closed: what failed before is the news
            beside.unlink(missing_ok=True)


def refusal(detail: str) -> OSError | None:
    """The error of the system where libvips' words tell of one: a full disk, above all."""
    for code in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO):
        if os.strerror(code) in detail:
            return OSError(code, os.strerror(code))
    return None


def move_to_new(source: Path, target: Path) -> None:
    """Give the file a name that nobody has; FileExistsError where somebody was faster.

    A hard link appears with all its content, so a process killed here leaves nothing half-made;
    the caller removes the other name. Without hard links an empty file claims the name first.
    """
    try:
        os.link(source, target)
    except FileExistsError:
        raise
    except OSError:
        open(target, "xb").close()
        try:
            os.replace(source, target)
        except OSError:
            target.unlink()
            raise


def taken(target: Path) -> OutputExistsError:
    """Says that a file exists."""
    return OutputExistsError(f"{target}: exists already; allow overwriting or choose another name")


def unwritten(target: Path, error: OSError) -> ImageError:
    """Says that a file cannot be written, and what the system said."""
    return ImageError(
        f"{target}: cannot be written ({error.strerror}); "
        "check that its folder exists, may be written to and has space"
    )
