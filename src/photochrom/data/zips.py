"""Pictures in a zip file, or in one folder of it."""

import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ..errors import DatasetError
from .source import Wanted, is_picture


@dataclass(frozen=True)
class Zip:
    """Names are relative to `inside`, in the order of the zip file."""

    file: Path
    inside: str = ""
    """Empty, or a folder in the zip file with a closing `/`."""

    def names(self) -> Iterator[str]:
        """Every picture's name."""
        with zipfile.ZipFile(self.file) as archive:
            yield from (self._name(info) for info in self._entries(archive))

    def pictures(self, wanted: Wanted) -> Iterator[tuple[str, bytes]]:
        """Names and contents of the pictures wanted.

        Raises:
            DatasetError: the zip file is damaged.
        """
        with zipfile.ZipFile(self.file) as archive:
            for number, info in enumerate(self._entries(archive)):
                if not wanted(number):
                    continue
                try:
                    content = archive.read(info)
                except (zipfile.BadZipFile, zlib.error, EOFError) as error:
                    raise DatasetError(
                        f"{self.file}: {info.filename} is damaged ({error}); copy the file anew"
                    ) from error
                yield self._name(info), content

    def traits(self) -> Iterator[str]:
        """Name, size and checksum of every picture."""
        with zipfile.ZipFile(self.file) as archive:
            for info in self._entries(archive):
                yield f"{self._name(info)} {info.file_size} {info.CRC}"

    def _name(self, info: zipfile.ZipInfo) -> str:
        return info.filename.removeprefix(self.inside)

    def _entries(self, archive: zipfile.ZipFile) -> Iterator[zipfile.ZipInfo]:
        for info in archive.infolist():
            name = info.filename
            if name.startswith(self.inside) and is_picture(name) and not info.is_dir():
                yield info


def zip_of(path: Path) -> Zip | None:
    """The zip file at a path, or the folder inside one that the path leads to; None for neither."""
    for file in (path, *path.parents):
        if file.is_file():
            inside = path.relative_to(file).as_posix()
            return (
                Zip(file, "" if file == path else f"{inside}/")
                if zipfile.is_zipfile(file)
                else None
            )
    return None
