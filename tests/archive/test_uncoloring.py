"""Pictures colored and made grey again, held against what Pillow and tifffile wrote and read."""

import struct
from collections.abc import Callable
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import jpeglib
import numpy as np
import numpy.typing as npt
import pytest
import tifffile
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms, PngImagePlugin
from skimage import data as photographs

from photochrom import image
from photochrom.archive import Order, color_file
from photochrom.archive.provenance import Named, Provenance, stamped
from photochrom.archive.uncoloring import uncolor_file, uncolored_name
from photochrom.archive.xmp import fields
from photochrom.archive.xmp_proof import unstamped
from photochrom.color import SRGB, Encoding
from photochrom.color.brush import Brush
from photochrom.color.encoding import Power
from photochrom.color.spaces import LIGHTNESS, PROPHOTO, SPACES
from photochrom.color.tones import tables
from photochrom.errors import OutputExistsError, UnsupportedImageError
from photochrom.image.icc import profile_of
from photochrom.inference import Colorizer

Codes = npt.NDArray[Any]

SAID = Provenance(
    model=Named(name="autochrome", sha256="1f" * 32),
    source=Named(name="a.tif", sha256="a0" * 32),
    time="2024-05-04T03:02:01Z",
)
RICH = Path(__file__).with_name("rich.xmp").read_bytes()
IPTC = b"\x1c\x02\x78\x00\x02ab"


def dot_gain(v: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Light of grey under a dot gain of 20 % at half tone (Murray and Davies)."""
    ink = 1 - v
    gained: npt.NDArray[np.float64] = 1 - (ink + 0.8 * ink * (1 - ink))
    return gained


def table_of(curve: Callable[[npt.NDArray[np.float64]], npt.NDArray[np.float64]]) -> bytes:
    light = np.rint(curve(np.linspace(0, 1, 1024)) * 65535).astype(">u2")
    return b"curv" + struct.pack(">II", 0, 1024) + light.tobytes()


def gamma_of(gamma: float) -> bytes:
    return b"curv" + struct.pack(">IIH", 0, 1, round(gamma * 256)) + b"\0\0"


def grey_profile(curve: bytes) -> bytes:
    """A grey profile of version 2, written by hand after ICC.1:2001-04."""
    white = b"XYZ " + struct.pack(">I3i", 0, 63190, 65536, 54061)
    name = b"desc" + struct.pack(">II", 0, 5) + b"Grey\0" + bytes(78)
    tags = {b"desc": name, b"cprt": b"text\0\0\0\0none\0", b"wtpt": white, b"kTRC": curve}
    table, body, at = b"", b"", 132 + 12 * len(tags)
    for tag, content in tags.items():
        table += struct.pack(">4sII", tag, at + len(body), len(content))
        body += content + bytes(-len(content) % 4)
    head = struct.pack(">I4xI4s4s4s", at + len(body), 0x02100000, b"mntr", b"GRAY", b"XYZ ")
    head += struct.pack(">6H", 2020, 1, 1, 0, 0, 0) + b"acsp" + bytes(28)
    head += struct.pack(">3i", 63190, 65536, 54061)
    return head.ljust(128, b"\0") + struct.pack(">I", len(tags)) + table + body


PROFILES = {
    "none": None,
    "gamma 1.8": grey_profile(gamma_of(1.8)),
    "gamma 2.2": grey_profile(gamma_of(2.2)),
    "dot gain 20 %": grey_profile(table_of(dot_gain)),
    "L*": grey_profile(table_of(LIGHTNESS)),
}
ENCODINGS = {
    **SPACES,
    "gamma 1.8": Encoding("gamma 1.8", Power(1.8), SRGB.to_xyz),
    "gamma 2.2": Encoding("gamma 2.2", Power(2.2), SRGB.to_xyz),
    "gamma 2.6": Encoding("gamma 2.6", Power(2.6), PROPHOTO.to_xyz),
    "dot gain 20 %": Encoding("dot gain", dot_gain, SRGB.to_xyz),
    "L*": Encoding("L*", LIGHTNESS, SRGB.to_xyz),
}


@pytest.fixture(scope="module")
def network() -> Colorizer:
    return Order().colorizer(1)


def random_grey(rng: np.random.Generator, dtype: type, height: int, width: int) -> Codes:
    """Steps over all codes, noise, or a photograph with more of the dark than cameras give."""
    top = np.iinfo(dtype).max
    kind = rng.integers(4)
    if kind == 0:
        ramp = np.linspace(0, top, height * width).reshape(height, width)
    elif kind == 1:
        ramp = rng.integers(0, top + 1, (height, width))
    elif kind == 2:
        ramp = rng.integers(0, min(top, 3000) + 1, (height, width))
    else:
        photo = np.resize(photographs.camera(), (height, width)) / 255
        ramp = (photo + rng.uniform(0, 1 / 255, photo.shape)).clip(0, 1) ** 2 * top
    return np.rint(ramp).astype(dtype)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("name", ENCODINGS)
@settings(max_examples=8)
@given(seed=st.integers(0, 2**32 - 1), spread=st.sampled_from([2, 30, 150]))
def test_every_code_of_every_encoding_comes_back_whatever_its_color(
    dtype: type, name: str, seed: int, spread: float
) -> None:
    rng = np.random.default_rng(seed)
    encoding, top = ENCODINGS[name], np.iinfo(dtype).max
    codes = random_grey(rng, dtype, 100, 100).reshape(-1, 1)
    ours = tables(encoding, 8 * np.dtype(dtype).itemsize)
    brush = Brush(ours, ours, len(codes))
    offsets = (rng.normal(0, spread, (2, len(codes))) / [[500], [-200]]).astype(np.float32)
    painted = np.empty((len(codes), 3), dtype)
    brush.paint(codes, np.ones_like(offsets), offsets, painted)

    greys = np.empty(len(codes), np.float32)
    brush.greys(painted, greys)
    np.testing.assert_array_equal(np.rint(greys), codes[:, 0])
    # And so they do by a search through all greys, in double precision.
    borders = encoding.curve((np.arange(top) + 0.5) / top)
    luminance = encoding.curve(painted / top) @ encoding.to_xyz[1]
    np.testing.assert_array_equal(np.searchsorted(borders, luminance), codes[:, 0])


def test_only_a_curve_with_a_corner_costs_color_and_only_near_black() -> None:
    assert [name for name in ENCODINGS if tables(ENCODINGS[name], 16).is_rough] == ["prophoto"]
    codes = np.arange(65536, dtype=np.uint16)[:, None]
    ours = tables(PROPHOTO, 16)
    brush = Brush(ours, ours, len(codes))
    for hue in np.linspace(0, 2 * np.pi, 24, endpoint=False):
        chroma = np.array([[np.cos(hue) / 500], [-np.sin(hue) / 200]])
        offsets = np.tile(20 * chroma, len(codes)).astype(np.float32)
        painted = np.empty((len(codes), 3), np.uint16)
        brush.paint(codes, np.ones_like(offsets), offsets, painted)
        grey = np.flatnonzero((painted == painted[:, :1]).all(axis=1))
        beyond = grey[(grey > 2100) & (grey < 65000)]  # where 20 units of chroma fit
        assert not beyond.size  # 2048, L* 1.8, is where the line of ISO 22028-2 ends


@settings(max_examples=60)
@given(st.data())
def test_a_tiff_comes_back_as_tifffile_wrote_it(
    network: Colorizer, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("any")
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32)))
    dtype = data.draw(st.sampled_from([np.uint8, np.uint16]))
    height, width = data.draw(st.integers(1, 90)), data.draw(st.integers(1, 90))
    pixels = random_grey(rng, dtype, height, width)
    has_alpha = data.draw(st.booleans())
    if has_alpha:
        alpha = rng.integers(0, np.iinfo(dtype).max + 1, (height, width)).astype(dtype)
        pixels = np.stack([pixels, alpha], axis=-1)
    profile = PROFILES[data.draw(st.sampled_from(sorted(PROFILES)))]
    options: dict[str, Any] = {"compression": data.draw(st.sampled_from([None, "zlib"]))}
    if options["compression"]:
        options["predictor"] = data.draw(st.booleans())
    tile = data.draw(st.sampled_from([None, (32, 48)]))
    inverted = not has_alpha and data.draw(st.booleans())
    tifffile.imwrite(
        folder / "a.tif",
        np.invert(pixels) if inverted else pixels,
        photometric="miniswhite" if inverted else "minisblack",
        planarconfig="contig" if has_alpha else None,
        extrasamples=["unassalpha"] if has_alpha else None,
        iccprofile=profile,
        tile=tile,
        bigtiff=data.draw(st.booleans()),
        resolution=(300, 300),
        description="Markt, 1893",
        metadata=None,
        **options,
    )
    order = Order(saturation=data.draw(st.sampled_from([0.0, 1.0, 3.0])))
    color_file(folder / "a.tif", folder / "a.color.tif", network, order, threads=1)
    uncolor_file(folder / "a.color.tif", folder / "b.tif")
    with tifffile.TiffFile(folder / "a.tif") as first, tifffile.TiffFile(folder / "b.tif") as then:
        before, after = first.pages[0], then.pages[0]
        np.testing.assert_array_equal(np.squeeze(after.asarray()), np.squeeze(pixels))
        assert after.dtype == before.dtype
        assert after.photometric == tifffile.PHOTOMETRIC.MINISBLACK  # which inverted files become
        assert after.iccprofile == before.iccprofile
        assert after.description == before.description
        assert after.compression == before.compression
        assert after.is_tiled == before.is_tiled
        assert then.is_bigtiff == first.is_bigtiff
        assert after.tags.get(700) is None  # there was no XMP
        np.testing.assert_allclose(after.get_resolution(), before.get_resolution(), rtol=1e-4)


@settings(max_examples=40)
@given(st.data())
def test_a_png_comes_back_as_pillow_wrote_it(
    network: Colorizer, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("any")
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32)))
    dtype = data.draw(st.sampled_from([np.uint8, np.uint16]))
    pixels = random_grey(rng, dtype, data.draw(st.integers(1, 90)), data.draw(st.integers(1, 90)))
    has_alpha = dtype is np.uint8 and data.draw(st.booleans())  # Pillow has no LA of 16 bits
    if has_alpha:
        pixels = np.stack([pixels, rng.integers(0, 256, pixels.shape).astype(dtype)], axis=-1)
    texts = PngImagePlugin.PngInfo()
    texts.add_itxt("Title", "Größe ☃")
    name = data.draw(st.sampled_from(sorted(PROFILES)))
    options = {} if PROFILES[name] is None else {"icc_profile": PROFILES[name]}
    Image.fromarray(pixels).save(folder / "a.png", pnginfo=texts, dpi=(300, 300), **options)
    color_file(folder / "a.png", folder / "a.color.png", network, Order(saturation=3), threads=1)
    uncolor_file(folder / "a.color.png", folder / "b.png")
    with Image.open(folder / "a.png") as before, Image.open(folder / "b.png") as after:
        np.testing.assert_array_equal(np.asarray(after), pixels)
        assert after.mode == before.mode
        assert after.info.get("icc_profile") == PROFILES[name]
        assert after.info["Title"] == "Größe ☃"
        assert after.info["dpi"] == before.info["dpi"]
        assert "XML:com.adobe.xmp" not in after.info


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_lzw_and_deflate_by_pillow_and_every_page_come_back(
    network: Colorizer, tmp_path: Path, dtype: type
) -> None:
    scale = np.iinfo(dtype).max // 255
    pages = [photographs.camera()[::4, ::4], photographs.moon()[::5, ::3], photographs.text()]
    greys = [Image.fromarray(page.astype(dtype) * dtype(scale)) for page in pages]
    for compression in ("tiff_lzw", "tiff_adobe_deflate"):
        source = tmp_path / f"{compression}.tif"
        greys[0].save(source, save_all=True, append_images=greys[1:], compression=compression)
        colored, back = source.with_suffix(".color.tif"), source.with_suffix(".back.tif")
        color_file(source, colored, network, Order(), threads=1)
        uncolor_file(colored, back)
        with Image.open(back) as found:
            assert found.n_frames == 3
            for number, grey in enumerate(greys):
                found.seek(number)
                assert found.info["compression"] == compression
                np.testing.assert_array_equal(np.asarray(found), np.asarray(grey))


def test_all_metadata_come_back(network: Colorizer, tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[270], exif[315], exif[33432] = "Markt in Bruck, 1893", "Jane Doe", "CC0"
    exif.get_ifd(0x8769)[0x9003] = "1893:05:04 10:11:12"
    written = BytesIO()
    Image.fromarray(photographs.camera()).save(written, "JPEG", exif=exif)
    said = image.Metadata(exif=image.decode(written.getvalue()).metadata.exif, iptc=IPTC, xmp=RICH)
    pixels = photographs.camera()[::4, ::4, None].astype(np.uint16) * np.uint16(257)
    image.write(image.Frame(pixels, metadata=said), tmp_path / "a.tif")
    color_file(tmp_path / "a.tif", tmp_path / "a.color.tif", network, Order(), threads=1)
    uncolor_file(tmp_path / "a.color.tif", tmp_path / "b.tif")
    before, after = image.read(tmp_path / "a.tif"), image.read(tmp_path / "b.tif")
    np.testing.assert_array_equal(before.pixels, after.pixels)
    assert after.metadata.xmp is not None
    assert fields(after.metadata.xmp) == fields(RICH)
    assert replace(after.metadata, xmp=None) == replace(before.metadata, xmp=None)


@pytest.mark.parametrize("progressive", [False, True])
def test_the_luma_of_a_jpeg_that_was_colored_exactly_comes_back_as_bytes(
    network: Colorizer, tmp_path: Path, progressive: bool
) -> None:
    source = tmp_path / "a.jpg"
    Image.fromarray(photographs.camera()).save(
        source, quality=88, progressive=progressive, icc_profile=PROFILES["gamma 2.2"]
    )
    color_file(source, tmp_path / "a.color.jpg", network, Order(exact_jpeg=True), threads=1)
    uncolor_file(tmp_path / "a.color.jpg", tmp_path / "b.jpg")
    assert (tmp_path / "b.jpg").read_bytes() == source.read_bytes()
    before, after = (jpeglib.read_dct(str(tmp_path / name)) for name in ("a.color.jpg", "b.jpg"))
    np.testing.assert_array_equal(before.Y, after.Y)


def test_a_long_packet_survives_the_exact_jpeg_and_the_way_back(
    network: Colorizer, tmp_path: Path
) -> None:
    text = b"ab " * 50_000
    longer = b'<rdf:Description xmlns:long="urn:long" long:text="%s"/></rdf:RDF>' % text
    packet = RICH.replace(b"</rdf:RDF>", longer)
    source = tmp_path / "a.jpg"
    grey = photographs.camera()[..., None]
    image.write(image.Frame(grey, metadata=image.Metadata(xmp=packet)), source)
    color_file(source, tmp_path / "a.color.jpg", network, Order(exact_jpeg=True), threads=1)
    uncolor_file(tmp_path / "a.color.jpg", tmp_path / "b.jpg")
    after = image.read(tmp_path / "b.jpg").metadata.xmp
    assert after is not None
    assert fields(after) == fields(packet)


def test_a_damaged_profile_is_taken_for_srgb(tmp_path: Path) -> None:
    source, target = tmp_path / "a.png", tmp_path / "b.tif"
    damaged = profile_of(SPACES["adobe-rgb"]).replace(b"rTRC", b"xTRC")
    Image.fromarray(photographs.chelsea()).save(source, icc_profile=damaged)
    uncolor_file(source, target)
    with Image.open(target) as grey:
        assert grey.mode == "L"
        assert ImageCms.ImageCmsProfile(BytesIO(grey.info["icc_profile"])).profile.xcolor_space


def test_a_jpeg_in_color_from_elsewhere_becomes_a_tiff_of_its_luminance(tmp_path: Path) -> None:
    source = tmp_path / "cat.jpg"
    Image.fromarray(photographs.chelsea()).save(source, quality=95)
    target = uncolored_name(source)
    assert target == tmp_path / "cat.grey.tif"
    uncolor_file(source, target)
    to_lab = ImageCms.buildTransform(
        ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB", 6504), "RGB", "LAB"
    )
    lightness = []
    for path in (source, target):
        with Image.open(path) as picture:
            seen = ImageCms.applyTransform(picture.convert("RGB"), to_lab)
            assert seen is not None
            lightness.append(np.asarray(seen)[..., 0].astype(int))
    assert abs(lightness[0] - lightness[1]).max() <= 3  # of 255, by Little CMS


def test_names_of_grey_pictures() -> None:
    assert uncolored_name(Path("a/photo.color.tif")) == Path("a/photo.grey.tif")
    assert uncolored_name(Path("photo.color.PNG")) == Path("photo.grey.PNG")
    assert uncolored_name(Path("photo.webp")) == Path("photo.grey.tif")


def test_what_is_grey_or_there_already_is_refused(tmp_path: Path) -> None:
    Image.fromarray(photographs.camera()[::8, ::8]).save(tmp_path / "grey.png")
    with pytest.raises(UnsupportedImageError, match=r"grey\.png: is grey already"):
        uncolor_file(tmp_path / "grey.png", tmp_path / "b.png")
    Image.fromarray(photographs.chelsea()[::8, ::8]).save(tmp_path / "color.png")
    with pytest.raises(OutputExistsError):
        uncolor_file(tmp_path / "color.png", tmp_path / "grey.png")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["color.png", "grey.png"]


def test_a_packet_is_what_it_was_before_it_was_stamped() -> None:
    again = unstamped(stamped(RICH, SAID))
    assert again is not None
    assert fields(again) == fields(RICH)
    assert unstamped(stamped(None, SAID)) is None
    damaged = b"<x:xmpmeta><rdf"
    assert unstamped(stamped(damaged, SAID)) == damaged
    assert unstamped(None) is None


def test_pixels_are_told_as_they_are_done(tmp_path: Path) -> None:
    Image.fromarray(photographs.chelsea()).save(tmp_path / "a.png")
    told: list[int] = []
    uncolor_file(tmp_path / "a.png", tmp_path / "b.png", watch=told.append)
    assert sum(told) == 300 * 451
