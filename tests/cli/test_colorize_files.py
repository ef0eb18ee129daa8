"""`photochrom colorize` on single files: what comes out, and under which name."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import skimage
from PIL import Image, ImageCms

from photochrom import image
from photochrom.color import srgb_to_lab


def _is_colored(path: Path) -> bool:
    pixels = image.read(path).pixels
    return pixels.shape[2] == 3 and bool(np.any(pixels[..., 0] != pixels[..., 2]))


@pytest.mark.parametrize(
    ("name", "colored"),
    [
        ("photo.jpg", "photo.color.jpg"),
        ("scan.tif", "scan.color.tif"),
        ("PHOTO.JPEG", "PHOTO.color.JPEG"),
        ("a.b.png", "a.b.color.png"),
        ("Großmutter, Zürich 1912 – 祖母.webp", "Großmutter, Zürich 1912 – 祖母.color.webp"),
    ],
)
def test_default_name_and_stdout(run, photo, name, colored):
    path = photo(name)
    before = path.read_bytes()
    result = run("colorize", path)
    assert result.exit_code == 0, result.stderr
    assert result.stdout == f"{path.with_name(colored)}\n"
    assert _is_colored(path.with_name(colored))
    assert path.read_bytes() == before
    assert result.stderr == ""


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".tif", ".webp"])
def test_format_size_and_metadata_stay(run, tmp_path, pixels, suffix):
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    exif = Image.Exif()
    exif[0x010E], exif[0x0132] = "Boat on the lake", "1912:06:01 12:00:00"
    path = tmp_path / f"scan{suffix}"
    picture = Image.fromarray(np.stack([pixels] * 3, axis=2))
    picture.save(path, exif=exif, icc_profile=profile, dpi=(300, 300))
    assert run("colorize", path).exit_code == 0
    with Image.open(path) as before, Image.open(tmp_path / f"scan.color{suffix}") as after:
        assert after.format == before.format
        assert after.size == before.size
        assert after.mode == "RGB"
        assert after.info["icc_profile"] == profile
        found = after.getexif()
        assert (found[0x010E], found[0x0132]) == ("Boat on the lake", "1912:06:01 12:00:00")
        if suffix != ".webp":  # whose resolution is in its EXIF, which Pillow does not look into
            assert after.info["dpi"] == pytest.approx((300, 300), abs=0.1)


@pytest.mark.parametrize("suffix", [".png", ".tif"])
def test_16_bits_stay_16_and_their_luminance(run, tmp_path, suffix):
    levels = np.random.default_rng(1).integers(0, 65536, (40, 56), dtype=np.uint16)
    levels.sort(axis=1)
    path = tmp_path / f"scan{suffix}"
    Image.fromarray(levels).save(path)
    assert run("colorize", path).exit_code == 0
    frame = image.read(tmp_path / f"scan.color{suffix}")
    assert (frame.bit_depth, frame.format) == (16, {".png": "png", ".tif": "tiff"}[suffix])
    assert np.unique(frame.pixels & 0xFF).size > 200  # not 8 bits, stretched
    assert np.abs(_lightness(frame.pixels) - _lightness(levels[..., None])).max() < 0.01


def _lightness(levels: npt.NDArray[np.uint16]) -> npt.NDArray[np.float64]:
    return srgb_to_lab(np.broadcast_to(levels / 65535, (*levels.shape[:2], 3)))[..., 0]


def test_ending_of_output_decides_the_format(run, photo, tmp_path):
    result = run("colorize", photo("photo.jpg"), "-o", tmp_path / "colored.png")
    assert result.exit_code == 0
    assert result.stdout == f"{tmp_path / 'colored.png'}\n"
    assert image.read(tmp_path / "colored.png").format == "png"


def test_16_bits_are_not_reduced_in_silence(run, tmp_path):
    Image.fromarray(np.full((8, 8), 40000, dtype=np.uint16)).save(tmp_path / "deep.png")
    result = run("colorize", tmp_path / "deep.png", "-o", tmp_path / "shallow.jpg")
    assert result.exit_code == 1
    assert "16" in result.stderr
    assert not (tmp_path / "shallow.jpg").exists()


def test_nothing_is_overwritten_without_force(run, photo, tmp_path):
    path, old = photo("photo.png"), tmp_path / "photo.color.png"
    old.write_bytes(b"dear to somebody")
    result = run("colorize", path)
    assert result.exit_code == 1
    assert "--force" in result.stderr
    assert str(path) in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert old.read_bytes() == b"dear to somebody"
    assert run("colorize", path, "--force").exit_code == 0
    assert _is_colored(old)


@pytest.mark.parametrize("options", [(), ("--force",)])
def test_an_original_is_never_an_output(run, photo, options):
    path = photo("photo.png")
    before = path.read_bytes()
    result = run("colorize", path, "-o", path, *options)
    assert result.exit_code == 2
    assert path.read_bytes() == before


def test_an_original_is_known_behind_a_link(run, photo, tmp_path):
    path = photo("photo.png")
    (tmp_path / "link.png").symlink_to(path)
    before = path.read_bytes()
    assert run("colorize", path, "-o", tmp_path / "link.png", "--force").exit_code == 2
    assert (tmp_path / "link.png").is_symlink()
    assert path.read_bytes() == before


def test_temperature_saturation_and_quality_are_heeded(run, tmp_path):
    # A real photograph: for a picture of nothing the mean may well be vivid, the mode grey.
    path = Path(skimage.__file__).parent / "data" / "astronaut.png"

    def chroma(*options: str) -> float:
        target = tmp_path / "out.png"
        assert run("colorize", path, "-o", target, "--force", *options).exit_code == 0
        lab = srgb_to_lab(image.read(target).pixels / 255)
        return float(np.hypot(lab[..., 1], lab[..., 2]).mean())

    plain = chroma()
    assert plain > 1
    assert chroma("--temperature", "1") < plain < chroma("--temperature", "0.01")
    assert chroma("--saturation", "0") < 0.3  # green makes up for roundings of the luminance
    assert chroma("--saturation", "0.5") == pytest.approx(plain / 2, rel=0.1)
    sizes = []
    for quality in ("10", "90"):
        target = tmp_path / f"{quality}.jpg"
        assert run("colorize", path, "-o", target, "--quality", quality).exit_code == 0
        sizes.append(target.stat().st_size)
    assert sizes[0] < sizes[1] / 2


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--temperature", "0"),
        ("--temperature", "1.5"),
        ("--temperature", "nan"),
        ("--saturation", "-0.1"),
        ("--saturation", "inf"),
        ("--quality", "0"),
        ("--quality", "101"),
    ],
)
def test_values_out_of_range(run, photo, tmp_path, option, value):
    result = run("colorize", photo("photo.png"), option, value)
    assert result.exit_code == 2
    assert option.strip("-") in result.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["photo.png"]


def test_unknown_model_is_one_line(run, photo, tmp_path):
    result = run("colorize", photo("photo.png"), "--model", "technicolor")
    assert result.exit_code == 1
    assert result.stderr.startswith("error: technicolor: ")
    assert "autochrome" in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_unknown_ending_is_told_before_the_work(run, photo, tmp_path):
    path = photo("photo.jpg").rename(tmp_path / "photo.jfif")
    result = run("colorize", path)
    assert result.exit_code == 1
    assert "--output" in result.stderr
    assert run("colorize", path, "-o", tmp_path / "photo.gif").exit_code == 2
    assert run("colorize", path, "-o", tmp_path / "photo.jpg").exit_code == 0


def test_both_executors_color_alike(run, photo, tmp_path):
    original = photo("photo.png")
    for executor in ("onnxruntime", "openvino"):
        run("colorize", original, "-o", tmp_path / f"{executor}.png", "--executor", executor)
    one, other = (
        image.read(tmp_path / f"{name}.png").pixels.astype(int)
        for name in ("onnxruntime", "openvino")
    )
    assert np.abs(one - other).max() <= 1
    assert run("colorize", original, "--executor", "abacus").exit_code == 2
