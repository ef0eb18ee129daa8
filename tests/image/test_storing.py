"""What is stored strip by strip is what was given, laid out as asked, or not there at all."""

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from photochrom.color import SRGB
from photochrom.errors import (
    ImageError,
    OutputExistsError,
    TruncatedImageError,
    UnsupportedImageError,
)
from photochrom.image import Header, Layout, Metadata, Original, decode, read, store, store_pages
from photochrom.image.profile import srgb_profile

Array = npt.NDArray[Any]
SUFFIXES = [".jpg", ".png", ".tif", ".webp"]
EXACT = [".png", ".tif"]
XMP = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><a>Caf\xc3\xa9</a></x:xmpmeta>'
IPTC = b"\x1c\x02\x05\x00\x07A title"
ARTIST, DESCRIPTION = 315, 270


def header_of(pixels: Array, *, alpha: bool = False, **others: Any) -> Header:
    height, width, samples = pixels.shape
    depth = 8 * pixels.dtype.itemsize
    return Header(height, width, samples - alpha, alpha, depth, SRGB, **others)


def cut(pixels: Array, *heights: int) -> Iterator[Array]:
    """The picture in strips of these heights, over and over."""
    top, turn = 0, 0
    while top < len(pixels):
        yield pixels[top : top + heights[turn % len(heights)]]
        top += heights[turn % len(heights)]
        turn += 1


def stored(path: Path) -> Array:
    frame = read(path)
    return frame.pixels if frame.alpha is None else np.dstack([frame.pixels, frame.alpha])


LAYOUTS = [
    Layout(),
    Layout("none", differences=False),
    Layout("none", differences=False, bigtiff=True),
    Layout("none", differences=False, tile=(32, 16)),
    Layout("lzw"),
    Layout("lzw", differences=False, bigtiff=True),
    Layout("packbits", differences=False),
    Layout("deflate", tile=(16, 48), bigtiff=True),
]
_CODES = {"none": 1, "lzw": 5, "deflate": 8, "packbits": 32773}


@pytest.mark.parametrize("layout", LAYOUTS, ids=str)
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("samples", [1, 2, 3, 4])
def test_a_tiff_is_laid_out_as_asked(
    tmp_path: Path, rng: np.random.Generator, layout: Layout, dtype: type, samples: int
) -> None:
    pixels = rng.integers(0, np.iinfo(dtype).max + 1, (61, 47, samples), dtype=dtype)
    path = tmp_path / "a.tif"
    store(path, header_of(pixels, alpha=samples in (2, 4), layout=layout), cut(pixels, 1, 13))
    np.testing.assert_array_equal(stored(path), pixels)
    assert Original(path).header.layout == layout
    assert path.read_bytes()[2] == (43 if layout.bigtiff else 42)
    if (dtype, samples) == (np.uint16, 2):
        return  # not Pillow's
    with Image.open(path) as opened:
        assert opened.tag_v2[259] == _CODES[layout.compression]
        assert opened.tag_v2.get(317, 1) == (2 if layout.differences else 1)
        if layout.tile is not None:
            assert (opened.tag_v2[322], opened.tag_v2[323]) == layout.tile
        if (dtype, samples) in ((np.uint8, 1), (np.uint8, 3), (np.uint8, 4), (np.uint16, 1)):
            np.testing.assert_array_equal(np.asarray(opened), pixels.squeeze())


@pytest.mark.parametrize("suffix", SUFFIXES)
@given(
    height=st.integers(1, 40),
    width=st.integers(1, 40),
    samples=st.integers(1, 4),
    deep=st.booleans(),
    compression=st.sampled_from(["none", "lzw", "deflate", "packbits"]),
    heights=st.lists(st.integers(1, 50), min_size=1, max_size=4),
)
def test_pictures_of_any_shape_are_stored_in_strips_of_any_height(
    tmp_path_factory: pytest.TempPathFactory,
    suffix: str,
    height: int,
    width: int,
    samples: int,
    deep: bool,
    compression: Any,
    heights: list[int],
) -> None:
    alpha = samples in (2, 4)
    if (deep and suffix not in EXACT) or (alpha and suffix == ".jpg"):
        return
    rng = np.random.default_rng(height * width)
    dtype = np.uint16 if deep else np.uint8
    pixels = rng.integers(0, np.iinfo(dtype).max + 1, (height, width, samples), dtype=dtype)
    path = tmp_path_factory.mktemp("any") / f"a{suffix}"
    header = header_of(pixels, alpha=alpha, layout=Layout(compression, compression != "none"))
    store(path, header, cut(pixels, *heights), quality=100)
    found = stored(path)
    if suffix in EXACT:
        np.testing.assert_array_equal(found, pixels)
    elif suffix == ".webp":  # exact, and always RGB
        colors = np.repeat(pixels[..., :1], 3, axis=2) if samples < 3 else pixels[..., :3]
        np.testing.assert_array_equal(found[..., :3], colors)
    else:
        assert np.abs(found.astype(int) - pixels).max() <= 6


def test_an_interlaced_png_is_stored_so(tmp_path: Path, rng: np.random.Generator) -> None:
    pixels = rng.integers(0, 256, (31, 17, 3), dtype=np.uint8)
    path = tmp_path / "a.png"
    store(path, header_of(pixels, layout=Layout(interlaced=True)), cut(pixels, 4))
    assert path.read_bytes()[28] == 1
    np.testing.assert_array_equal(stored(path), pixels)


@pytest.fixture
def metadata() -> Metadata:
    exif = Image.Exif()
    exif[ARTIST], exif[DESCRIPTION] = "Jane Doe", "A view of the old town"
    exif.get_ifd(34853)[1] = "N"
    return Metadata(
        exif.tobytes(), IPTC, XMP, (600 / 25.4, 300 / 25.4), (("Title", "J\u00fcrgen"),)
    )


@pytest.mark.parametrize("layout", [LAYOUTS[0], LAYOUTS[1], LAYOUTS[2], LAYOUTS[5]], ids=str)
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_what_a_file_said_is_said_again(
    tmp_path: Path, metadata: Metadata, suffix: str, layout: Layout
) -> None:
    pixels = np.full((20, 30, 3), 99, np.uint8)
    path = tmp_path / f"a{suffix}"
    header = header_of(pixels, metadata=metadata, icc=srgb_profile(3), layout=layout)
    store(path, header, cut(pixels, 7))
    with Image.open(path) as opened:
        exif = opened.getexif()
        assert (exif[ARTIST], exif[DESCRIPTION]) == ("Jane Doe", "A view of the old town")
        assert exif.get_ifd(34853)[1] == "N"
        assert exif.get(274, 1) == 1
        assert opened.info["icc_profile"] == srgb_profile(3)
        if suffix == ".png":  # before the pixels, where every program looks
            assert opened.text["Title"] == "J\u00fcrgen"
        if suffix == ".tif":
            assert opened.tag_v2[33723] == IPTC
            assert opened.tag_v2[700] == XMP
            assert opened.info["dpi"] == pytest.approx((600, 300), abs=0.01)
        opened.load()
    again = Original(path).header.metadata
    assert again.xmp == XMP
    assert again.texts == (metadata.texts if suffix == ".png" else ())
    assert again.iptc == (IPTC if suffix in (".jpg", ".tif") else None)
    if suffix != ".webp":
        assert again.resolution == pytest.approx(metadata.resolution, abs=1e-3)
    final = tmp_path / "b.tif"
    with Original(path) as original:
        store(final, original.header, original.strips(4))
    assert decode(final.read_bytes()).metadata.xmp == XMP
    with Image.open(final) as opened:
        assert opened.getexif()[ARTIST] == "Jane Doe"


def test_a_grey_profile_does_not_go_with_rgb(tmp_path: Path) -> None:
    pixels = np.zeros((4, 4, 3), np.uint8)
    for layout in LAYOUTS[:2]:
        path = tmp_path / f"{layout.compression}.tif"
        store(path, header_of(pixels, icc=srgb_profile(1), layout=layout), cut(pixels, 4))
        assert Original(path).header.icc == srgb_profile(3)


def test_pages_may_differ_in_everything(tmp_path: Path, metadata: Metadata) -> None:
    rng = np.random.default_rng(2)
    path = tmp_path / "a.tif"
    pages = []
    for number, layout in enumerate([*LAYOUTS[:2], *LAYOUTS[3:5], LAYOUTS[6], LAYOUTS[1]]):
        dtype = (np.uint8, np.uint16)[number % 2]
        shape = (20 + number, 30 - number, (3, 1, 4)[number % 3])
        pixels = rng.integers(0, np.iinfo(dtype).max + 1, shape, dtype=dtype)
        block = Image.Exif()
        block[ARTIST] = f"Artist {number}"
        header = header_of(
            pixels,
            alpha=shape[2] == 4,
            layout=layout,
            metadata=replace(metadata, exif=block.tobytes()),
        )
        pages.append((header, pixels))
    for big in (False, True):
        told = [
            (replace(header, layout=replace(header.layout, bigtiff=big)), cut(pixels, 3))
            for header, pixels in pages
        ]
        store_pages(path, told, overwrite=True)
        assert path.read_bytes()[2] == (43 if big else 42)
        with Image.open(path) as opened:
            assert opened.n_frames == len(pages)
        for number, (header, pixels) in enumerate(pages):
            original = Original(path, page=number)
            found = np.concatenate(list(original.strips(5)))
            np.testing.assert_array_equal(found, pixels)
            assert original.header.pages == len(pages)
            assert original.header.layout == replace(header.layout, bigtiff=big)
            assert original.header.metadata.iptc == IPTC
            assert original.header.metadata.xmp == XMP
            found_exif = Image.Exif()
            found_exif.load(original.header.metadata.exif)
            assert found_exif[ARTIST] == f"Artist {number}"
            if header.bit_depth == 8:
                with Image.open(path) as opened:
                    opened.seek(number)
                    np.testing.assert_array_equal(np.asarray(opened), pixels.squeeze())


def test_pages_need_tiff_and_a_page(tmp_path: Path) -> None:
    pixels = np.zeros((4, 4, 3), np.uint8)
    with pytest.raises(UnsupportedImageError, match="TIFF"):
        store_pages(tmp_path / "a.png", [(header_of(pixels), cut(pixels, 4))])
    with pytest.raises(ValueError, match="no pages"):
        store_pages(tmp_path / "a.tif", [])
    assert list(tmp_path.iterdir()) == []


FILES = [(suffix, layout) for suffix in SUFFIXES for layout in (LAYOUTS[:2])]


@pytest.mark.parametrize(("suffix", "layout"), FILES)
def test_a_failing_maker_of_strips_leaves_nothing(
    tmp_path: Path, suffix: str, layout: Layout, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / f"a{suffix}"
    path.write_bytes(b"earlier")
    closed = []

    def strips() -> Iterator[Array]:
        try:
            yield np.zeros((50, 60, 3), np.uint8)
            raise TruncatedImageError("the source ends")
        finally:
            closed.append(True)

    header = header_of(np.zeros((100, 60, 3), np.uint8), layout=layout)
    with pytest.raises(TruncatedImageError, match="the source ends"):
        store(path, header, strips(), overwrite=True)
    assert closed == [True]
    assert path.read_bytes() == b"earlier"
    assert list(tmp_path.iterdir()) == [path]
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize(("suffix", "layout"), FILES)
def test_strips_that_do_not_fit_are_refused(tmp_path: Path, suffix: str, layout: Layout) -> None:
    header = header_of(np.zeros((10, 6, 3), np.uint8), layout=layout)
    for shape, dtype, message in (
        ((9, 6, 3), np.uint8, "end at row 9"),
        ((11, 6, 3), np.uint8, "more rows"),
        ((10, 7, 3), np.uint8, "6 columns"),
        ((10, 6, 1), np.uint8, "3 samples"),
        ((10, 6, 3), np.uint16, "8 bits"),
    ):
        with pytest.raises(ValueError, match=message):
            store(tmp_path / f"a{suffix}", header, cut(np.zeros(shape, dtype), 3))
    assert list(tmp_path.iterdir()) == []


def test_refusals_come_before_any_work(tmp_path: Path) -> None:
    def never() -> Iterator[Array]:
        raise AssertionError("asked for strips")
        yield

    deep = header_of(np.zeros((4, 4, 3), np.uint16))
    for name in ("a.jpg", "a.webp", "a.gif", "a"):
        with pytest.raises(UnsupportedImageError):
            store(tmp_path / name, deep, never())
    taken = tmp_path / "taken.png"
    taken.touch()
    with pytest.raises(OutputExistsError):
        store(taken, deep, never())
    with pytest.raises(ImageError, match="folder exists") as caught:
        store(tmp_path / "none" / "a.png", deep, never())
    assert isinstance(caught.value.__cause__, FileNotFoundError)
    assert list(tmp_path.iterdir()) == [taken]


_FULL = """
import errno, resource, signal, sys
from pathlib import Path
import numpy as np
from photochrom.color import SRGB
from photochrom.errors import ImageError
from photochrom.image import Header, Layout, store
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
noise = np.random.default_rng(0).integers(0, 256, (400, 400, 3), dtype=np.uint8)
header = Header(400, 400, 3, False, 8, SRGB, layout=Layout(sys.argv[2]))
try:
    store(Path(sys.argv[1]), header, iter([noise]))
except ImageError as error:
    print(error, error.__cause__.errno == errno.EFBIG)
"""


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("compression", ["none", "deflate"])
def test_a_file_that_may_not_grow_leaves_nothing(
    tmp_path: Path, suffix: str, compression: str
) -> None:
    path = tmp_path / f"a{suffix}"
    done = subprocess.run(
        [sys.executable, "-c", _FULL, str(path), compression],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.startswith(f"{path}: cannot be written (File too large)")
    assert done.stdout.endswith("True\n")
    assert done.stderr == ""
    assert list(tmp_path.iterdir()) == []


_PEAK = """
import sys
from pathlib import Path
import numpy as np
from photochrom.color import SRGB
from photochrom.image import Header, Layout, Original, store
peak = lambda: int(open('/proc/self/status').read().split('VmHWM:')[1].split()[0]) / 1024
folder, suffix, compression, depth = sys.argv[1:]
dtype = np.uint16 if depth == "16" else np.uint8
side = 5000
strip = np.tile(np.arange(side * 3, dtype=dtype).reshape(1, side, 3), (50, 1, 1))
first, second = Path(folder) / f"a{suffix}", Path(folder) / f"b{suffix}"
header = Header(side, side, 3, False, int(depth), SRGB, layout=Layout(compression, False))
before = peak()
store(first, header, (strip for _ in range(side // 50)))
with Original(first) as original:
    small = original.thumbnail(256 * 256)
    assert small.height == small.width == 256
    store(second, original.header, original.strips(64))
print(peak() - before)
"""


@pytest.mark.parametrize(
    ("suffix", "compression", "depth", "bound"),
    [
        (".tif", "none", 16, 40),
        (".tif", "packbits", 16, 110),
        (".jpg", "none", 8, 70),
        (".png", "none", 8, 70),
    ],
)
def test_large_files_pass_through_little_memory(
    tmp_path: Path, suffix: str, compression: str, depth: int, bound: int
) -> None:
    """Megabytes above the interpreter's, of pictures of 75 (8 bit) and 150 (16 bit)."""
    command = [sys.executable, "-c", _PEAK, str(tmp_path), suffix, compression, str(depth)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    print(suffix, compression, depth, done.stdout)
    assert float(done.stdout) < bound
