"""What a colored file says of how it was made, and its place in the file's XMP.

`DigitalSourceType` is IPTC's (Photo Metadata Standard 2024.1, extension schema); among its codes
`algorithmicallyEnhanced` is the one for a picture that an algorithm changed without changing what
it shows. `xmpMM:History` is Adobe's list of what was done. What neither says has a namespace of
our own.
"""

import base64
import json
import os
import zlib
from datetime import UTC, datetime
from typing import Annotated, Any
from xml.etree.ElementTree import SubElement

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    JsonValue,
    ValidationError,
    field_validator,
)

from .._version import __version__
from ..errors import PhotochromError
from .xmp import RDF, Packet, opened, text_of

SOURCE_TYPES = "http://cv.iptc.org/newscodes/digitalsourcetype/"
"""What IPTC's codes for the origin of a picture begin with."""
ENHANCED = f"{SOURCE_TYPES}algorithmicallyEnhanced"

# Made by a machine, in whole or part: a heavier word than ours, which stays.
_SYNTHETIC = {
    SOURCE_TYPES + code
    for code in (
        "algorithmicMedia",
        "compositeSynthetic",
        "compositeWithTrainedAlgorithmicMedia",
        "trainedAlgorithmicMedia",
    )
}

NAMESPACE = "urn:uuid:7bada34e-8e0a-4fc7-aa7c-6181f2fad557#"  # of version 1; never another's
_IPTC = "http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
_MANAGEMENT = "http://ns.adobe.com/xap/1.0/mm/"
_EVENT = "http://ns.adobe.com/xap/1.0/sType/ResourceEvent#"
_PREFIXES = {
    _IPTC: "Iptc4xmpExt",
    NAMESPACE: "photochrom",
    _MANAGEMENT: "xmpMM",
    _EVENT: "stEvt",
}
SOURCE_TYPE = f"{{{_IPTC}}}DigitalSourceType"
HISTORY = f"{{{_MANAGEMENT}}}History"
AGENT = f"{{{_EVENT}}}softwareAgent"
FORMER_TYPE = f"{{{NAMESPACE}}}FormerDigitalSourceType"
DAMAGED = f"{{{NAMESPACE}}}DamagedPacket"

_FORBIDDEN = dict.fromkeys(  # by XML 1.0, section 2.2, and what file names that are no Unicode hold
    [*range(9), 11, 12, *range(14, 32), *range(0xD800, 0xE000), 0xFFFE, 0xFFFF], "\ufffd"
)


def _writable(text: object) -> object:
    return text.translate(_FORBIDDEN) if isinstance(text, str) else text


Text = Annotated[str, BeforeValidator(_writable)]
"""Text that XML and JSON hold alike; other characters become U+FFFD."""
Sha256 = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


def moment() -> str:
    """The time, in UTC, to the second; the one that SOURCE_DATE_EPOCH says where it is set.

    The variable is that of reproducible-builds.org, seconds since 1970: with it the same picture
    colored twice is the same file. Raises PhotochromError for what is no such number.
    """
    said = os.environ.get("SOURCE_DATE_EPOCH")
    try:
        now = datetime.now(UTC) if not said else datetime.fromtimestamp(int(said), UTC)
    except (ValueError, OverflowError, OSError):
        raise PhotochromError(
            f"SOURCE_DATE_EPOCH={said}: no count of seconds since 1970; unset it or correct it"
        ) from None
    return now.strftime("%Y-%m-%dT%H:%M:%SZ")


class Named(BaseModel):
    """A file or a network, and the hash that tells it from all others."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Text
    """Of a file without its folders, which are nobody else's business."""
    sha256: Sha256


class Provenance(BaseModel):
    """How a picture came by its colors."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    tool: Text = "Photochrom"
    version: Text = __version__
    model: Named
    """The network."""
    parameters: dict[str, JsonValue] = {}
    """What differs from the defaults."""
    source: Named
    """The file that was colored."""
    time: Annotated[str, Field(pattern=r"^\d{4,}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")] = Field(
        default_factory=moment
    )
    """ISO 8601, in UTC."""
    digital_source_type: Text | None = ENHANCED
    """IPTC's code for where the picture is from, as its file says it; see `stamped`."""

    @field_validator("parameters", mode="before")
    @classmethod
    def _as_json(cls, values: Any) -> Any:
        """As they will be read again: lists for tuples; ValueError for infinities."""
        return json.loads(
            json.dumps(values, ensure_ascii=False, allow_nan=False).translate(_FORBIDDEN)
        )


def stamped(xmp: bytes | None, provenance: Provenance) -> bytes:
    """A packet with the provenance and with every field of the packet that the picture came with.

    What an earlier coloring said of itself gives way. Two fields are more than added to: IPTC's
    source type is ours from now on, the source's own (a scanned print, say) moves to our
    namespace; but a picture that says to be a machine's keeps saying so. And our event, with none
    of the others, is replaced in the history. A packet that cannot be opened is carried within the
    new one, compressed, and read by nobody. The same arguments give the same bytes.
    """
    packet = None if xmp is None else opened(xmp)
    said = {}
    if packet is None:
        packet = Packet()
        if xmp:
            said[DAMAGED] = base64.b64encode(zlib.compress(xmp, 9)).decode()
    elif (damaged := packet.get(DAMAGED)) is not None:
        said[DAMAGED] = damaged
    stated = packet.get(SOURCE_TYPE)
    former = packet.get(FORMER_TYPE) if stated in (None, ENHANCED) else stated
    if stated not in _SYNTHETIC:
        packet.discard(SOURCE_TYPE.__eq__)
        said[SOURCE_TYPE] = ENHANCED
        if former is not None:
            said[FORMER_TYPE] = former
    packet.discard(lambda name: name.startswith(f"{{{NAMESPACE}}}"))
    _record(packet, provenance)
    packet.describe({**said, **_properties(provenance)}, _PREFIXES)
    return packet.close()


def read(xmp: bytes) -> Provenance | None:
    """What a packet says of how the picture was colored; None for nothing, or for nonsense."""
    packet = opened(xmp)
    if packet is None:
        return None
    values = {name: packet.get(f"{{{NAMESPACE}}}{name}") for name in _NAMES}
    try:
        return Provenance.model_validate(
            {
                "tool": values["Tool"],
                "version": values["Version"],
                "model": {"name": values["Model"], "sha256": values["ModelSHA256"]},
                "parameters": json.loads(values["Parameters"] or "null"),
                "source": {"name": values["Source"], "sha256": values["SourceSHA256"]},
                "time": values["Time"],
                "digital_source_type": packet.get(SOURCE_TYPE),
            }
        )
    except (ValidationError, ValueError, RecursionError):  # the latter two: JSON
        return None


_NAMES = (
    "Tool",
    "Version",
    "Model",
    "ModelSHA256",
    "Parameters",
    "Source",
    "SourceSHA256",
    "Time",
)


def _properties(provenance: Provenance) -> dict[str, str]:
    """The provenance as properties of our namespace, in the order of `_NAMES`."""
    values = (
        provenance.tool,
        provenance.version,
        provenance.model.name,
        provenance.model.sha256,
        json.dumps(provenance.parameters, sort_keys=True),
        provenance.source.name,
        provenance.source.sha256,
        provenance.time,
    )
    return {f"{{{NAMESPACE}}}{name}": value for name, value in zip(_NAMES, values, strict=True)}


def _record(packet: Packet, provenance: Provenance) -> None:
    """One event of ours in the history; a history of another form is left alone."""
    history = packet.find(HISTORY)
    if history is None:
        history = SubElement(packet.describe({}, _PREFIXES), HISTORY)
        SubElement(history, f"{RDF}Seq")
    events = history.find(f"{RDF}Seq")
    if events is None:
        return
    for event in events.findall(f"{RDF}li"):
        if (text_of(event, AGENT) or "").startswith(f"{provenance.tool} "):
            events.remove(event)
    event_of = {
        "action": "edited",
        "softwareAgent": f"{provenance.tool} {provenance.version}",
        "when": provenance.time,
        "changed": "/",
        "parameters": f"colorized by {provenance.model.name}",
    }
    SubElement(events, f"{RDF}li", {f"{{{_EVENT}}}{key}": v for key, v in event_of.items()})
