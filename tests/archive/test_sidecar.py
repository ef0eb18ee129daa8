"""The provenance beside the picture."""

import hashlib
import json
from pathlib import Path

import pytest

from photochrom.archive.provenance import Named, Provenance
from photochrom.archive.sidecar import path_of, read, sha256_of, write
from photochrom.errors import ImageError

SAID = Provenance(
    model=Named(name="autochrome", sha256="1f" * 32),
    parameters={"temperature": 0.4},
    source=Named(name="Am See ☃.tif", sha256="a0" * 32),
    time="2024-05-04T03:02:01Z",
)


def test_it_stands_beside_the_picture_under_its_whole_name() -> None:
    assert path_of(Path("a/photo.color.jpg")) == Path("a/photo.color.jpg.json")


def test_it_says_what_the_documentation_shows(tmp_path: Path) -> None:
    picture = tmp_path / "photo.color.jpg"
    picture.write_bytes(b"abc")
    said = json.loads(write(picture, SAID).read_text(encoding="utf-8"))
    assert said == {
        "layout": 1,
        "result": {  # of "abc": FIPS 180-2, appendix B.1
            "name": "photo.color.jpg",
            "sha256": "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
        },
        "provenance": {
            "tool": "Photochrom",
            "version": SAID.version,
            "model": {"name": "autochrome", "sha256": "1f" * 32},
            "parameters": {"temperature": 0.4},
            "source": {"name": "Am See ☃.tif", "sha256": "a0" * 32},
            "time": "2024-05-04T03:02:01Z",
            "digital_source_type": (
                "http://cv.iptc.org/newscodes/digitalsourcetype/algorithmicallyEnhanced"
            ),
        },
    }


def test_what_was_written_is_read_and_replaces_what_was_there(tmp_path: Path) -> None:
    picture = tmp_path / "a.png"
    picture.write_bytes(b"first")
    assert read(picture) is None
    write(picture, SAID)
    picture.write_bytes(b"second")
    write(picture, SAID)
    found = read(picture)
    assert found is not None
    assert found.provenance == SAID
    assert found.result.sha256 == hashlib.sha256(b"second").hexdigest() == sha256_of(picture)
    assert {path.name for path in tmp_path.iterdir()} == {"a.png", "a.png.json"}


@pytest.mark.parametrize("name", ["a b\n☃.png", "é" * 123 + ".png"])  # the longest with room
def test_names_of_every_kind(name: str, tmp_path: Path) -> None:
    picture = tmp_path / name
    picture.write_bytes(b"")
    write(picture, SAID)
    found = read(picture)
    assert found is not None
    assert found.result.name == name


def test_a_name_without_room_is_told(tmp_path: Path) -> None:
    picture = tmp_path / ("a" * 251 + ".png")
    picture.write_bytes(b"")
    with pytest.raises(ImageError, match="too long"):
        write(picture, SAID)
    with pytest.raises(ImageError, match="too long"):
        read(picture)
    assert list(tmp_path.iterdir()) == [picture]


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"{}",
        b"[1]",
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"layout": 2}',
        b'{"layout": 1, "result": {"name": "a", "sha256": "12"}, "provenance": 3}',
    ],
)
def test_other_files_of_that_name_are_no_sidecars(text: bytes, tmp_path: Path) -> None:
    picture = tmp_path / "a.png"
    path_of(picture).write_bytes(text)
    with pytest.raises(ImageError, match=r"a\.png\.json: no sidecar of Photochrom") as told:
        read(picture)
    assert len(str(told.value).splitlines()) == 1


def test_a_folder_of_that_name_is_no_sidecar(tmp_path: Path) -> None:
    path_of(tmp_path / "a.png").mkdir()
    with pytest.raises(ImageError, match=r"a\.png\.json: cannot be read"):
        read(tmp_path / "a.png")
