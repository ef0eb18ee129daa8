"""Pictures in tar shards as WebDataset lays them out, on disks and in object stores.

Members that follow one another and share their path up to the first dot of the file name are one
sample: `dog/07.jpg`, `dog/07.cls`, `dog/07.json`. https://github.com/webdataset/webdataset
"""

import gzip
import tarfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from itertools import groupby
from pathlib import Path, PurePosixPath

from ..errors import DatasetError, MissingExtraError
from .source import Wanted, is_picture

_SUFFIXES = (".tar", ".tar.gz", ".tgz")
_VERSION = ("ETag", "etag", "mtime", "LastModified", "last_modified", "created")


@dataclass(frozen=True)
class Shards:
    """Names are `folders/class/key.suffix`; the class is the sample's `.cls`, if it has one."""

    urls: Sequence[str]
    """Paths or URLs, one for each shard."""

    def names(self) -> Iterator[str]:
        """Every picture's name; passes over the pictures, except in compressed shards."""
        for url in self.urls:
            yield from (name for name, _ in _read(url, lambda number: False))

    def pictures(self, wanted: Wanted) -> Iterator[tuple[str, bytes]]:
        """Names and contents of the pictures wanted.

        Raises:
            DatasetError: a shard is missing, out of reach or damaged.
        """
        before = 0
        for url in self.urls:
            found = 0

            def here(number: int, before: int = before) -> bool:
                return wanted(before + number)

            for name, content in _read(url, here):
                if here(found):
                    yield name, content
                found += 1
            before += found

    def traits(self) -> Iterator[str]:
        """Name, size and version or time of every shard."""
        for url in self.urls:
            import fsspec

            with _told_of(url):
                files, path = fsspec.core.url_to_fs(url)
                told = files.info(path)
            version = next((told[key] for key in _VERSION if told.get(key)), "")
            yield f"{PurePosixPath(path).name} {told['size']} {version}"


def shards_of(source: Path | str) -> Shards | None:
    """The shards at a path or URL, `{000..099}` written out; None for what is neither.

    Raises:
        DatasetError: the braces do not close.
        MissingExtraError: the extra `train` is not installed.
    """
    pattern = str(source)
    if not pattern.endswith(_SUFFIXES):
        return None
    _require()
    import braceexpand

    if "://" not in pattern and Path(pattern).exists():  # be there braces in its name or not
        return Shards([pattern])
    try:
        return Shards(list(braceexpand.braceexpand(pattern)))
    except ValueError as error:
        raise DatasetError(f"{pattern}: cannot be written out as names ({error})") from error


def _require() -> None:
    """Make sure that what shards need is there; whoever reads none does without.

    Raises:
        MissingExtraError: it is not.
    """
    for module in ("braceexpand", "fsspec"):
        if find_spec(module) is None:
            raise MissingExtraError(
                f"{module} is not installed; tar shards need it: pip install 'photochrom[train]'"
            )


@contextmanager
def _told_of(url: str) -> Iterator[None]:
    try:
        yield
    except Exception as error:  # every kind of store raises errors of its own
        raise DatasetError(f"{url}: cannot be opened ({error}); check the address") from error


@dataclass(frozen=True)
class _Member:
    """One file of a sample."""

    key: str
    suffix: str
    content: bytes
    """Empty where it was not wanted."""


def _read(url: str, wanted: Wanted) -> Iterator[tuple[str, bytes]]:
    """Names of all pictures of a shard, and the contents of those wanted."""
    for key, sample in groupby(_members(url, wanted), key=lambda member: member.key):
        members = list(sample)
        labels = [member.content for member in members if member.suffix == ".cls"]
        path = PurePosixPath(key)
        folder = path.parent
        if labels:
            folder /= labels[0].decode(errors="replace").strip().replace("/", "-")
        for member in members:
            if member.suffix != ".cls":
                yield str(folder / f"{path.name}{member.suffix}"), member.content


def _members(url: str, wanted: Wanted) -> Iterator[_Member]:
    """The pictures and classes in a shard.

    A suffix is all from the first dot, so that `7.mask.png` is no picture.
    """
    number = 0
    with _archive(url) as archive:
        while (info := _next(url, archive)) is not None:
            folder, name = PurePosixPath(info.name).parent, PurePosixPath(info.name).name
            key, dot, rest = name.partition(".")
            suffix = f"{dot}{rest}".lower()
            picture = "." not in rest and is_picture(f"{key}{suffix}")
            if not (info.isfile() and key and (picture or suffix == ".cls")):
                continue
            content = b""
            if not picture or wanted(number):
                content = _content(url, archive, info)
            number += picture
            yield _Member(str(folder / key), suffix, content)


@contextmanager
def _archive(url: str) -> Iterator[tarfile.TarFile]:
    import fsspec

    with ExitStack() as stack:
        with _told_of(url):
            opened = stack.enter_context(fsspec.open(url, "rb"))
        with _damage_told_of(url):
            archive = stack.enter_context(tarfile.open(fileobj=opened, mode="r:*"))
        yield archive


def _next(url: str, archive: tarfile.TarFile) -> tarfile.TarInfo | None:
    """The next member; None at the end.

    Python takes a damaged header, or the file's end at the border of a member, for the end.
    """
    with _damage_told_of(url):
        info = archive.next()
        archive.members = []  # type: ignore[attr-defined]  # else it grows to all of the shard
        if info is None and archive.fileobj is not None:
            archive.fileobj.seek(archive.offset)
            if archive.fileobj.read(tarfile.BLOCKSIZE) != bytes(tarfile.BLOCKSIZE):
                raise tarfile.ReadError("it ends where a member should begin")
    return info


def _content(url: str, archive: tarfile.TarFile, info: tarfile.TarInfo) -> bytes:
    with _damage_told_of(url):
        file = archive.extractfile(info)
        assert file is not None  # of a regular file there always is one
        return file.read()


@contextmanager
def _damage_told_of(url: str) -> Iterator[None]:
    try:
        yield
    except (tarfile.TarError, gzip.BadGzipFile, zlib.error, EOFError) as error:
        raise DatasetError(f"{url}: damaged ({error}); copy the file anew") from error
    except Exception as error:  # every kind of store raises errors of its own
        raise DatasetError(f"{url}: cannot be read ({error}); check where it is kept") from error
