"""Every kind of file comes out as it looks; every fault is named."""

import struct
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from photochrom.errors import (
    EmptyFileError,
    ImageError,
    MissingFileError,
    NotAnImageError,
    TooManyPixelsError,
    TruncatedImageError,
    UnsupportedImageError,
)
from photochrom.image import Frame, decode, encode, read


def with_tiff_tag(tiff: bytes, tag: int, value: int) -> bytes:
    """A little-endian TIFF with the SHORT value of a tag that is there replaced."""
    data = bytearray(tiff)
    at = struct.unpack_from("<I", data, 4)[0]
    for field in range(at + 2, at + 2 + 12 * struct.unpack_from("<H", data, at)[0], 12):
        if struct.unpack_from("<H", data, field)[0] == tag:
            struct.pack_into("<H", data, field + 8, value)
            return bytes(data)
    raise AssertionError(f"no tag {tag}")


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
@pytest.mark.parametrize("bands", [1, 2, 3, 4])
def test_8_bit_pixels_are_exact(pil_bytes, rng, kind, bands):
    pixels = rng.integers(0, 256, (13, 17, bands), dtype=np.uint8)
    frame = decode(pil_bytes(pixels.squeeze(), kind))
    color = 1 if bands < 3 else 3
    np.testing.assert_array_equal(frame.pixels, pixels[..., :color])
    assert frame.format == kind.lower()
    assert (frame.height, frame.width, frame.bit_depth) == (13, 17, 8)
    assert frame.is_grey == (bands < 3)
    assert frame.icc is None
    if bands in (2, 4):
        np.testing.assert_array_equal(frame.alpha, pixels[..., color])
    else:
        assert frame.alpha is None


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_16_bit_grey_is_exact(pil_bytes, rng, kind):
    pixels = rng.integers(0, 65536, (13, 17), dtype=np.uint16)
    frame = decode(pil_bytes(pixels, kind))
    np.testing.assert_array_equal(frame.pixels[..., 0], pixels)
    assert frame.bit_depth == 16


@pytest.mark.parametrize(("kind", "tolerance"), [("JPEG", 0), ("WEBP", 2)])
def test_lossy_formats_decode_as_elsewhere(pil_bytes, rng, kind, tolerance):
    coarse = Image.fromarray(rng.integers(0, 256, (6, 8, 3), dtype=np.uint8))
    data = pil_bytes(coarse.resize((64, 48), Image.Resampling.BICUBIC), kind, quality=90)
    elsewhere = Image.open(BytesIO(data)).convert("RGB")
    frame = decode(data)
    difference = np.abs(frame.pixels.astype(int) - np.asarray(elsewhere))
    assert difference.max() <= tolerance
    assert frame.format == kind.lower()


def test_a_palette_becomes_rgb_and_its_transparency_alpha(pil_bytes):
    image = Image.new("P", (3, 1))
    image.putpalette([10, 20, 30, 200, 100, 50, 1, 2, 3])
    image.putdata([0, 1, 2])
    frame = decode(pil_bytes(image, "PNG", transparency=1))
    np.testing.assert_array_equal(frame.pixels[0], [[10, 20, 30], [200, 100, 50], [1, 2, 3]])
    np.testing.assert_array_equal(frame.alpha, [[255, 0, 255]])
    assert decode(pil_bytes(image, "TIFF")).pixels[0, 1].tolist() == [200, 100, 50]


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_one_bit_becomes_black_and_white(pil_bytes, rng, kind):
    bits = rng.random((9, 21)) > 0.5
    frame = decode(pil_bytes(Image.fromarray(bits), kind))
    np.testing.assert_array_equal(frame.pixels[..., 0], bits * np.uint8(255))


def test_min_is_white_comes_out_right_side_up(pil_bytes, rng):
    grey = rng.integers(0, 256, (9, 21), dtype=np.uint8)
    inverted = decode(with_tiff_tag(pil_bytes(255 - grey, "TIFF"), 262, 0))
    np.testing.assert_array_equal(inverted.pixels[..., 0], grey)
    deep = rng.integers(0, 65536, (9, 21), dtype=np.uint16)
    inverted = decode(with_tiff_tag(pil_bytes(65535 - deep, "TIFF"), 262, 0))
    np.testing.assert_array_equal(inverted.pixels[..., 0], deep)
    bits = rng.random((9, 21)) > 0.5
    inverted = decode(with_tiff_tag(pil_bytes(Image.fromarray(~bits), "TIFF"), 262, 0))
    np.testing.assert_array_equal(inverted.pixels[..., 0], bits * np.uint8(255))


def test_premultiplied_alpha_is_taken_back(pil_bytes):
    plain = np.full((4, 4, 4), (200, 100, 40, 128), dtype=np.uint8)
    multiplied = plain.copy()
    multiplied[..., :3] = np.rint(plain[..., :3] * (128 / 255))
    frame = decode(with_tiff_tag(pil_bytes(multiplied, "TIFF"), 338, 1))
    assert np.abs(frame.pixels.astype(int) - plain[..., :3]).max() <= 1
    np.testing.assert_array_equal(frame.alpha, plain[..., 3])


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "WEBP"])
def test_orientation_is_applied_once(pil_bytes, kind, orientation):
    upright = np.zeros((16, 24, 3), dtype=np.uint8)
    upright[:8, :8] = 250  # a light corner, top left
    upright[8:, :8] = 120
    stored = {  # how a camera stores it, by the meaning of the tag
        1: upright,
        2: upright[:, ::-1],
        3: upright[::-1, ::-1],
        4: upright[::-1],
        5: upright.transpose(1, 0, 2),
        6: np.rot90(upright, 1),
        7: upright[::-1, ::-1].transpose(1, 0, 2),
        8: np.rot90(upright, -1),
    }[orientation]
    exif = Image.Exif()
    exif[274] = orientation
    frame = decode(pil_bytes(np.ascontiguousarray(stored), kind, exif=exif, quality=95))
    assert frame.pixels.shape == upright.shape
    assert np.abs(frame.pixels.astype(int) - upright).max() <= (0 if kind in ("PNG", "TIFF") else 4)
    again = decode(encode(frame))
    assert again.pixels.shape == upright.shape
    assert np.abs(again.pixels.astype(int) - upright).max() <= (0 if kind in ("PNG", "TIFF") else 8)


def test_of_several_pages_the_first_is_taken(pil_bytes):
    pages = [Image.new("L", (5, 4), 10), Image.new("L", (5, 4), 200)]
    frame = decode(pil_bytes(pages[0], "TIFF", save_all=True, append_images=pages[1:]))
    assert frame.pixels.shape == (4, 5, 1)
    assert frame.pixels.max() == 10
    moving = [page.convert("RGB") for page in pages]
    data = pil_bytes(moving[0], "WEBP", save_all=True, append_images=moving[1:], lossless=True)
    frame = decode(data)
    assert frame.pixels.shape == (4, 5, 3)
    assert frame.pixels.max() == 10


@pytest.mark.parametrize("share", [0.02, 0.5, 0.9, 0.98])
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "WEBP"])
def test_a_truncated_file_is_refused(pil_bytes, rng, kind, share, tmp_path: Path, capfd):
    data = pil_bytes(rng.integers(0, 256, (60, 80, 3), dtype=np.uint8), kind)
    path = tmp_path / "cut"
    path.write_bytes(data[: int(len(data) * share)])
    with pytest.raises(TruncatedImageError) as caught:
        read(path)
    assert_one_line(caught.value, str(path))
    assert capfd.readouterr().err == ""


def test_an_incomplete_compressed_tiff_is_refused(rng):
    pixels = rng.integers(0, 256, (60, 80, 3), dtype=np.uint8)
    data = bytearray(encode(Frame(pixels, format="tiff")))
    data[len(data) // 3 : len(data) // 2] = bytes(len(data) // 2 - len(data) // 3)
    with pytest.raises(TruncatedImageError):
        decode(bytes(data))


def test_what_is_no_file_is_told_apart(tmp_path: Path):
    missing, empty, text = tmp_path / "a.png", tmp_path / "b.png", tmp_path / "c.png"
    empty.touch()
    text.write_text("not a picture")
    faults = {
        missing: MissingFileError,
        empty: EmptyFileError,
        text: NotAnImageError,
        tmp_path: ImageError,
    }
    for path, kind in faults.items():
        with pytest.raises(ImageError) as caught:
            read(path)
        assert type(caught.value) is kind
        assert_one_line(caught.value, str(path))


@pytest.mark.parametrize("kind", ["GIF", "BMP", "PPM", "PDF"])
def test_other_formats_are_refused_by_name(pil_bytes, kind):
    data = pil_bytes(np.zeros((4, 5, 3), np.uint8), kind)
    with pytest.raises(UnsupportedImageError) as caught:
        decode(data, name="x")
    assert_one_line(caught.value, "x")


def test_svg_is_refused():
    with pytest.raises(UnsupportedImageError):
        decode(b'<svg xmlns="http://www.w3.org/2000/svg"/>')


def test_float_pixels_are_refused(pil_bytes):
    with pytest.raises(UnsupportedImageError) as caught:
        decode(pil_bytes(np.zeros((4, 5), np.float32), "TIFF"), name="x")
    assert_one_line(caught.value, "x")


def test_too_many_pixels_are_refused_from_the_header(pil_bytes):
    data = pil_bytes(np.zeros((20, 30), np.uint8), "PNG")
    assert decode(data, max_pixels=600).width == 30
    # Cut inside the pixels: had they been decoded first, the fault would be another.
    with pytest.raises(TooManyPixelsError) as caught:
        decode(data[:50], name="x", max_pixels=599)
    assert_one_line(caught.value, "x")


def assert_one_line(error: ImageError, name: str) -> None:
    message = str(error)
    assert message.startswith(f"{name}: ")
    assert "\n" not in message
    assert ";" in message  # the remedy follows it
