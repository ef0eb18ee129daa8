"""Where training pictures come from, read one picture at a time.

A source is a path or a URL:

    a folder                            folders.py   `train/`
    a zip file, or a folder inside one  zips.py      `set.zip`, `set.zip/train`
    CIFAR-10's binary version           cifar.py     `cifar-10-batches-bin/`, `…/test_batch.bin`
    tar shards                          shards.py    `set-{000..099}.tar`, `s3://bucket/set-0.tar.gz`
"""

import hashlib
from collections.abc import Iterator
from pathlib import Path

from .. import image
from ..errors import DatasetError
from .cifar import cifar_of
from .folders import Folder
from .shards import shards_of
from .source import Source, Wanted
from .zips import zip_of


def pictures(
    source: Path | str, wanted: Wanted = lambda number: True
) -> Iterator[tuple[str, bytes]]:
    """Yield name and content of every picture in a source, or of those wanted by number.

    Names are relative to the source, with `/`. The last folder of a name is the picture's class
    where a data set has classes.

    Raises:
        DatasetError: there is no such source, it holds no picture, or it is damaged.
    """
    opened, empty = open_source(source), True

    def noted(number: int) -> bool:
        nonlocal empty
        empty = False
        return wanted(number)

    yield from opened.pictures(noted)
    if empty:
        raise _no_picture(source)


def names(source: Path | str) -> Iterator[str]:
    """Yield the name of every picture in a source, by number, reading none.

    Raises:
        DatasetError: as of `pictures`.
    """
    empty = True
    for name in open_source(source).names():
        empty = False
        yield name
    if empty:
        raise _no_picture(source)


def fingerprint(source: Path | str) -> str:
    """A hash that changes when pictures are added, removed or replaced; reads no pictures.

    Raises:
        DatasetError: there is no such source.
    """
    digest = hashlib.sha256()
    for trait in open_source(source).traits():
        digest.update(f"{trait}\n".encode())
    return digest.hexdigest()


def open_source(source: Path | str) -> Source:
    """What a path or URL leads to.

    Raises:
        DatasetError: to nothing that can hold pictures.
    """
    if shards := shards_of(source):
        return shards
    path = Path(source)
    found = cifar_of(path) or (Folder(path) if path.is_dir() else zip_of(path))
    if found is None:
        raise DatasetError(
            f"{source}: no folder or zip file of pictures, tar shard or CIFAR-10 batch; "
            "check the path"
        )
    return found


def _no_picture(source: Path | str) -> DatasetError:
    return DatasetError(f"{source}: holds no picture ({', '.join(sorted(image.SUFFIXES))})")
