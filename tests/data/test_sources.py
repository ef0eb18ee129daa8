import os
import zipfile
from pathlib import Path

import pytest

from photochrom.data.sources import fingerprint, pictures
from photochrom.errors import DatasetError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three files called pictures, one that is none, and a folder with a picture's name."""
    root = tmp_path / "set"
    for name, content in {
        "b/2.JPG": b"two",
        "a/10.png": b"ten",
        "a/9.webp": b"nine",
        "a/notes.txt": b"no picture",
    }.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(content)
    (root / "album.jpg").mkdir()
    return root


def zipped(path: Path, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def test_folder_is_read_recursively_and_sorted(folder: Path) -> None:
    assert list(pictures(folder)) == [
        ("a/10.png", b"ten"),
        ("a/9.webp", b"nine"),
        ("b/2.JPG", b"two"),
    ]


def test_zip_is_read_in_its_own_order(tmp_path: Path) -> None:
    files = {"z/1.png": b"one", "readme.md": b"", "album.jpg/": b"", "a/2.TIFF": b"two"}
    source = zipped(tmp_path / "set.zip", files)
    assert list(pictures(source)) == [("z/1.png", b"one"), ("a/2.TIFF", b"two")]


@pytest.mark.parametrize("use", [fingerprint, lambda source: list(pictures(source))])
@pytest.mark.parametrize("content", [None, b"plain text"])
def test_neither_folder_nor_zip(tmp_path: Path, use, content: bytes | None) -> None:
    source = tmp_path / "set.zip"
    if content is not None:
        source.write_bytes(content)
    with pytest.raises(DatasetError, match="no folder or zip file of pictures") as caught:
        use(source)
    assert str(caught.value).startswith(f"{source}: ")


def test_no_picture_in_it(tmp_path: Path) -> None:
    (tmp_path / "set").mkdir()
    (tmp_path / "set/notes.txt").write_text("none")
    with pytest.raises(DatasetError, match=r"set: holds no picture"):
        list(pictures(tmp_path / "set"))
    with pytest.raises(DatasetError, match=r"set\.zip: holds no picture"):
        list(pictures(zipped(tmp_path / "set.zip", {"a.txt": b""})))


def test_damaged_zip_names_the_picture(tmp_path: Path) -> None:
    source = zipped(tmp_path / "set.zip", {"1.png": b"first picture", "2.png": b"second picture"})
    damaged = source.read_bytes().replace(b"second", b"sXcond", 1)
    source.write_bytes(damaged)
    with pytest.raises(DatasetError, match=r"set\.zip: 2\.png is damaged"):
        list(pictures(source))


def test_fingerprint_of_a_folder_changes_with_its_pictures(folder: Path) -> None:
    seen = [fingerprint(folder)]
    (folder / "a/notes.txt").write_text("other words")  # no picture
    assert fingerprint(folder) == seen[0]

    (folder / "c.png").write_bytes(b"new")
    seen.append(fingerprint(folder))
    (folder / "c.png").rename(folder / "d.png")
    seen.append(fingerprint(folder))
    (folder / "d.png").write_bytes(b"longer")
    seen.append(fingerprint(folder))
    os.utime(folder / "d.png", ns=(1, 1))  # replaced by one of the same size
    seen.append(fingerprint(folder))
    assert len(set(seen)) == len(seen)
    (folder / "d.png").unlink()
    assert fingerprint(folder) == seen[0]


def test_fingerprint_of_a_zip_is_of_its_content(tmp_path: Path) -> None:
    first = fingerprint(zipped(tmp_path / "1.zip", {"a.png": b"one", "b.png": b"two"}))
    again = zipped(tmp_path / "2.zip", {"a.png": b"one", "notes.txt": b"", "b.png": b"two"})
    assert fingerprint(again) == first
    for files in (
        {"a.png": b"one", "b.png": b"2wo"},  # of the same size
        {"a.png": b"one"},
        {"a.png": b"one", "c.png": b"two"},
        {"b.png": b"two", "a.png": b"one"},
    ):
        assert fingerprint(zipped(tmp_path / "3.zip", files)) != first
