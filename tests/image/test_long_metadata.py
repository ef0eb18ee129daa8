"""Metadata that no segment holds, and where XMP stands; files by hand and Pillow judge."""

import hashlib
import struct
import zlib
from collections import Counter
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from photochrom.color import SRGB
from photochrom.errors import UnsupportedImageError
from photochrom.image import Frame, Header, Metadata, Original, decode, encode, read, store
from photochrom.image.iptc import wrap
from photochrom.image.jpeg_metadata import read_xmp_and_iptc
from photochrom.image.jpeg_segments import taken_apart
from photochrom.image.png_texts import read_xmp
from photochrom.image.profile import srgb_profile
from photochrom.image.xmp_extension import extension_named, joined, split

ROOM = np.full((24, 32, 3), 90, np.uint8)
MANY = 200_000
RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
HAS_EXTENSION = "{http://ns.adobe.com/xmp/note/}HasExtendedXMP"
XMP_MARK, EXTENSION_MARK = (
    b"http://ns.adobe.com/xap/1.0/\0",
    b"http://ns.adobe.com/xmp/extension/\0",
)
PHOTOSHOP = b"Photoshop 3.0\0"
ARTIST, DESCRIPTION = 315, 270
SUFFIXES = {"jpeg": ".jpg", "png": ".png", "tiff": ".tif", "webp": ".webp"}

ELEMENT = f"""<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="{RDF[1:-1]}" xmlns:a="urn:a">
<rdf:Description rdf:about="uuid:1" a:short="yes"><a:long><rdf:Bag>
<rdf:li>{"&amp;" * MANY}</rdf:li></rdf:Bag></a:long><!-- kept --><a:word>J\u00fcrgen</a:word>
</rdf:Description></rdf:RDF></x:xmpmeta>  \n<?xpacket end="w"?>"""
ATTRIBUTE = f"""<RDF xmlns="{RDF[1:-1]}" xmlns:r="{RDF[1:-1]}"><Description r:about="">
<b:word xmlns:b="urn:b">1&#13;2</b:word></Description>
<Description r:about="" xmlns:b="urn:b" b:data="{"0" * MANY}" b:lines="1&#10;2"/></RDF>"""
SMALL = "".join(f"<b:p{n}>{n:030}</b:p{n}>" for n in range(2500))
CROWD = f"""<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="{RDF[1:-1]}">
<rdf:Description xmlns:b="urn:b" xmlns:x="urn:x" x:left="1">{SMALL}</rdf:Description>
<rdf:Description xmlns:b="urn:c" b:right="2"/></rdf:RDF></x:xmpmeta>"""
PACKETS = {"element": ELEMENT, "attribute": ATTRIBUTE, "crowd": CROWD}


def framed(format: Any = "png", icc: bytes | None = None, **said: Any) -> Frame:
    return Frame(pixels=ROOM, metadata=Metadata(**said), icc=icc, format=format)


def stored(path: Path, icc: bytes | None = None, **said: Any) -> bytes:
    store(path, Header(24, 32, 3, False, 8, SRGB, icc, Metadata(**said)), [ROOM])
    return path.read_bytes()


def segments(jpeg: bytes) -> Iterator[tuple[int, bytes]]:
    """Markers and bodies up to the first scan, by ITU-T T.81, annex B."""
    at = 2
    while jpeg[at + 1] != 0xDA:
        assert jpeg[at] == 0xFF
        size = int.from_bytes(jpeg[at + 2 : at + 4])
        yield jpeg[at + 1], jpeg[at + 4 : at + 2 + size]
        at += 2 + size


def chunks(png: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 8
    while at < len(png):
        size, kind = struct.unpack_from(">I4s", png, at)
        body = png[at + 8 : at + 8 + size]
        assert struct.unpack_from(">I", png, at + 8 + size)[0] == zlib.crc32(kind + body)
        yield kind, body
        at += 12 + size


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def segment(marker: int, body: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body


def extension_segment(key: bytes, extension: bytes, at: int, end: int) -> bytes:
    address = key + struct.pack(">II", len(extension), at)
    return segment(0xE1, EXTENSION_MARK + address + extension[at:end])


def properties(xmp: str | bytes) -> Counter[str]:
    """Names and contents of what hangs on the descriptions, in canonical XML."""
    root = ElementTree.fromstring(xmp)
    rdf = root if root.tag == f"{RDF}RDF" else root.find(f"{RDF}RDF")
    assert rdf is not None
    found: Counter[str] = Counter()
    for description in rdf.findall(f"{RDF}Description"):
        found.update(f"{k}={v}" for k, v in description.attrib.items() if not k.startswith(RDF))
        for element in description:
            element.tail = None
            found[ElementTree.canonicalize(ElementTree.tostring(element))] += 1
    return found


def parts_of(jpeg: bytes) -> tuple[bytes, bytes]:
    """Standard packet and extension, put together by the specification's own words."""
    app1 = [body for marker, body in segments(jpeg) if marker == 0xE1]
    (standard,) = (b[len(XMP_MARK) :] for b in app1 if b.startswith(XMP_MARK))
    extension = b""
    for body in (b[len(EXTENSION_MARK) :] for b in app1 if b.startswith(EXTENSION_MARK)):
        key, size, at = struct.unpack_from(">32sII", body)
        assert at == len(extension)
        extension += body[40:]
    assert len(extension) == size
    assert hashlib.md5(extension).hexdigest().upper().encode() == key
    assert f"{HAS_EXTENSION}={key.decode()}" in properties(standard)
    return standard, extension


@pytest.mark.parametrize("packet", PACKETS.values(), ids=PACKETS)
def test_a_jpeg_has_long_xmp_in_two_parts(packet: str, tmp_path: Path) -> None:
    xmp = packet.encode()
    for data in (
        encode(framed(xmp=xmp), format="jpeg"),
        stored(tmp_path / "a.jpg", xmp=xmp),
        b"".join(taken_apart(encode(framed("jpeg")), "x").with_xmp(xmp, "x").chunks()),
    ):
        standard, extension = parts_of(data)
        assert len(standard) <= 65_502
        both = properties(standard) + properties(extension)
        assert both - properties(packet) == Counter(
            {f"{HAS_EXTENSION}={hashlib.md5(extension).hexdigest().upper()}": 1}
        )
        assert not properties(packet) - both
        opened = Image.open(BytesIO(data))
        assert opened.info["xmp"] == standard
        np.testing.assert_allclose(np.asarray(opened), ROOM, atol=1)
        assert next(segments(data))[1].startswith((b"Exif", b"JFIF"))  # which demand to be first


def test_what_is_short_stays_in_the_standard_packet() -> None:
    kept = properties(parts_of(encode(framed(xmp=ELEMENT.encode()), format="jpeg"))[0])
    assert kept["{urn:a}short=yes"] == 1
    assert kept['<ns0:word xmlns:ns0="urn:a">J\u00fcrgen</ns0:word>'] == 1
    kept = properties(parts_of(encode(framed(xmp=CROWD.encode()), format="jpeg"))[0])
    assert kept["{urn:x}left=1"] == kept["{urn:c}right=2"] == 1


@pytest.mark.parametrize("packet", PACKETS.values(), ids=PACKETS)
def test_what_was_divided_is_read_as_one(packet: str) -> None:
    jpeg = encode(framed(xmp=packet.encode()), format="jpeg")
    found = decode(jpeg).metadata.xmp
    assert found is not None
    assert properties(found) == properties(packet)
    again = encode(decode(encode(decode(jpeg))))
    for _ in range(2):  # nothing grows
        before, again = again, encode(decode(again))
        assert parts_of(again) == parts_of(before)
    assert decode(encode(decode(again), format="png")).metadata.xmp == decode(again).metadata.xmp
    assert taken_apart(jpeg, "x").xmp == found


def by_another_program(key: bytes, *parts: bytes) -> bytes:
    """A JPEG whose standard packet names an extension of that key, in an element."""
    xmp = (
        f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="{RDF[1:-1]}"><rdf:Description '
        f'xmlns:n="http://ns.adobe.com/xmp/note/" xmlns:a="urn:a" a:first="1"><n:HasExtendedXMP>'
        f"{key.decode()}</n:HasExtendedXMP></rdf:Description></rdf:RDF></x:xmpmeta>"
    )
    plain = encode(framed("jpeg"))
    return plain[:2] + b"".join(parts) + segment(0xE1, XMP_MARK + xmp.encode()) + plain[2:]


EXTENSION = (
    f'<q:RDF xmlns:q="{RDF[1:-1]}"><q:Description xmlns:a="urn:2" a:second="2"/></q:RDF>'.encode()
)
KEY = hashlib.md5(EXTENSION).hexdigest().upper().encode()


def test_an_extension_is_found_however_it_lies_in_the_file() -> None:
    whole, left, right = ((0, 999), (0, 50), (50, 999))
    stranger = segment(0xE1, EXTENSION_MARK + bytes(32) + struct.pack(">II", 3, 0) + b"abc")
    for places in ([whole], [left, right], [right, left], [left, left, right]):
        parts = [extension_segment(KEY, EXTENSION, *place) for place in places]
        found = decode(by_another_program(KEY, stranger, *parts, b"\xff")).metadata.xmp
        assert found is not None
        assert properties(found) == Counter({"{urn:a}first=1": 1, "{urn:2}second=2": 1})


@pytest.mark.parametrize(
    "extension",
    [
        EXTENSION[:-1],
        b'<!DOCTYPE d [<!ENTITY e "e">]>' + EXTENSION,
        EXTENSION.replace(b"/>", b">" + b"<a>" * 200 + b"</a>" * 200 + b"</q:Description>", 1),
        b"",
        b"\0",
    ],
)
def test_an_extension_that_is_no_xmp_changes_nothing(extension: bytes) -> None:
    file = by_another_program(KEY, extension_segment(KEY, extension, 0, 9**9))
    found = decode(file).metadata.xmp
    assert found is not None
    assert properties(found)["{urn:a}first=1"] == 1
    assert found in file  # byte for byte


def test_parts_that_do_not_make_a_whole_are_left_out() -> None:
    for key, end in ((KEY, 60), (b"0" * 32, 999)):
        found = decode(
            by_another_program(KEY, extension_segment(key, EXTENSION, 0, end))
        ).metadata.xmp
        assert found is not None
        assert b"second" not in found


def test_long_xmp_that_cannot_be_divided_is_refused(tmp_path: Path) -> None:
    noise = b"no xmp" * 20_000
    with pytest.raises(UnsupportedImageError, match=r"<array>: .*120000 bytes.*PNG or TIFF"):
        encode(framed(xmp=noise), format="jpeg")
    with pytest.raises(UnsupportedImageError):
        stored(tmp_path / "a.jpg", xmp=noise)
    assert not list(tmp_path.iterdir())
    for format in ("png", "tiff", "webp"):
        assert decode(encode(framed(xmp=noise), format=format)).metadata.xmp == noise


def test_room_at_the_end_of_a_packet_is_no_reason_to_divide_it() -> None:
    xmp = b'<RDF xmlns="%s"/>' % RDF[1:-1].encode() + b" " * MANY
    jpeg = encode(framed(xmp=xmp), format="jpeg")
    assert EXTENSION_MARK not in jpeg
    found = decode(jpeg).metadata.xmp
    assert found is not None
    assert xmp.rstrip().replace(b"/>", b"") in found


@pytest.mark.parametrize("format", SUFFIXES)
@pytest.mark.parametrize("what", ["exif", "iptc", "xmp", "icc"])
def test_200_kb_are_carried_or_refused(format: Any, what: str, tmp_path: Path) -> None:
    block = Image.Exif()
    block[DESCRIPTION] = "x" * MANY
    records = b"".join(
        b"\x1c\x02\x19" + struct.pack(">H", 30_000) + bytes(30_000) for _ in "1234567"
    )
    profile = bytearray(srgb_profile(3) + bytes(MANY))
    profile[:4] = struct.pack(">I", len(profile))
    value = {"exif": block.tobytes(), "iptc": records, "xmp": ELEMENT.encode()}
    value["icc"] = bytes(profile)
    path = tmp_path / f"a{SUFFIXES[format]}"
    if what == "exif" and format in ("jpeg", "webp"):
        with pytest.raises(UnsupportedImageError, match="EXIF block has 200034 bytes"):
            encode(framed(exif=value[what]), format=format)
        with pytest.raises(UnsupportedImageError, match="PNG or TIFF"):
            stored(path, exif=value[what])
        return
    if what == "iptc" and format in ("png", "webp"):
        return  # which have no place for it
    for data in (
        encode(framed(**{what: value[what]}), format=format),
        stored(path, **{what: value[what]}),
    ):
        frame = decode(data)
        opened = Image.open(BytesIO(data))
        opened.load()
        if what == "exif":
            assert opened.getexif()[DESCRIPTION] == "x" * MANY
        elif what == "icc":
            assert opened.info["icc_profile"] == frame.icc == value["icc"]
        elif what == "xmp":
            assert frame.metadata.xmp is not None
            assert properties(frame.metadata.xmp) == properties(ELEMENT)
        else:
            assert frame.metadata.iptc == records


def test_iptc_goes_on_in_the_next_segment(tmp_path: Path) -> None:
    records = b"".join(b"\x1c\x02\x19" + struct.pack(">H", 9) + b"%09d" % n for n in range(9999))
    for data in (
        encode(framed(iptc=records), format="jpeg"),
        stored(tmp_path / "a.jpg", iptc=records),
    ):
        bodies = [body for marker, body in segments(data) if marker == 0xED]
        assert len(bodies) == 3
        assert all(body.startswith(PHOTOSHOP) for body in bodies)
        block = b"".join(body.removeprefix(PHOTOSHOP) for body in bodies)
        assert block == b"8BIM\x04\x04\0\0" + struct.pack(">I", len(records)) + records
        assert decode(data).metadata.iptc == records


def test_iptc_is_found_in_a_later_block() -> None:
    plain, preview = (
        encode(framed("jpeg")),
        PHOTOSHOP + b"8BIM\x04\x0c\0\0\0\0\0\3abc",
    )  # no padding
    blocks = segment(0xED, preview) + segment(0xED, wrap(b"\x1c\2\5\0\1a"))
    assert decode(plain[:2] + blocks + plain[2:]).metadata.iptc == b"\x1c\2\5\0\1a"


@pytest.mark.parametrize("size", [60_000, 64_900, 65_100, 65_460])
def test_exif_that_just_fits_a_jpeg_is_there(size: int, tmp_path: Path) -> None:
    block = Image.Exif()
    block[DESCRIPTION], block[ARTIST] = "x" * size, "Jane"
    exif = block.tobytes()
    for data in (encode(framed(exif=exif), format="jpeg"), stored(tmp_path / "a.jpg", exif=exif)):
        found = Image.open(BytesIO(data)).getexif()
        assert (found[DESCRIPTION], found[ARTIST]) == ("x" * size, "Jane")
        assert [body[:4] for marker, body in segments(data) if marker == 0xE1] == [b"Exif"]


def test_a_png_has_its_xmp_where_the_specification_wants_it(tmp_path: Path) -> None:
    xmp = ELEMENT.encode()
    texts = (("Title", "caf\u00e9"),)
    for data in (
        encode(framed(xmp=xmp, texts=texts)),
        stored(tmp_path / "a.png", xmp=xmp, texts=texts),
    ):
        international = [body for kind, body in chunks(data) if kind in (b"iTXt", b"zTXt", b"tEXt")]
        assert international == [
            b"XML:com.adobe.xmp\0\0\0\0\0" + xmp,
            b"Title\0\0\0\0\0" + "caf\u00e9".encode(),
        ]
        opened = Image.open(BytesIO(data))
        np.testing.assert_array_equal(np.asarray(opened), ROOM)
        assert opened.info["xmp"] == xmp
        assert decode(data).metadata.xmp == xmp


def test_xmp_of_a_png_is_read_in_every_form() -> None:
    xmp = ELEMENT.encode()
    digits = b"\nxmp\n%8d\n" % len(xmp) + xmp.hex().encode()
    plain = encode(framed())
    for kind, body in (
        (b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + xmp),
        (b"iTXt", b"XML:com.adobe.xmp\0\1\0de\0name\0" + zlib.compress(xmp)),
        (b"zTXt", b"XML:com.adobe.xmp\0\0" + zlib.compress(xmp)),
        (b"tEXt", b"Raw profile type xmp\0" + digits),
        (b"zTXt", b"Raw profile type xmp\0\0" + zlib.compress(digits)),
    ):
        for at in (33, len(plain) - 12):  # behind the header, before the end
            frame = decode(plain[:at] + chunk(kind, body) + plain[at:])
            assert frame.metadata.xmp == xmp
            assert frame.metadata.texts == ()


@pytest.mark.parametrize("format", SUFFIXES)
def test_a_picture_read_whole_and_one_opened_say_the_same(format: Any, tmp_path: Path) -> None:
    block = Image.Exif()
    block[DESCRIPTION] = "A view"
    said = Metadata(
        block.tobytes(), b"\x1c\2\5\0\1a", ELEMENT.encode(), (20.0, 10.0), (("a", "b"),)
    )
    path = tmp_path / f"a{SUFFIXES[format]}"
    stored(path, **vars(said))
    with Original(path) as original:
        assert read(path).metadata == original.header.metadata
        assert original.header.metadata.exif is not None
        xmp = original.header.metadata.xmp
        assert xmp is not None
        assert properties(xmp) == properties(ELEMENT)


@given(st.binary(max_size=300), st.sampled_from([b"\xff\xe1", b"\xff\xed", b"\xff\xff", b""]))
def test_damage_never_raises(noise: bytes, marker: bytes) -> None:
    for mark in (b"", XMP_MARK, EXTENSION_MARK, PHOTOSHOP):
        size = struct.pack(">H", len(mark + noise) + 2)
        read_xmp_and_iptc(BytesIO(b"\xff\xd8" + marker + size + mark + noise))
    read_xmp(BytesIO(bytes(8) + chunk(b"tEXt", b"Raw profile type xmp\0" + noise)))
    for packet in (noise, EXTENSION + noise, b"<a>" * 300):
        split(packet, 100)
        extension_named(packet + b"HasExtendedXMP")
        assert joined(packet, noise) == packet or joined(EXTENSION, noise) != EXTENSION
