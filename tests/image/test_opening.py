"""Strips are what the whole picture is, whatever the file; Pillow and hand-made files judge."""

import os
import struct
import subprocess
import sys
import zlib
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import pyvips
from PIL import Image, ImageCms, ImageOps
from skimage import data

from photochrom.color import SRGB
from photochrom.errors import (
    EmptyFileError,
    ImageError,
    MissingFileError,
    NotAnImageError,
    TooManyPixelsError,
    TruncatedImageError,
    UnsupportedImageError,
)
from photochrom.image import Frame, Layout, Original, decode, resize
from photochrom.image.profile import srgb_profile

from .conftest import Maker

Array = npt.NDArray[Any]


def joined(frame: Frame) -> Array:
    """Pixels and alpha of a frame, (H, W, samples)."""
    return frame.pixels if frame.alpha is None else np.dstack([frame.pixels, frame.alpha])


def in_strips(original: Original, rows: int) -> Array:
    strips = list(original.strips(rows))
    assert all(strip.flags.c_contiguous for strip in strips)
    assert {len(strip) for strip in strips[:-1]} <= {rows}
    return np.concatenate(strips)


def by_libvips(pixels: Array, kind: str, **options: Any) -> bytes:
    image = pyvips.Image.new_from_array(pixels)
    return bytes(pyvips.Operation.call(f"{kind}save_buffer", image, **options))


def hand_made_tiff(
    pixels: Array, *, order: str = "<", white_is_0: bool = False, planar: bool = False
) -> bytes:
    """An uncompressed TIFF of a strip for every 5 rows, as no program here writes it."""
    height, width, samples = pixels.shape
    stored = (np.invert(pixels) if white_is_0 else pixels).astype(pixels.dtype.newbyteorder(order))
    planes = [stored[..., [c]] for c in range(samples)] if planar else [stored]
    strips = [plane[top : top + 5].tobytes() for plane in planes for top in range(0, height, 5)]
    depth = 8 * pixels.dtype.itemsize
    fields: list[tuple[int, str, list[int]]] = [
        (256, "H", [width]),
        (257, "H", [height]),
        (258, "H", [depth] * samples),
        (259, "H", [1]),
        (262, "H", [2 if samples == 3 else 0 if white_is_0 else 1]),
        (273, "I", list(np.cumsum([8, *(len(strip) for strip in strips[:-1])]))),
        (277, "H", [samples]),
        (278, "H", [5]),
        (279, "I", [len(strip) for strip in strips]),
        (284, "H", [2 if planar else 1]),
    ]
    body = b"".join(strips)
    at = 8 + len(body)
    entries, tail = b"", b""
    tail_at = at + 2 + 12 * len(fields) + 4
    for tag, code, numbers in fields:
        value = struct.pack(f"{order}{len(numbers)}{code}", *numbers)
        entries += struct.pack(f"{order}HHI", tag, 3 if code == "H" else 4, len(numbers))
        if len(value) > 4:
            entries += struct.pack(f"{order}I", tail_at + len(tail))
            tail += value
        else:
            entries += value.ljust(4, b"\0")
    head = struct.pack(f"{order}2sHI", b"II" if order == "<" else b"MM", 42, at)
    return head + body + struct.pack(f"{order}H", len(fields)) + entries + bytes(4) + tail


def every_file(pil_bytes: Maker) -> dict[str, bytes]:
    """One of each kind, 37 rows of 53 columns."""
    rng = np.random.default_rng(5)
    photo = np.ascontiguousarray(data.astronaut()[100:137, 200:253])
    noise = rng.integers(0, 256, (37, 53, 3), dtype=np.uint8)
    deep = rng.integers(0, 65536, (37, 53, 3), dtype=np.uint16)
    picture = Image.fromarray(photo)
    files = {
        "jpeg": pil_bytes(photo, "JPEG"),
        "grey jpeg": pil_bytes(photo[..., 1], "JPEG"),
        "progressive jpeg": pil_bytes(photo, "JPEG", progressive=True),
        "cmyk jpeg": pil_bytes(picture.convert("CMYK"), "JPEG"),
        "webp": pil_bytes(photo, "WEBP"),
        "webp with alpha": pil_bytes(np.dstack([noise, noise[..., 0]]), "WEBP", lossless=True),
        "palette png": pil_bytes(picture.quantize(16), "PNG"),
        "1-bit png": pil_bytes(picture.convert("1"), "PNG"),
        "16-bit grey png": pil_bytes(deep[..., 0], "PNG"),
        "16-bit png": by_libvips(deep, "png"),
        "interlaced png": by_libvips(noise, "png", interlace=True),
        "1-bit group 4 tiff": pil_bytes(picture.convert("1"), "TIFF", compression="group4"),
        "jpeg in tiff": pil_bytes(picture, "TIFF", compression="jpeg"),
        "cmyk tiff": pil_bytes(picture.convert("CMYK"), "TIFF"),
        "palette tiff": pil_bytes(picture.quantize(16), "TIFF"),
        "16-bit lzw tiff": by_libvips(deep, "tiff", compression="lzw", predictor="horizontal"),
        "bigtiff": by_libvips(deep, "tiff", bigtiff=True),
        "tiles": by_libvips(deep, "tiff", tile=True, tile_width=16, tile_height=32),
    }
    for bands in (1, 2, 3, 4):
        some = np.dstack([noise, noise[..., 0]])[..., :bands].squeeze()
        files |= {f"{bands} bands {kind}": pil_bytes(some, kind) for kind in ("PNG", "TIFF")}
    for name in ("lzw", "adobe_deflate", "packbits"):
        files[f"{name} tiff"] = pil_bytes(noise, "TIFF", compression=f"tiff_{name}")
    for order in "<>":
        for pixels in (noise, deep, noise[..., :1], deep[..., :1]):
            name = f"{pixels.shape[2]} {pixels.dtype} {order}"
            files[f"plain {name}"] = hand_made_tiff(pixels, order=order)
            files[f"planar {name}"] = hand_made_tiff(pixels, order=order, planar=True)
            if pixels.shape[2] == 1:
                files[f"white is 0 {name}"] = hand_made_tiff(pixels, order=order, white_is_0=True)
    return files


@pytest.mark.parametrize("rows", [1, 7, 37, 1000])
def test_strips_are_the_rows_of_the_whole_picture(pil_bytes: Maker, rows: int) -> None:
    for name, file in every_file(pil_bytes).items():
        original = Original(file, name=name)
        whole = decode(file)
        np.testing.assert_array_equal(in_strips(original, rows), joined(whole), err_msg=name)
        header = original.header
        assert (header.height, header.width) == (37, 53), name
        assert header.samples == joined(whole).shape[2], name
        assert header.bit_depth == whole.bit_depth, name
        assert header.metadata == whole.metadata, name
        assert header.encoding is SRGB, name
        again = in_strips(original, rows)
        np.testing.assert_array_equal(again, joined(whole), err_msg=name)


def test_plain_files_mean_what_they_were_made_of(rng: np.random.Generator) -> None:
    for dtype, top in ((np.uint8, 256), (np.uint16, 65536)):
        pixels = rng.integers(0, top, (23, 9, 3), dtype=dtype)
        for order in "<>":
            file = hand_made_tiff(pixels, order=order)
            np.testing.assert_array_equal(in_strips(Original(file), 4), pixels)
            grey = pixels[..., :1]
            inverted = hand_made_tiff(grey, order=order, white_is_0=True)
            np.testing.assert_array_equal(in_strips(Original(inverted), 4), grey)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "WEBP"])
def test_turned_pictures_come_upright(pil_bytes: Maker, kind: str, orientation: int) -> None:
    exif = Image.Exif()
    exif[274] = orientation
    stored = np.ascontiguousarray(data.astronaut()[:48, :32])
    file = pil_bytes(stored, kind, exif=exif, quality=95)
    elsewhere = ImageOps.exif_transpose(Image.open(BytesIO(file)))
    upright = np.asarray(elsewhere.convert("RGB"))
    with Original(file) as original:
        assert (original.header.height, original.header.width) == upright.shape[:2]
        for _ in range(2):
            strips = in_strips(original, 10)
            assert np.abs(strips.astype(int) - upright).max() <= (4 if kind == "WEBP" else 0)
        small = original.thumbnail(200).pixels
        assert small.shape[0] / small.shape[1] == pytest.approx(
            upright.shape[0] / upright.shape[1], abs=0.1
        )
        judge = elsewhere.convert("RGB").resize(
            (small.shape[1], small.shape[0]), Image.Resampling.BOX
        )
        assert np.abs(small.astype(int) - np.asarray(judge)).mean() < 6


@pytest.mark.parametrize("area", [1, 300, 20_000, 150_000, 10**9])
def test_small_copies_look_like_the_picture(pil_bytes: Maker, area: int) -> None:
    photo = np.ascontiguousarray(data.astronaut()[:401, :])  # 401 x 512
    deep = photo.astype(np.uint16) * 257
    for file, kind in (
        (pil_bytes(photo, "JPEG", quality=95), "jpeg"),
        (pil_bytes(photo, "PNG"), "png"),
        (pil_bytes(photo, "TIFF"), "tiff"),
        (by_libvips(photo, "tiff", compression="lzw"), "tiff"),
        (by_libvips(deep, "tiff"), "tiff"),
        (pil_bytes(photo, "WEBP", quality=95), "webp"),
    ):
        small = Original(file).thumbnail(area)
        assert min(area, 401 * 512) <= small.height * small.width <= max(area * 1.3, area + 100)
        assert small.format == kind
        values = small.to_8_bit().pixels
        assert small.bit_depth == (16 if file == by_libvips(deep, "tiff") else 8)
        judge = np.asarray(
            Image.fromarray(photo).resize((small.width, small.height), Image.Resampling.LANCZOS)
        )
        if area >= 20_000:  # of a few pixels no two programs make the same
            assert np.abs(values.astype(int) - judge).mean() < 3, (kind, area)


def test_small_copies_of_grey_pictures_keep_channel_and_alpha(pil_bytes: Maker) -> None:
    grey = np.ascontiguousarray(data.camera()[:300, :400])
    both = np.dstack([grey, np.tile(np.linspace(0, 255, 400).astype(np.uint8), (300, 1))])
    small = Original(pil_bytes(both, "PNG")).thumbnail(1000)
    assert small.pixels.shape[2] == 1
    assert small.alpha is not None
    np.testing.assert_allclose(
        small.alpha, resize(both[..., 1], small.height, small.width), rtol=0, atol=2
    )


def test_fine_patterns_do_not_alias(pil_bytes: Maker) -> None:
    stripes = np.tile(np.array([0, 255], np.uint8), (600, 300))  # a mean of 127.5 everywhere
    for kind in ("PNG", "TIFF"):
        small = Original(pil_bytes(stripes, kind)).thumbnail(2000).pixels.astype(int)
        assert np.abs(small - 127.5).max() <= 2


def test_codes_stay_under_a_profile_that_curves_and_primaries_tell(pil_bytes: Maker) -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (20, 30, 3), dtype=np.uint8)
    p3 = bytes(pyvips.Operation.call("profile_load", "p3"))
    original = Original(pil_bytes(pixels, "PNG", icc_profile=p3))
    np.testing.assert_array_equal(in_strips(original, 8), pixels)
    assert original.header.icc == p3
    assert original.header.encoding.to_xyz[1, 0] == pytest.approx(0.229, abs=0.002)  # of P3's red
    assert np.abs(original.thumbnail(600).pixels.astype(int) - decode_pixels(pixels, p3)).max() <= 1


def decode_pixels(pixels: Array, icc: bytes) -> Array:
    """What Little CMS, through Pillow, makes of pixels under a profile."""
    there = ImageCms.profileToProfile(
        Image.fromarray(pixels),
        ImageCms.ImageCmsProfile(BytesIO(icc)),
        ImageCms.createProfile("sRGB"),
        renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
    )
    return np.asarray(there).astype(int)


def test_cmyk_is_srgb_in_strips(pil_bytes: Maker) -> None:
    original = Original(pil_bytes(Image.new("CMYK", (9, 7), (200, 10, 20, 30)), "TIFF"))
    assert (original.header.channels, original.header.icc) == (3, srgb_profile(3))
    assert in_strips(original, 3).shape == (7, 9, 3)


def test_a_profile_of_no_use_is_not_passed_on(pil_bytes: Maker) -> None:
    pixels = np.zeros((4, 4, 3), np.uint8)
    damaged = srgb_profile(3)[:200]
    original = Original(pil_bytes(pixels, "TIFF", icc_profile=damaged))
    assert (original.header.icc, original.header.encoding) == (None, SRGB)


def test_the_layout_of_a_file_is_told(pil_bytes: Maker) -> None:
    pixels = np.zeros((64, 64, 3), np.uint8)
    differing = {"compression": "lzw", "predictor": "horizontal"}
    tiles = {"tile": True, "tile_width": 32, "tile_height": 16, "bigtiff": True}
    for file, layout in (
        (pil_bytes(pixels, "TIFF"), Layout("none", differences=False)),
        (by_libvips(pixels, "tiff", **differing), Layout("lzw")),
        (by_libvips(pixels, "tiff", **tiles), Layout("none", False, (32, 16), True)),
        (pil_bytes(pixels, "TIFF", compression="packbits"), Layout("packbits", False)),
        (pil_bytes(pixels, "TIFF", compression="jpeg"), Layout()),
        (by_libvips(pixels, "png", interlace=True), Layout(interlaced=True)),
        (pil_bytes(pixels, "PNG"), Layout()),
        (pil_bytes(pixels, "JPEG"), Layout()),
    ):
        assert Original(file).header.layout == layout


def test_each_page_of_a_tiff_is_a_picture(pil_bytes: Maker) -> None:
    pages = [Image.new("L", (5 + n, 4 + n), 10 * n) for n in range(4)]
    pages[2] = pages[2].convert("RGB")
    file = pil_bytes(pages[0], "TIFF", save_all=True, append_images=pages[1:])
    for number, page in enumerate(pages):
        original = Original(file, page=number)
        assert original.header.pages == 4
        assert (original.header.height, original.header.width) == (4 + number, 5 + number)
        assert original.header.channels == len(page.getbands())
        assert in_strips(original, 3).max() == 10 * number
        assert original.thumbnail(4).pixels.max() == 10 * number
    with pytest.raises(ImageError, match="no page 5"):
        Original(file, page=4)


@pytest.mark.parametrize("share", [0.02, 0.5, 0.9, 0.98])
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "WEBP"])
def test_a_truncated_file_is_refused_when_its_end_comes(
    pil_bytes: Maker, rng: np.random.Generator, kind: str, share: float, tmp_path: Path
) -> None:
    file = pil_bytes(rng.integers(0, 256, (60, 80, 3), dtype=np.uint8), kind)
    path = tmp_path / "cut"
    path.write_bytes(file[: int(len(file) * share)])
    for take in (lambda original: list(original.strips(7)), lambda o: o.thumbnail(100)):
        with pytest.raises(TruncatedImageError, match="^" + str(path)):
            take(Original(path))


@pytest.mark.parametrize("options", [{"progressive": True}, {"restart_marker_rows": 1}])
def test_a_jpeg_damaged_in_its_middle_is_refused(pil_bytes: Maker, options: dict[str, Any]) -> None:
    file = bytearray(pil_bytes(data.astronaut(), "JPEG", quality=90, **options))
    middle = len(file) // 2
    file[middle : middle + 300] = bytes(300)
    for take in (
        decode,
        lambda f: list(Original(f).strips(50)),
        lambda f: Original(f).thumbnail(9),
    ):
        with pytest.raises(TruncatedImageError):
            take(bytes(file))


def test_a_jpeg_with_quirks_is_taken(pil_bytes: Maker) -> None:
    for options in ({}, {"progressive": True}):
        file = pil_bytes(data.astronaut(), "JPEG", quality=90, **options)
        whole = decode(file).pixels
        assert file[20:22] == b"\xff\xdb"  # behind the JFIF header: the first table
        scan = file.index(b"\xff\xda")
        for quirk in (
            file[:20] + b"ab" + file[20:],
            file[:-2] + bytes(3) + file[-2:],
            file + b"ab",
        ):
            np.testing.assert_array_equal(decode(quirk).pixels, whole)
            np.testing.assert_array_equal(in_strips(Original(quirk), 100), whole)
            assert Original(quirk).thumbnail(1000).height > 1
        if not options:  # some scanners leave out where the coefficients end
            quirk = file[: scan + 12] + b"\0" + file[scan + 13 :]
            np.testing.assert_array_equal(in_strips(Original(quirk), 100), whole)


def test_what_cannot_be_opened_is_told_apart(tmp_path: Path) -> None:
    missing, empty, text, pipe = (tmp_path / name for name in ("a", "b", "c", "d"))
    empty.touch()
    text.write_text("not a picture")
    os.mkfifo(pipe)
    loop = tmp_path / "loop"
    loop.symlink_to(loop)
    for path, fault in (
        (missing, MissingFileError),
        (empty, EmptyFileError),
        (text, NotAnImageError),
        (tmp_path, ImageError),
        (pipe, ImageError),
        (loop, ImageError),
    ):
        with pytest.raises(fault) as caught:
            Original(path)
        assert str(caught.value).startswith(f"{path}: ")
        assert "\n" not in str(caught.value)


def test_what_is_no_picture_of_ours_is_refused(pil_bytes: Maker) -> None:
    real = by_libvips(np.zeros((4, 4, 3), np.float32), "tiff")
    lab = bytes(pyvips.Image.black(4, 4, bands=3).colourspace("lab").tiffsave_buffer())
    for file in (real, lab):
        with pytest.raises(UnsupportedImageError):
            Original(file)
    with pytest.raises(TooManyPixelsError, match="200"):
        Original(pil_bytes(np.zeros((20, 11), np.uint8), "PNG"), max_pixels=200)


def test_a_file_that_changes_or_vanishes_is_noticed(pil_bytes: Maker, tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(pil_bytes(np.zeros((20, 11), np.uint8), "PNG"))
    original = Original(path)
    path.write_bytes(pil_bytes(np.zeros((30, 11), np.uint8), "PNG"))
    with pytest.raises(ImageError, match="changed"):
        list(original.strips(5))
    path.unlink()
    with pytest.raises(MissingFileError):
        original.thumbnail(5)


@pytest.mark.parametrize("name", ["a b\n.png", "\N{CAMERA}.png", "x[page=3].png", b"\xff\xfe.png"])
def test_any_name_is_opened(pil_bytes: Maker, tmp_path: Path, name: str | bytes) -> None:
    path = tmp_path / os.fsdecode(name)
    path.write_bytes(pil_bytes(np.full((3, 2), 7, np.uint8), "PNG"))
    np.testing.assert_array_equal(in_strips(Original(path), 2), np.full((3, 2, 1), 7))


def bomb() -> bytes:
    """300 MB of zeros, deflated."""
    deflating = zlib.compressobj(9)
    return b"".join(deflating.compress(bytes(1 << 20)) for _ in range(300)) + deflating.flush()


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def test_what_unfolds_without_end_is_not_unfolded(pil_bytes: Maker, tmp_path: Path) -> None:
    png, zeros = pil_bytes(np.zeros((8, 8, 3), np.uint8), "PNG"), bomb()
    path = tmp_path / "bomb.png"
    texts = chunk(b"zTXt", b"Title\0\0" + zeros) + chunk(b"iTXt", b"Title\0\1\0\0\0" + zeros)
    hidden = chunk(b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + zeros)
    exif = chunk(b"zTXt", b"Raw profile type exif\0\0" + zeros)
    path.write_bytes(png[:33] + texts + hidden + exif + chunk(b"iCCP", b"x\0\0" + zeros) + png[33:])
    script = (
        "import sys; from photochrom.image import Original;"
        "status = lambda: open('/proc/self/status').read();"
        "peak = lambda: int(status().split('VmHWM:')[1].split()[0]) / 1024; before = peak();"
        "list(Original(sys.argv[1]).strips(8)); print(peak() - before)"
    )
    command = [sys.executable, "-c", script, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert float(done.stdout) < 60


def test_profiles_of_tables_are_obeyed_in_strips(pil_bytes: Maker) -> None:
    """Little CMS, through Pillow, makes a CMYK picture and says what it looks like."""
    cmyk = bytes(pyvips.Operation.call("profile_load", "cmyk"))
    inks = np.random.default_rng(4).integers(0, 200, (30, 20, 4), dtype=np.uint8)
    file = pil_bytes(Image.fromarray(inks, "CMYK"), "TIFF", icc_profile=cmyk)
    original = Original(file)
    found = in_strips(original, 7)
    np.testing.assert_array_equal(found, decode(file).pixels)
    judge = ImageCms.profileToProfile(
        Image.fromarray(inks, "CMYK"),
        ImageCms.ImageCmsProfile(BytesIO(cmyk)),
        ImageCms.createProfile("sRGB"),
        renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
        outputMode="RGB",
        flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
    )
    assert np.abs(found.astype(int) - np.asarray(judge)).max() <= 3


def test_strips_may_be_taken_in_several_threads_at_once(pil_bytes: Maker) -> None:
    photo = np.ascontiguousarray(data.astronaut())
    originals = [Original(pil_bytes(photo, kind)) for kind in ("PNG", "JPEG", "TIFF", "WEBP")] * 3
    with ThreadPoolExecutor(4) as workers:
        found = list(workers.map(lambda original: in_strips(original, 31), originals))
    for original, pixels in zip(originals, found, strict=True):
        np.testing.assert_array_equal(pixels, in_strips(original, 512))


@pytest.mark.parametrize("suffix", [".tif", ".jpg"])
def test_large_turned_pictures_wait_in_a_file(tmp_path: Path, suffix: str) -> None:
    """Of 4000 x 9000 pixels, 108 MB; a peak in megabytes above the interpreter's."""
    path = tmp_path / f"a{suffix}"
    image = pyvips.Image.gaussnoise(90, 40).resize(100).cast("uchar").bandjoin([7, 9])
    image = image.copy(interpretation="srgb")
    image.set_type(pyvips.GValue.gint_type, "orientation", 6)
    image.write_to_file(str(path))
    script = (
        "import sys; from photochrom.image import Original;"
        "status = lambda: open('/proc/self/status').read();"
        "peak = lambda: int(status().split('VmHWM:')[1].split()[0]) / 1024; before = peak();"
        "original = Original(sys.argv[1]); rows = sum(len(s) for s in original.strips(64));"
        "print(original.header.height, rows, peak() - before)"
    )
    command = [sys.executable, "-c", script, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    height, rows, peak = done.stdout.split()
    assert (height, rows) == ("9000", "9000")
    assert float(peak) < 90


def test_a_tag_that_points_beyond_every_disk_is_left_out(tmp_path: Path) -> None:
    pixels = np.full((9, 8, 1), 5, np.uint8)
    path = tmp_path / "a.tif"
    path.write_bytes(by_libvips(pixels, "tiff", bigtiff=True))
    with open(path, "r+b") as file:
        at = struct.unpack("<Q", path.read_bytes()[8:16])[0]
        count = struct.unpack("<Q", path.read_bytes()[at : at + 8])[0]
        fields = [path.read_bytes()[at + 8 + 20 * i :][:20] for i in range(count)]
        fields.append(struct.pack("<HHQQ", 315, 2, 40, 1 << 60))  # the artist's name
        end = file.seek(0, 2)
        file.write(struct.pack("<Q", count + 1) + b"".join(sorted(fields, key=tag_of)) + bytes(8))
        file.seek(8)
        file.write(struct.pack("<Q", end))
    original = Original(path)
    assert original.header.metadata.exif is None
    np.testing.assert_array_equal(in_strips(original, 4), pixels)


def tag_of(field: bytes) -> int:
    return int(struct.unpack("<H", field[:2])[0])
