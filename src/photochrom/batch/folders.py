"""The folders that a job puts its results into."""

import os
from contextlib import suppress
from pathlib import Path

from .leftovers import remove_abandoned


class Folders:
    """Makes folders, clears them of what killed runs have left, and takes empty ones away again."""

    def __init__(self) -> None:
        self._there: set[Path] = set()
        self._made: list[Path] = []

    def prepare(self, folder: Path) -> None:
        """Make a folder and those above it, where they are missing; clear it if it was there.

        Raises:
            OSError: it cannot be made.
        """
        if folder in self._there:
            return
        if folder.is_dir():
            remove_abandoned(folder)
        else:
            if folder.parent != folder:
                self.prepare(folder.parent)
            with suppress(FileExistsError):  # somebody else's; if it is no folder, writing says so
                os.mkdir(folder)
                self._made.append(folder)
        self._there.add(folder)

    def prune(self) -> None:
        """Take away what is empty of that which was made here."""
        for folder in reversed(self._made):
            with suppress(OSError):
                os.rmdir(folder)
        self._there.clear()
        self._made.clear()
