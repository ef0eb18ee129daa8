"""Where training pictures come from: folders and zip files, read one picture at a time."""

import hashlib
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from ..errors import DatasetError

SUFFIXES = {".jpg", ".jpeg", ".png", ".tif", ".tiff", ".webp"}


def pictures(source: Path) -> Iterator[tuple[str, bytes]]:
    """Yield name and content of every picture in a folder (recursively) or a zip file.

    Names are relative to the source, with `/`; in the order of the zip file or sorted. The folder
    part of a name is the picture's class where a data set has classes.

    Raises:
        DatasetError: there is no such folder or zip file, it holds no picture, or the zip file is
            damaged.
    """
    found = _in_folder(source) if _is_folder(source) else _in_zip(source)
    empty = True
    for picture in found:
        empty = False
        yield picture
    if empty:
        raise DatasetError(f"{source}: holds no picture ({', '.join(sorted(SUFFIXES))})")


def fingerprint(source: Path) -> str:
    """A hash that changes when pictures are added, removed or replaced; reads no pictures.

    Raises:
        DatasetError: there is no such folder or zip file.
    """
    digest = hashlib.sha256()
    if _is_folder(source):
        for path in _files(source):
            status = path.stat()
            name = path.relative_to(source).as_posix()
            digest.update(f"{name} {status.st_size} {status.st_mtime_ns}\n".encode())
    else:
        with zipfile.ZipFile(source) as archive:
            for info in _entries(archive):
                digest.update(f"{info.filename} {info.file_size} {info.CRC}\n".encode())
    return digest.hexdigest()


def _is_folder(source: Path) -> bool:
    """Whether a source is a folder or a zip file; raises DatasetError if it is neither."""
    if source.is_dir():
        return True
    if zipfile.is_zipfile(source):
        return False
    raise DatasetError(f"{source}: no folder or zip file of pictures; check the recipe's data")


def _in_folder(folder: Path) -> Iterator[tuple[str, bytes]]:
    for path in _files(folder):
        yield path.relative_to(folder).as_posix(), path.read_bytes()


def _in_zip(file: Path) -> Iterator[tuple[str, bytes]]:
    with zipfile.ZipFile(file) as archive:
        for info in _entries(archive):
            try:
                content = archive.read(info)
            except (zipfile.BadZipFile, zlib.error, EOFError) as error:
                raise DatasetError(
                    f"{file}: {info.filename} is damaged ({error}); copy the file anew"
                ) from error
            yield info.filename, content


def _files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() in SUFFIXES and path.is_file():
            yield path


def _entries(archive: zipfile.ZipFile) -> Iterator[zipfile.ZipInfo]:
    for info in archive.infolist():
        if PurePosixPath(info.filename).suffix.lower() in SUFFIXES and not info.is_dir():
            yield info
