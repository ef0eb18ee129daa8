"""Grey JPEG files in color: their luma by three other readers, their colors by scikit-image."""

from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import jpeglib
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms, ImageOps
from skimage import color as independent
from skimage import data as photographs

from photochrom import image
from photochrom.archive.lossless import chroma_of, lossless
from photochrom.color.spaces import ADOBE_RGB
from photochrom.errors import (
    ImageError,
    OutputExistsError,
    TruncatedImageError,
    UnsupportedImageError,
)
from photochrom.image.coefficients import same_luminance
from photochrom.image.icc import grey_counterpart, profile_of
from photochrom.image.profile import srgb_profile
from photochrom.inference import Sketch, painted

Bytes = npt.NDArray[np.uint8]
Doubles = npt.NDArray[np.float64]


def grey_file(path: Path, pixels: Bytes, **options: Any) -> Path:
    Image.fromarray(pixels).save(path, "JPEG", **options)
    return path


def sketch_of(pixels: Bytes, ab: npt.NDArray[Any], scale: int = 1) -> Sketch:
    """A sketch of every `scale`-th pixel, colored as told: (2,), or (h, w, 2) for each of them."""
    small = pixels[::scale, ::scale] / 255
    lightness = independent.rgb2lab(np.stack([small] * 3, axis=-1))[..., 0].astype(np.float32)
    chroma = np.broadcast_to(np.asarray(ab, dtype=np.float32), (*lightness.shape, 2))
    return Sketch(lightness, chroma, np.zeros((1, 1), dtype=np.float32))


def decoded(path: Path, mode: str | None = None) -> Bytes:
    """Pixels as Pillow reads them; of `YCbCr`, the codes as they are stored."""
    with Image.open(path) as picture:
        if mode == "YCbCr":
            picture.draft("YCbCr", None)
            assert picture.mode == "YCbCr"
            return np.asarray(picture)
        return np.asarray(picture if mode is None else picture.convert(mode))


def hue_apart(lab: Doubles, other: Doubles) -> Doubles:
    """Degrees between the hues of colors (..., 3)."""
    first, second = (np.arctan2(one[..., 2], one[..., 1]) for one in (lab, other))
    return np.abs(np.degrees(np.angle(np.exp(1j * (first - second)))))


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_luma_stays_bit_for_bit(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("any")
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32)))
    height, width = data.draw(st.integers(1, 200)), data.draw(st.integers(1, 200))
    rough = rng.integers(0, 256, (height, width), dtype=np.uint8)
    smooth = np.resize(photographs.camera(), (height, width))
    source = grey_file(
        folder / "grey.jpg",
        data.draw(st.sampled_from([rough, smooth])),
        quality=data.draw(st.integers(1, 100)),
        progressive=data.draw(st.booleans()),
        optimize=data.draw(st.booleans()),
        restart_marker_blocks=data.draw(st.integers(0, 5)),
    )
    h, w = data.draw(st.integers(1, 40)), data.draw(st.integers(1, 40))
    sketch = Sketch(
        rng.uniform(0, 100, (h, w)).astype(np.float32),
        rng.normal(0, data.draw(st.sampled_from([0, 20, 100])), (h, w, 2)).astype(np.float32),
        np.zeros((1, 1), dtype=np.float32),
    )
    target = folder / "color.jpg"
    lossless(source, sketch, target, chroma_quality=data.draw(st.integers(1, 100)))

    before, after = jpeglib.read_dct(str(source)), jpeglib.read_dct(str(target))
    assert np.array_equal(before.Y, after.Y)
    assert np.array_equal(before.get_component_qt(0), after.get_component_qt(0))
    assert np.array_equal(decoded(source), decoded(target, "YCbCr")[..., 0])
    assert decoded(target, "RGB").shape == (height, width, 3)
    assert image.read(target).pixels.shape == (height, width, 3)  # without a warning of libvips
    found = same_luminance(source, target)
    assert found.identical
    assert found.blocks == -(-height // 8) * -(-width // 8)


@settings(max_examples=100, deadline=None)
@given(st.integers(1, 40), st.integers(1, 40), st.integers(0, 2**32), st.floats(0, 400))
def test_no_pixel_leaves_rgb_before_chroma_is_quantized(
    height: int, width: int, seed: int, spread: float
) -> None:
    rng = np.random.default_rng(seed)
    luma = rng.integers(0, 256, (height, width), dtype=np.uint8)
    lines = rng.normal(0, spread, (-(-height // 2), -(-width // 2), 4))
    lines[..., :2] /= 100
    chroma = chroma_of(luma, lines.astype(np.float32))
    enlarged = chroma.repeat(2, 1).repeat(2, 2)[:, :height, :width].astype(float) - 128
    blue, red = luma + 1.772 * enlarged[0], luma + 1.402 * enlarged[1]
    green = (luma - 0.299 * red - 0.114 * blue) / 0.587
    rounding = 0.5 * 1.772 + 1e-3  # of a code of chroma
    assert min(red.min(), green.min(), blue.min()) >= -rounding
    assert max(red.max(), green.max(), blue.max()) <= 255 + rounding


@pytest.mark.parametrize("ab", [(25, 30), (-20, 12), (8, -35), (-6, -8), (40, -20)])
def test_colors_are_those_of_the_sketch(tmp_path: Path, ab: tuple[int, int]) -> None:
    ramp = np.tile(np.linspace(70, 190, 160).astype(np.uint8), (96, 1))
    source = grey_file(tmp_path / "grey.jpg", ramp, quality=95)
    lossless(source, sketch_of(ramp, np.array(ab)), tmp_path / "color.jpg", chroma_quality=95)
    lab = independent.rgb2lab(decoded(tmp_path / "color.jpg", "RGB"))
    off = np.hypot(lab[..., 1] - ab[0], lab[..., 2] - ab[1])
    assert off.mean() <= 1.5
    assert np.percentile(off, 99) <= 4
    assert hue_apart(lab, np.array([50.0, *ab])).mean() <= 4


def test_a_grey_sketch_leaves_the_picture_grey(tmp_path: Path) -> None:
    source = grey_file(tmp_path / "grey.jpg", photographs.camera(), quality=90)
    sketch = sketch_of(photographs.camera(), np.zeros(2), 4)
    lossless(source, sketch, tmp_path / "color.jpg")
    rgb = decoded(tmp_path / "color.jpg", "RGB")
    assert np.array_equal(rgb, np.repeat(decoded(source)[..., None], 3, axis=2))


@pytest.mark.parametrize("name", ["astronaut", "chelsea", "coffee"])
def test_photographs_look_as_they_do_when_painted(tmp_path: Path, name: str) -> None:
    pixels = getattr(photographs, name)()
    lab = independent.rgb2lab(pixels[::3, ::3])
    source = tmp_path / "grey.jpg"
    Image.fromarray(pixels).convert("L").save(source, quality=92)
    frame = image.read(source)
    sketch = sketch_of(frame.pixels[..., 0], lab[..., 1:], 3)
    lossless(source, sketch, tmp_path / "color.jpg")
    shown = independent.rgb2lab(decoded(tmp_path / "color.jpg", "RGB"))
    reference = independent.rgb2lab(painted(frame, sketch).frame.pixels)
    assert np.hypot(*np.moveaxis(shown - reference, -1, 0)[1:]).mean() <= 3
    # Luma is kept and lightness is not: as far apart as docs/lossless-jpeg.md says.
    assert np.abs(shown - reference)[..., 0].mean() <= 2
    # Of the pixels' luma, after every viewer's clipping:
    luma = decoded(tmp_path / "color.jpg", "RGB") @ np.array([0.299, 0.587, 0.114])
    assert np.abs(luma - decoded(source)).mean() <= 0.5


@pytest.mark.parametrize("subsampling", [0, 1, 2])
def test_grey_pictures_in_three_components_keep_their_luma_too(
    tmp_path: Path, subsampling: int
) -> None:
    pixels = photographs.camera()[:203, :117]
    source, target = tmp_path / "grey.jpg", tmp_path / "color.jpg"
    grey_file(source, np.stack([pixels] * 3, axis=-1), subsampling=subsampling, quality=85)
    lossless(source, sketch_of(pixels, np.array([10, 20])), target)
    before, after = jpeglib.read_dct(str(source)), jpeglib.read_dct(str(target))
    assert np.array_equal(before.Y, after.Y)
    assert np.array_equal(before.get_component_qt(0), after.get_component_qt(0))
    assert same_luminance(source, target).identical
    assert np.array_equal(decoded(source, "YCbCr")[..., 0], decoded(target, "YCbCr")[..., 0])
    assert decoded(target, "RGB").std(axis=2).mean() > 3  # there is color


@pytest.mark.parametrize("orientation", range(1, 9))
def test_turned_pictures_stay_as_stored_and_get_the_colors_of_upright_ones(
    tmp_path: Path, orientation: int
) -> None:
    pixels = np.full((48, 80), 120, dtype=np.uint8)
    exif = Image.Exif()
    exif[0x0112] = orientation
    source = grey_file(tmp_path / "grey.jpg", pixels, exif=exif)
    with Image.open(source) as picture:
        upright = np.asarray(ImageOps.exif_transpose(picture))
    ab = np.zeros((*upright.shape, 2), dtype=np.float32)
    ab[: len(ab) // 2, : ab.shape[1] // 2] = 40, 30  # red in the upper left alone
    lossless(source, sketch_of(upright, ab), tmp_path / "color.jpg", chroma_quality=95)
    with Image.open(tmp_path / "color.jpg") as picture:
        assert picture.getexif()[0x0112] == orientation
        assert picture.size == (80, 48)
        seen = independent.rgb2lab(np.asarray(ImageOps.exif_transpose(picture)))
    height, width = seen.shape[:2]
    for row, column in ((0, 0), (0, 1), (1, 0), (1, 1)):
        a = seen[(1 + 2 * row) * height // 4, (1 + 2 * column) * width // 4, 1]
        assert a > 25 if (row, column) == (0, 0) else abs(a) < 5


def test_all_that_the_file_carries_stays(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[270], exif[0x8298] = "a street", "nobody"
    thumbnail = BytesIO()
    Image.fromarray(photographs.camera()[:60, :80]).save(thumbnail, "JPEG")
    source = grey_file(
        tmp_path / "grey.jpg",
        photographs.camera(),
        exif=exif,
        dpi=(317, 211),
        comment=b"in the attic",
        xmp=b"<x:xmpmeta xmlns:x='adobe:ns:meta/'/>",
    )
    data = source.read_bytes()
    photoshop = b"\xff\xed\x00\x1cPhotoshop 3.0\0 8BIM anything"[:30]
    adobe = b"\xff\xee\x00\x0eAdobe\0\x64\0\0\0\0\0"  # its last byte: no transform, as for grey
    tail = thumbnail.getvalue()
    source.write_bytes(data[:2] + photoshop + adobe + data[2:] + tail)
    sketch = sketch_of(photographs.camera(), np.array([10, 20]), 4)
    lossless(source, sketch, tmp_path / "color.jpg")
    colored = (tmp_path / "color.jpg").read_bytes()
    with Image.open(source) as before, Image.open(tmp_path / "color.jpg") as after:
        assert after.mode == "RGB"
        assert after.info["adobe_transform"] == 1
        for key in ("exif", "dpi", "comment", "xmp", "jfif", "jfif_density"):
            assert after.info[key] == before.info[key]
        assert [code for code, _ in after.applist] == [code for code, _ in before.applist]
        kept = [body for code, body in after.applist if code != "APP14"]
        assert kept == [body for code, body in before.applist if code != "APP14"]
    assert colored.endswith(tail)
    lossless(source, sketch, tmp_path / "other.jpg", xmp=b"<new/>")
    with Image.open(tmp_path / "other.jpg") as after:
        assert after.info["xmp"] == b"<new/>"
        assert after.info["comment"] == b"in the attic"


def test_a_grey_profile_becomes_the_rgb_profile_of_its_curve(tmp_path: Path) -> None:
    gamma = grey_counterpart(profile_of(ADOBE_RGB))  # 2.2: another luminance for each code
    pixels = np.tile(np.linspace(60, 200, 128).astype(np.uint8), (64, 1))
    source = grey_file(tmp_path / "grey.jpg", pixels, icc_profile=gamma, quality=95)
    upright = image.read(source).pixels[..., 0]  # as sRGB, which the sketch is of
    lossless(source, sketch_of(upright, np.array([15, 25])), tmp_path / "color.jpg")
    with Image.open(tmp_path / "color.jpg") as picture:
        profile = ImageCms.ImageCmsProfile(BytesIO(picture.info["icc_profile"]))
        assert profile.profile.xcolor_space.strip() == "RGB"
        srgb = ImageCms.profileToProfile(picture, profile, ImageCms.createProfile("sRGB"))
    lab = independent.rgb2lab(np.asarray(srgb))
    assert np.hypot(lab[..., 1] - 15, lab[..., 2] - 25).mean() <= 2
    shown = independent.rgb2lab(np.repeat(upright[..., None], 3, axis=2))[..., 0]
    assert np.abs(lab[..., 0] - shown).mean() <= 2
    assert same_luminance(source, tmp_path / "color.jpg").identical


def test_a_profile_of_tables_is_refused(tmp_path: Path) -> None:
    tables = bytearray(srgb_profile(3))
    at = tables.index(b"rTRC")
    tables[at : at + 4] = b"A2B0"
    source = grey_file(tmp_path / "a.jpg", photographs.camera()[:50], icc_profile=bytes(tables))
    with pytest.raises(UnsupportedImageError, match=r"a\.jpg.*made of tables"):
        lossless(source, sketch_of(photographs.camera()[:50], np.zeros(2)), tmp_path / "b.jpg")


def test_nothing_is_written_where_something_is_wrong(tmp_path: Path) -> None:
    source = grey_file(tmp_path / "grey.jpg", photographs.camera())
    sketch = sketch_of(photographs.camera(), np.array([10, 20]), 4)
    target = tmp_path / "color.jpg"
    target.write_bytes(b"mine")
    with pytest.raises(OutputExistsError):
        lossless(source, sketch, target)
    assert target.read_bytes() == b"mine"
    lossless(source, sketch, target, overwrite=True)
    assert same_luminance(source, target).identical
    with pytest.raises(ValueError, match="quality"):
        lossless(source, sketch, tmp_path / "new.jpg", chroma_quality=0)
    with pytest.raises(ImageError, match="cannot be written"):
        lossless(source, sketch, tmp_path / "nowhere" / "new.jpg")
    source.write_bytes(source.read_bytes()[:-4000])
    with pytest.raises(TruncatedImageError):
        lossless(source, sketch, tmp_path / "new.jpg")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["color.jpg", "grey.jpg"]


def test_threads_and_runs_change_no_byte(tmp_path: Path) -> None:
    source = grey_file(tmp_path / "grey.jpg", np.resize(photographs.camera(), (900, 701)))
    sketch = sketch_of(decoded(source), np.array([10, 20]), 8)
    for number, threads in enumerate((1, 2, 5)):
        lossless(source, sketch, tmp_path / f"{number}.jpg", threads=threads)
    first, *others = (tmp_path / f"{number}.jpg" for number in range(3))
    assert all(other.read_bytes() == first.read_bytes() for other in others)


def test_any_libjpeg_reads_it(tmp_path: Path) -> None:
    """From the first widespread one to the newest, with arithmetic of their own."""
    source = grey_file(tmp_path / "grey.jpg", photographs.camera()[:101, :77], progressive=True)
    target = tmp_path / "color.jpg"
    lossless(source, sketch_of(decoded(source), np.array([10, 20]), 4), target)
    used: Callable[[str], None] = jpeglib.version.set
    try:
        for version in ("6b", "9f", "turbo120", "turbo210", "mozjpeg403"):
            used(version)
            assert np.array_equal(jpeglib.read_dct(str(source)).Y, jpeglib.read_dct(str(target)).Y)
            spatial = jpeglib.read_spatial(str(target)).spatial.astype(int)
            assert np.abs(spatial - decoded(target, "RGB")).mean() <= 1
    finally:
        used("6b")
