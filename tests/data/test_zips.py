"""Zip files, and folders inside them."""

import zipfile
from pathlib import Path

import pytest

from photochrom.data.sources import fingerprint, names, pictures
from photochrom.errors import DatasetError


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """Two splits of the same classes, and a folder whose name begins like the other's."""
    with zipfile.ZipFile(tmp_path / "set.zip", "w") as file:
        for name in ("train/dog/2.png", "train/cat/1.png", "training/x.png", "test/cat/1.png"):
            file.writestr(name, name.encode())
        file.writestr("train/notes.txt", "no picture")
    return tmp_path / "set.zip"


def test_a_folder_inside_holds_what_is_below_it(archive: Path) -> None:
    assert list(pictures(archive / "train")) == [
        ("dog/2.png", b"train/dog/2.png"),
        ("cat/1.png", b"train/cat/1.png"),
    ]
    assert list(names(archive / "train/cat")) == ["1.png"]
    assert list(names(str(archive))) == [name for name, _ in pictures(archive)]


def test_only_pictures_wanted_are_read(archive: Path) -> None:
    """The first is damaged, which nobody sees who does not read it."""
    archive.write_bytes(archive.read_bytes().replace(b"train/dog/2.pngP", b"train/dXg/2.pngP", 1))
    assert [name for name, _ in pictures(archive / "train", lambda number: number == 1)] == [
        "cat/1.png"
    ]
    with pytest.raises(DatasetError, match=r"set\.zip: train/dog/2\.png is damaged"):
        list(pictures(archive / "train"))


def test_fingerprint_is_of_that_folder_alone(archive: Path) -> None:
    before = {folder: fingerprint(archive / folder) for folder in ("train", "test")}
    assert before["train"] != before["test"]
    with zipfile.ZipFile(archive, "a") as file:
        file.writestr("test/dog/3.png", b"new")
    assert fingerprint(archive / "train") == before["train"]
    assert fingerprint(archive / "test") != before["test"]


def test_no_such_folder_inside(archive: Path) -> None:
    with pytest.raises(DatasetError, match=r"set\.zip/validation: holds no picture"):
        list(pictures(archive / "validation"))


def test_no_folder_inside_a_file_that_is_no_zip(tmp_path: Path) -> None:
    (tmp_path / "set.zip").write_text("plain text")
    with pytest.raises(DatasetError, match=r"set\.zip/train: no folder or zip file of pictures"):
        list(pictures(tmp_path / "set.zip/train"))
