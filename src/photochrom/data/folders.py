"""Pictures as files in a folder and the folders below it."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from .source import Wanted, is_picture


@dataclass(frozen=True)
class Folder:
    """Names are relative to the folder, with `/`, sorted."""

    folder: Path

    def names(self) -> Iterator[str]:
        """Every picture's name."""
        return (self._name(path) for path in self._files())

    def pictures(self, wanted: Wanted) -> Iterator[tuple[str, bytes]]:
        """Names and contents of the pictures wanted."""
        for number, path in enumerate(self._files()):
            if wanted(number):
                yield self._name(path), path.read_bytes()

    def traits(self) -> Iterator[str]:
        """Name, size and time of every picture."""
        for path in self._files():
            status = path.stat()
            yield f"{self._name(path)} {status.st_size} {status.st_mtime_ns}"

    def _name(self, path: Path) -> str:
        return path.relative_to(self.folder).as_posix()

    def _files(self) -> Iterator[Path]:
        for path in sorted(self.folder.rglob("*")):
            if is_picture(path.name) and path.is_file():
                yield path
