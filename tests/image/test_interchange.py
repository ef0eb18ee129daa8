"""Arrays and PIL images, there and back."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image

from photochrom.errors import UnsupportedImageError
from photochrom.image import Frame, decode, from_array, from_pil, to_pil


@pytest.mark.parametrize("mode", ["L", "LA", "RGB", "RGBA"])
def test_pil_round_trip(rng, mode):
    bands = len(Image.new(mode, (1, 1)).getbands())
    image = Image.fromarray(rng.integers(0, 256, (7, 9, bands), dtype=np.uint8).squeeze(), mode)
    again = to_pil(from_pil(image))
    assert again.mode == mode
    np.testing.assert_array_equal(np.asarray(again), np.asarray(image))


@pytest.mark.parametrize("mode", ["I;16", "I;16B"])
def test_16_bit_grey_round_trip(rng, mode):
    values = rng.integers(0, 65536, (7, 9), dtype=np.uint16)
    image = Image.new(mode, (9, 7))
    image.frombytes(values.astype(">u2" if mode.endswith("B") else "<u2").tobytes())
    frame = from_pil(image)
    np.testing.assert_array_equal(frame.pixels[..., 0], values)
    np.testing.assert_array_equal(np.asarray(to_pil(frame)), values)


def test_pil_modes_that_are_converted(rng):
    bits = Image.fromarray(rng.random((7, 9)) > 0.5)
    np.testing.assert_array_equal(from_pil(bits).pixels[..., 0], np.asarray(bits) * np.uint8(255))
    palette = Image.fromarray(rng.integers(0, 256, (7, 9, 3), dtype=np.uint8)).quantize(8)
    np.testing.assert_array_equal(from_pil(palette).pixels, np.asarray(palette.convert("RGB")))
    palette.info["transparency"] = 0
    np.testing.assert_array_equal(from_pil(palette).alpha, np.where(palette, 255, 0))
    ink = Image.new("CMYK", (4, 3), (0, 0, 0, 0))
    assert from_pil(ink).pixels.min() > 250


def test_cmyk_is_read_from_pil_as_from_a_file(pil_bytes, rng):
    image = Image.fromarray(rng.integers(0, 256, (7, 9, 4), dtype=np.uint8), "CMYK")
    np.testing.assert_array_equal(from_pil(image).pixels, decode(pil_bytes(image, "TIFF")).pixels)


def test_info_is_kept_and_orientation_applied(pil_bytes, rng, tmp_path):
    pixels = rng.integers(0, 256, (7, 9, 3), dtype=np.uint8)
    exif = Image.Exif()
    exif[315], exif[274] = "Jane Doe", 6
    path = tmp_path / "x.png"
    path.write_bytes(pil_bytes(pixels, "PNG", exif=exif, dpi=(300, 300)))
    with Image.open(path) as image:
        frame = from_pil(image)
    assert frame.name == str(path)
    np.testing.assert_array_equal(frame.pixels, np.rot90(pixels, -1))
    back = to_pil(frame)
    assert back.getexif()[315] == "Jane Doe"
    assert back.getexif()[274] == 1
    assert back.info["dpi"] == pytest.approx((300, 300), abs=0.01)
    assert from_pil(back).pixels.shape == (9, 7, 3)


@pytest.mark.parametrize("mode", ["F", "I", "YCbCr", "HSV", "LAB"])
def test_other_pil_modes_are_refused(mode):
    with pytest.raises(UnsupportedImageError, match=mode):
        from_pil(Image.new(mode, (4, 3)))


@pytest.mark.parametrize("bands", [1, 3])
def test_pillow_cannot_hold_16_bit_color(bands):
    pixels = np.zeros((4, 5, bands), np.uint16)
    with pytest.raises(UnsupportedImageError, match="to_8_bit"):
        to_pil(Frame(pixels, np.zeros((4, 5), np.uint16)))


@given(
    hnp.arrays(
        st.sampled_from([np.uint8, np.uint16]),
        st.tuples(st.integers(1, 6), st.integers(1, 6))
        | st.tuples(st.integers(1, 6), st.integers(1, 6), st.integers(1, 4)),
    )
)
def test_arrays_are_taken_as_they_are(array):
    frame = from_array(array)
    planes = [frame.pixels] if frame.alpha is None else [frame.pixels, frame.alpha[..., None]]
    np.testing.assert_array_equal(np.concatenate(planes, axis=2).reshape(array.shape), array)
    assert not np.shares_memory(frame.pixels, array)


def test_bools_and_floats():
    assert from_array(np.array([[True, False]])).pixels.ravel().tolist() == [255, 0]
    for dtype in (np.float16, np.float32, np.float64):
        frame = from_array(np.array([[0.0, 0.5, 1.0]], dtype))
        assert frame.bit_depth == 16
        assert frame.pixels.ravel().tolist() == [0, 32768, 65535]


@pytest.mark.parametrize(
    "array",
    [
        np.zeros((4, 5), np.int64),
        np.zeros((4, 5), complex),
        np.full((4, 5), 1.1),
        np.full((4, 5), -0.1),
        np.full((4, 5), np.nan),
        np.zeros((4, 5, 5), np.uint8),
        np.zeros(4, np.uint8),
        np.zeros((0, 5)),
    ],
)
def test_other_arrays_are_refused(array):
    with pytest.raises(UnsupportedImageError, match=r"x: .*;") as caught:
        from_array(array, name="x")
    assert "\n" not in str(caught.value)
