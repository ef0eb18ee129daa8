"""The folders that a job makes for its results."""

import os
from contextlib import suppress
from pathlib import Path


class Folders:
    """Makes folders, and takes those away again that have stayed empty."""

    def __init__(self) -> None:
        self._there: set[Path] = set()
        self._made: list[Path] = []

    def make(self, folder: Path) -> None:
        """Make a folder and those above it, where they are missing.

        Raises:
            OSError: it cannot be made.
        """
        if folder in self._there:
            return
        if not folder.is_dir():
            if folder.parent != folder:
                self.make(folder.parent)
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
