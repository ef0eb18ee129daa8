"""Packets opened and closed: nothing lost, nothing unfolded."""

import time
import tracemalloc
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from photochrom.archive.xmp import RDF, Packet, fields, opened, text_of

RICH = Path(__file__).with_name("rich.xmp").read_bytes()
DC, ARCHIVE = "{http://purl.org/dc/elements/1.1/}", "{https://archiv.example/keller/2#}"
_XML_TEXT = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff")
    | st.sampled_from("\t\n\r<>&\"'")
)
_LOCAL = st.text("abcXYZ", min_size=1, max_size=4)


def packed(inside: str, head: str = "") -> bytes:
    return (
        f'{head}<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="{RDF[1:-1]}">{inside}'
        "</rdf:RDF></x:xmpmeta>"
    ).encode()


def canonical(packet: bytes) -> str:
    """The standard library's canonical XML, which knows no prefixes, comments or empty forms."""
    body = packet[packet.index(b"<x:xmpmeta") : packet.rindex(b"</x:xmpmeta>") + 12]
    return ElementTree.canonicalize(body, rewrite_prefixes=True)


def test_closing_what_was_opened_is_the_same_document() -> None:
    packet = opened(RICH)
    assert packet is not None
    assert canonical(packet.close()) == canonical(RICH)
    assert b"<!-- as a raw converter" in packet.close()


def test_the_prefixes_stay() -> None:
    packet = opened(RICH)
    assert packet is not None
    for prefix in (b"keller:Signatur=", b"mwg-rs:Regions>", b"crs:Contrast2012=", b"xmpMM:History"):
        assert prefix in packet.close()


def test_the_wrapper_is_that_of_the_specification() -> None:
    closed = Packet().close()
    assert closed.startswith(b'<?xpacket begin="\xef\xbb\xbf" id="W5M0MpCehiHzreSzNTczkc9d"?>')
    assert closed.endswith(b'<?xpacket end="w"?>')


def test_fields_of_the_rich_packet_by_hand() -> None:
    found = fields(RICH)
    regions = "/{http://www.metadataworkinggroup.com/schemas/regions/}"
    area = "{http://ns.adobe.com/xmp/sType/Area#}"
    expected = {
        f"/{DC}title/3@ja": "湖のほとり",
        f"/{DC}description/1@x-default": "Zwei Zeilen,\r\n\tund ein <Tabulator>",
        f"/{DC}creator/2": "unbekannt",
        f"/{ARCHIVE}Signatur": "K-1911/08 <2>",
        f"/{ARCHIVE}Akte": "https://archiv.example/akte/17",
        f"/{ARCHIVE}Leer": "",
        f"{regions}Regions{regions}RegionList/1{regions}Name": "Emilie",
        f"{regions}Regions{regions}RegionList/1{regions}Area/{area}y": "0.25",
    }
    assert expected.items() <= found.items()
    assert len(found) == 50  # counted by hand: 16 attributes, 34 values in elements


@pytest.mark.parametrize(
    "written",
    [
        '<rdf:Description rdf:about="" xmlns:a="urn:a#" a:b="7"/>',
        '<rdf:Description rdf:about="" xmlns:a="urn:a#"><a:b>7</a:b></rdf:Description>',
        '<rdf:Description rdf:about="" xmlns:q="urn:a#"><q:b rdf:resource="7"/></rdf:Description>',
        '<rdf:Description about="" xmlns="urn:a#"><b>7</b></rdf:Description>',
    ],
)
def test_a_property_reads_the_same_in_every_form(written: str) -> None:
    packet = opened(packed(written))
    assert packet is not None
    assert packet.get("{urn:a#}b") == "7"
    assert fields(packed(written)) == fields(packet.close()) == {"/{urn:a#}b": "7"}
    packet.discard("{urn:a#}b".__eq__)
    assert packet.get("{urn:a#}b") is None
    assert packet.descriptions == []


@pytest.mark.parametrize(
    "written",
    [
        '<a:e a:b="7"/>',
        '<a:e rdf:parseType="Resource"><a:b>7</a:b></a:e>',
        '<a:e><rdf:Description a:b="7"/></a:e>',
        '<a:e><rdf:Description><a:b rdf:resource="7"/></rdf:Description></a:e>',
    ],
)
def test_a_structure_reads_the_same_in_every_form(written: str) -> None:
    packet = packed(f'<rdf:Description xmlns:a="urn:a#">{written}</rdf:Description>')
    opened_packet = opened(packet)
    assert opened_packet is not None
    structure = opened_packet.find("{urn:a#}e")
    assert structure is not None
    assert text_of(structure, "{urn:a#}b") == "7"
    assert fields(packet) == {"/{urn:a#}e/{urn:a#}b": "7"}


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32-be"])
def test_every_encoding_of_unicode_is_read(encoding: str) -> None:
    text = RICH.decode().replace("\ufeff", "") + "\0\0"
    for head in ("", '<?xml version="1.0" encoding="UTF-8"?>'):
        assert fields((head + text[text.index("<x:") :]).encode(encoding)) == fields(RICH)
    assert fields(text[text.index("<?") :].encode(encoding)) == fields(RICH)


def test_two_namespaces_of_one_prefix_stay_two() -> None:
    twice = packed(
        '<rdf:Description xmlns:a="urn:1#" a:b="1"/><rdf:Description xmlns:a="urn:2#" a:b="2"/>'
        '<rdf:Description xmlns:rdf2="urn:3#" xmlns:ns1="urn:4#" rdf2:b="3" ns1:b="4"/>'
    )
    packet = opened(twice)
    assert packet is not None
    expected = {f"/{{urn:{n}#}}b": str(n) for n in (1, 2, 3, 4)}
    assert fields(packet.close()) == fields(twice) == expected


def test_added_properties_belong_to_the_same_resource() -> None:
    packet = opened(packed('<rdf:Description rdf:about="uuid:7"/>'))
    assert packet is not None
    packet.describe({"{urn:b#}c": "d"}, {"urn:b#": "b"})
    assert b'<rdf:Description rdf:about="uuid:7" b:c="d"/>' in packet.close()


def test_a_bomb_is_refused_before_it_unfolds() -> None:
    entities = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    head = f'<!DOCTYPE lol [<!ENTITY l0 "lol">{entities}]>'
    bomb = packed('<rdf:Description xmlns:a="urn:a#"><a:b>&l9;</a:b></rdf:Description>', head)
    start = time.perf_counter()
    tracemalloc.start()
    try:
        assert opened(bomb) is None
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()
    assert time.perf_counter() - start < 1


@pytest.mark.parametrize(
    "packet",
    [
        b"",
        b"\0\0",
        b"no XML",
        RICH[: len(RICH) // 2],
        b"\xff" + RICH,
        RICH.replace("Zürich".encode(), "Zürich".encode("latin-1")),
        b"<html/>",
        packed("<a>" * 200 + "</a>" * 200),
        packed("<!-- " + "x" * (1 << 24) + " -->"),
        packed("", head='<!DOCTYPE x SYSTEM "file:///etc/passwd">'),
    ],
)
def test_what_is_no_honest_packet_is_not_opened(packet: bytes) -> None:
    assert opened(packet) is None
    assert fields(packet) == {}


@given(
    st.binary()
    | st.builds(
        lambda at, by: RICH[:at] + by + RICH[at + 1 :],
        st.integers(0, len(RICH)),
        st.binary(max_size=3),
    )
)
def test_no_bytes_break_it(data: bytes) -> None:
    packet = opened(data)
    if packet is not None:
        again = opened(packet.close())
        assert again is not None
        assert fields(packet.close()) == fields(data)


@settings(max_examples=60)
@given(
    st.dictionaries(_LOCAL, _XML_TEXT, max_size=4),
    st.dictionaries(_LOCAL, st.lists(_XML_TEXT, max_size=3), max_size=3),
)
def test_any_text_survives(simple: dict[str, str], lists: dict[str, list[str]]) -> None:
    packet = Packet()
    described = packet.describe({f"{{urn:s#}}{k}": v for k, v in simple.items()}, {"urn:s#": "s"})
    for name, texts in lists.items():
        bag = ElementTree.SubElement(
            ElementTree.SubElement(described, f"{{urn:l#}}{name}"), f"{RDF}Bag"
        )
        for text in texts:
            ElementTree.SubElement(bag, f"{RDF}li").text = text
    expected = {f"/{{urn:s#}}{k}": v for k, v in simple.items()}
    for name, texts in lists.items():
        expected |= {f"/{{urn:l#}}{name}/{n}": text for n, text in enumerate(texts, 1)}
    assert fields(packet.close()) == expected
