"""Proofs that hold, proofs that must not, and their figures by scikit-image."""

import hashlib
import struct
import sys
from collections.abc import Callable
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import tifffile
from PIL import Image, ImageCms
from skimage import color as independent
from skimage import data as photographs

from photochrom import image
from photochrom.archive import Order, color_file
from photochrom.archive.metadata_proof import compared
from photochrom.archive.proof import Proof, Tolerance, prove
from photochrom.archive.provenance import Named, Provenance, stamped
from photochrom.archive.uncoloring import uncolor_file
from photochrom.archive.xmp_proof import lost_properties
from photochrom.color.spaces import ADOBE_RGB
from photochrom.errors import (
    ImageError,
    MissingFileError,
    OutputExistsError,
    TruncatedImageError,
    UnsupportedImageError,
)
from photochrom.image.icc import profile_of
from photochrom.inference import Colorizer

Pixels = npt.NDArray[Any]
Pair = tuple[Path, Path]

RICH = Path(__file__).with_name("rich.xmp").read_bytes()
TITLE, CITY = b"\x1c\x02\x05\x00\x05Markt", b"\x1c\x02\x5a\x00\x05Bruck"
SAID = Provenance(
    model=Named(name="autochrome", sha256="1f" * 32),
    source=Named(name="a.tif", sha256="a0" * 32),
    time="2024-05-04T03:02:01Z",
)


@pytest.fixture(scope="module")
def network() -> Colorizer:
    return Order().colorizer(1)


def exif_of(**tags: str) -> bytes:
    """An EXIF block as Pillow writes it, with some tags of all three directories."""
    exif = Image.Exif()
    exif[270], exif[315] = tags.get("description", "Markt in Bruck"), "Jane Doe"
    inner = exif.get_ifd(0x8769)
    inner[0x9003], inner[0x829A], inner[0x829D] = "1893:05:04 10:11:12", 0.008, 5.6
    exif.get_ifd(0x8825)[2] = (47.0, 24.0, 36.5)
    return b"Exif\0\0" + exif.tobytes().removeprefix(b"Exif\0\0")


@pytest.fixture(scope="module")
def pair(network: Colorizer, tmp_path_factory: pytest.TempPathFactory) -> Pair:
    """A 16-bit TIFF that says a lot, and its colored version."""
    folder = tmp_path_factory.mktemp("pair")
    said = image.Metadata(
        exif=exif_of(), iptc=TITLE + CITY, xmp=RICH, resolution=(300 / 25.4, 300 / 25.4)
    )
    pixels = photographs.camera()[::4, ::4, None].astype(np.uint16) * np.uint16(257)
    alpha = np.full(pixels.shape[:2], 60000, np.uint16)
    image.write(image.Frame(pixels, alpha=alpha, metadata=said), folder / "a.tif")
    color_file(folder / "a.tif", folder / "a.color.tif", network, Order(), threads=1)
    return folder / "a.tif", folder / "a.color.tif"


def altered(
    colored: Path,
    target: Path,
    pixels: Callable[[Pixels], Pixels] = lambda pixels: pixels,
    metadata: dict[str, Any] | None = None,
    **header: Any,
) -> Path:
    """A colored file with something changed."""
    with image.Original(colored) as page:
        whole = pixels(np.concatenate(list(page.strips(64))).copy())
        said = replace(page.header.metadata, **(metadata or {}))
        changed = replace(page.header, **({"metadata": said} | header))
        image.store(target, changed, [whole])
    return target


def only_fault(proof: Proof) -> str:
    assert not proof.is_proven
    assert len(proof.all_faults) == 1, proof.all_faults
    return proof.all_faults[0]


def test_a_colored_file_is_proven(pair: Pair) -> None:
    proof = prove(*pair)
    assert proof.is_proven, proof.all_faults
    assert proof.all_notes == ()
    found = proof.pages[0].luminance
    assert found is not None
    assert (found.pixels, found.changed, found.alpha) == (128 * 128, 0, 0)
    assert found.is_exact
    assert 0 < found.mean_step < found.largest_step < 0.5


def test_the_figures_are_scikit_image_s(network: Colorizer, tmp_path: Path) -> None:
    grey = photographs.camera()
    Image.fromarray(grey).save(tmp_path / "a.png")
    color_file(tmp_path / "a.png", tmp_path / "b.jpg", network, Order(quality=60), threads=1)
    found = prove(tmp_path / "a.png", tmp_path / "b.jpg").pages[0].luminance
    assert found is not None
    lightness = [
        independent.rgb2lab(np.asarray(Image.open(tmp_path / name).convert("RGB")))[..., 0]
        for name in ("a.png", "b.jpg")
    ]
    apart = np.abs(lightness[0] - lightness[1])
    assert found.mean == pytest.approx(apart.mean(), rel=0.002)
    assert found.largest == pytest.approx(apart.max(), rel=0.002)
    assert found.at_most(0.999) == pytest.approx(np.quantile(apart, 0.999), abs=0.03)
    assert found.at_most(0.5) == pytest.approx(np.quantile(apart, 0.5), abs=0.03)


def test_a_map_shows_where_the_luminance_is_another(pair: Pair, tmp_path: Path) -> None:
    def brighter(pixels: Pixels) -> Pixels:
        pixels[40:50, 60:70, :3] = 65535
        return pixels

    wrong = altered(pair[1], tmp_path / "b.tif", brighter)
    assert not prove(pair[0], wrong, difference_map=tmp_path / "map.png").is_proven
    with Image.open(tmp_path / "map.png") as shown:
        assert shown.mode == "L"
        found = np.asarray(shown)
    assert found.shape == (128, 128)
    assert (found[40:50, 60:70] > 200).all()
    found = found.copy()
    found[40:50, 60:70] = 0
    assert not found.any()
    with pytest.raises(OutputExistsError):
        prove(pair[0], wrong, difference_map=tmp_path / "map.png")
    prove(pair[0], pair[1], difference_map=tmp_path / "map.png", overwrite=True)
    assert not np.asarray(Image.open(tmp_path / "map.png")).any()
    with pytest.raises(UnsupportedImageError, match=r"map\.jpg: a map is a PNG or TIFF"):
        prove(pair[0], pair[1], difference_map=tmp_path / "map.jpg")


@pytest.mark.parametrize("place", [(0, 0), (127, 127), (77, 13)])
@pytest.mark.parametrize("by", [-1, 1])
def test_one_code_in_one_pixel_is_found(
    pair: Pair, tmp_path: Path, place: tuple[int, int], by: int
) -> None:
    def change(pixels: Pixels) -> Pixels:
        pixels[(*place, slice(3))] = pixels[(*place, slice(3))].astype(int) + by
        return pixels

    wrong = prove(pair[0], altered(pair[1], tmp_path / "b.tif", change))
    assert only_fault(wrong).startswith("luminance: 1 of 16384 pixels have another grey code")


def test_another_alpha_in_one_pixel_is_found(pair: Pair, tmp_path: Path) -> None:
    def change(pixels: Pixels) -> Pixels:
        pixels[3, 4, 3] -= 1
        return pixels

    wrong = prove(pair[0], altered(pair[1], tmp_path / "b.tif", change))
    assert only_fault(wrong) == "transparency: another in 1 pixels"


def test_colors_are_nobody_s_but_the_network_s(pair: Pair, tmp_path: Path) -> None:
    color_file(*(pair[0], tmp_path / "b.tif"), Order().colorizer(1), Order(saturation=2), threads=1)
    assert prove(pair[0], tmp_path / "b.tif").is_proven


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"iptc": TITLE}, "IPTC 2:90: missing"),
        ({"iptc": CITY + TITLE + b"\0"}, None),
        ({"exif": exif_of(description="else")}, "tag 0x010E (ImageDescription): another value"),
        ({"resolution": (200 / 25.4, 300 / 25.4)}, "resolution: 300.00 x 300.00 per inch in the"),
    ],
)
def test_every_field_is_looked_at(
    pair: Pair, tmp_path: Path, change: dict[str, Any], fault: str | None
) -> None:
    found = prove(pair[0], altered(pair[1], tmp_path / "b.tif", metadata=change))
    if fault is None:
        assert found.is_proven, found.all_faults
    else:
        assert only_fault(found).startswith(fault)


def test_a_file_without_its_metadata_lacks_each_field(pair: Pair, tmp_path: Path) -> None:
    bare = {"exif": None, "iptc": None, "xmp": None}
    faults = prove(pair[0], altered(pair[1], tmp_path / "b.tif", metadata=bare)).all_faults
    assert {
        "provenance: none in the XMP, which would name the source",
        "tag 0x010E (ImageDescription): missing",
        "tag 0x013B (Artist): missing",
        "EXIF tag 0x9003 (DateTimeOriginal): missing",
        "EXIF tag 0x829A (ExposureTime): missing",
        "GPS tag 0x0002: missing",
        "IPTC 2:05: missing",
        "IPTC 2:90: missing",
    } <= set(faults)
    assert sum(fault.startswith("XMP ") for fault in faults) > 40


def test_a_tag_is_missed_wherever_it_was(network: Colorizer, tmp_path: Path) -> None:
    """Of what Pillow writes into a JPEG, in the TIFF that comes of it."""
    source, target = tmp_path / "a.jpg", tmp_path / "a.tif"
    Image.fromarray(photographs.camera()).save(source, exif=exif_of(), dpi=(300, 300), xmp=RICH)
    color_file(source, target, network, Order(), threads=1)
    assert prove(source, target).is_proven
    # The entry of DateTimeOriginal gets the number of another tag, which hides it.
    data = target.read_bytes()
    entry = struct.pack("<HHI", 0x9003, 2, 20)
    assert data.count(entry) == 1
    target.write_bytes(data.replace(entry, struct.pack("<HHI", 0x9002, 2, 20)))
    assert only_fault(prove(source, target)) == "EXIF tag 0x9003 (DateTimeOriginal): missing"


def test_another_profile_is_found(pair: Pair, tmp_path: Path) -> None:
    wrong = altered(pair[1], tmp_path / "b.tif", icc=profile_of(ADOBE_RGB))
    faults = prove(pair[0], wrong).all_faults
    assert faults[0].startswith("luminance: ")
    assert faults[1] == "profile: Adobe RGB (1998) instead of none"
    assert len(faults) == 2


def test_a_profile_that_means_the_same_is_noted(pair: Pair, tmp_path: Path) -> None:
    icc = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    proof = prove(pair[0], altered(pair[1], tmp_path / "b.tif", icc=icc))
    assert not [fault for fault in proof.all_faults if fault.startswith("profile")]
    assert proof.all_notes == ("profile: sRGB built-in instead of none, which means the same",)


@pytest.mark.parametrize("profile", [None, profile_of(ADOBE_RGB)])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_of_a_picture_in_color_the_luminance_is_kept(
    network: Colorizer, tmp_path: Path, dtype: type, profile: bytes | None
) -> None:
    scale = np.iinfo(dtype).max // 255
    pixels = photographs.chelsea()[::2, ::2].astype(dtype) * dtype(scale)
    source, target = tmp_path / "a.tif", tmp_path / "b.tif"
    tifffile.imwrite(source, pixels, photometric="rgb", iccprofile=profile)
    color_file(source, target, network, Order(saturation=3), threads=1)
    proof = prove(source, target)
    assert proof.is_proven, proof.all_faults
    found = proof.pages[0].luminance
    assert found is not None
    assert found.is_exact


def test_a_chosen_profile_is_the_right_one(network: Colorizer, pair: Pair, tmp_path: Path) -> None:
    target = tmp_path / "b.tif"
    color_file(pair[0], target, network, Order(profile="adobe-rgb", saturation=3), threads=1)
    proof = prove(pair[0], target)
    assert not [fault for fault in proof.all_faults if fault.startswith("profile")]
    assert proof.is_proven, proof.all_faults


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (lambda pixels: pixels[:-1], "size: 128 x 128 in the original, 128 x 127 in the colored"),
        (lambda pixels: pixels[..., :3], "transparency: an alpha channel in the original, no"),
        (lambda pixels: (pixels // 257).astype(np.uint8), "bit depth: 16 in the original, 8 in"),
    ],
)
def test_another_shape_is_found(
    pair: Pair, tmp_path: Path, change: Callable[[Pixels], Pixels], fault: str
) -> None:
    with image.Original(pair[1]) as page:
        shape = change(np.concatenate(list(page.strips(64))))
    header = {
        "height": shape.shape[0],
        "has_alpha": shape.shape[2] == 4,
        "bit_depth": 8 * shape.dtype.itemsize,
    }
    proof = prove(pair[0], altered(pair[1], tmp_path / "b.tif", change, **header))
    assert proof.pages[0].luminance is None
    assert proof.all_faults[0] == (
        "luminance: not compared, since the pictures are not of one shape"
    )
    assert proof.all_faults[1].startswith(fault)
    assert len(proof.all_faults) == 2


def test_another_source_is_found(pair: Pair, tmp_path: Path) -> None:
    other = tmp_path / "other.tif"
    other.write_bytes(pair[0].read_bytes() + b"\0")
    fault = only_fault(prove(other, pair[1]))
    assert fault == "provenance: names another source, a.tif, by its sha256"
    digest = hashlib.sha256(pair[0].read_bytes()).hexdigest()
    assert digest.encode() in pair[1].read_bytes()


def test_every_page_is_compared(network: Colorizer, tmp_path: Path) -> None:
    pages = [Image.fromarray(photographs.camera()[i:].copy()) for i in (0, 100, 300)]
    pages[0].save(tmp_path / "a.tif", save_all=True, append_images=pages[1:])
    color_file(tmp_path / "a.tif", tmp_path / "b.tif", network, Order(), threads=1)
    proof = prove(tmp_path / "a.tif", tmp_path / "b.tif", difference_map=tmp_path / "map.tif")
    assert proof.is_proven, proof.all_faults
    assert [page.luminance and page.luminance.pixels for page in proof.pages] == [
        512 * 512,
        412 * 512,
        212 * 512,
    ]
    with Image.open(tmp_path / "map.tif") as shown:
        assert shown.n_frames == 3

    with image.Original(tmp_path / "b.tif") as first:
        last = image.Original(tmp_path / "b.tif", page=2)
        wrong = np.concatenate(list(last.strips(64))).copy()
        wrong[5, 5] = 0
        sheets = [(first.header, first.strips(64)), (last.header, [wrong])]
        image.store_pages(tmp_path / "c.tif", sheets)
    faults = prove(tmp_path / "a.tif", tmp_path / "c.tif").all_faults
    assert faults[0] == "pages: 3 in the original, 2 in the colored file"
    assert any(fault.startswith("page 2: size: 512 x 412") for fault in faults)


@pytest.mark.parametrize("suffix", [".jpg", ".webp"])
def test_lossy_files_are_proven_within_a_tolerance(
    network: Colorizer, tmp_path: Path, suffix: str
) -> None:
    Image.fromarray(photographs.camera()).save(tmp_path / "a.png")
    for quality in (95, 20):
        target = tmp_path / f"{quality}{suffix}"
        color_file(tmp_path / "a.png", target, network, Order(quality=quality), threads=1)
    fine, coarse = tmp_path / f"95{suffix}", tmp_path / f"20{suffix}"
    assert prove(tmp_path / "a.png", fine).is_proven
    faults = prove(tmp_path / "a.png", coarse).all_faults
    assert [fault[:20] for fault in faults] == ["luminance: mean |ΔL*", "luminance: |ΔL*| of "]
    assert prove(tmp_path / "a.png", coarse, Tolerance(5, 40)).is_proven
    assert not prove(tmp_path / "a.png", fine, Tolerance(0.01, 40)).is_proven
    assert not prove(tmp_path / "a.png", fine, Tolerance(5, 0.01)).is_proven


def test_lossless_webp_is_exact(network: Colorizer, tmp_path: Path) -> None:
    Image.fromarray(photographs.camera()).save(tmp_path / "a.png")
    color_file(tmp_path / "a.png", tmp_path / "b.webp", network, Order(quality=100), threads=1)
    found = prove(tmp_path / "a.png", tmp_path / "b.webp").pages[0].luminance
    assert found is not None
    assert found.is_exact
    assert found.changed == 0


@pytest.fixture
def exact(network: Colorizer, tmp_path: Path) -> Pair:
    """A grey JPEG of Pillow's, and its colored version with the same luma."""
    source, target = tmp_path / "a.jpg", tmp_path / "a.color.jpg"
    Image.fromarray(photographs.astronaut()).convert("L").save(source, quality=60, exif=exif_of())
    color_file(source, target, network, Order(exact_jpeg=True, saturation=2), threads=1)
    return source, target


def test_the_luma_of_a_jpeg_is_proven_by_its_coefficients(exact: Pair) -> None:
    proof = prove(*exact, Tolerance(0, 0))
    assert proof.coefficients is not None
    assert proof.coefficients.identical
    assert proof.coefficients.blocks == 64 * 64
    assert proof.is_proven, proof.all_faults


def test_without_the_extra_it_is_said_that_coefficients_were_not_compared(
    exact: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "jpeglib", None)  # what Python takes for "not there"
    proof = prove(*exact, Tolerance(0, 0))
    assert proof.coefficients is None
    assert not proof.is_proven
    assert proof.all_notes[0].startswith("the coefficients were not compared: jpeglib is not")


def test_a_jpeg_that_was_coded_again_is_found(exact: Pair) -> None:
    source, target = exact
    with Image.open(target) as picture:
        kept = {key: picture.info[key] for key in ("exif", "xmp")}
        picture.convert("RGB").save(target, quality=40, **kept)
    faults = prove(source, target).all_faults
    assert faults
    assert all(fault.startswith("luminance: ") for fault in faults)


def test_one_coefficient_is_found(exact: Pair) -> None:
    """A bit of the luma's coded data, where the file stays one that can be read."""
    source, target = exact
    data = bytearray(target.read_bytes())
    begin = data.index(b"\xff\xda") + 2000
    broken = None
    for at in range(begin, begin + 400):
        trial = bytearray(data)
        trial[at] ^= 1
        target.write_bytes(trial)
        try:
            broken = prove(source, target, Tolerance(100, 100))
        except ImageError:  # damaged so that it cannot be decoded
            continue
        if broken.coefficients is not None and broken.coefficients.differing < 3:
            break
    assert broken is not None
    assert broken.coefficients is not None
    assert broken.coefficients.differing > 0
    assert "the luma is not coded as the original's: its coefficients differ" in broken.all_notes


def test_comments_and_texts_are_fields_too(network: Colorizer, tmp_path: Path) -> None:
    Image.fromarray(photographs.camera()).save(tmp_path / "a.jpg", comment=b"by hand")
    color_file(tmp_path / "a.jpg", tmp_path / "b.png", network, Order(), threads=1)
    assert only_fault(prove(tmp_path / "a.jpg", tmp_path / "b.png")) == "JPEG comment: missing"
    exact = Order(exact_jpeg=True)
    color_file(tmp_path / "a.jpg", tmp_path / "b.jpg", network, exact, threads=1)
    assert prove(tmp_path / "a.jpg", tmp_path / "b.jpg").is_proven
    said = image.Metadata(texts=(("Title", "Größe"), ("Author", "Jane")))
    grey = image.Frame(np.zeros((9, 9, 1), np.uint8), metadata=said)
    image.write(grey, tmp_path / "c.png")
    color_file(tmp_path / "c.png", tmp_path / "d.png", network, Order(), threads=1)
    assert prove(tmp_path / "c.png", tmp_path / "d.png").is_proven
    one = {"texts": said.texts[:1]}
    wrong = altered(tmp_path / "d.png", tmp_path / "e.png", metadata=one)
    assert only_fault(prove(tmp_path / "c.png", wrong)) == "PNG text 'Author': missing"


def test_a_grey_picture_that_came_back_is_proven_too(pair: Pair, tmp_path: Path) -> None:
    uncolor_file(pair[1], tmp_path / "b.tif")
    proof = prove(pair[0], tmp_path / "b.tif")
    assert proof.is_proven, proof.all_faults
    found = proof.pages[0].luminance
    assert found is not None
    assert found.largest == 0


def test_properties_of_xmp_are_compared_however_they_are_written() -> None:
    after = stamped(RICH, SAID)
    assert lost_properties(RICH, after) == []
    assert lost_properties(RICH, stamped(after, SAID)) == []
    assert lost_properties(after, stamped(after, SAID)) == []
    assert lost_properties(None, after) == []
    damaged = b"<x:xmpmeta><rdf"
    assert lost_properties(damaged, stamped(damaged, SAID)) == []
    assert lost_properties(damaged, stamped(None, SAID)) == ["XMP: the packet is missing"]
    assert len(lost_properties(RICH, stamped(None, SAID))) > 40
    assert b"digitalsourcetype/negativeFilm" in RICH
    forgotten = after.replace(b"digitalsourcetype/negativeFilm", b"digitalsourcetype/screen")
    assert [line.rpartition(": ")[2] for line in lost_properties(RICH, forgotten)] == [
        "another value"
    ]


def test_damaged_tags_end_nothing(pair: Pair, tmp_path: Path) -> None:
    """Metadata of any bytes are compared without a fault of ours."""
    rng = np.random.default_rng(5)
    headers = [(path, image.Original(path).header) for path in pair]
    exif = bytearray(headers[0][1].metadata.exif or b"")
    for _ in range(300):
        torn = bytearray(exif)
        for at in rng.integers(6, len(torn), 4):
            torn[at] = rng.integers(256)
        said = image.Metadata(exif=bytes(torn), iptc=rng.bytes(30), xmp=rng.bytes(30))
        other = replace(headers[0][1], metadata=said, format="jpeg")
        compared((pair[0], other), headers[1])
        compared(headers[0], (pair[1], other))


def test_files_that_cannot_be_read_are_told(pair: Pair, tmp_path: Path) -> None:
    with pytest.raises(MissingFileError):
        prove(pair[0], tmp_path / "none.tif")
    written = BytesIO()
    Image.fromarray(photographs.camera()).save(written, "PNG")
    (tmp_path / "half.png").write_bytes(written.getvalue()[:20000])
    with pytest.raises(TruncatedImageError, match=r"half\.png"):
        prove(tmp_path / "half.png", tmp_path / "half.png")
