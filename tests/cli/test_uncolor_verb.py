"""`photochrom uncolor`."""

import numpy as np
import pytest
from PIL import Image

from photochrom.archive import Order, color_file
from photochrom.inference import Colorizer


@pytest.fixture(scope="module")
def network() -> Colorizer:
    return Order().colorizer(1)


@pytest.mark.parametrize(
    ("name", "colored", "grey"),
    [
        ("a b.png", "a b.color.png", "a b.grey.png"),
        ("scan.tif", "scan.color.tif", "scan.grey.tif"),
        ("photo.webp", "photo.color.webp", "photo.grey.tif"),
    ],
)
def test_the_grey_picture_appears_beside_the_colored(
    run, photo, network, pixels, tmp_path, name, colored, grey
):
    options = {"lossless": True} if name.endswith(".webp") else {}
    color_file(photo(name, **options), tmp_path / colored, network, Order(quality=100), threads=1)
    result = run("uncolor", tmp_path / colored)
    assert result.exit_code == 0, result.stderr
    assert result.stdout == f"{tmp_path / grey}\n"
    with Image.open(tmp_path / grey) as found:
        np.testing.assert_array_equal(np.asarray(found), pixels)


def test_an_exact_jpeg_gives_back_the_very_file(run, photo, network, tmp_path):
    source = photo("photo.jpg", quality=83)
    color_file(source, tmp_path / "x.color.jpg", network, Order(exact_jpeg=True), threads=1)
    assert run("uncolor", tmp_path / "x.color.jpg").stdout == f"{tmp_path / 'x.grey.jpg'}\n"
    assert (tmp_path / "x.grey.jpg").read_bytes() == source.read_bytes()


def test_nothing_is_overwritten_unasked(run, photo, network, pixels, tmp_path):
    source, colored = photo("photo.png"), tmp_path / "photo.color.png"
    color_file(source, colored, network, Order(), threads=1)
    target = tmp_path / "out.tif"
    target.write_bytes(b"mine")
    result = run("uncolor", colored, "-o", target)
    assert result.exit_code == 1
    assert result.stderr.startswith(f"error: {target}: exists already")
    assert target.read_bytes() == b"mine"
    assert run("uncolor", colored, "-o", target, "--force").exit_code == 0
    with Image.open(target) as found:
        np.testing.assert_array_equal(np.asarray(found), pixels)
    before = colored.read_bytes()
    assert run("uncolor", colored, "-o", colored, "--force").exit_code == 2
    assert colored.read_bytes() == before


def test_what_cannot_be_uncolored_is_told_in_a_line(run, photo, tmp_path):
    grey = photo("grey.png")
    for path in (grey, tmp_path / "none.png", tmp_path):
        result = run("uncolor", path, "-o", tmp_path / "out.png")
        assert result.exit_code == 1
        assert result.stderr.startswith(f"error: {path}: ")
        assert len(result.stderr.splitlines()) == 1
    assert run("uncolor").exit_code == 2
    assert not (tmp_path / "out.png").exists()
