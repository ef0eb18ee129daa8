"""Colors under a profile become sRGB; Little CMS through Pillow, and formulas, are the judges."""

import struct
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
import pyvips
import skimage
from PIL import Image, ImageCms

from photochrom.image import decode, encode, from_pil
from photochrom.image.icc import profile_space
from photochrom.image.profile import is_srgb, matching_profile, srgb_profile
from photochrom.image.shaper import shaper

RELATIVE, BLACK_POINT = ImageCms.Intent.RELATIVE_COLORIMETRIC, 0x2000


def libvips_profile(name: str) -> bytes:
    return bytes(pyvips.Operation.call("profile_load", name))


def grey_profile(gamma: float) -> bytes:
    """A minimal ICC v2 grey profile with a pure power curve, assembled by the specification."""
    white = b"XYZ " + bytes(4) + struct.pack(">3i", 63190, 65536, 54061)
    curve = b"curv" + bytes(4) + struct.pack(">IH", 1, round(gamma * 256)) + bytes(2)
    tags = struct.pack(">I", 2)
    tags += struct.pack(">4sII", b"wtpt", 156, len(white))
    tags += struct.pack(">4sII", b"kTRC", 156 + len(white), len(curve))
    size = 156 + len(white) + len(curve)
    header = struct.pack(">I4x4s4s4s4s", size, b"\x02\x10\0\0", b"mntr", b"GRAY", b"XYZ ")
    header += struct.pack(">6H4s", 2026, 1, 1, 0, 0, 0, b"acsp")
    header = header.ljust(68, b"\0") + struct.pack(">3i", 63190, 65536, 54061)
    return header.ljust(128, b"\0") + tags + white + curve


def by_pillow(image: Image.Image, icc: bytes) -> np.ndarray:
    source, target = (ImageCms.ImageCmsProfile(BytesIO(p)) for p in (icc, srgb_profile(3)))
    converted = ImageCms.profileToProfile(
        image, source, target, renderingIntent=RELATIVE, outputMode="RGB", flags=BLACK_POINT
    )
    return np.asarray(converted).astype(int)


def srgb_encoded(linear: np.ndarray) -> np.ndarray:
    return np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)


def test_srgb_profiles_are_known_whatever_they_are_called():
    assert is_srgb(libvips_profile("srgb"))
    assert is_srgb(libvips_profile("sgrey"))
    assert is_srgb(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    assert not is_srgb(libvips_profile("p3"))
    assert not is_srgb(libvips_profile("cmyk"))
    assert not is_srgb(grey_profile(2.2))
    assert not is_srgb(grey_profile(1.0))


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "JPEG", "WEBP"])
def test_an_srgb_profile_is_kept_byte_for_byte_and_pixels_untouched(pil_bytes, rng, kind):
    icc = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    pixels = rng.integers(0, 256, (9, 11, 3), dtype=np.uint8)
    frame = decode(pil_bytes(pixels, kind, icc_profile=icc))
    plain = decode(pil_bytes(pixels, kind))
    assert frame.icc == icc
    np.testing.assert_array_equal(frame.pixels, plain.pixels)
    assert decode(encode(frame)).icc == icc
    assert Image.open(BytesIO(encode(frame))).info["icc_profile"] == icc


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_a_wide_gamut_becomes_srgb(pil_bytes, rng, kind):
    icc = libvips_profile("p3")
    pixels = rng.integers(0, 256, (30, 30, 3), dtype=np.uint8)
    frame = decode(pil_bytes(pixels, kind, icc_profile=icc))
    assert frame.icc == srgb_profile(3)
    expected = by_pillow(Image.fromarray(pixels), icc)
    assert np.abs(expected - pixels).max() > 20  # else this test could not fail
    assert np.abs(frame.pixels - expected).max() <= 1


def colorants(icc: bytes) -> np.ndarray:
    """The matrix from linear RGB to XYZ that a profile states in its tags."""
    found = {}
    for index in range(struct.unpack_from(">I", icc, 128)[0]):
        tag, at, _ = struct.unpack_from(">4sII", icc, 132 + 12 * index)
        found[tag] = at
    columns = [struct.unpack_from(">3i", icc, found[t] + 8) for t in (b"rXYZ", b"gXYZ", b"bXYZ")]
    return np.array(columns).T / 65536


def test_a_wide_gamut_at_16_bits_follows_the_matrices_of_the_profiles(rng):
    matrix = np.linalg.solve(colorants(srgb_profile(3)), colorants(libvips_profile("p3")))
    linear = np.linalg.solve(matrix, rng.random((3, 400))).T.clip(0, 1)  # inside sRGB
    pixels = np.rint(srgb_encoded(linear) * 65535).astype(np.uint16).reshape(20, 20, 3)
    image = pyvips.Image.new_from_array(pixels).copy(interpretation="rgb16")
    image.set_type(pyvips.GValue.blob_type, "icc-profile-data", libvips_profile("p3"))
    frame = decode(image.pngsave_buffer())
    expected = srgb_encoded((linear @ matrix.T).clip(0, 1)).reshape(20, 20, 3) * 65535
    assert frame.bit_depth == 16
    assert np.abs(frame.pixels - expected).max() < 20  # 8 bits would err by 128


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_a_grey_profile_becomes_the_srgb_curve(pil_bytes, dtype):
    top = np.iinfo(dtype).max
    pixels = np.linspace(0, top, 256).astype(dtype).reshape(16, 16)
    frame = decode(pil_bytes(pixels, "TIFF", icc_profile=grey_profile(1.75)))
    expected = srgb_encoded((pixels / top) ** 1.75) * top
    assert frame.is_grey
    assert frame.pixels.dtype == dtype
    assert np.abs(expected - pixels).max() > 0.05 * top
    assert np.abs(frame.pixels[..., 0] - expected).max() <= 1
    assert frame.icc == srgb_profile(1)


def test_a_grey_file_under_an_rgb_profile(pil_bytes, rng):
    pixels = rng.integers(0, 256, (9, 11), dtype=np.uint8)
    icc = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    frame = decode(pil_bytes(pixels, "TIFF", icc_profile=icc))
    np.testing.assert_array_equal(frame.pixels[..., 0], pixels)
    wide = decode(pil_bytes(pixels, "TIFF", icc_profile=libvips_profile("p3")))
    assert wide.is_grey
    np.testing.assert_array_equal(wide.pixels, frame.pixels)  # P3 has sRGB's curve


@pytest.mark.parametrize("kind", ["TIFF", "JPEG"])
def test_cmyk_goes_through_its_profile(pil_bytes, rng, kind):
    icc = libvips_profile("cmyk")
    coarse = Image.fromarray(rng.integers(0, 256, (5, 5, 4), dtype=np.uint8), "CMYK")
    data = pil_bytes(coarse.resize((40, 40)), kind, icc_profile=icc)
    with Image.open(BytesIO(data)) as opened:
        expected = by_pillow(opened, icc)
    frame = decode(data)
    assert np.abs(frame.pixels - expected).max() <= 2
    assert frame.icc == srgb_profile(3)
    bare = decode(pil_bytes(coarse.resize((40, 40)), kind))
    np.testing.assert_array_equal(bare.pixels, frame.pixels)  # libvips' own is the same profile


def test_a_damaged_profile_does_not_stop_the_picture(pil_bytes, rng, capfd):
    pixels = rng.integers(0, 256, (9, 11, 3), dtype=np.uint8)
    icc = libvips_profile("p3")[:200]
    frame = decode(pil_bytes(pixels, "TIFF", icc_profile=icc))
    np.testing.assert_array_equal(frame.pixels, pixels)
    assert frame.icc is None
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("format", ["png", "tiff", "jpeg", "webp"])
def test_no_grey_profile_is_written_on_colored_pixels(pil_bytes, rng, format):
    pixels = rng.integers(0, 256, (9, 11), dtype=np.uint8)
    frame = decode(pil_bytes(pixels, "PNG", icc_profile=grey_profile(2.2)))
    assert profile_space(frame.icc) == "grey"
    colored = frame.with_pixels(np.repeat(frame.pixels, 3, axis=2))
    written = Image.open(BytesIO(encode(colored, format=format))).info["icc_profile"]
    assert written == srgb_profile(3)
    assert matching_profile(srgb_profile(3), 1) == srgb_profile(1)
    assert matching_profile(None, 3) is None


def test_a_pil_image_is_managed_alike(rng):
    image = Image.fromarray(rng.integers(0, 256, (9, 11, 3), dtype=np.uint8))
    icc = libvips_profile("p3")
    image.info["icc_profile"] = icc
    assert np.abs(from_pil(image).pixels - by_pillow(image, icc)).max() <= 1


def test_the_exact_path_agrees_with_little_cms_on_real_profiles():
    """Real RGB profiles of three kinds of curve, in 8 bits, where Little CMS is exact too."""
    folder = Path(skimage.__file__).parent / "data"
    cube = np.stack(np.meshgrid(*[np.arange(0, 256, 15)] * 3), axis=-1).astype(np.uint8)
    cube = cube.reshape(18, -1, 3)
    profiles = [libvips_profile("p3")]
    for name in ("rocket.jpg", "color.png"):
        with Image.open(folder / name) as opened:
            profiles.append(opened.info["icc_profile"])
    for icc in profiles:
        curves = shaper(icc)
        assert curves is not None
        difference = np.abs(curves(cube) - by_pillow(Image.fromarray(cube), icc))
        assert difference.max() <= 2
        assert difference.mean() < 0.1
