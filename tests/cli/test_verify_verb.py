"""`photochrom verify`."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from photochrom.archive import Order, color_file
from photochrom.inference import Colorizer


@pytest.fixture(scope="module")
def network() -> Colorizer:
    return Order().colorizer(1)


@pytest.fixture
def pair(photo, network, tmp_path):
    source, target = photo("photo.png"), tmp_path / "photo.color.png"
    color_file(source, target, network, Order(), threads=1)
    return source, target


def darkened(path: Path) -> Path:
    """A colored file with one pixel darker by a code in each channel."""
    with Image.open(path) as picture:
        pixels = np.asarray(picture).copy()
        kept = {key: picture.info[key] for key in ("icc_profile",) if key in picture.info}
    pixels[5, 6] -= 1
    Image.fromarray(pixels).save(path, **kept)
    return path


def test_a_proof_says_so_and_ends_in_0(run, pair):
    result = run("verify", *pair)
    assert result.exit_code == 0, result.stdout
    lines = result.stdout.splitlines()
    assert lines[0] == str(pair[1])
    assert lines[1] == "  proven: nothing of the original is lost"
    assert lines[2].startswith("  luminance: |ΔL*| ")
    assert lines[2].endswith("; 0 of 3072 pixels read back have another grey code")
    assert len(lines) == 3


def test_a_file_that_is_another_ends_in_1_and_says_why(run, pair):
    darkened(pair[1])
    result = run("verify", *pair)
    assert result.exit_code == 1
    lines = [line.strip() for line in result.stdout.splitlines()]
    assert lines[1] == "NOT PROVEN"
    assert any(line.startswith("fault: luminance: 1 of 3072 pixels") for line in lines)
    assert "fault: provenance: none in the XMP, which would name the source" in lines


def test_json_is_for_programs(run, pair):
    found = json.loads(run("verify", *pair, "--json").stdout)
    assert found["proven"] is True
    assert (found["original"], found["colored"]) == tuple(map(str, pair))
    assert found["faults"] == found["notes"] == []
    assert found["coefficients"] is None
    (page,) = found["pages"]
    assert page["pixels"] == 48 * 64
    assert page["exact"] is True
    assert page["pixels_of_another_grey_code"] == 0
    assert 0 < page["mean_delta_l"] <= page["delta_l_of_999_in_1000"] <= page["largest_delta_l"] < 1


def test_a_map_is_written_once(run, pair, tmp_path):
    target = tmp_path / "map.tif"
    assert run("verify", *pair, "--map", target).exit_code == 0
    with Image.open(target) as shown:
        assert shown.size == (64, 48)
    before = target.read_bytes()
    result = run("verify", *pair, "--map", target)
    assert result.exit_code == 1
    assert result.stderr.startswith(f"error: {target}: exists already")
    assert target.read_bytes() == before
    assert run("verify", *pair, "--map", target, "--force").exit_code == 0


def test_lossy_files_have_a_tolerance_of_one_s_choice(run, photo, network, tmp_path):
    source, target = photo("photo.png"), tmp_path / "photo.color.jpg"
    color_file(source, target, network, Order(quality=60), threads=1)
    assert run("verify", source, target).exit_code == 1
    assert run("verify", source, target, "--tolerance", 9, "--most", 50).exit_code == 0


def test_the_coefficients_of_an_exact_jpeg_are_told(run, photo, network, tmp_path):
    source, target = photo("photo.jpg", quality=70), tmp_path / "photo.color.jpg"
    color_file(source, target, network, Order(exact_jpeg=True), threads=1)
    result = run("verify", source, target, "--tolerance", 0, "--most", 0)
    assert result.exit_code == 0, result.stdout
    assert (
        "  coefficients: those of the luma are the original's, all 48 blocks, and so is their "
        "quantization"
    ) in result.stdout.splitlines()


def test_folders_are_compared_by_name(run, photo, network, tmp_path):
    for name in ("album/a.png", "album/b.png", "album/deep/c d.png"):
        target = (tmp_path / "colored" / name.removeprefix("album/")).with_suffix(".color.png")
        target.parent.mkdir(parents=True, exist_ok=True)
        color_file(photo(name), target, network, Order(), threads=1)
    result = run("verify", tmp_path / "album", tmp_path / "colored")
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr == "3 of 3 pictures proven\n"

    wrong = darkened(tmp_path / "colored" / "deep" / "c d.color.png")
    (tmp_path / "colored" / "b.color.png").unlink()
    result = run("verify", tmp_path / "album", tmp_path / "colored")
    assert result.exit_code == 1
    missing, changed = result.stdout.splitlines()
    assert missing.startswith(f"{tmp_path / 'colored' / 'b.color.png'}: ")
    assert "no such file" in missing
    assert changed.startswith(f"{wrong}: ")
    assert "luminance: 1 of 3072 pixels have another grey code" in changed
    assert result.stderr == "1 of 3 pictures proven\n"

    told = run("verify", tmp_path / "album", tmp_path / "colored", "--json").stdout.splitlines()
    assert [json.loads(line)["proven"] for line in told] == [True, False, False]


def test_what_does_not_go_together_is_refused(run, pair, tmp_path):
    assert run("verify", pair[0]).exit_code == 2
    assert run("verify", tmp_path, pair[1]).exit_code == 2
    assert run("verify", tmp_path, tmp_path, "--map", tmp_path / "map.png").exit_code == 2
    assert run("verify", *pair, "--tolerance", -1).exit_code == 2
    (tmp_path / "empty").mkdir()
    assert run("verify", tmp_path / "empty", tmp_path).exit_code == 1


@pytest.mark.parametrize("data", [None, b"", b"text", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n"])
def test_what_is_no_picture_is_told_in_a_line(run, pair, tmp_path, data):
    path = tmp_path / "other.png"
    if data is not None:
        path.write_bytes(data)
    result = run("verify", pair[0], path)
    assert result.exit_code == 1
    assert result.stderr.startswith(f"error: {path}: ")
    assert len(result.stderr.splitlines()) == 1


def test_names_move_no_cursor(run, pair, tmp_path):
    nasty = tmp_path / "a\x1b[2J\n.png"
    shutil.copy(pair[1], nasty)
    result = run("verify", pair[0], nasty)
    assert result.exit_code == 0
    assert "\x1b" not in result.stdout
    assert len(result.stdout.splitlines()) == 3
