"""The profiles that we write, as Little CMS (through Pillow) and libvips read them."""

import hashlib
import struct
from dataclasses import replace
from io import BytesIO
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import pyvips
from PIL import Image, ImageCms

from photochrom.color import SRGB, WHITE, Encoding
from photochrom.color.spaces import ADOBE_RGB, DISPLAY_P3, LIGHTNESS, PROPHOTO, SPACES
from photochrom.image.icc import (
    curve_of,
    description,
    grey_counterpart,
    is_whole,
    profile_of,
    profile_space,
    rgb_counterpart,
    shape_of,
    tags_of,
)
from photochrom.image.profile import encoding_of

CODES = np.arange(65536) / 65535
GREYS = np.arange(256, dtype=np.uint8)[None]  # (1, 256)
CUBE = np.stack(np.meshgrid(*[np.arange(0, 256, 17)] * 3), axis=-1).astype(np.uint8)
CUBE = CUBE.reshape(64, -1, 3)


def by_little_cms(pixels: npt.NDArray[np.uint8], icc: bytes) -> npt.NDArray[np.int64]:
    """As 8-bit sRGB, relative colorimetric; Little CMS makes the sRGB profile too.

    Without its coarse tables, which are off by 10 of 255 for grey under a linear curve.
    """
    source = ImageCms.ImageCmsProfile(BytesIO(icc))
    target = ImageCms.createProfile("sRGB")
    converted = ImageCms.profileToProfile(
        Image.fromarray(pixels),
        source,
        target,
        renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
        outputMode="RGB",
        flags=ImageCms.Flags.NOOPTIMIZE,
    )
    return np.asarray(converted).astype(np.int64)


def by_encoding(pixels: npt.NDArray[np.uint8], encoding: Encoding) -> npt.NDArray[Any]:
    """The same by our own arithmetic, unrounded."""
    xyz = encoding.curve(pixels / 255) @ encoding.to_xyz.T
    linear = (xyz @ np.linalg.inv(SRGB.to_xyz).T).clip(0, 1)
    steps = np.linspace(0, 1, 100_001)
    return np.interp(linear, SRGB.curve(steps), steps) * 255


def xyz_by_libvips(pixels: npt.NDArray[np.uint8], icc: bytes) -> npt.NDArray[np.float32]:
    """XYZ under D65, Y of white = 1; by a program that adapts from D50 itself."""
    image = pyvips.Image.new_from_array(pixels).copy(interpretation="srgb")
    image.set_type(pyvips.GValue.blob_type, "icc-profile-data", icc)
    imported = image.icc_import(embedded=True, intent="relative", pcs="xyz")
    xyz: npt.NDArray[np.float32] = imported.numpy() / 100
    return xyz


def grey_profile(
    curve: bytes, version: int = 2, pcs: bytes = b"XYZ ", kind: bytes = b"prtr"
) -> bytes:
    """A grey profile laid out by hand: white, curve and, in version 2, a name."""
    white = b"XYZ " + bytes(4) + struct.pack(">3i", 63190, 65536, 54061)
    name = b"desc" + bytes(4) + struct.pack(">I", 9) + b"Dot gain\0" + bytes(78)
    tags, at, body = b"", 132 + 36, b""
    for tag, data in ((b"desc", name), (b"wtpt", white), (b"kTRC", curve)):
        data += bytes(-len(data) % 4)
        tags += struct.pack(">4sII", tag, at + len(body), len(data))
        body += data
    header = struct.pack(">I4xB3x4s4s4s", at + len(body), version, kind, b"GRAY", pcs)
    header += struct.pack(">6H4s", 2020, 2, 2, 0, 0, 0, b"acsp")
    header = header.ljust(68, b"\0") + struct.pack(">3i", 63190, 65536, 54061)
    return header.ljust(128, b"\0") + struct.pack(">I", 3) + tags + body


def table(values: npt.NDArray[Any]) -> bytes:
    codes = np.rint(values * 65535).astype(">u2")
    return b"curv" + struct.pack(">II", 0, len(codes)) + codes.tobytes()


def gamma(value: float) -> bytes:
    return b"curv" + struct.pack(">IIH", 0, 1, round(value * 256))


def dot_gain(percent: float) -> bytes:
    """Paper left white by dots that print larger than they are by so much at a half tone."""
    dots = 1 - np.linspace(0, 1, 256)
    printed = dots + 4 * percent / 100 * dots * (1 - dots)
    return table(1 - printed)


def parametric(kind: int, *parameters: float) -> bytes:
    tag = b"para" + bytes(4) + struct.pack(">HH", kind, 0)
    return tag + struct.pack(f">{len(parameters)}i", *(round(p * 65536) for p in parameters))


GREY_PROFILES = {
    "gamma 1.8": grey_profile(gamma(1.8)),
    "gamma 2.2": grey_profile(gamma(2.2), kind=b"mntr"),
    "linear": grey_profile(b"curv" + bytes(8)),
    "dot gain 15 %": grey_profile(dot_gain(15)),
    "dot gain 20 %": grey_profile(dot_gain(20)),
    "dot gain 24 %": grey_profile(dot_gain(24)),
    "L*": grey_profile(parametric(3, 3, 1 / 1.16, 0.16 / 1.16, 0.1107, 0.08), 4),
    "L* by table": grey_profile(table(LIGHTNESS(np.linspace(0, 1, 1024)))),
    "L* through Lab": grey_profile(b"curv" + bytes(8), 2, b"Lab "),
    "of libvips": bytes(pyvips.Operation.call("profile_load", "sgrey")),
}
greys = pytest.mark.parametrize("icc", GREY_PROFILES.values(), ids=GREY_PROFILES.keys())
spaces = pytest.mark.parametrize("encoding", SPACES.values(), ids=SPACES.keys())


# Reading


@pytest.mark.parametrize(
    ("kind", "parameters", "law"),
    [
        (0, (2.0,), lambda x: x**2),
        (1, (2.0, 0.5, 0.5), lambda x: (0.5 * x + 0.5) ** 2),
        (1, (2.0, 1.0, -0.5), lambda x: np.maximum(x - 0.5, 0) ** 2),
        (2, (2.0, 1.0, -0.25, 0.125), lambda x: np.maximum(x - 0.25, 0) ** 2 + 0.125),
        (3, (2.0, 1.0, 0.0, 0.5, 0.5), lambda x: np.where(x >= 0.5, x**2, x / 2)),
        (
            4,
            (2.0, 0.5, 0.0, 0.25, 0.5, 0.5, 0.125),
            lambda x: np.where(x >= 0.5, x**2 / 4 + 0.5, x / 4 + 0.125),
        ),
    ],
)
def test_parametric_curves(kind: int, parameters: tuple[float, ...], law: Any) -> None:
    """Laws of the ICC specification, table of function types."""
    x = np.linspace(0, 1, 101)
    np.testing.assert_allclose(curve_of(parametric(kind, *parameters))(x), law(x), atol=1e-6)


def test_tables_are_joined_by_straight_lines() -> None:
    curve = curve_of(table(np.array([0, 0.2, 1])))
    np.testing.assert_allclose(curve(np.array([0.25, 0.5, 0.75])), [0.1, 0.2, 0.6], atol=1e-5)


@pytest.mark.parametrize(
    "tag",
    [
        b"",
        b"curv",
        b"curv" + struct.pack(">II", 0, 2**31) + bytes(9),
        b"curv" + struct.pack(">IIH", 0, 2, 7),
        b"mft2" + bytes(90),
        parametric(5, 1, 1, 1, 1, 1, 1, 1),
        parametric(3, 2.4, 1),
        parametric(0, -1),
        parametric(1, 30000, 30000, 2),
    ],
)
def test_a_damaged_curve_is_refused(tag: bytes) -> None:
    with pytest.raises((ValueError, struct.error)):
        curve_of(tag)


def test_a_profile_cut_short_is_not_whole() -> None:
    icc = profile_of(DISPLAY_P3)
    assert is_whole(icc)
    assert not any(is_whole(icc[:end]) for end in range(0, len(icc), 7))


def test_the_names_that_profiles_give_themselves() -> None:
    assert description(GREY_PROFILES["gamma 1.8"]) == "Dot gain"
    assert description(GREY_PROFILES["of libvips"]) == "sGry"
    assert description(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()) == (
        "sRGB built-in"
    )
    assert description(b"") == ""


# Profiles of spaces


@spaces
def test_a_written_profile_is_read_by_little_cms(encoding: Encoding) -> None:
    opened: Any = ImageCms.ImageCmsProfile(BytesIO(profile_of(encoding))).profile
    assert opened.profile_description == encoding.name
    assert opened.version == pytest.approx(4.4)
    assert (opened.device_class, opened.xcolor_space.strip()) == ("mntr", "RGB")
    assert opened.is_matrix_shaper
    assert "CC0" in opened.copyright
    for intent in ImageCms.Intent:
        assert opened.is_intent_supported(intent, ImageCms.Direction.INPUT) or intent != 1


@spaces
def test_colors_under_a_written_profile_are_those_of_the_space(encoding: Encoding) -> None:
    icc = profile_of(encoding)
    assert np.abs(by_little_cms(CUBE, icc) - by_encoding(CUBE, encoding)).max() < 0.9
    difference = np.abs(
        xyz_by_libvips(CUBE, icc) - encoding.curve(CUBE / 255) @ encoding.to_xyz.T
    )  # libvips goes through Lab of 16 bits, which ends at a = -128
    assert difference.max() < 3e-3
    assert difference.mean() < 3e-4


@spaces
def test_a_written_profile_says_the_encoding_again(encoding: Encoding) -> None:
    read = encoding_of(profile_of(encoding), 3)
    assert read is not None
    assert read.name == encoding.name
    np.testing.assert_allclose(read.to_xyz, encoding.to_xyz, atol=2e-5)
    np.testing.assert_allclose(read.curve(CODES), encoding.curve(CODES), atol=5e-6)


@spaces
def test_a_written_profile_obeys_the_specification(encoding: Encoding) -> None:
    """Sizes, padding, illuminant and checksum (ICC.1:2022, chapter 7), and the same each time."""
    icc = profile_of(encoding)
    assert profile_of(encoding) == icc
    assert struct.unpack_from(">I", icc)[0] == len(icc)
    assert len(icc) % 4 == 0
    assert icc[68:80] == struct.pack(">3i", 0xF6D6, 0x10000, 0xD32D)
    assert icc[84:100] == hashlib.md5(icc[:84] + bytes(16) + icc[100:]).digest()
    tags = tags_of(icc)
    assert len(tags) == 9
    for index in range(9):
        assert struct.unpack_from(">I", icc, 132 + 12 * index + 4)[0] % 4 == 0
    columns = [struct.unpack(">3i", tags[name][8:]) for name in (b"rXYZ", b"gXYZ", b"bXYZ")]
    np.testing.assert_array_equal(np.sum(columns, axis=0), [0xF6D6, 0x10000, 0xD32D])


def test_a_curve_without_parameters_is_written_as_a_table() -> None:
    waves = Encoding("waves", lambda x: x**2 + np.sin(2 * np.pi * x) * x / 20, SRGB.to_xyz)
    read = encoding_of(profile_of(waves), 3)
    assert read is not None
    np.testing.assert_allclose(read.curve(CODES), waves.curve(CODES), atol=1e-5)
    assert np.abs(by_little_cms(CUBE, profile_of(waves)) - by_encoding(CUBE, waves)).max() < 0.9


# RGB profiles of grey ones


@greys
@pytest.mark.parametrize("space", [SRGB, PROPHOTO], ids=["srgb", "prophoto"])
def test_equal_channels_look_as_the_grey_code_did(icc: bytes, space: Encoding) -> None:
    """Little CMS shows the grey picture and its RGB version alike, code by code."""
    counterpart = rgb_counterpart(icc, space)
    shown = by_little_cms(np.repeat(GREYS[..., None], 3, axis=2), counterpart)
    expected = by_little_cms(GREYS, icc)
    assert np.abs(shown - expected).max() <= 1
    assert (shown == expected).mean() > 0.9
    grey, rgb = encoding_of(icc, 1), encoding_of(counterpart, 3)
    assert grey is not None
    assert rgb is not None
    seen = xyz_by_libvips(np.repeat(GREYS[..., None], 3, axis=2), counterpart)
    np.testing.assert_allclose(seen, grey.curve(GREYS / 255)[..., None] * WHITE, atol=1e-3)
    np.testing.assert_allclose(rgb.curve(CODES), grey.curve(CODES), atol=4e-6)


@greys
def test_colors_beside_grey_have_the_primaries_of_the_space(icc: bytes) -> None:
    counterpart = rgb_counterpart(icc, DISPLAY_P3)
    grey = encoding_of(icc, 1)
    assert grey is not None
    expected = by_encoding(CUBE, replace(grey, to_xyz=DISPLAY_P3.to_xyz))
    assert np.abs(by_little_cms(CUBE, counterpart) - expected).max() < 0.9


@greys
def test_a_counterpart_keeps_version_curve_and_source(icc: bytes) -> None:
    counterpart = rgb_counterpart(icc)
    opened: Any = ImageCms.ImageCmsProfile(BytesIO(counterpart)).profile
    through_lab = icc[20:24] == b"Lab "
    assert int(opened.version) == (4 if through_lab else icc[8])
    assert opened.profile_description == f"{description(icc)}, sRGB primaries"
    assert opened.is_matrix_shaper
    assert is_whole(counterpart)
    assert rgb_counterpart(icc) == counterpart
    for name in (b"rTRC", b"gTRC", b"bTRC"):
        assert through_lab or tags_of(counterpart)[name] == tags_of(icc)[b"kTRC"]
    assert grey_counterpart(counterpart) == icc


# Grey profiles of RGB ones


@pytest.mark.parametrize("encoding", [SRGB, ADOBE_RGB, PROPHOTO], ids=lambda e: e.name)
def test_grey_looks_as_equal_channels_did(encoding: Encoding) -> None:
    icc = profile_of(encoding)
    grey = grey_counterpart(icc)
    opened: Any = ImageCms.ImageCmsProfile(BytesIO(grey)).profile
    assert opened.xcolor_space.strip() == "GRAY"
    assert profile_space(grey) == "grey"
    expected = by_little_cms(np.repeat(GREYS[..., None], 3, axis=2), icc)
    assert np.abs(by_little_cms(GREYS, grey) - expected).max() <= 1


def test_the_grey_profile_of_a_version_2_profile_is_of_version_2() -> None:
    source = rgb_counterpart(GREY_PROFILES["dot gain 20 %"])
    stripped = source.replace(b"PhGr", b"xxxx")  # as of a program that drops what it does not know
    grey = grey_counterpart(stripped)
    assert grey[8] == 2
    assert tags_of(grey)[b"kTRC"] == tags_of(source)[b"rTRC"]
    assert "Dot gain" in description(grey)


def test_a_profile_without_curves_has_no_shape() -> None:
    with pytest.raises(ValueError, match="damaged"):
        shape_of(profile_of(SRGB).replace(b"gTRC", b"xTRC"))
    assert shape_of(profile_of(SRGB).replace(b"gTRC", b"A2B0")) is None
