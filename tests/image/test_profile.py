"""Colors under a profile become sRGB; Little CMS through Pillow, and formulas, are the judges."""

import struct
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
import pyvips
import skimage
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms

from photochrom.color import SRGB, WHITE, Encoding
from photochrom.color.encoding import Power
from photochrom.color.spaces import DISPLAY_P3, LIGHTNESS
from photochrom.image import decode, encode, from_pil
from photochrom.image.icc import profile_space
from photochrom.image.profile import encoding_of, is_srgb, matching_profile, srgb_profile
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


# What codes mean


CODES = np.arange(65536) / 65535
with Image.open(Path(skimage.__file__).parent / "data" / "astronaut.png") as _photograph:
    REAL_TABLE: bytes = _photograph.info["icc_profile"]  # Hewlett-Packard's sRGB: 1,024 entries


def curve_table(values: np.ndarray) -> bytes:
    codes = np.rint(values * 65535).astype(">u2")
    return b"curv" + struct.pack(">II", 0, len(codes)) + codes.tobytes()


def with_tags(icc: bytes, **tags: bytes) -> bytes:
    """A profile with other bytes behind some of its tags, put at its end."""
    count = struct.unpack_from(">I", icc, 128)[0]
    changed = bytearray(icc)
    for index in range(count):
        at = 132 + 12 * index
        name = icc[at : at + 4].decode()
        if name in tags:
            struct.pack_into(">II", changed, at + 4, len(changed), len(tags[name]))
            changed += tags[name] + bytes(-len(tags[name]) % 4)
    struct.pack_into(">I", changed, 0, len(changed))
    return bytes(changed)


def of_curve(tag: bytes) -> Encoding | None:
    return encoding_of(with_tags(grey_profile(2.2), kTRC=tag), 1)


def test_codes_without_a_profile_of_use_are_srgb():
    assert encoding_of(None, 1) is SRGB
    assert encoding_of(None, 3) is SRGB
    assert encoding_of(b"not a profile", 3) is SRGB
    assert encoding_of(libvips_profile("p3")[:-40], 3) is SRGB
    assert encoding_of(grey_profile(1.8), 3) is SRGB
    assert encoding_of(libvips_profile("cmyk"), 3) is SRGB
    assert encoding_of(with_tags(libvips_profile("p3"), gTRC=b"curv"), 3) is SRGB


def test_codes_under_a_real_adobe_rgb_profile():
    """Of a photograph by SpaceX; the matrix is that of Adobe's specification."""
    with Image.open(Path(skimage.__file__).parent / "data" / "rocket.jpg") as opened:
        icc = opened.info["icc_profile"]
    encoding = encoding_of(icc, 3)
    assert encoding.name == "Adobe RGB (1998)"
    expected = [
        [0.57667, 0.18556, 0.18823],
        [0.29734, 0.62736, 0.07529],
        [0.02703, 0.07069, 0.99134],
    ]
    np.testing.assert_allclose(encoding.to_xyz, expected, atol=1e-4)
    np.testing.assert_allclose(encoding.to_xyz.sum(axis=1), WHITE, atol=1e-12)
    np.testing.assert_allclose(encoding.curve(CODES), CODES**2.19921875, atol=1e-12)
    assert encoding_of(icc, 3) is encoding  # so that tables made for it are found again


def test_codes_under_profiles_that_are_called_srgb():
    for icc in (libvips_profile("srgb"), srgb_profile(3)):
        encoding = encoding_of(icc, 3)
        np.testing.assert_allclose(encoding.to_xyz, SRGB.to_xyz, atol=1e-4)
        np.testing.assert_allclose(encoding.curve(CODES), SRGB.curve(CODES), atol=4e-5)


def test_grey_codes_have_the_primaries_of_srgb():
    encoding = encoding_of(grey_profile(1.75), 1)
    assert encoding.to_xyz is SRGB.to_xyz
    np.testing.assert_allclose(encoding.curve(CODES), CODES**1.75, atol=1e-12)


def test_a_grey_picture_may_have_an_rgb_profile():
    encoding = encoding_of(libvips_profile("p3"), 1)
    np.testing.assert_allclose(encoding.to_xyz, DISPLAY_P3.to_xyz, atol=2e-3)


def test_what_no_single_curve_says_is_converted():
    assert encoding_of(None, 4) is None
    assert encoding_of(libvips_profile("cmyk"), 4) is None
    p3 = libvips_profile("p3")
    gamma = b"curv" + struct.pack(">IIH", 0, 1, 512)
    assert encoding_of(with_tags(p3, bTRC=gamma), 3) is None
    same = with_tags(p3, rTRC=gamma, gTRC=gamma, bTRC=gamma)
    np.testing.assert_allclose(encoding_of(same, 3).curve(CODES), CODES**2, atol=1e-12)
    assert encoding_of(p3.replace(b"chad", b"A2B0"), 3) is None


def test_primaries_that_cannot_be_are_converted():
    p3 = libvips_profile("p3")
    red, green = (b"XYZ " + bytes(4) + c for c in (bytes(12), struct.pack(">3i", 1, 2, 3)))
    assert encoding_of(with_tags(p3, rXYZ=red), 3) is None  # no light
    assert encoding_of(with_tags(p3, gXYZ=green), 3) is None  # does not add up to white
    swapped = p3.replace(b"rXYZ", b"tmp ").replace(b"gXYZ", b"rXYZ").replace(b"tmp ", b"gXYZ")
    assert encoding_of(swapped, 3) is None  # red brighter than green
    short = with_tags(p3, rXYZ=b"XYZ " + bytes(8))
    assert encoding_of(short, 3) in (None, SRGB)


@pytest.mark.parametrize("entries", [256, 1024, 4096])
@pytest.mark.parametrize("gamma", [1.8, 2.2, 2.6])
def test_a_table_of_a_power_is_read_as_the_power(entries, gamma):
    """Of gamma 2.2 in 1,024 entries the first five are 0; its codes are told apart all the same."""
    places = np.linspace(0, 1, entries)
    encoding = of_curve(curve_table(places**gamma))
    np.testing.assert_allclose(encoding.curve(CODES), CODES**gamma, atol=1.5 / 65535)
    assert (np.diff(encoding.curve(CODES)) > 0).all()
    assert isinstance(encoding.curve, Power)


def test_tables_of_srgb_and_of_lightness_are_read_as_these():
    assert encoding_of(REAL_TABLE, 3).curve is SRGB.curve
    assert of_curve(curve_table(LIGHTNESS(np.linspace(0, 1, 1024)))).curve is LIGHTNESS


def test_a_toe_that_16_bits_round_to_black_still_tells_codes_apart():
    """Of no known law, six entries of 1,024 are 0. No value may leave its rounding."""
    places = np.linspace(0, 1, 1024)
    written = np.rint((places**2.2 + places**3) / 2 * 65535) / 65535
    assert (written[:6] == 0).all()
    light = of_curve(curve_table(written)).curve(CODES)
    assert (np.diff(light) > 0).all()
    assert (light[0], light[-1]) == (0, 1)
    assert np.abs(light - np.interp(CODES, places, written)).max() <= 0.5 / 65535


def test_a_power_too_steep_for_any_number_still_tells_codes_apart():
    """0.025 ** 210 is smaller than the smallest number there is."""
    light = of_curve(b"curv" + struct.pack(">IIH", 0, 1, 210 * 256)).curve(CODES)
    assert (np.diff(light) > 0).all()


def test_clipped_codes_cannot_be_told_apart():
    places = np.linspace(0, 1, 256)
    assert of_curve(curve_table((places - 0.02).clip(0) / 0.98)) is not None
    assert of_curve(curve_table((places - 0.05).clip(0) / 0.95)) is None
    assert of_curve(curve_table((places / 0.95).clip(0, 1))) is None


def test_tables_of_8_bits_end_at_white_all_the_same():
    """255 * 256 of 65535, as some programs write white."""
    places = np.linspace(0, 1, 256)
    encoding = of_curve(curve_table(np.rint((places + places**2) / 2 * 255) * 256 / 65535))
    assert encoding is None  # where the slope is a half, codes share one of 8 bits
    encoding = of_curve(curve_table(places * 255 * 256 / 65535))
    np.testing.assert_allclose(encoding.curve(CODES), CODES, atol=1.5 / 65535)
    sine = (places + 0.1 * np.sin(np.pi * places)) * 255 * 256 / 65535
    light = of_curve(curve_table(sine)).curve(CODES)
    assert (light[0], light[-1]) == (0, 1)
    assert (np.diff(light) > 0).all()


def test_curves_between_other_ends_are_converted():
    places = np.linspace(0, 1, 256)
    assert of_curve(curve_table(0.9 * places)) is None
    assert of_curve(curve_table(0.1 + 0.9 * places)) is None
    assert of_curve(curve_table(1 - places)) is None
    assert (
        of_curve(curve_table(places + np.sin(places * 20) * 0.1 * (places - places**2))) is not None
    )
    assert of_curve(curve_table((places + np.sin(places * 20) * 0.2 * places).clip(0, 1))) is None


def test_the_overlap_in_the_curve_of_bt_709_is_smoothed():
    """Its printed constants make the decoded line end above where the power begins."""
    numbers = (1 / 0.45, 1 / 1.099, 0.099 / 1.099, 1 / 4.5, 0.0812)
    tag = b"para" + bytes(4) + struct.pack(">HH5i", 3, 0, *(round(n * 65536) for n in numbers))
    encoding = of_curve(tag)
    line, power = CODES / 4.5, ((CODES + 0.099) / 1.099) ** (1 / 0.45)
    expected = np.where(CODES < 0.0812, line, power)
    assert (np.diff(expected) < 0).any()
    light = encoding.curve(CODES)
    assert (np.diff(light) > 0).all()
    np.testing.assert_allclose(light, expected, atol=8e-5)


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_no_damage_to_a_profile_leaves_codes_without_order(data):
    source = data.draw(st.sampled_from([grey_profile(2.2), libvips_profile("p3"), REAL_TABLE]))
    damaged = bytearray(source)
    for _ in range(data.draw(st.integers(1, 8))):
        damaged[data.draw(st.integers(0, len(source) - 1))] = data.draw(st.integers(0, 255))
    for channels in (1, 3):
        encoding = encoding_of(bytes(damaged), channels)
        if encoding is not None:
            light = encoding.curve(CODES)
            assert light[0] == 0
            assert light[-1] == pytest.approx(1, abs=1e-12)
            assert (np.diff(light) > 0).all()
            np.testing.assert_allclose(encoding.to_xyz.sum(axis=1), WHITE, atol=1e-9)
