"""CIFAR-10's binary version, by the description on its authors' page.

"The first byte is the label of the first image, which is a number in the range 0-9. The next 3072
bytes are the values of the pixels of the image. The first 1024 bytes are the red channel values,
the next 1024 the green, and the final 1024 the blue. The values are stored in row-major order."
"""

from pathlib import Path

import numpy as np
import pytest

from photochrom import image
from photochrom.data.pool import Rules, load_pool
from photochrom.data.sources import fingerprint, names, pictures
from photochrom.errors import DatasetError

RNG = np.random.default_rng(0)
PIXELS = RNG.integers(0, 256, (5, 32, 32, 3)).astype(np.uint8)


def batch(path: Path, labels: list[int], first: int = 0) -> Path:
    """Write records of these labels, byte after byte."""
    with path.open("wb") as file:
        for at, label in enumerate(labels, start=first):
            file.write(bytes([label]))
            for channel in range(3):
                for row in range(32):
                    file.write(bytes(PIXELS[at, row, :, channel].tolist()))
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    batch(tmp_path / "data_batch_1.bin", [6, 9, 0])
    batch(tmp_path / "data_batch_2.bin", [3], first=3)
    batch(tmp_path / "test_batch.bin", [8], first=4)
    return tmp_path


def test_training_batches_of_a_folder(folder: Path) -> None:
    read = dict(pictures(folder))
    assert list(read) == [
        "frog/data_batch_1-00000.png",
        "truck/data_batch_1-00001.png",
        "airplane/data_batch_1-00002.png",
        "cat/data_batch_2-00000.png",
    ]
    assert list(names(folder)) == list(read)
    for pixels, content in zip(PIXELS, read.values(), strict=False):
        np.testing.assert_array_equal(image.decode(content).pixels, pixels)


def test_one_batch_by_its_path(folder: Path) -> None:
    [(name, content)] = pictures(folder / "test_batch.bin")
    assert name == "ship/test_batch-00000.png"
    np.testing.assert_array_equal(image.decode(content).pixels, PIXELS[4])


def test_classes_are_those_beside_the_batches(folder: Path) -> None:
    before = fingerprint(folder)
    (folder / "batches.meta.txt").write_text("a\nb\nc\nd\ne\nf\ng\nh\ni\nj\n\n")
    assert [name[0] for name in names(folder)] == ["g", "j", "a", "d"]
    assert fingerprint(folder) != before


def test_pictures_wanted_are_counted_through_all_batches(folder: Path) -> None:
    found = [name for name, _ in pictures(folder, {1, 3}.__contains__)]
    assert found == ["truck/data_batch_1-00001.png", "cat/data_batch_2-00000.png"]


def test_pool_of_it_has_classes(folder: Path, tmp_path: Path) -> None:
    pool = load_pool([folder], Rules(short_side=32), tmp_path / "cache")
    assert list(pool.classes) == ["airplane", "cat", "frog", "truck"]
    assert pool.labels.tolist() == [2, 3, 0, 1]


def test_cut_batch(folder: Path) -> None:
    file = folder / "data_batch_2.bin"
    file.write_bytes(file.read_bytes()[:-1])
    with pytest.raises(DatasetError, match=r"data_batch_2\.bin: 3,072 bytes are no whole number"):
        list(pictures(folder))


def test_labels_of_another_set(folder: Path) -> None:
    """CIFAR-100's records are a byte longer; 3,073 of them are a whole number of CIFAR-10's."""
    batch(folder / "data_batch_2.bin", [77])
    with pytest.raises(DatasetError, match="record 0 is of class 77"):
        list(pictures(folder))
