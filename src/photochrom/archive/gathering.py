"""Files that belong together, and appear together when all of them are complete."""

import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..errors import PhotochromError
from ..image.placing import move_to_new, taken, unwritten


class Gathering:
    """Where files wait for one another."""

    def __init__(self, target: Path) -> None:
        """Make nothing yet; `target` is the file after which the others are named."""
        self._target = target
        self._folder = target.with_name(f".{secrets.token_hex(8)}.part")
        self.beside: tuple[Path, ...] = ()
        """Where the others are in the end."""

    @property
    def target(self) -> Path:
        """What to write to in place of the target; other files go beside it."""
        return self._folder / self._target.name

    def begin(self) -> int | None:
        """Make the folder. While what this returns is open nobody takes it for abandoned."""
        os.mkdir(self._folder)
        try:
            return os.open(self._folder, os.O_RDONLY)
        except OSError:  # of systems that open no folders
            return None

    def place(self, *, overwrite: bool) -> None:
        """Give all files their names, the target first: of two runs one has all of them."""
        others = sorted(name for name in os.listdir(self._folder) if name != self._target.name)
        if overwrite:
            os.replace(self.target, self._target)
        else:
            move_to_new(self.target, self._target)
        self.beside = tuple(self._target.with_name(name) for name in others)
        for path in self.beside:
            os.replace(self._folder / path.name, path)

    def end(self, held: int | None) -> None:
        """Take the folder away, and what is left in it."""
        if held is not None:
            os.close(held)
        shutil.rmtree(self._folder, ignore_errors=True)

    def named(self, message: str) -> str:
        """A message with the names that files were to have."""
        before = str(self._target).removesuffix(self._target.name)
        return message.replace(f"{self._folder}{os.sep}", before)


@contextmanager
def gathered(target: Path, *, overwrite: bool) -> Iterator[Gathering]:
    """Give a place for a file and for others beside it, which all move when the block ends well.

    When it fails nothing is left, and earlier files stay as they were; errors name files as if they
    had been written where they belong. The others replace files of their names.

    Raises:
        OutputExistsError: `target` exists and `overwrite` is false.
        ImageError: the folder is missing, closed or full; the OSError is its cause.
    """
    if not overwrite and os.path.lexists(target):  # told before the work is done
        raise taken(target)
    gathering = Gathering(target)
    try:
        held = gathering.begin()
    except OSError as error:
        raise unwritten(target, error) from error
    try:
        yield gathering
        try:
            gathering.place(overwrite=overwrite)
        except FileExistsError:
            raise taken(target) from None
        except OSError as error:
            raise unwritten(target, error) from error
    except PhotochromError as error:
        error.args = tuple(gathering.named(str(words)) for words in error.args)
        raise
    except OSError as error:
        if error.filename is not None:
            error.filename = gathering.named(str(error.filename))
        raise
    finally:
        gathering.end(held)
