"""What is written comes back, whole or not at all."""

from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image

from photochrom.errors import ImageError, OutputExistsError, UnsupportedImageError
from photochrom.image import Frame, decode, encode, read, write

exact_frames = st.tuples(
    st.sampled_from([np.uint8, np.uint16]), st.integers(1, 9), st.integers(1, 9), st.booleans()
).flatmap(
    lambda t: st.builds(
        Frame,
        pixels=st.sampled_from([1, 3]).flatmap(lambda c: hnp.arrays(t[0], (t[1], t[2], c))),
        alpha=hnp.arrays(t[0], (t[1], t[2])) if t[3] else st.none(),
        format=st.sampled_from(["png", "tiff"]),
    )
)


@settings(max_examples=150, deadline=None)
@given(exact_frames)
def test_png_and_tiff_return_every_value(frame: Frame):
    again = decode(encode(frame))
    assert again.pixels.dtype == frame.pixels.dtype
    np.testing.assert_array_equal(again.pixels, frame.pixels)
    assert (again.alpha is None) == (frame.alpha is None)
    if frame.alpha is not None:
        np.testing.assert_array_equal(again.alpha, frame.alpha)


@pytest.mark.parametrize("suffix", [".jpg", ".JPEG", ".png", ".tif", ".tiff", ".webp"])
def test_the_ending_decides_the_format(tmp_path: Path, suffix):
    path = tmp_path / f"picture{suffix}"
    write(Frame(np.full((8, 9, 3), 100, np.uint8), format="tiff"), path)
    with Image.open(path) as opened:
        assert opened.format == {"jpg": "JPEG", "tif": "TIFF"}.get(suffix[1:], suffix[1:].upper())
    assert np.abs(read(path).pixels.astype(int) - 100).max() <= 1
    assert list(tmp_path.iterdir()) == [path]


def test_other_readers_see_the_same_16_bits(rng):
    pixels = rng.integers(0, 65536, (7, 9, 1), dtype=np.uint16)
    for format in ("png", "tiff"):
        opened = Image.open(BytesIO(encode(Frame(pixels), format=format)))
        np.testing.assert_array_equal(np.asarray(opened), pixels[..., 0])


def test_jpeg_keeps_luminance(rng):
    """Strong color from pixel to pixel, whose luminance 4:2:0 would shift by tens of levels."""
    color = rng.choice(np.array([0, 255], np.uint8), (64, 64, 3))
    weights = np.array([0.299, 0.587, 0.114])
    again = decode(encode(Frame(color), format="jpeg", quality=100)).pixels
    assert np.abs((again - color.astype(float)) @ weights).max() < 3


def test_webp_is_exact_at_full_quality(rng):
    pixels = rng.integers(0, 256, (9, 11, 3), dtype=np.uint8)
    alpha = rng.integers(0, 256, (9, 11), dtype=np.uint8)
    again = decode(encode(Frame(pixels, alpha), format="webp", quality=100))
    np.testing.assert_array_equal(again.pixels, pixels)
    np.testing.assert_array_equal(again.alpha, alpha)


@pytest.mark.parametrize(
    ("frame", "suffix"),
    [
        (Frame(np.zeros((4, 5, 3), np.uint16)), ".jpg"),
        (Frame(np.zeros((4, 5, 1), np.uint16)), ".webp"),
        (Frame(np.zeros((4, 5, 3), np.uint8), np.zeros((4, 5), np.uint8)), ".jpg"),
        (Frame(np.zeros((1, 16384, 1), np.uint8)), ".webp"),
        (Frame(np.zeros((1, 65501, 1), np.uint8)), ".jpg"),
        (Frame(np.zeros((4, 5, 1), np.uint8)), ".gif"),
        (Frame(np.zeros((4, 5, 1), np.uint8)), ""),
    ],
)
def test_what_a_format_cannot_hold_is_refused(tmp_path: Path, frame, suffix):
    with pytest.raises(UnsupportedImageError, match=";") as caught:
        write(frame, tmp_path / f"x{suffix}")
    assert "\n" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_to_8_bit_rounds():
    values = np.array([0, 128, 129, 257, 65406, 65407, 65535], np.uint16).reshape(1, -1, 1)
    reduced = Frame(values, values[..., 0]).to_8_bit()
    assert reduced.pixels.ravel().tolist() == [0, 0, 1, 1, 254, 255, 255]
    assert reduced.alpha.ravel().tolist() == reduced.pixels.ravel().tolist()
    assert reduced.to_8_bit() is reduced


def test_nothing_is_overwritten_unasked(tmp_path: Path):
    path = tmp_path / "x.png"
    first, second = (Frame(np.full((4, 5, 1), v, np.uint8)) for v in (1, 2))
    write(first, path)
    with pytest.raises(OutputExistsError, match=r"x\.png: .*;"):
        write(second, path)
    assert read(path).pixels.max() == 1
    write(second, path, overwrite=True)
    assert read(path).pixels.max() == 2
    assert list(tmp_path.iterdir()) == [path]


def test_of_many_writers_one_wins(tmp_path: Path):
    path = tmp_path / "x.png"

    def attempt(value: int) -> int | None:
        try:
            write(Frame(np.full((64, 64, 1), value, np.uint8)), path)
        except OutputExistsError:
            return None
        return value

    with ThreadPoolExecutor(8) as pool:
        winners = [value for value in pool.map(attempt, range(16)) if value is not None]
    assert len(winners) == 1
    assert np.unique(read(path).pixels).tolist() == winners
    assert list(tmp_path.iterdir()) == [path]


def test_a_failed_write_leaves_nothing(tmp_path: Path):
    frame = Frame(np.zeros((4, 5, 1), np.uint8))
    with pytest.raises(ImageError, match="folder"):
        write(frame, tmp_path / "missing" / "x.png")
    folder = tmp_path / "x.png"
    folder.mkdir()
    with pytest.raises(ImageError, match="cannot be written"):
        write(frame, folder, overwrite=True)
    assert list(tmp_path.rglob("*")) == [folder]


def test_frames_refuse_what_is_no_picture():
    grey = np.zeros((4, 5, 1), np.uint8)
    for pixels, alpha in (
        (grey[..., 0], None),
        (np.zeros((4, 5, 4), np.uint8), None),
        (np.zeros((0, 5, 1), np.uint8), None),
        (grey.astype(np.float32), None),
        (grey, np.zeros((5, 4), np.uint8)),
        (grey, np.zeros((4, 5), np.uint16)),
    ):
        with pytest.raises(UnsupportedImageError):
            Frame(pixels, alpha)
    for pixels in (np.zeros((4, 6, 3), np.uint8), np.zeros((4, 5, 3), np.uint16)):
        with pytest.raises(UnsupportedImageError):
            Frame(grey).with_pixels(pixels)
    assert Frame(grey, name="n").with_pixels(np.ones((4, 5, 3), np.uint8)).name == "n"
