"""Pictures that come into a folder, told of once they have stopped growing."""

import os
import time
from collections.abc import Iterator
from pathlib import Path
from threading import Event

import watchfiles

from ..errors import PhotochromError
from .listing import Unsearched, is_wanted, pictures_below
from .task import Stamp, stamp_of

_TICK = 0.25  # seconds between looks at files that may still be growing
_AGAIN = 300.0  # seconds between searches of the whole folder: networks tell of no changes


class Arrivals:
    """The pictures of a folder and its subfolders, those that are there and those that come."""

    def __init__(self, folder: Path, settle: float) -> None:
        """Look at nothing yet.

        Args:
            folder: links to folders in it are not followed.
            settle: seconds for which size and time of a file must stay the same.
        """
        self._folder = folder
        self._settle = settle
        self._waiting: dict[Path, tuple[Stamp | None, float]] = {}
        self._told: dict[Path, Stamp] = {}

    def settled(self, stop: Event) -> Iterator[list[Path]]:
        """Several times a second: pictures that are whole by now, mostly none.

        What is there already comes first. A picture comes again when it has changed.

        Args:
            stop: ends it once it is set.

        Raises:
            PhotochromError: the folder has gone, or cannot be watched.
        """
        changes = watchfiles.watch(
            self._folder,
            watch_filter=None,  # noise that it leaves out would hold up the ticks as well
            stop_event=stop,
            rust_timeout=round(1000 * _TICK),
            debounce=round(1000 * _TICK),
            yield_on_timeout=True,
            ignore_permission_denied=True,
        )
        searched = -_AGAIN
        try:
            for changed in changes:
                if not self._folder.is_dir():
                    raise PhotochromError(
                        f"{self._folder}: is gone; bring it back and watch it again"
                    )
                for _, name in changed:
                    self._note(Path(name))
                if time.monotonic() - searched > _AGAIN:  # begun after the watching: no gap
                    self._search(self._folder)
                    searched = time.monotonic()
                yield self._whole()
        except OSError as error:
            raise PhotochromError(
                f"{self._folder}: cannot be watched ({error}); check its rights, and the system's "
                "limit of watched folders (fs.inotify.max_user_watches)"
            ) from None

    def _note(self, path: Path) -> None:
        """Something has happened to a file or a folder, which may have come with all its own."""
        within = Path(os.path.relpath(path, self._folder))
        if any(part.startswith(".") for part in within.parts):
            return
        here = self._folder / within
        if here.is_dir() and not here.is_symlink():
            self._search(here)
        elif is_wanted(here.name) and here.is_file():
            self._waiting.setdefault(here, (None, time.monotonic()))

    def _search(self, folder: Path) -> None:
        for path in pictures_below(folder):
            if not isinstance(path, Unsearched):
                self._waiting.setdefault(path, (None, time.monotonic()))

    def _whole(self) -> list[Path]:
        """Take out what has not changed for long enough, and forget what has gone."""
        now = time.monotonic()
        whole = []
        for path, (known, since) in list(self._waiting.items()):
            stamp = stamp_of(path)
            if stamp is None:
                del self._waiting[path]
            elif stamp != known:
                self._waiting[path] = stamp, now
            elif now - since >= self._settle:
                del self._waiting[path]
                if self._told.get(path) != stamp:
                    whole.append(path)
                self._told[path] = stamp
        return sorted(whole)
