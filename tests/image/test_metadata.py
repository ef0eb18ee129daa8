"""What a file says about its picture is still said when it is written; Pillow and files judge."""

import struct
from io import BytesIO

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

from photochrom.image import decode, encode
from photochrom.image.exif import described, fitted, refreshed, to_tags
from photochrom.image.iptc import unwrap, wrap
from photochrom.image.png_texts import read_texts
from photochrom.image.tiff_tags import Tiff

DESCRIPTION, ARTIST, COPYRIGHT, ORIENTATION = 270, 315, 33432, 274
EXIF, GPS, COMMENT = 34665, 34853, 0x9286
XMP = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><a>Caf\xc3\xa9</a></x:xmpmeta>'
IPTC = b"\x1c\x02\x05\x00\x07A title"  # record 2, data set 5: object name; no multiple of 4
FORMATS = ["JPEG", "PNG", "TIFF", "WEBP"]
ROOM = np.full((24, 32, 3), 90, np.uint8)


@pytest.fixture
def exif() -> Image.Exif:
    block = Image.Exif()
    block[DESCRIPTION] = "A view of the old town"
    block[ARTIST] = "Jane Doe"
    block[COPYRIGHT] = "(c)"  # short enough to lie inside its field
    block[ORIENTATION] = 6
    block.get_ifd(EXIF)[COMMENT] = b"ASCII\0\0\0taken at noon"
    block.get_ifd(GPS).update({1: "N", 2: (48.0, 51.0, 29.5)})
    return block


def check(data: bytes) -> None:
    opened = Image.open(BytesIO(data))
    opened.load()  # the picture itself must still be readable
    found = opened.getexif()
    assert found[DESCRIPTION] == "A view of the old town"
    assert found[ARTIST] == "Jane Doe"
    assert found[COPYRIGHT] == "(c)"
    assert found.get(ORIENTATION, 1) == 1


@pytest.mark.parametrize("target", FORMATS)
@pytest.mark.parametrize("source", FORMATS)
def test_descriptions_survive_every_change_of_format(pil_bytes, exif, source, target):
    frame = decode(pil_bytes(ROOM, source, exif=exif)).to_8_bit()
    written = encode(frame, format=target.lower())
    check(written)
    check(encode(decode(written)))
    if source != "TIFF":  # Pillow writes TIFF without the inner directories
        found = Image.open(BytesIO(written)).getexif()
        assert found.get_ifd(EXIF)[COMMENT] == b"ASCII\0\0\0taken at noon"
        assert found.get_ifd(GPS)[2] == (48.0, 51.0, 29.5)


def test_the_tags_of_a_big_endian_tiff_are_read():
    text, name = b"A view of the old town\0", b"Jane Doe\0"
    at = 8 + 2 + 3 * 12 + 4
    tiff = b"MM\0*" + struct.pack(">IH", 8, 3)
    tiff += struct.pack(">HHII", DESCRIPTION, 2, len(text), at)
    tiff += struct.pack(">HHIHH", 0x4746, 3, 1, 5, 0)  # Rating, a number
    tiff += struct.pack(">HHII", ARTIST, 2, len(name), at + len(text))
    tiff += bytes(4) + text + name
    found = Image.Exif()
    structure = Tiff.begin(BytesIO(tiff))
    found.load(described(structure, next(structure.directories()))[0])
    assert dict(found) == {DESCRIPTION: text[:-1].decode(), ARTIST: name[:-1].decode(), 0x4746: 5}


@pytest.mark.parametrize("target", ["jpeg", "png", "tiff", "webp"])
def test_xmp_survives(pil_bytes, target):
    frame = decode(pil_bytes(ROOM, "WEBP", xmp=XMP))
    assert frame.metadata.xmp == XMP
    assert decode(encode(frame, format=target)).metadata.xmp == XMP


def test_iptc_survives_in_jpeg_and_tiff(pil_bytes):
    jpeg = pil_bytes(ROOM, "JPEG")
    preview = b"8BIM\x04\x0c\x00\x00\x00\x00\x00\x03abc\0"  # another resource, of odd size, before
    block = wrap(IPTC).replace(b"8BIM", preview + b"8BIM", 1)
    segment = b"\xff\xed" + struct.pack(">H", len(block) + 2) + block
    frame = decode(jpeg[:2] + segment + jpeg[2:])
    assert frame.metadata.iptc == IPTC
    for format in ("jpeg", "tiff"):
        assert decode(encode(frame, format=format)).metadata.iptc == IPTC
    opened = Image.open(BytesIO(encode(frame, format="tiff")))
    assert opened.tag_v2[33723] == IPTC
    from_tiff = decode(encode(frame, format="tiff"))
    assert decode(encode(from_tiff, format="jpeg")).metadata.iptc == IPTC


@pytest.mark.parametrize("target", ["jpeg", "png", "tiff"])
@pytest.mark.parametrize("source", ["JPEG", "PNG", "TIFF"])
def test_resolution_survives(pil_bytes, source, target):
    frame = decode(pil_bytes(ROOM, source, dpi=(600, 300)))
    assert frame.metadata.resolution == pytest.approx((600 / 25.4, 300 / 25.4), abs=1e-3)
    opened = Image.open(BytesIO(encode(frame, format=target)))
    stated = opened.info["dpi"]
    if target == "jpeg":  # of an EXIF block Pillow's `dpi` tells the width's alone
        stated = tuple(float(opened.getexif()[tag]) for tag in (282, 283))
    assert stated == pytest.approx((600, 300), abs=0.02)
    plain = decode(pil_bytes(ROOM, source))
    assert plain.metadata.resolution is None
    assert decode(encode(plain, format=target)).metadata.resolution is None


def test_png_texts_survive(pil_bytes):
    texts = PngImagePlugin.PngInfo()
    texts.add_text("Title", "The old town")
    texts.add_itxt("Author", "J\u00fcrgen", zip=True)
    texts.add_text("Comment", "caf\u00e9", zip=True)
    texts.add_text("Source", "caf\u00e9")  # Latin-1
    frame = decode(pil_bytes(ROOM, "PNG", pnginfo=texts))
    found = Image.open(BytesIO(encode(frame))).text
    assert found == {
        "Title": "The old town",
        "Author": "J\u00fcrgen",
        "Comment": "caf\u00e9",
        "Source": "caf\u00e9",
    }


@pytest.mark.parametrize("format", ["png", "webp", "tiff"])
def test_a_picture_without_metadata_gets_none(pil_bytes, format):
    metadata = decode(encode(decode(pil_bytes(ROOM, "PNG")), format=format)).metadata
    assert (metadata.exif, metadata.iptc, metadata.xmp, metadata.texts) == (None, None, None, ())


def test_a_preview_of_the_grey_picture_is_not_kept(pil_bytes, exif):
    preview = pil_bytes(np.zeros((8, 8), np.uint8), "JPEG")
    body = bytearray(exif.tobytes())  # Exif, then a big-endian or little-endian TIFF structure
    order = "<" if body[6:8] == b"II" else ">"
    first = 6 + struct.unpack_from(f"{order}I", body, 10)[0]
    link = first + 2 + 12 * struct.unpack_from(f"{order}H", body, first)[0]
    at = len(body) - 6
    struct.pack_into(f"{order}I", body, link, at)
    body += struct.pack(f"{order}H", 3)
    body += struct.pack(f"{order}HHIHH", 259, 3, 1, 6, 0)
    body += struct.pack(f"{order}HHII", 513, 4, 1, at + 42)
    body += struct.pack(f"{order}HHII", 514, 4, 1, len(preview)) + bytes(4) + preview
    frame = decode(pil_bytes(ROOM, "JPEG", exif=bytes(body)))
    assert preview not in frame.metadata.exif
    for format in ("jpeg", "png", "webp", "tiff"):
        assert preview not in encode(frame, format=format)


@given(st.binary(max_size=200), st.sampled_from([b"II*\0", b"MM\0*", b"II+\0", b"MM\0+", b""]))
def test_damaged_blocks_never_raise(noise: bytes, head: bytes):
    block = head + noise
    structure = Tiff.begin(BytesIO(block))
    for at in [] if structure is None else structure.directories():
        described(structure, at)
    refreshed(b"Exif\0\0" + block)
    fitted(b"Exif\0\0" + block, 70_000, 3, (11.0, 12.0))
    to_tags(b"Exif\0\0" + block, noise)
    for kind in (b"tEXt", b"zTXt", b"iTXt"):
        read_texts(BytesIO(bytes(8) + len(noise).to_bytes(4) + kind + noise + bytes(4)))
    unwrap(b"Photoshop 3.0\x008BIM" + noise)


@pytest.mark.parametrize("absurd", [1e7, 3e38])
def test_a_resolution_that_cannot_be_is_none(tmp_path, absurd):
    path = tmp_path / "a.tif"
    Image.new("L", (4, 4)).save(path, dpi=(300, 300))
    data = bytearray(path.read_bytes())
    at = data.find(struct.pack("<II", 300, 1))
    assert at > 0
    data[at : at + 8] = struct.pack("<II", 2**32 - 1, 1 if absurd > 1e8 else 10)
    path.write_bytes(data)
    assert decode(path.read_bytes()).metadata.resolution is None
