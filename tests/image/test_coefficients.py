"""JPEG files in their parts: held against Pillow, and against jpeglib as a second reader."""

import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from typing import Any

import jpeglib
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from skimage import data as photographs

from photochrom.errors import (
    EmptyFileError,
    ImageError,
    MissingExtraError,
    MissingFileError,
    TooManyPixelsError,
    TruncatedImageError,
    UnsupportedImageError,
)
from photochrom.image.coefficients import component, grey_jpeg, same_luminance
from photochrom.image.jpeg_segments import taken_apart

Maker = Callable[..., bytes]
FRAME = b"\xff\xc0\x00\x0b\x08"  # begins the frame header of a grey baseline file


def camera(height: int = 61, width: int = 83) -> npt.NDArray[np.uint8]:
    """A part of a photograph, of a size that no block fits."""
    return np.ascontiguousarray(photographs.camera()[100 : 100 + height, 180 : 180 + width])


def codes_of(path: Path) -> npt.NDArray[np.uint8]:
    return np.concatenate(list(grey_jpeg(path).strips()))


def test_files_are_put_together_as_they_were(pil_bytes: Maker) -> None:
    exif = Image.Exif()
    exif[270] = "a street"
    source = pil_bytes(
        camera(),
        "JPEG",
        exif=exif,
        comment=b"a comment",
        icc_profile=bytes(range(256)) * 600,
        restart_marker_rows=1,
    )
    for data in (source, source + b"a film behind the picture"):
        assert b"".join(taken_apart(data, "x").chunks()) == data


@pytest.mark.parametrize("progressive", [False, True])
@pytest.mark.parametrize("size", [(1, 1), (8, 8), (61, 83), (700, 500)])
def test_luma_is_what_pillow_decodes(
    pil_bytes: Maker, tmp_path: Path, size: tuple[int, int], progressive: bool
) -> None:
    path = tmp_path / "grey.jpg"
    pixels = np.resize(photographs.camera(), size)
    path.write_bytes(pil_bytes(pixels, "JPEG", quality=80, progressive=progressive))
    with Image.open(path) as image:
        assert np.array_equal(codes_of(path), np.asarray(image))


def test_strips_are_of_an_even_number_of_rows(pil_bytes: Maker, tmp_path: Path) -> None:
    path = tmp_path / "grey.jpg"
    path.write_bytes(pil_bytes(np.zeros((1001, 1001), dtype=np.uint8), "JPEG"))
    rows = [len(strip) for strip in grey_jpeg(path).strips()]
    assert len(rows) > 1
    assert all(count % 2 == 0 for count in rows[:-1])


def test_a_file_of_three_components_without_chroma_is_grey(
    pil_bytes: Maker, tmp_path: Path
) -> None:
    for subsampling in (0, 2):
        path = tmp_path / f"{subsampling}.jpg"
        picture = Image.fromarray(camera()).convert("RGB")
        path.write_bytes(
            pil_bytes(picture, "JPEG", subsampling=subsampling, comment=b"kept", quality=70)
        )
        grey = grey_jpeg(path)
        alone = tmp_path / "alone.jpg"
        alone.write_bytes(b"".join(grey.parts.chunks()))
        assert grey.parts.header.components == 1
        assert np.array_equal(jpeglib.read_dct(str(alone)).Y, jpeglib.read_dct(str(path)).Y)
        with Image.open(path) as of_three, Image.open(alone) as of_one:
            assert of_one.mode == "L"
            assert of_one.info["comment"] == b"kept"
            assert np.array_equal(np.asarray(of_three)[..., 0], np.asarray(of_one))


def test_files_in_color_are_refused(pil_bytes: Maker, tmp_path: Path) -> None:
    path = tmp_path / "color.jpg"
    nearly_grey = np.full((16, 16, 3), 90, dtype=np.uint8)
    nearly_grey[:8, :8] = 90, 90, 110
    for pixels in (photographs.coffee()[:40, :40], nearly_grey):
        path.write_bytes(pil_bytes(pixels, "JPEG", quality=95))
        with pytest.raises(UnsupportedImageError, match="in color"):
            grey_jpeg(path)
    path.write_bytes(pil_bytes(Image.new("CMYK", (20, 20), (9, 9, 9, 9)), "JPEG"))
    with pytest.raises(UnsupportedImageError, match="in color"):
        grey_jpeg(path)


def test_profiles_longer_than_a_segment_are_split(pil_bytes: Maker) -> None:
    profile = np.random.default_rng(3).bytes(150_000)
    jpeg = taken_apart(pil_bytes(camera(), "JPEG", icc_profile=b"an old one"), "x")
    assert jpeg.icc == b"an old one"
    changed = jpeg.with_icc(profile)
    assert changed.icc == profile
    with Image.open(BytesIO(b"".join(changed.chunks()))) as image:
        assert image.info["icc_profile"] == profile
        assert np.array_equal(image, Image.open(BytesIO(b"".join(jpeg.chunks()))))


def test_xmp_takes_the_place_of_the_old_one(pil_bytes: Maker) -> None:
    for options in ({}, {"xmp": b"<old/>"}):
        data = pil_bytes(camera(), "JPEG", comment=b"kept", exif=Image.Exif(), **options)
        changed = b"".join(taken_apart(data, "x").with_xmp(b"<new/>", "x").chunks())
        with Image.open(BytesIO(changed)) as image:
            assert image.info["xmp"] == b"<new/>"
            assert image.info["comment"] == b"kept"
        assert changed.count(b"ns.adobe.com/xap/1.0/") == 1
        assert changed.find(b"JFIF") < changed.find(b"ns.adobe.com")  # JFIF demands to be first
    jpeg = taken_apart(pil_bytes(camera(), "JPEG"), "x")
    jpeg.with_xmp(bytes(65_504), "x")
    with pytest.raises(UnsupportedImageError, match=r"^x: .*65505 bytes"):
        jpeg.with_xmp(bytes(65_505), "x")


def test_differences_are_counted_one_by_one(pil_bytes: Maker, tmp_path: Path) -> None:
    grey, touched, coarser = (tmp_path / name for name in ("a.jpg", "b.jpg", "c.jpg"))
    grey.write_bytes(pil_bytes(camera(), "JPEG", quality=90))
    coarser.write_bytes(pil_bytes(camera(), "JPEG", quality=80))
    jpeg = jpeglib.read_dct(str(grey))
    jpeg.Y[0, 0, 0, 0] += 1
    jpeg.Y[7, 10, 2, 3] -= 1
    jpeg.write_dct(str(touched))
    assert same_luminance(grey, grey).identical
    found = same_luminance(grey, touched)
    assert (found.blocks, found.differing, found.same_table) == (8 * 11, 2, True)
    assert not found.identical
    assert not same_luminance(grey, coarser).same_table


def test_files_of_two_sizes_are_not_compared(pil_bytes: Maker, tmp_path: Path) -> None:
    one, other = tmp_path / "a.jpg", tmp_path / "b.jpg"
    one.write_bytes(pil_bytes(camera(61, 83), "JPEG"))
    other.write_bytes(pil_bytes(camera(60, 83), "JPEG"))  # of as many blocks
    with pytest.raises(UnsupportedImageError, match="83 x 60"):
        same_luminance(one, other)


def test_any_name_and_any_number_of_segments_can_be_compared(
    pil_bytes: Maker, tmp_path: Path
) -> None:
    data = pil_bytes(camera(), "JPEG")
    many = data[:2] + b"\xff\xe5\x00\x04ab" * 300 + data[2:]  # jpeglib itself takes 50
    for name in ("a\nb.jpg", "🎞 é.jpg", "x" * 251 + ".jpg", "\udcff.jpg"):
        path = tmp_path / name
        path.write_bytes(many)
        assert same_luminance(path, path).identical


def test_rare_kinds_are_refused_in_words(pil_bytes: Maker, tmp_path: Path) -> None:
    data = pil_bytes(camera(), "JPEG")
    assert data.count(FRAME) == 1
    kinds = {
        "arithmetic-coded": data.replace(FRAME, b"\xff\xc9\x00\x0b\x08"),
        "of 12 bits": data.replace(FRAME, b"\xff\xc1\x00\x0b\x0c"),
        "states its height behind": data.replace(FRAME + b"\0\x3d", FRAME + b"\0\0"),
    }
    for words, changed in kinds.items():
        path = tmp_path / "rare.jpg"
        path.write_bytes(changed)
        with pytest.raises(UnsupportedImageError, match=f"rare.jpg.*{words}"):
            grey_jpeg(path)


def test_what_is_no_whole_jpeg_is_refused(pil_bytes: Maker, tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    with pytest.raises(MissingFileError):
        grey_jpeg(path)
    path.write_bytes(b"")
    with pytest.raises(EmptyFileError):
        grey_jpeg(path)
    path.write_bytes(pil_bytes(camera(), "PNG"))
    with pytest.raises(UnsupportedImageError, match="not a JPEG"):
        grey_jpeg(path)
    data = pil_bytes(camera(), "JPEG")
    for end in (3, 20, 200, len(data) // 2, len(data) - 2):
        path.write_bytes(data[:end])
        with pytest.raises(TruncatedImageError):
            grey_jpeg(path)
    path.write_bytes(data)
    with pytest.raises(TooManyPixelsError):
        grey_jpeg(path, max_pixels=61 * 83 - 1)


def test_damage_in_the_middle_is_refused_and_a_quirk_is_not(
    pil_bytes: Maker, tmp_path: Path
) -> None:
    path, whole = tmp_path / "a.jpg", tmp_path / "b.jpg"
    data = pil_bytes(np.resize(photographs.camera(), (600, 700)), "JPEG", restart_marker_rows=1)
    whole.write_bytes(data)
    middle = len(data) // 2
    path.write_bytes(data[:middle] + bytes(60) + data[middle + 60 :])
    with pytest.raises(TruncatedImageError):
        codes_of(path)
    with pytest.raises(TruncatedImageError):
        same_luminance(whole, path)
    path.write_bytes(data[:-2] + b"\0\0" + data[-2:])  # padding that some programs leave
    assert np.array_equal(codes_of(path), codes_of(whole))
    assert same_luminance(whole, path).identical


GREY = BytesIO()
Image.fromarray(camera(40, 40)).save(GREY, "JPEG", comment=b"x" * 20, restart_marker_rows=1)


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_damage_is_told_and_never_a_traceback(
    tmp_path_factory: pytest.TempPathFactory, data: Any
) -> None:
    whole = GREY.getvalue()
    broken = bytearray(whole)
    for _ in range(data.draw(st.integers(1, 4))):
        broken[data.draw(st.integers(3, len(broken) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path_factory.mktemp("damaged") / "a.jpg"
    path.write_bytes(bytes(broken[: data.draw(st.integers(4, len(broken)))]))
    with suppress(ImageError):
        grey = grey_jpeg(path)
        assert sum(len(strip) for strip in grey.strips()) == grey.height
        same_luminance(path, path)


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 70), st.integers(1, 70), st.integers(1, 100), st.booleans())
def test_planes_are_coded_as_pixels(
    height: int, width: int, quality: int, progressive: bool
) -> None:
    plane = np.full((height, width), 77, dtype=np.uint8)
    jpeg = component(plane, quality, progressive)
    assert jpeg.is_progressive == progressive
    with Image.open(BytesIO(b"".join(jpeg.chunks()))) as image:
        assert image.size == (width, height)
        # A table's first step is 16 at quality 50, 255 at most: 8 DC steps to a code.
        assert np.abs(np.asarray(image).astype(int) - 77).max() <= max(1, 255 // 16)


def test_without_the_extra_grey_files_are_read_and_others_say_what_to_install(
    pil_bytes: Maker, tmp_path: Path
) -> None:
    grey, three = tmp_path / "grey.jpg", tmp_path / "three.jpg"
    grey.write_bytes(pil_bytes(camera(), "JPEG"))
    three.write_bytes(pil_bytes(Image.fromarray(camera()).convert("RGB"), "JPEG"))
    code = (
        "import sys; sys.modules['jpeglib'] = None\n"
        "from pathlib import Path\n"
        "from photochrom.image.coefficients import grey_jpeg\n"
        f"assert grey_jpeg(Path({str(grey)!r})).height == 61\n"
        f"grey_jpeg(Path({str(three)!r}))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert f"{MissingExtraError.__name__}: jpeglib is not installed" in done.stderr
    assert "pip install 'photochrom[archive]'" in done.stderr
