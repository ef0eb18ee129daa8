"""`photochrom inspect`."""

import json
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from photochrom import image
from photochrom.archive import sidecar
from photochrom.archive.provenance import Named, Provenance, stamped

SAID = Provenance(
    model=Named(name="autochrome", sha256="1f" * 32),
    parameters={"temperature": 0.4, "saturation": 1.25},
    source=Named(name="am see.tif", sha256="a0" * 32),
    time="2024-05-04T03:02:01Z",
)
RICH = (Path(__file__).parents[1] / "archive" / "rich.xmp").read_bytes()


def colored(path: Path, xmp: bytes | None = None) -> Path:
    """A picture, 40 × 30, 16 bits where the format has them, 300 dpi."""
    depth = np.uint16 if path.suffix in (".png", ".tif") else np.uint8
    metadata = image.Metadata(
        xmp=stamped(xmp, SAID), iptc=b"\x1c\x02\x78\x00\x02ab", resolution=(300 / 25.4, 300 / 25.4)
    )
    image.write(image.Frame(np.full((30, 40, 3), 99, depth), metadata=metadata), path)
    return path


@pytest.mark.parametrize(
    ("suffix", "picture"),
    [
        (".jpg", "picture: JPEG, 40 × 30, RGB, 8 bits, 300 pixels per inch"),
        (".png", "picture: PNG, 40 × 30, RGB, 16 bits, 300 pixels per inch"),
        (".tif", "picture: TIFF, 40 × 30, RGB, 16 bits, 300 pixels per inch"),
        (".webp", "picture: WebP, 40 × 30, RGB, 8 bits"),
    ],
)
def test_it_tells_how_a_picture_was_colored(run, tmp_path, suffix, picture):
    path = colored(tmp_path / f"a.color{suffix}", RICH)
    result = run("inspect", path)
    assert result.exit_code == 0, result.stderr
    lines = [line.strip() for line in result.stdout.splitlines()]
    assert lines[0] == str(path)
    assert lines[1] == picture
    assert f"colored by: Photochrom {SAID.version}, 2024-05-04T03:02:01Z" in lines
    assert f"network: autochrome, sha256 {'1f' * 32}" in lines
    assert "parameters: temperature 0.4, saturation 1.25" in lines or (
        "parameters: saturation 1.25, temperature 0.4" in lines
    )
    assert f"source: am see.tif, sha256 {'a0' * 32}" in lines
    assert any(line.startswith("XMP: ") and line.endswith(", 64 fields") for line in lines)
    assert "signed (C2PA): no" in lines
    # 50 in the packet, 8 and the former source type in our namespace, 5 of an event.


def test_json_says_the_same_in_a_line_each(run, tmp_path):
    paths = [colored(tmp_path / "a b.jpg"), colored(tmp_path / "☃\n.tif")]
    sidecar.write(paths[1], SAID)
    result = run("inspect", *paths, "--json")
    assert result.exit_code == 0, result.stderr
    first, second = map(json.loads, result.stdout.splitlines())
    assert [first["file"], second["file"]] == [str(path) for path in paths]
    assert first["provenance"] == second["provenance"] == SAID.model_dump(mode="json")
    assert first["sidecar"] is None
    assert second["sidecar"]["fits"] is True
    assert second["picture"] == {
        "format": "tiff",
        "width": 40,
        "height": 30,
        "channels": 3,
        "alpha": False,
        "bit_depth": 16,
        "pages": 1,
        "profile": None,
        "pixels_per_inch": pytest.approx(300, abs=0.01),
    }
    assert second["metadata"]["iptc_bytes"] == 7


def test_a_picture_that_tells_nothing_ends_in_1(run, tmp_path):
    plain = tmp_path / "plain.png"
    image.write(image.Frame(np.zeros((4, 4, 1), np.uint8)), plain)
    result = run("inspect", colored(tmp_path / "a.jpg"), plain)
    assert result.exit_code == 1
    assert "provenance: none" in result.stdout
    assert result.stdout.count("colored by:") == 1


def test_a_changed_file_contradicts_its_sidecar(run, tmp_path):
    path = colored(tmp_path / "a.png")
    sidecar.write(path, SAID)
    assert run("inspect", path).exit_code == 0
    with path.open("ab") as file:
        file.write(b"\0")
    result = run("inspect", path)
    assert result.exit_code == 1
    assert "sidecar: DIFFERENT" in result.stdout


def test_a_sidecar_alone_tells_enough(run, tmp_path):
    path = tmp_path / "a.png"
    image.write(image.Frame(np.zeros((4, 4, 3), np.uint8)), path)
    sidecar.write(path, SAID)
    result = run("inspect", path)
    assert result.exit_code == 0
    assert "colored by: Photochrom" in result.stdout


def test_the_profile_is_called_by_its_name(run, tmp_path):
    from PIL import ImageCms

    icc = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    path = tmp_path / "a.png"
    image.write(image.Frame(np.zeros((4, 4, 3), np.uint8), icc=icc), path)
    assert "profile: sRGB built-in" in run("inspect", path).stdout  # what Little CMS calls it


def test_other_files_of_the_sidecar_s_name_are_remarked(run, tmp_path):
    path = colored(tmp_path / "a.png")
    sidecar.path_of(path).write_text("{}")
    result = run("inspect", path)
    assert result.exit_code == 0
    assert "not looked at: " in result.stdout
    assert "no sidecar of Photochrom" in result.stdout


def test_without_the_extra_signatures_are_said_not_to_be_looked_at(run, tmp_path, monkeypatch):
    path = colored(tmp_path / "a.jpg")
    monkeypatch.setitem(sys.modules, "c2pa", None)  # what Python takes for "not there"
    result = run("inspect", path)
    assert result.exit_code == 0
    assert "pip install 'photochrom[archive]'" in result.stdout


@pytest.mark.parametrize(
    "data", [None, b"", b"text", b"\xff\xd8\xff", b"II*\0\xff\xff\xff\xff", b"\x89PNG\r\n\x1a\n"]
)
def test_what_is_no_picture_is_told_and_the_others_are_shown(run, tmp_path, data):
    path = tmp_path / "other.jpg"
    if data is not None:
        path.write_bytes(data)
    result = run("inspect", path, colored(tmp_path / "a.jpg"))
    assert result.exit_code == 1
    assert result.stderr.startswith(f"error: {path}: ")
    assert len(result.stderr.splitlines()) == 1
    assert "colored by:" in result.stdout


def test_folders_and_missing_roots_are_told(run, tmp_path):
    assert run("inspect", tmp_path).exit_code == 1
    assert run("inspect", colored(tmp_path / "a.jpg"), "--trust", tmp_path / "no").exit_code == 2


def test_what_a_file_says_moves_no_cursor(run, tmp_path):
    nasty = SAID.model_copy(update={"tool": "\x9b2J\u202eevil\n  sidecar: of this very file"})
    path = tmp_path / "a\x1b[2J.jpg"
    metadata = image.Metadata(xmp=stamped(None, nasty))
    image.write(image.Frame(np.zeros((4, 4, 3), np.uint8), metadata=metadata), path)
    output = run("inspect", path).stdout
    assert not any(character in output for character in "\x9b\u202e\x1b")
    assert output.splitlines().count("  sidecar: none") == 1
    assert "  sidecar: of this very file" not in output.splitlines()


def test_two_gigabytes_are_looked_into_at_once(environment, tmp_path):
    """20,000 × 20,000 pixels of 16-bit RGB, in a file that has holes for pixels."""
    side, at = 20_000, 4096
    shorts = {258: 200, 259: 1, 262: 2, 277: 3}  # the bits stand at byte 200
    longs = {256: side, 257: side, 273: at, 278: side, 279: side * side * 6}
    fields = [struct.pack("<HHII", tag, 3, 3 if tag == 258 else 1, v) for tag, v in shorts.items()]
    fields += [struct.pack("<HHII", tag, 4, 1, value) for tag, value in longs.items()]
    fields.sort(key=lambda field: struct.unpack("<H", field[:2]))
    head = struct.pack("<2sHIH", b"II", 42, 8, len(fields)) + b"".join(fields) + bytes(4)
    path = tmp_path / "huge.tif"
    with path.open("wb") as file:
        file.write(head.ljust(200, b"\0") + struct.pack("<3H", 16, 16, 16))
        file.truncate(at + side * side * 6)
    # Its own peak: what the system counts for a child begins with what its parent holds.
    code = (
        "import sys\n"
        "from photochrom.cli.main import app\n"
        "try:\n"
        "    app(['inspect', sys.argv[1]])\n"
        "finally:\n"
        "    lines = open('/proc/self/status').read().splitlines()\n"
        "    print(next(line.split()[1] for line in lines if line.startswith('VmHWM')))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(path)], env=environment, capture_output=True, check=False
    )
    assert done.returncode == 1, done.stderr.decode()
    said = done.stdout.decode()
    assert int(said.split()[-1]) < 250_000  # kB
    assert "TIFF, 20000 × 20000, RGB, 16 bits" in said


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from([".jpg", ".png", ".tif", ".webp"]), st.integers(0, 4000), st.binary(max_size=4)
)
def test_no_damage_makes_a_traceback(run, tmp_path, suffix, at, by):
    path = tmp_path / f"whole{suffix}"
    if not path.exists():
        colored(path, RICH)
    data = path.read_bytes()
    damaged = tmp_path / f"damaged{suffix}"
    damaged.write_bytes(data[: at % len(data)] + by + data[at % len(data) + len(by) * 2 :])
    result = run("inspect", damaged)
    assert result.exit_code in (0, 1)
    assert result.exception is None or isinstance(result.exception, SystemExit)
