"""Which properties of an XMP packet a colored file has lost, and the packet that it came with."""

import base64
import binascii
import re
import zlib
from collections import Counter, defaultdict

from .provenance import AGENT, DAMAGED, ENHANCED, FORMER_TYPE, HISTORY, NAMESPACE, SOURCE_TYPE
from .xmp import RDF, fields, opened, text_of

_LONGEST = 1 << 24  # bytes of a packet that is unfolded
_OURS = f"{{{NAMESPACE}}}"
_TOOL = "Photochrom "  # what the name of the program that made our event begins with
_EVENT = re.compile(f"/{re.escape(HISTORY)}/(\\d+)(.*)", re.DOTALL)

_Event = frozenset[tuple[str, str]]


def lost_properties(before: bytes | None, after: bytes | None) -> list[str]:
    """What a colored file's packet lacks of the original's, a line each.

    Two fields change as they may: the source's type of digital source stands in our namespace
    instead, and the history gets an event, which may take the place of an earlier one of ours.
    """
    if not before:
        return []
    wanted, got = fields(before), fields(after or b"")
    if not wanted and opened(before) is None:
        return [] if after and damaged_packet(after) == before else ["XMP: the packet is missing"]
    faults = []
    for path, value in wanted.items():
        if path.startswith(f"/{_OURS}") or _EVENT.fullmatch(path) or got.get(path) == value:
            continue
        if path == f"/{SOURCE_TYPE}" and got.get(f"/{FORMER_TYPE}") == value:
            continue
        fault = "another value" if path in got else "missing"
        faults.append(f"XMP {path[1:]}: {fault}")
    lost = Counter(_events(wanted)) - Counter(_events(got))
    return faults + ["XMP history: an event is missing"] * lost.total()


def damaged_packet(xmp: bytes) -> bytes | None:
    """The packet that could not be opened, which another carries; None where there is none."""
    packet = opened(xmp)
    carried = None if packet is None else packet.get(DAMAGED)
    try:
        unfolding = zlib.decompressobj()
        return unfolding.decompress(base64.b64decode(carried or ""), _LONGEST) or None
    except (zlib.error, binascii.Error):
        return None


def unstamped(xmp: bytes | None) -> bytes | None:
    """A packet without what coloring has said in it; None where nothing is left.

    The source's type of digital source is back in its place, and a packet that could not be opened
    comes out again as it was.
    """
    packet = None if xmp is None else opened(xmp)
    if xmp is None or packet is None:
        return xmp
    damaged = damaged_packet(xmp)
    if damaged is not None:
        return damaged
    former = packet.get(FORMER_TYPE)
    if packet.get(SOURCE_TYPE) == ENHANCED and packet.get(f"{_OURS}Tool") is not None:
        packet.discard(SOURCE_TYPE.__eq__)
    history = packet.find(HISTORY)
    events = None if history is None else history.find(f"{RDF}Seq")
    if events is not None:
        for event in events.findall(f"{RDF}li"):
            if (text_of(event, AGENT) or "").startswith(_TOOL):
                events.remove(event)
        if not len(events):
            packet.discard(HISTORY.__eq__)
    packet.discard(lambda name: name.startswith(_OURS))
    if former is not None:
        iptc = SOURCE_TYPE[1:].partition("}")[0]
        packet.describe({SOURCE_TYPE: former}, {iptc: "Iptc4xmpExt"})
    closed = packet.close()
    return closed if fields(closed) else None


def _events(values: dict[str, str]) -> list[_Event]:
    """The events of the history but our own, whatever their numbers are."""
    events: dict[str, set[tuple[str, str]]] = defaultdict(set)
    for path, value in values.items():
        found = _EVENT.fullmatch(path)
        if found is not None:
            events[found[1]].add((found[2], value))
    return [frozenset(e) for e in events.values() if not any(_is_ours(*one) for one in e)]


def _is_ours(path: str, value: str) -> bool:
    return path == f"/{AGENT}" and value.startswith(_TOOL)
