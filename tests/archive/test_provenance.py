"""What is stamped is read again, by us and by others, and costs the packet nothing."""

import base64
import io
import json
import re
import zlib
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from pydantic import ValidationError

from photochrom import image
from photochrom.archive.provenance import ENHANCED, Named, Provenance, moment, read, stamped
from photochrom.archive.xmp import fields
from photochrom.errors import PhotochromError

RICH = Path(__file__).with_name("rich.xmp").read_bytes()
RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
SOURCE_TYPE = "{http://iptc.org/std/Iptc4xmpExt/2008-02-29/}DigitalSourceType"
HISTORY = "{http://ns.adobe.com/xap/1.0/mm/}History"
EVENT = "{http://ns.adobe.com/xap/1.0/sType/ResourceEvent#}"
CODES = "http://cv.iptc.org/newscodes/digitalsourcetype/"


def provenance(**changed: Any) -> Provenance:
    values: dict[str, Any] = {
        "model": Named(name="autochrome", sha256="1f" * 32),
        "parameters": {"temperature": 0.4, "hints": [[0.5, 0.25, "#804020"]]},
        "source": Named(name="Am See.tif", sha256="a0" * 32),
        "time": "2024-05-04T03:02:01Z",
    }
    return Provenance(**{**values, **changed})


def descriptions(packet: bytes) -> list[ElementTree.Element]:
    """By the standard library alone."""
    root = ElementTree.fromstring(packet)
    return root.findall(f"{RDF}RDF/{RDF}Description")


def statements(packet: bytes) -> set[tuple[str, str]]:
    """Every property as canonical XML; of the history each event."""
    found = set()
    for description in descriptions(packet):
        found |= set(description.attrib.items())
        for element in description:
            parts = element.findall(f"{RDF}Seq/{RDF}li") if element.tag == HISTORY else [element]
            for part in parts:
                text = ElementTree.tostring(part, encoding="unicode")
                found.add(
                    (element.tag, ElementTree.canonicalize(text, rewrite_prefixes=True).strip())
                )
    return found


def event_agents(packet: bytes) -> list[str | None]:
    path = f"{HISTORY}/{RDF}Seq/{RDF}li"
    events = [event for d in descriptions(packet) for event in d.findall(path)]
    return [e.get(f"{EVENT}softwareAgent") or e.findtext(f"{EVENT}softwareAgent") for e in events]


@pytest.mark.parametrize("packet", [None, b"", RICH, b"<damaged"])
def test_what_was_stamped_is_read(packet: bytes | None) -> None:
    assert read(stamped(packet, provenance())) == provenance()


def test_every_statement_of_the_packet_survives() -> None:
    before, after = statements(RICH), statements(stamped(RICH, provenance()))
    assert before - after == {(SOURCE_TYPE, f"{CODES}negativeFilm")}
    assert {name for name, _ in after - before} - {SOURCE_TYPE, HISTORY} == {
        f"{{urn:uuid:7bada34e-8e0a-4fc7-aa7c-6181f2fad557#}}{name}"
        for name in (
            *("Tool", "Version", "Model", "ModelSHA256", "Parameters", "Source", "SourceSHA256"),
            *("Time", "FormerDigitalSourceType"),
        )
    }


def test_the_source_type_is_iptc_s_and_the_source_s_own_is_kept() -> None:
    once = stamped(RICH, provenance())
    values = {tag: text for d in descriptions(once) for tag, text in d.attrib.items()}
    # The URI as the vocabulary at cv.iptc.org lists it.
    assert values[SOURCE_TYPE] == (
        "http://cv.iptc.org/newscodes/digitalsourcetype/algorithmicallyEnhanced"
    )
    former = [text for tag, text in values.items() if tag.endswith("FormerDigitalSourceType")]
    assert former == [f"{CODES}negativeFilm"]


@pytest.mark.parametrize(
    "code", ["trainedAlgorithmicMedia", "compositeWithTrainedAlgorithmicMedia"]
)
def test_a_machine_s_picture_keeps_saying_so(code: str) -> None:
    synthetic = RICH.replace(b"negativeFilm", code.encode())
    stamp = read(stamped(synthetic, provenance()))
    assert stamp is not None
    assert stamp.digital_source_type == CODES + code
    assert statements(synthetic) <= statements(stamped(synthetic, provenance()))


def test_colorings_replace_each_other() -> None:
    other = provenance(
        model=Named(name="iizuka", sha256="2e" * 32), time="2025-01-01T00:00:00Z", parameters={}
    )
    once = stamped(RICH, other)
    packet = RICH
    for number in range(5):
        packet = stamped(packet, provenance(version=f"0.{number}"))
    packet = stamped(packet, other)
    assert packet == once
    assert event_agents(packet) == [
        "Scanwerk 3",
        "Photochromatic Studio 2",
        f"Photochrom {other.version}",
    ]
    assert packet.count(b"negativeFilm") == 1


def test_the_event_says_what_adobe_s_schema_wants() -> None:
    path = f"{HISTORY}/{RDF}Seq/{RDF}li"
    event = next(e for d in descriptions(stamped(None, provenance())) for e in d.findall(path))
    assert event.attrib == {
        f"{EVENT}action": "edited",
        f"{EVENT}softwareAgent": f"Photochrom {provenance().version}",
        f"{EVENT}when": "2024-05-04T03:02:01Z",
        f"{EVENT}changed": "/",
        f"{EVENT}parameters": "colorized by autochrome",
    }


def test_a_history_of_another_form_is_left_alone() -> None:
    odd = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><r:RDF xmlns:r="http://www.w3.org/1999/02/22-rdf-'
    odd += b'syntax-ns#"><r:Description><m:History xmlns:m="http://ns.adobe.com/xap/1.0/mm/">once'
    odd += b"</m:History></r:Description></r:RDF></x:xmpmeta>"
    packet = stamped(odd, provenance())
    assert statements(odd) <= statements(packet)
    assert read(packet) == provenance()
    assert stamped(packet, provenance()) == packet


@pytest.mark.parametrize("broken", [RICH[:3000], b"\xff\xfe\xfa", b"<!DOCTYPE x []><x/>"])
def test_a_packet_that_cannot_be_opened_is_carried_along(broken: bytes) -> None:
    packet = stamped(stamped(broken, provenance()), provenance(parameters={}))
    found = re.search(rb'photochrom:DamagedPacket="([^"]+)"', packet)
    assert found is not None
    assert zlib.decompress(base64.b64decode(found[1])) == broken
    assert read(packet) == provenance(parameters={})


def test_other_programs_may_rewrite_the_packet() -> None:
    """As elements instead of attributes, under other prefixes: what a rewriting editor leaves."""
    packet = stamped(None, provenance())
    root = ElementTree.fromstring(packet)
    for description in root.findall(f"{RDF}RDF/{RDF}Description"):
        for name in [n for n in description.attrib if n != f"{RDF}about"]:
            ElementTree.SubElement(description, name).text = description.attrib.pop(name)
    assert read(ElementTree.tostring(root, encoding="utf-8")) == provenance()


@pytest.mark.parametrize(
    ("wrong", "by"),
    [
        (b'Parameters="{', b'Parameters="{{'),
        (b"Parameters='{", b"Parameters='{{"),
        (b"2024-05-04T", b"yesterday "),
        (b"photochrom:Model=", b"photochrom:Mode="),
        (b"1f" * 32, b"1f" * 31),
    ],
)
def test_nonsense_is_no_provenance(wrong: bytes, by: bytes) -> None:
    packet = stamped(None, provenance())
    assert read(packet.replace(wrong, by)) == (provenance() if wrong not in packet else None)


def test_a_packet_of_others_says_nothing() -> None:
    assert read(RICH) is None
    assert read(b"") is None


@settings(max_examples=40)
@given(st.text(), st.text(), st.dictionaries(st.text(), st.text() | st.integers() | st.floats()))
def test_any_name_and_any_parameter_is_held(
    name: str, model: str, parameters: dict[str, Any]
) -> None:
    if any(
        value != value or value in (float("inf"), float("-inf")) for value in parameters.values()
    ):
        with pytest.raises(ValidationError):
            provenance(parameters=parameters)
        return
    said = provenance(
        source=Named(name=name, sha256="a0" * 32),
        model=Named(name=model, sha256="1f" * 32),
        parameters=parameters,
    )
    assert read(stamped(RICH, said)) == said
    json.loads(said.model_dump_json())


def test_names_that_are_no_unicode_are_held_too() -> None:
    name = b"caf\xe9 \x01.jpg".decode("utf-8", "surrogateescape")
    said = provenance(source=Named(name=name, sha256="a0" * 32), parameters={"hints": name})
    assert said.source.name == "caf\ufffd \ufffd.jpg"
    assert read(stamped(None, said)) == said
    assert json.loads(said.model_dump_json())["parameters"] == {"hints": "caf\ufffd \x01.jpg"}


def test_the_moment_is_the_epoch_that_was_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1000000000")
    assert moment() == "2001-09-09T01:46:40Z"  # a known date
    for wrong in ("soon", "1e9", "9" * 30):
        monkeypatch.setenv("SOURCE_DATE_EPOCH", wrong)
        with pytest.raises(PhotochromError, match="SOURCE_DATE_EPOCH"):
            moment()
    monkeypatch.delenv("SOURCE_DATE_EPOCH")
    assert re.fullmatch(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ", moment())


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".tif", ".webp"])
def test_every_format_carries_the_packet(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"colored{suffix}"
    pixels = np.full((16, 16, 3), 90, np.uint8)
    packet = stamped(RICH, provenance())
    image.write(image.Frame(pixels, metadata=image.Metadata(xmp=packet)), path)
    assert image.read(path).metadata.xmp == packet
    with Image.open(io.BytesIO(path.read_bytes())) as pillow:  # another reader altogether
        pillow.load()
        # Of a PNG's zTXt chunk Pillow hands out the text, which is Latin-1 by that chunk's rule.
        carried = pillow.info.get("xmp") or pillow.info["XML:com.adobe.xmp"].encode("latin-1")
    assert carried == packet
    assert statements(RICH) - statements(carried) == {(SOURCE_TYPE, f"{CODES}negativeFilm")}
    assert read(carried) == provenance()
    assert fields(carried)[f"/{SOURCE_TYPE}"] == ENHANCED
