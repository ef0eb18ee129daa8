"""Tags and comments that no library knows come back as they were; Pillow and bytes judge."""

import struct
from collections.abc import Callable, Iterator
from fractions import Fraction
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from photochrom.color import SRGB
from photochrom.errors import UnsupportedImageError
from photochrom.image import Frame, Header, Metadata, Original, decode, encode, read, store
from photochrom.image.exif import fitted, refreshed

ROOM = np.full((24, 32, 3), 90, np.uint8)
HOST, PRIVATE, ORIENTATION, ACROSS, DOWN, UNIT = 0x013C, 0xFDE8, 274, 282, 283, 296
EXIF, WIDTH, HEIGHT, MAKER_NOTE = 0x8769, 0xA002, 0xA003, 0x927C
COMMENTS = (b"in the attic, 1893", b"", b"caf\xe9\0\xff", b"in the attic, 1893")
SUFFIXES = {"jpeg": ".jpg", "png": ".png"}
Writer = Callable[[Metadata, Any], bytes]


@pytest.fixture(params=["whole", "strip by strip"])
def written(request: pytest.FixtureRequest, tmp_path: Path) -> Writer:
    """The two ways to a file."""

    def whole(said: Metadata, format: Any) -> bytes:
        return encode(Frame(pixels=ROOM, metadata=said), format=format)

    def by_strips(said: Metadata, format: Any) -> bytes:
        path = tmp_path / f"a{SUFFIXES[format]}"
        store(path, Header(24, 32, 3, False, 8, SRGB, None, said), [ROOM], overwrite=True)
        return path.read_bytes()

    return whole if request.param == "whole" else by_strips


def exif_block(**inner: int) -> bytes:
    """A block of Pillow's, with tags that libexif knows and others."""
    block = Image.Exif()
    block[HOST], block[PRIVATE], block[ORIENTATION] = "the darkroom's", 4711, 6
    block[270] = "Markt in Bruck"
    block.get_ifd(EXIF).update({0x9286: b"ASCII\0\0\0noon", 0xFDE9: "of our own", **inner})
    return block.tobytes()


def segments(jpeg: bytes) -> Iterator[tuple[int, bytes]]:
    """Markers and bodies up to the first scan, by ITU-T T.81, annex B."""
    at = 2
    while jpeg[at + 1] != 0xDA:
        size = int.from_bytes(jpeg[at + 2 : at + 4])
        yield jpeg[at + 1], jpeg[at + 4 : at + 2 + size]
        at += 2 + size


def with_comments(jpeg: bytes, *comments: bytes) -> bytes:
    packed = b"".join(b"\xff\xfe" + struct.pack(">H", len(one) + 2) + one for one in comments)
    return jpeg[:2] + packed + jpeg[2:]


def test_comments_go_from_jpeg_to_jpeg(tmp_path: Path) -> None:
    given = tmp_path / "a.jpg"
    given.write_bytes(with_comments(encode(Frame(ROOM), format="jpeg"), *COMMENTS))
    with Original(given) as original:
        store(tmp_path / "b.jpg", original.header, [ROOM])
    for data in ((tmp_path / "b.jpg").read_bytes(), encode(read(given))):
        found = [body for marker, body in segments(data) if marker == 0xFE]
        assert tuple(found) == COMMENTS
        opened = Image.open(BytesIO(data))
        assert opened.info["comment"] == COMMENTS[-1]  # of several Pillow tells the last
        np.testing.assert_allclose(np.asarray(opened), ROOM, atol=1)
        assert next(segments(data))[1].startswith((b"Exif", b"JFIF"))  # which demand to be first


def test_comments_do_not_grow_and_need_a_jpeg(written: Writer) -> None:
    said = Metadata(comments=COMMENTS)
    for _ in range(2):
        said = decode(written(said, "jpeg")).metadata
        assert said.comments == COMMENTS
    assert decode(written(said, "png")).metadata.comments == ()


def test_a_comment_that_no_segment_holds_is_refused(written: Writer) -> None:
    longest = b"x" * 65_533
    assert decode(written(Metadata(comments=(longest,)), "jpeg")).metadata.comments == (longest,)
    with pytest.raises(UnsupportedImageError, match=r"its comment has 65534 bytes.*PNG or TIFF"):
        written(Metadata(comments=(b"a", longest + b"x")), "jpeg")


@pytest.mark.parametrize("format", SUFFIXES)
def test_tags_that_no_library_knows_are_kept(format: str, written: Writer) -> None:
    given = exif_block()
    data = written(Metadata(exif=given), format)
    found = Image.open(BytesIO(data)).getexif()
    assert (found[HOST], found[PRIVATE]) == ("the darkroom's", 4711)
    assert found.get_ifd(EXIF)[0xFDE9] == "of our own"
    assert found[ORIENTATION] == 1  # of what is upright by now
    again = decode(data).metadata.exif
    assert again is not None
    differing = [at for at, pair in enumerate(zip(given, again, strict=True)) if len({*pair}) > 1]
    assert len(differing) == 1  # the byte that says how it is turned


@pytest.mark.parametrize("format", SUFFIXES)
@pytest.mark.parametrize("resolution", [(300 / 25.4, 150 / 25.4), (72.5 / 25.4, 12.0)])
def test_sizes_and_resolution_are_the_pictures(
    format: str, resolution: tuple[float, float], written: Writer
) -> None:
    block = Image.Exif()
    block[HOST], block[ACROSS], block[UNIT] = "the darkroom's", 96.0, 3
    block.get_ifd(EXIF).update({WIDTH: 24, HEIGHT: 90_000, MAKER_NOTE: b"offsets inside" * 9})
    said = Metadata(exif=block.tobytes(), resolution=resolution)
    data = written(said, format)
    found = Image.open(BytesIO(data)).getexif()
    inches = [25.4 * one for one in resolution]
    assert [float(found[tag]) for tag in (ACROSS, DOWN)] == pytest.approx(inches, rel=1e-6)
    assert (found[UNIT], found[HOST]) == (2, "the darkroom's")
    inner = found.get_ifd(EXIF)
    assert (inner[WIDTH], inner[HEIGHT]) == (32, 24)
    assert data.index(b"offsets inside") - data.index(b"MM\0*") == block.tobytes().index(
        b"offsets inside"
    ) - len(b"Exif\0\0")
    read_again = decode(data).metadata
    assert read_again.resolution == pytest.approx(resolution, rel=1e-4)
    assert decode(written(read_again, format)).metadata == read_again  # nothing grows


def test_a_resolution_in_centimeters_is_left_as_it_is(written: Writer) -> None:
    block = Image.Exif()
    block[ACROSS], block[DOWN], block[UNIT] = Fraction(120), Fraction(60), 3
    given = block.tobytes()
    for format in SUFFIXES:
        told = decode(written(Metadata(exif=given, resolution=(12.0, 6.0)), format)).metadata
        assert told.resolution == pytest.approx((12, 6))
        assert told.exif == given


@pytest.mark.parametrize("resolution", [(1e9, 1.0), (0.0, 1.0), (float("inf"), 1.0)])
def test_a_resolution_that_is_none_changes_no_tag(resolution: tuple[float, float]) -> None:
    given = exif_block().replace(b"\1\x12\0\3\0\0\0\1\0\6", b"\1\x12\0\3\0\0\0\1\0\1")
    assert fitted(given, 32, 24, resolution) == given


def test_a_block_that_fills_its_segment_gets_no_more_tags() -> None:
    block = Image.Exif()
    block[270] = "x" * 65_480
    said = Metadata(exif=block.tobytes(), resolution=(10.0, 10.0))
    data = encode(Frame(ROOM, metadata=said), format="jpeg")
    assert decode(data).metadata.exif == block.tobytes()


@pytest.mark.parametrize("format", SUFFIXES)
def test_what_is_no_exif_costs_no_resolution(format: str, written: Writer) -> None:
    for noise in (b"Exif\0\0no TIFF at all", b"Exif\0\0II*\0\0\0\0\0", b"II"):
        said = decode(written(Metadata(exif=noise, resolution=(10.0, 20.0)), format)).metadata
        assert said.resolution == pytest.approx((10, 20), abs=1e-3)


@pytest.mark.parametrize("order", "<>")
def test_a_turning_of_an_unusual_type_is_reset(order: str) -> None:
    head = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(f"{order}IH", 8, 1)
    body = head + struct.pack(f"{order}HHII", ORIENTATION, 4, 1, 6) + bytes(4)
    found = Image.Exif()
    found.load(refreshed(b"Exif\0\0" + body))
    assert found == {ORIENTATION: 1}


def block_with_preview(place: int, size: int, *, padding: bytes) -> bytes:
    """A directory with one tag, a second with the place of a preview, a text, the preview."""
    body = b"II*\0" + struct.pack("<IH", 8, 1) + struct.pack("<HHII", HOST, 2, 8, 56)
    body += struct.pack("<IH", 26, 2)  # at 26
    body += struct.pack("<HHII", 513, 4, 1, place) + struct.pack("<HHII", 514, 4, 1, size)
    return b"Exif\0\0" + body + bytes(4) + b"a host.\0" + b"GREYGREYGREY" + padding


def test_previews_are_erased_and_nothing_else() -> None:
    for padding, kept in ((b"", b""), (b"\0", b""), (b"a tail", bytes(12) + b"a tail")):
        after = refreshed(block_with_preview(64, 12, padding=padding))
        assert after.endswith(b"a host.\0" + kept)
        assert b"GREY" not in after
    for place, size in ((8, 12), (64, 99), (0, 0), (1 << 31, 1 << 31)):  # damaged
        after = refreshed(block_with_preview(place, size, padding=b""))
        assert after.endswith(b"a host.\0GREYGREYGREY")
    assert Image.open(
        BytesIO(encode(decode(encode(Frame(ROOM, metadata=Metadata(after)), format="jpeg"))))
    ).getexif() == {HOST: "a host."}
