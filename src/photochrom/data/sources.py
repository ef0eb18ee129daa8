"""Where training pictures come from: folders and zip files, read one picture at a time."""

import hashlib
import zipfile
from collections.abc import Iterator
from pathlib import Path

from ..errors import DatasetError

SUFFIXES = {".jpg", ".jpeg", ".png", ".tif", ".tiff", ".webp"}


def pictures(source: Path) -> Iterator[tuple[str, bytes]]:
    """Yield name and content of every picture in a folder (recursively) or a zip file.

    Names are relative to the source, with `/`; in the order of the zip file or sorted. The folder
    part of a name is the picture's class where a data set has classes.

    Raises:
        DatasetError: there is no such folder or zip file, or it holds no picture.
    """
    if source.is_dir():
        found = _in_folder(source)
    elif zipfile.is_zipfile(source):
        found = _in_zip(source)
    else:
        raise DatasetError(f"{source}: no folder or zip file of pictures; check the recipe's data")
    empty = True
    for picture in found:
        empty = False
        yield picture
    if empty:
        raise DatasetError(f"{source}: holds no picture ({', '.join(sorted(SUFFIXES))})")


def _in_folder(folder: Path) -> Iterator[tuple[str, bytes]]:
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() in SUFFIXES:
            yield path.relative_to(folder).as_posix(), path.read_bytes()


def _in_zip(file: Path) -> Iterator[tuple[str, bytes]]:
    with zipfile.ZipFile(file) as archive:
        for info in archive.infolist():
            if Path(info.filename).suffix.lower() in SUFFIXES:
                yield info.filename, archive.read(info)


def fingerprint(source: Path) -> str:
    """A hash that changes when pictures are added, removed or replaced; reads no pictures."""
    digest = hashlib.sha256()
    if source.is_dir():
        for path in sorted(source.rglob("*")):
            if path.suffix.lower() in SUFFIXES:
                status = path.stat()
                name = path.relative_to(source).as_posix()
                digest.update(f"{name} {status.st_size} {status.st_mtime_ns}\n".encode())
    elif zipfile.is_zipfile(source):
        with zipfile.ZipFile(source) as archive:
            for info in archive.infolist():
                digest.update(f"{info.filename} {info.file_size} {info.CRC}\n".encode())
    return digest.hexdigest()
