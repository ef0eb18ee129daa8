"""Which pictures a protocol takes, and how it crops them."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from photochrom import image
from photochrom.data.sources import pictures
from photochrom.errors import DatasetError
from photochrom.evaluation.pictures import center_crop, center_square, listed, sighted
from photochrom.evaluation.protocol import PictureList, Protocol


@pytest.fixture
def numbered(tmp_path: Path) -> list[Path]:
    """Two folders of 7 and 5 pictures, each of one shade: its number."""
    for at in range(12):
        folder = tmp_path / ("a" if at < 7 else "b")
        folder.mkdir(exist_ok=True)
        Image.new("RGB", (20, 16), (at, at, at)).save(folder / f"{at:02}.png")
    return [tmp_path / "a", tmp_path / "b"]


def shades(sources: list[Path], limit: int | None) -> list[int]:
    seen = sighted(sources, Protocol(size=16, limit=limit))
    return [int(one.crop.pixels[0, 0, 0]) for one in seen]


def test_all_pictures_come_in_order(numbered: list[Path]) -> None:
    assert shades(numbered, None) == list(range(12))
    assert shades(numbered, 99) == list(range(12))


def test_a_limit_spreads_evenly_over_all_sources(numbered: list[Path]) -> None:
    assert shades(numbered, 6) == [0, 2, 4, 6, 8, 10]
    assert shades(numbered, 3) == [0, 4, 8]
    assert shades(numbered, 1) == [0]


def test_some_of_the_list_by_number(numbered: list[Path]) -> None:
    seen = list(sighted(numbered, Protocol(size=16, limit=6), numbers={1, 5}))
    assert [(one.number, one.name) for one in seen] == [(1, "02.png"), (5, "10.png")]


def test_the_list_is_of_names_and_contents(numbered: list[Path]) -> None:
    everything = [picture for source in numbered for picture in pictures(source)]
    assert listed(numbered) == PictureList.of(everything)
    assert listed(numbered, 6) == PictureList.of(everything[::2])
    (numbered[1] / "11.png").write_bytes(b"another")
    assert listed(numbered) != PictureList.of(everything)
    with pytest.raises(DatasetError, match="nowhere"):
        listed([numbered[0] / "nowhere"])


def test_damaged_pictures_are_told_and_keep_their_numbers(numbered: list[Path]) -> None:
    (numbered[0] / "03.png").write_bytes(b"no picture")
    faults: list[str] = []
    seen = list(sighted(numbered, Protocol(size=16), faults.append))
    assert [one.number for one in seen] == [0, 1, 2, *range(4, 12)]
    assert [fault.partition(":")[0] for fault in faults] == ["03.png"]


@pytest.mark.parametrize("turned", [False, True])
def test_center_crops_are_square_and_centered(turned: bool) -> None:
    pixels = np.zeros((10, 30, 3), dtype=np.uint8)
    pixels[:, 10:20] = 200
    if turned:
        pixels = pixels.swapaxes(0, 1).copy()
    crop = center_crop(image.from_array(pixels), 10)
    assert crop.pixels.shape == (10, 10, 3)
    assert (crop.pixels == 200).all()


def test_a_crop_of_its_own_size_is_left_as_it_is() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (16, 21, 3), dtype=np.uint8)
    crop = center_crop(image.from_array(pixels), 16)
    np.testing.assert_array_equal(crop.pixels, pixels[:, 2:18])


def test_a_crop_is_resampled_as_pillow_does_it() -> None:
    rows, columns = np.mgrid[0:60, 0:80]
    waves = 128 + 60 * np.sin(rows / 7) * np.cos(columns / 9)
    pixels = np.repeat(waves.astype(np.uint8)[..., None], 3, axis=2)
    crop = center_crop(image.from_array(pixels), 20)
    square = Image.fromarray(pixels[:, 10:70])
    expected = np.asarray(square.resize((20, 20), Image.Resampling.LANCZOS))
    assert np.abs(crop.pixels.astype(int) - expected).max() <= 3


def test_the_square_has_no_transparency_left() -> None:
    pixels = np.zeros((8, 12, 3), dtype=np.uint8)
    frame = image.from_array(np.dstack([pixels, np.full((8, 12), 9, np.uint8)]))
    assert frame.alpha is not None
    assert center_square(frame).alpha is None
