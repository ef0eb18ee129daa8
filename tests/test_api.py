"""`photochrom.colorize`: a picture in, of whatever kind, and the same kind out."""

import inspect
import os
from io import BytesIO
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

import photochrom
from photochrom import errors, image
from photochrom.api import default_output, is_named_as_output
from photochrom.color import srgb_to_lab

Grey = npt.NDArray[np.uint8]


@pytest.fixture
def grey() -> Grey:
    """(40, 56), uint8."""
    rows, columns = np.mgrid[0:40, 0:56]
    return (40 + 2 * rows + 2 * columns).astype(np.uint8)


@pytest.fixture
def path(grey: Grey, tmp_path: Path) -> Path:
    target = tmp_path / "old photo.png"
    Image.fromarray(grey).save(target)
    return target


def _is_colored(pixels: npt.NDArray[np.generic]) -> bool:
    return bool(np.any(pixels[..., 0] != pixels[..., 2]))


def _lightness(pixels: npt.NDArray[np.generic]) -> npt.NDArray[np.float64]:
    top = np.iinfo(pixels.dtype).max
    if pixels.ndim == 2:
        pixels = np.stack([pixels] * 3, axis=-1)
    return srgb_to_lab(pixels[..., :3] / top)[..., 0]


@pytest.mark.parametrize("kind", [str, Path])
def test_path_to_path(path, grey, kind):
    written = photochrom.colorize(kind(path))
    assert written == path.with_name("old photo.color.png")
    frame = image.read(written)
    assert frame.pixels.shape == (40, 56, 3)
    assert _is_colored(frame.pixels)
    assert np.abs(_lightness(frame.pixels) - _lightness(grey)).max() < 0.5


def test_path_with_output(path, tmp_path):
    target = tmp_path / "out.jpg"
    assert photochrom.colorize(path, output=str(target)) == target
    assert image.read(target).format == "jpeg"
    before = target.read_bytes()
    with pytest.raises(errors.OutputExistsError, match=r"out\.jpg"):
        photochrom.colorize(path, output=target)
    assert target.read_bytes() == before
    photochrom.colorize(path, output=target, overwrite=True, saturation=0)
    assert target.read_bytes() != before


def test_the_original_is_never_overwritten(path, tmp_path):
    before = path.read_bytes()
    with pytest.raises(errors.OutputExistsError, match="original"):
        photochrom.colorize(path, output=path, overwrite=True)
    os.link(path, tmp_path / "link.png")
    with pytest.raises(errors.OutputExistsError, match="original"):
        photochrom.colorize(path, output=tmp_path / "link.png", overwrite=True)
    assert path.read_bytes() == before


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "WEBP"])
def test_bytes_to_bytes_of_the_same_format(grey, kind):
    file = BytesIO()
    Image.fromarray(grey).save(file, kind)
    colored = photochrom.colorize(file.getvalue())
    assert isinstance(colored, bytes)
    with Image.open(BytesIO(colored)) as picture:
        assert (picture.format, picture.size, picture.mode) == (kind, (56, 40), "RGB")
        assert _is_colored(np.asarray(picture))


@pytest.mark.parametrize(
    ("mode", "result"), [("L", "RGB"), ("RGB", "RGB"), ("LA", "RGBA"), ("P", "RGB")]
)
def test_pil_to_pil(grey, mode, result):
    picture = Image.fromarray(grey).convert(mode)
    colored = photochrom.colorize(picture)
    assert isinstance(colored, Image.Image)
    assert (colored.mode, colored.size) == (result, picture.size)
    assert _is_colored(np.asarray(colored))
    assert picture.mode == mode


def test_pil_of_16_bits_is_refused_with_the_remedy(grey):
    deep = Image.fromarray(grey.astype(np.uint16) * 257)
    with pytest.raises(errors.UnsupportedImageError, match=r"numpy\.asarray"):
        photochrom.colorize(deep)
    assert photochrom.colorize(np.asarray(deep)).dtype == np.uint16


@pytest.mark.parametrize(
    ("dtype", "result"),
    [(np.uint8, np.uint8), (np.uint16, np.uint16), (np.float32, np.uint16), (np.bool_, np.uint8)],
)
def test_array_to_array(grey, dtype, result):
    scale = {np.uint8: 1, np.uint16: 257, np.float32: 1 / 255, np.bool_: 1}[dtype]
    given = (grey > 128) if dtype is np.bool_ else (grey * np.dtype(dtype).type(scale))
    before = given.copy()
    colored = photochrom.colorize(given)
    assert (colored.shape, colored.dtype) == ((40, 56, 3), result)
    assert np.array_equal(given, before)
    if dtype is not np.bool_:
        assert _is_colored(colored)
        assert np.abs(_lightness(colored) - _lightness(grey)).max() < 0.5


def test_alpha_comes_back(grey):
    alpha = grey.T.reshape(40, 56)
    colored = photochrom.colorize(np.stack([grey, alpha], axis=-1))
    assert colored.shape == (40, 56, 4)
    assert np.array_equal(colored[..., 3], alpha)


def test_settings_are_heeded(grey):
    def chroma(**settings: float) -> float:
        lab = srgb_to_lab(photochrom.colorize(grey, **settings) / 255)
        return float(np.hypot(lab[..., 1], lab[..., 2]).mean())

    plain = chroma()
    assert chroma(saturation=0) < 0.01
    assert chroma(saturation=0.5) == pytest.approx(plain / 2, rel=0.1)
    assert chroma(temperature=1) < plain < chroma(temperature=0.01)


@pytest.mark.parametrize("temperature", [0, -1, 1.01, float("nan"), float("inf")])
def test_temperature_out_of_range(grey, temperature):
    with pytest.raises(ValueError, match="temperature is"):
        photochrom.colorize(grey, temperature=temperature)


@pytest.mark.parametrize("saturation", [-0.01, float("nan"), float("inf")])
def test_saturation_out_of_range(grey, saturation):
    with pytest.raises(ValueError, match="saturation is"):
        photochrom.colorize(grey, saturation=saturation)


def test_an_order_says_the_rest(path, tmp_path):
    target = tmp_path / "out.png"
    order = photochrom.Order(saturation=0, sidecar=True)
    photochrom.colorize(path, order=order, output=target)
    assert not _is_colored(image.read(target).pixels)
    assert (tmp_path / "out.png.json").exists()
    with pytest.raises(TypeError, match="either"):
        photochrom.colorize(path, order=order, saturation=2)


def test_bytes_say_how_they_were_colored(path):
    colored = photochrom.colorize(path.read_bytes())
    assert b"algorithmicallyEnhanced" in (image.decode(colored).metadata.xmp or b"")


@pytest.mark.parametrize("x", [None, 3, ["a.jpg"], bytearray(b"x")])
def test_other_kinds_are_refused(x):
    with pytest.raises(TypeError, match=type(x).__name__):
        photochrom.colorize(x)


def test_output_is_for_paths(grey, tmp_path):
    with pytest.raises(TypeError, match="for paths"):
        photochrom.colorize(grey, output=tmp_path / "x.png")
    with pytest.raises(TypeError, match="for paths"):
        photochrom.colorize(grey, overwrite=True)
    assert not (tmp_path / "x.png").exists()


def test_errors_of_pictures_and_models(tmp_path, grey):
    with pytest.raises(errors.MissingFileError, match=r"absent\.jpg"):
        photochrom.colorize(tmp_path / "absent.jpg")
    with pytest.raises(errors.EmptyFileError):
        photochrom.colorize(b"")
    with pytest.raises(errors.ModelError, match="technicolor"):
        photochrom.colorize(grey, model="technicolor")


@pytest.mark.parametrize(
    ("name", "colored"),
    [
        ("photo.jpg", "photo.color.jpg"),
        ("scan.tif", "scan.color.tif"),
        ("a.b.PNG", "a.b.color.PNG"),
        ("photo.color.jpg", "photo.color.color.jpg"),
        ("photo", "photo.color"),
    ],
)
def test_default_names(name, colored):
    assert default_output(Path("deep") / name) == Path("deep") / colored
    assert is_named_as_output(colored) == (Path(colored).suffix != ".color")


def test_a_public_name_is_documented_and_says_what_it_raises():
    assert set(photochrom.__all__) <= set(dir(photochrom))
    assert inspect.signature(photochrom.colorize).parameters["model"].default == "autochrome"
    text = inspect.getdoc(photochrom.colorize) or ""
    for name in [*inspect.signature(photochrom.colorize).parameters, "ModelError", "ValueError"]:
        assert name in text
    with pytest.raises(AttributeError, match="colourize"):
        _ = photochrom.colourize
