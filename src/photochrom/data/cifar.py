"""CIFAR-10 as its authors publish it for programs in C: records of a label and 32 × 32 pixels.

Krizhevsky, "Learning multiple layers of features from tiny images", 2009;
https://www.cs.toronto.edu/~kriz/cifar.html, "binary version".
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from .. import image
from ..errors import DatasetError
from .source import Wanted

_SIDE = 32
_RECORD = 1 + 3 * _SIDE**2  # bytes: a label, then the red, the green and the blue plane
_CLASSES = (
    "airplane",
    "automobile",
    "bird",
    "cat",
    "deer",
    "dog",
    "frog",
    "horse",
    "ship",
    "truck",
)


@dataclass(frozen=True)
class Cifar:
    """Names are `airplane/data_batch_1-00042.png`, in the order of the records."""

    files: Sequence[Path]

    def names(self) -> Iterator[str]:
        """Every picture's name."""
        for file in self.files:
            classes = _classes_beside(file)
            for number, record in enumerate(_records(file)):
                yield _name(file, number, record, classes)

    def pictures(self, wanted: Wanted) -> Iterator[tuple[str, bytes]]:
        """Names and contents of the pictures wanted, as PNG files."""
        before = 0
        for file in self.files:
            classes, records = _classes_beside(file), _records(file)
            for number, record in enumerate(records):
                if wanted(before + number):
                    yield _name(file, number, record, classes), _png(record)
            before += len(records)

    def traits(self) -> Iterator[str]:
        """Name, size and time of every file, and what its labels mean."""
        for file in self.files:
            status = file.stat()
            classes = " ".join(_classes_beside(file))
            yield f"{file.name} {status.st_size} {status.st_mtime_ns} {classes}"


def cifar_of(path: Path) -> Cifar | None:
    """The training batches in a folder, or the one `.bin` file at a path; None for neither.

    The folder's `test_batch.bin` must be asked for by its own path: nobody is to train on it
    unawares.
    """
    if path.is_dir():
        files = sorted(path.glob("data_batch_*.bin"))
        return Cifar(files) if files else None
    return Cifar([path]) if path.suffix == ".bin" and path.is_file() else None


def _records(file: Path) -> NDArray[np.uint8]:
    """The file's records, `(N, 3073)`."""
    content = np.fromfile(file, dtype=np.uint8)
    if len(content) % _RECORD:
        raise DatasetError(
            f"{file}: {len(content):,} bytes are no whole number of CIFAR-10's records of "
            f"{_RECORD:,}; copy the file anew"
        )
    return content.reshape(-1, _RECORD)


def _classes_beside(file: Path) -> Sequence[str]:
    meta = file.with_name("batches.meta.txt")
    return meta.read_text().split() if meta.exists() else _CLASSES


def _name(file: Path, number: int, record: NDArray[np.uint8], classes: Sequence[str]) -> str:
    label = int(record[0])
    if label >= len(classes):
        raise DatasetError(
            f"{file}: record {number} is of class {label}, and there are {len(classes)}; "
            "is it CIFAR-10's binary version?"
        )
    return f"{classes[label]}/{file.stem}-{number:05}.png"


def _png(record: NDArray[np.uint8]) -> bytes:
    pixels = record[1:].reshape(3, _SIDE, _SIDE).transpose(1, 2, 0)
    return image.encode(image.from_array(np.ascontiguousarray(pixels)), format="png")
