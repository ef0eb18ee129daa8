"""Files colored strip by strip: nothing of the original is lost, and every option is heeded."""

import json
import os
from pathlib import Path

import numpy as np
import pytest
import skimage.data
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from photochrom import errors, image
from photochrom.archive import Order, color_bytes, color_file
from photochrom.archive.provenance import read
from photochrom.archive.together import agree
from photochrom.color import SRGB, srgb_to_lab
from photochrom.color.spaces import SPACES
from photochrom.image import Header, Layout, Original
from photochrom.image.icc import profile_of
from photochrom.image.profile import encoding_of
from photochrom.inference import Colorizer


@pytest.fixture(scope="module")
def colorizer() -> Colorizer:
    return Order().colorizer(threads=1)


def _grey(name: str = "camera", dtype: type = np.uint8) -> np.ndarray:
    """(H, W, 1), of a photograph; 16 bits have codes that 8 bits do not."""
    pixels = getattr(skimage.data, name)()
    pixels = pixels if pixels.ndim == 2 else pixels[..., 1]
    pixels = pixels[::2, ::2, None]
    return pixels if dtype == np.uint8 else pixels.astype(np.uint16) * 257 ^ np.uint16(0x55)


def _stored(path: Path, pixels: np.ndarray, icc: bytes | None = None) -> Path:
    """A file of pixels in the codes of a profile."""
    depth = 8 * pixels.dtype.itemsize
    color = 1 if pixels.shape[2] < 3 else 3
    header = Header(
        *pixels.shape[:2],
        color,
        pixels.shape[2] > color,
        depth,
        encoding_of(icc, color) or SRGB,
        icc,
        layout=Layout("none", False),
    )
    image.store(path, header, [pixels])
    return path


def _light(path: Path) -> np.ndarray:
    """Luminance `(H, W)` in [0, 1] of what a file's codes mean, whatever they are."""
    with Original(path) as picture:
        header = picture.header
        codes = np.concatenate(list(picture.strips(50)))[..., : header.channels]
    linear = header.encoding.curve(codes / ((1 << header.bit_depth) - 1))
    return linear[..., 0] if header.channels == 1 else linear @ header.encoding.to_xyz[1]


def _chroma(path: Path) -> float:
    lab = srgb_to_lab(image.read(path).to_8_bit().pixels / 255)
    return float(np.hypot(lab[..., 1], lab[..., 2]).mean())


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("suffix", [".png", ".tif"])
def test_a_file_gets_the_colors_that_its_pixels_get(colorizer, tmp_path, dtype, suffix):
    pixels = _grey(dtype=dtype)
    source = _stored(tmp_path / f"a{suffix}", pixels)
    target = tmp_path / f"b{suffix}"
    color_file(source, target, colorizer, Order(), threads=2)
    expected = colorizer.colorize(image.from_array(pixels)).frame.pixels
    np.testing.assert_array_equal(image.read(target).pixels, expected)


@given(seed=st.integers(0, 99), height=st.integers(1, 300), width=st.integers(1, 300))
@settings(max_examples=15)
def test_any_size_and_any_alpha_go_through(colorizer, tmp_path_factory, seed, height, width):
    rng = np.random.default_rng(seed)
    channels = int(rng.choice([1, 2, 3, 4]))
    dtype = rng.choice([np.uint8, np.uint16])
    pixels = rng.integers(0, np.iinfo(dtype).max + 1, (height, width, channels)).astype(dtype)
    folder = tmp_path_factory.mktemp("any")
    source, target = _stored(folder / "a.tif", pixels), folder / "b.tif"
    color_file(source, target, colorizer, Order())
    with Original(target) as colored:
        found = np.concatenate(list(colored.strips(64)))
        assert colored.header.has_alpha == (channels in (2, 4))
    if channels in (2, 4):
        np.testing.assert_array_equal(found[..., 3], pixels[..., -1])
    assert np.abs(_light(target) - _light(source)).max() < (0.006 if dtype == np.uint8 else 3e-5)


@pytest.mark.parametrize("name", ["adobe-rgb", "display-p3", "prophoto", "eci-rgb"])
def test_an_rgb_profile_stays_byte_for_byte_and_keeps_the_luminance(colorizer, tmp_path, name):
    icc = profile_of(SPACES[name])
    pixels = np.repeat(_grey(dtype=np.uint16), 3, axis=2)
    source, target = _stored(tmp_path / "a.tif", pixels, icc), tmp_path / "b.tif"
    color_file(source, target, colorizer, Order())
    with Image.open(target) as written:
        assert written.info["icc_profile"] == icc
    assert np.abs(_light(target) - _light(source)).max() < 2e-5


@pytest.mark.parametrize("name", ["srgb", "display-p3", "adobe-rgb"])
def test_another_profile_can_be_had_and_means_the_same_luminance(colorizer, tmp_path, name):
    source = _stored(tmp_path / "a.tif", _grey(dtype=np.uint16))
    target = tmp_path / "b.tif"
    color_file(source, target, colorizer, Order(profile=name))
    with Original(target) as colored:
        np.testing.assert_allclose(colored.header.encoding.to_xyz, SPACES[name].to_xyz, atol=2e-4)
    assert np.abs(_light(target) - _light(source)).max() < 3e-5


def test_every_page_of_a_tiff_is_colored(colorizer, tmp_path):
    pages = [Image.fromarray(_grey(name)[..., 0]) for name in ("camera", "moon", "coins")]
    source, target = tmp_path / "a.tif", tmp_path / "b.tif"
    pages[0].save(source, save_all=True, append_images=pages[1:])
    receipt = color_file(source, target, colorizer, Order())
    assert receipt.notes == ()
    with Image.open(target) as colored:
        assert colored.n_frames == 3
        for number, page in enumerate(pages):
            colored.seek(number)
            assert colored.mode == "RGB"
            assert colored.size == page.size
            assert len({*np.asarray(colored)[::9, ::9].reshape(-1, 3).std(axis=1).round(3)}) > 5
    single = color_file(source, tmp_path / "one.png", colorizer, Order())
    assert "3 pages" in single.notes[0]


def test_the_file_says_how_it_was_colored(colorizer, tmp_path, monkeypatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    source = _stored(tmp_path / "a.png", _grey())
    order = Order(saturation=1.5, sidecar=True)
    receipt = color_file(source, tmp_path / "b.png", colorizer, order)
    said = read(image.read(receipt.target).metadata.xmp or b"")
    assert said is not None
    assert said.source.name == "a.png"
    assert said.source.sha256 == receipt.source_sha256
    assert said.model.name == "autochrome"
    assert said.parameters == {"saturation": 1.5}
    beside = json.loads((tmp_path / "b.png.json").read_text())
    assert beside["result"]["sha256"] == receipt.result_sha256
    again = color_file(source, tmp_path / "c.png", colorizer, Order(saturation=1.5))
    assert again.result_sha256 == receipt.result_sha256


def test_times_are_those_of_the_source_where_that_is_asked_for(colorizer, tmp_path):
    source = _stored(tmp_path / "a.png", _grey())
    os.utime(source, ns=(10**18, 10**18 + 123_000))
    color_file(source, tmp_path / "b.png", colorizer, Order(preserve_times=True))
    assert (tmp_path / "b.png").stat().st_mtime_ns == 10**18 + 123_000
    color_file(source, tmp_path / "c.png", colorizer, Order())
    assert (tmp_path / "c.png").stat().st_mtime_ns > 10**18 + 123_000


def _sepia(grey: np.ndarray) -> np.ndarray:
    tone = grey / 255
    return np.rint(255 * np.concatenate([tone**0.8, tone, tone**1.3], axis=2)).astype(np.uint8)


def test_a_tint_goes_or_stays(colorizer, tmp_path):
    source = _stored(tmp_path / "sepia.png", _sepia(_grey()))
    means = []
    for share in (0.0, 0.5, 1.0):
        target = tmp_path / f"{share}.png"
        receipt = color_file(source, target, colorizer, Order(keep_tint=share))
        assert receipt.notes == ()
        means.append(srgb_to_lab(image.read(target).pixels / 255)[..., 2].mean())
    assert means[0] + 3 < means[1] < means[2] - 3


def test_a_picture_in_color_is_noticed_unless_it_is_known(colorizer, tmp_path):
    source = _stored(tmp_path / "a.png", skimage.data.coffee()[::2, ::2])
    (note,) = color_file(source, tmp_path / "b.png", colorizer, Order()).notes
    assert "a.png: is in color already" in note
    known = color_file(source, tmp_path / "c.png", colorizer, Order(assume="grey"))
    assert known.notes == ()
    assert known.result_sha256


def test_candidates_differ_and_lie_beside(colorizer, tmp_path):
    source = _stored(tmp_path / "a.png", _grey())
    color_file(source, tmp_path / "b.png", colorizer, Order(candidates=3))
    ways = [image.read(tmp_path / name).pixels for name in ("b.png", "b.2.png", "b.3.png")]
    plain = color_bytes(source.read_bytes(), colorizer, Order())
    np.testing.assert_array_equal(ways[0], image.decode(plain).pixels)
    labs = [srgb_to_lab(way / 255) for way in ways]
    for one, other in [(0, 1), (0, 2), (1, 2)]:
        assert np.linalg.norm(labs[one] - labs[other], axis=-1).mean() > 1
    (tmp_path / "c.2.png").write_bytes(b"mine")
    with pytest.raises(errors.OutputExistsError, match=r"c\.2\.png"):
        color_file(source, tmp_path / "c.png", colorizer, Order(candidates=2))
    assert not (tmp_path / "c.png").exists()


def test_confidence_is_a_map_of_the_pictures_size_and_an_overlay(colorizer, tmp_path):
    pixels = _grey(dtype=np.uint16)
    source = _stored(tmp_path / "a.tif", pixels)
    color_file(source, tmp_path / "b.tif", colorizer, Order(confidence=True))
    sure = image.read(tmp_path / "b.confidence.png")
    assert sure.pixels.shape == pixels.shape
    assert sure.pixels.dtype == np.uint16
    assert 0.05 < sure.pixels.std() / 65535 < 0.5
    assert not image.read(tmp_path / "b.overlay.png").is_grey


def test_hints_and_a_reference_are_heeded(colorizer, tmp_path):
    source = _stored(tmp_path / "a.png", _grey())
    hints = tmp_path / "h.json"
    hints.write_text(json.dumps([{"x": "50%", "y": "10%", "color": "#c04040"}]))
    color_file(source, tmp_path / "b.png", colorizer, Order(hints=str(hints)))
    color_file(source, tmp_path / "c.png", colorizer, Order())
    hinted, plain = (
        srgb_to_lab(image.read(tmp_path / name).pixels / 255) for name in ("b.png", "c.png")
    )
    at = (round(0.1 * hinted.shape[0]), round(0.5 * hinted.shape[1]))
    assert hinted[at][1] > 20 > plain[at][1]
    reference = _stored(tmp_path / "r.png", skimage.data.coffee()[::2, ::2])
    color_file(source, tmp_path / "d.png", colorizer, Order(reference=str(reference)))
    browner = srgb_to_lab(image.read(tmp_path / "d.png").pixels / 255)
    assert browner[..., 2].mean() > plain[..., 2].mean() + 5


def test_pictures_that_belong_together_are_painted_as_agreed(colorizer, tmp_path):
    left, right, _ = skimage.data.stereo_motorcycle()
    names = [
        _stored(tmp_path / f"{name}.png", pixels[::2, ::2, 1:2])
        for name, pixels in (("left", left), ("right", right))
    ]
    damaged = tmp_path / "damaged.png"
    damaged.write_bytes(b"no picture")
    faults = []
    together = agree(
        [*names, damaged], colorizer, Order(), lambda path, error: faults.append((path, error))
    )
    assert [path for path, _ in faults] == [damaged]
    for path in names:
        target = path.with_suffix(".tif")
        color_file(path, target, together, Order())
        assert _chroma(target) > 3
        plain = image.decode(color_bytes(path.read_bytes(), colorizer, Order())).pixels
        assert (image.read(target).pixels != plain).mean() > 0.2


def test_pages_do_not_belong_together(colorizer, tmp_path):
    source = tmp_path / "a.tif"
    pages = [Image.fromarray(_grey(name)[..., 0]) for name in ("camera", "moon")]
    pages[0].save(source, save_all=True, append_images=pages[1:])
    faults = []
    agree([source], colorizer, Order(), lambda _, error: faults.append(str(error)))
    assert "2 pages" in faults[0]


def test_bytes_have_nothing_beside_them(colorizer):
    for order in (Order(candidates=2), Order(confidence=True)):
        with pytest.raises(errors.UnsupportedImageError, match="beside a file"):
            color_bytes(b"", colorizer, order, name="a.png")


def test_an_exact_jpeg_is_for_jpegs(colorizer, tmp_path):
    source = tmp_path / "a.jpg"
    Image.fromarray(_grey()[..., 0]).save(source, quality=90)
    color_file(source, tmp_path / "b.jpg", colorizer, Order(exact_jpeg=True))
    with Image.open(source) as one, Image.open(tmp_path / "b.jpg") as other:
        other.draft("YCbCr", other.size)
        np.testing.assert_array_equal(np.asarray(other)[..., 0], np.asarray(one))
    assert _chroma(tmp_path / "b.jpg") > 3
    with pytest.raises(errors.UnsupportedImageError, match=r"b\.png"):
        color_file(source, tmp_path / "b.png", colorizer, Order(exact_jpeg=True))


@pytest.mark.parametrize(
    "wrong",
    [
        {"temperature": 0.0},
        {"saturation": -1.0},
        {"quality": 101},
        {"keep_tint": 1.5},
        {"profile": "cmyk"},
        {"profile": "srgb", "exact_jpeg": True},
        {"candidates": 0},
        {"certificate": "c.pem"},
        {"timestamps": "http://example.org"},
    ],
)
def test_orders_out_of_range_are_refused(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        Order(**wrong)


def test_an_order_is_known_by_its_values_and_its_files(tmp_path):
    hints = tmp_path / "h.csv"
    hints.write_text("x,y,color\n1,1,red\n")
    before = Order(hints=str(hints)).identity()
    assert before == Order(hints=str(hints)).identity()
    assert before != Order().identity() != Order(saturation=2).identity()
    hints.write_text("x,y,color\n1,1,blue\n")
    assert Order(hints=str(hints)).identity() != before
    assert Order(hints=str(hints)).parameters() == {"hints": "h.csv"}


def test_nothing_is_left_where_the_source_ends_too_early(colorizer, tmp_path):
    source = tmp_path / "a.png"
    whole = _stored(tmp_path / "w.png", _grey()).read_bytes()
    source.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(errors.TruncatedImageError, match=r"a\.png"):
        color_file(source, tmp_path / "b.png", colorizer, Order())
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.png", "w.png"]
