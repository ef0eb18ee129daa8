"""XMP packets in two parts, and joined again: a segment of a JPEG file holds but 64 KB of them.

By the XMP specification, part 3, section 1.1.3.1, a standard packet keeps what fits and names the
MD5 digest of the rest, `xmpNote:HasExtendedXMP`. Properties are moved from one part to the other as
they are written: names keep their prefixes, which are declared wherever a property moves to.
"""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from xml.etree import ElementTree
from xml.parsers import expat

_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_NOTES = "http://ns.adobe.com/xmp/note/"
_NOTE = f"{{{_NOTES}}}HasExtendedXMP"
_NOTED = "xmpNote:HasExtendedXMP"  # as it is written here
_META = "adobe:ns:meta/"
_FRAME = (f"{{{_RDF}}}about", "about", "xml:")
_NO_PROPERTIES = (f"{{{_RDF}}}", *_FRAME)
_DEEPEST = 100  # elements within each other; Camera Raw's masks reach 20
_MOST = 1 << 18  # elements and attributes; the ancestors of much copied documents are many
_MOST_DESCRIPTIONS, _MOST_DECLARED = 1 << 12, 1 << 8  # of which each might repeat all declarations
_HEAD = '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>\n'
_TAIL = '\n<?xpacket end="w"?>'

Element = ElementTree.Element
Scope = Mapping[str, str]
"""Declarations of namespaces that hold somewhere: `xmlns:dc` and the like, and what they mean."""


class _RefusedError(Exception):
    """The packet is no honest one, and is not looked into."""


@dataclass(frozen=True)
class _Packet:
    """A packet whose elements and attributes are called what they are called in the file."""

    root: Element
    rdf: Element
    """The element of all properties."""
    scope: Scope
    """What is declared for everything in `rdf`."""

    @property
    def descriptions(self) -> list[Element]:
        """The elements that properties hang on."""
        wanted = f"{{{_RDF}}}Description"
        return [e for e in _elements(self.rdf) if _name(e.tag, self.scope_of(e)) == wanted]

    def scope_of(self, description: Element) -> Scope:
        """What is declared for one description and all that is in it."""
        return {**self.scope, **_declarations(description)}

    def attributes(self, description: Element) -> dict[str, str]:
        """The full names of the attributes of a description, by those in the file."""
        declared = _declarations(description)
        scope = {**self.scope, **declared}
        return {
            key: _name(key, scope) if ":" in key else key  # those without a prefix are in none
            for key in description.attrib
            if key not in declared
        }

    def properties(self, description: Element) -> list["str | Element"]:
        """The properties of a description: names of attributes, and elements."""
        names = self.attributes(description).items()
        simple = [key for key, name in names if not name.startswith(_NO_PROPERTIES)]
        return [*simple, *_elements(description)]

    def space(self, description: Element, one: "str | Element") -> str:
        """The namespace of a property."""
        written = one if isinstance(one, str) else one.tag
        scope = self.scope_of(description)
        if not isinstance(one, str):
            scope = {**scope, **_declarations(one)}
        return _name(written, scope).rpartition("}")[0]

    def frame(self, description: Element) -> dict[str, str]:
        """The attributes that hold for all properties: what they are about, in which language."""
        names = self.attributes(description).items()
        return {key: description.attrib[key] for key, name in names if name.startswith(_FRAME)}

    def without_empty(self) -> None:
        """Take the descriptions away on which no property hangs."""
        _drop(self.rdf, [one for one in self.descriptions if not self.properties(one)])

    @property
    def text(self) -> str:
        """The packet as XML, without its wrapper."""
        # Left bare, a carriage return would be read as a line feed.
        return ElementTree.tostring(self.root, "unicode").replace("\r", "&#13;")

    @property
    def data(self) -> bytes:
        """The packet in its wrapper, without room to grow in place."""
        return f"{_HEAD}{self.text}{_TAIL}".encode()


def split(packet: bytes, room: int) -> tuple[bytes, bytes] | None:
    """A standard packet of at most `room` bytes, and the extension that it names; empty for none.

    Of the namespace that takes most room the longest properties move, then those of the next. So
    what little there is of others, the word on the picture's origin above all, stays where simple
    programs look. None for what is no XMP, or more than is ever moved.
    """
    opened = _opened(packet)
    if opened is None:
        return None
    _take_note(opened)
    if len(opened.data) <= room:
        return opened.data, b""
    # The note has one length, whatever it names; so its place is kept before the digest is known.
    note = _noted(opened)
    extension = _moved(opened, len(opened.data) - room)
    note.attrib[_NOTED] = digest(extension)
    return (opened.data, extension) if len(opened.data) <= room else None


def extension_named(packet: bytes) -> str | None:
    """The digest of the extension that a standard packet names; None where it names none."""
    if b"HasExtendedXMP" not in packet:  # nearly all of them
        return None
    opened = _opened(packet)
    return None if opened is None else _take_note(opened)


def joined(packet: bytes, extension: bytes) -> bytes:
    """A standard packet with the properties of its extension.

    It stays as it was where one of them cannot be opened.
    """
    opened, more = _opened(packet), _opened(extension)
    if opened is None or more is None:
        return packet
    _take_note(opened)
    for description in more.descriptions:
        added = ElementTree.SubElement(
            opened.rdf, description.tag, {**more.scope, **description.attrib}
        )
        added.text, added.tail = description.text, "\n"
        added.extend(description)
    return opened.data


def digest(extension: bytes) -> str:
    """What an extension is called by: its MD5 digest, 32 hexadecimal digits."""
    return hashlib.md5(extension, usedforsecurity=False).hexdigest().upper()


def _moved(opened: _Packet, excess: int) -> bytes:
    """Take properties out of a packet, so many bytes at least, into an extension."""
    movable = _movable(opened)
    staying = Counter(description for _, description, _ in movable)
    chosen: dict[Element, set[str | Element]] = defaultdict(set)
    for size, description, one in movable:
        if excess <= 0:
            break
        chosen[description].add(one)
        excess -= size
        staying[description] -= 1
        if not staying[description]:
            excess -= _length(_like(opened, description)) + len(description.tail or "")
    rdf = Element(opened.rdf.tag, dict(opened.scope))
    for description, properties in chosen.items():
        place = _like(opened, description)
        rdf.append(place)
        simple = [key for key in description.attrib if key in properties]
        place.attrib.update((key, description.attrib.pop(key)) for key in simple)
        place.extend([child for child in description if child in properties])
        description[:] = [child for child in description if child not in properties]
    opened.without_empty()
    root = Element("x:xmpmeta", {"xmlns:x": _META})
    root.append(rdf)
    return _Packet(root, rdf, opened.scope).text.encode()


def _movable(opened: _Packet) -> list[tuple[int, Element, "str | Element"]]:
    """Sizes, descriptions and properties, in the order in which they are to move."""
    found = [
        (_size(description, one), description, one)
        for description in opened.descriptions
        for one in opened.properties(description)
        if one != _NOTED
    ]
    totals: Counter[str] = Counter()
    for size, description, one in found:
        totals[opened.space(description, one)] += size
    # The last among equals: what was moved once, and stands behind since, moves together again.
    found.reverse()
    return sorted(found, key=lambda o: (-totals[opened.space(o[1], o[2])], -o[0]))


def _like(opened: _Packet, description: Element) -> Element:
    """A description for the same properties, without any."""
    return Element(description.tag, {**_declarations(description), **opened.frame(description)})


def _size(description: Element, one: "str | Element") -> int:
    """Bytes that a packet is shorter by without a property, at least."""
    if isinstance(one, str):
        return _length(Element("d", {one: description.attrib[one]})) - len("<d />")
    return _length(one)


def _length(element: Element) -> int:
    """Bytes of an element as XML."""
    return len(ElementTree.tostring(element, "unicode").encode())


def _noted(opened: _Packet) -> Element:
    """A description added to a packet that names an extension, though not yet which."""
    prefix = opened.rdf.tag.rpartition(":")[0]
    frame = next((opened.frame(one) for one in opened.descriptions), {})
    attributes = {**frame, "xmlns:xmpNote": _NOTES, _NOTED: digest(b"")}
    tag = f"{prefix}:Description" if prefix else "Description"
    return ElementTree.SubElement(opened.rdf, tag, attributes)


def _take_note(opened: _Packet) -> str | None:
    """Take away what names an extension, and return its name."""
    found = None
    for description in opened.descriptions:
        scope = opened.scope_of(description)
        for key, name in opened.attributes(description).items():
            if name == _NOTE:
                found = description.attrib.pop(key)
        notes = [e for e in _elements(description) if _name(e.tag, scope) == _NOTE]
        _drop(description, notes)
        found = notes[0].text if notes else found
    if found is not None:
        opened.without_empty()
    return found


def _opened(packet: bytes) -> _Packet | None:
    """A packet in its parts; None for what is no XMP, damaged, or larger or deeper than any is."""
    builder = ElementTree.TreeBuilder(insert_comments=True, insert_pis=True)
    depth = count = 0

    def start(tag: str, attributes: dict[str, str]) -> None:
        nonlocal depth, count
        depth, count = depth + 1, count + 1 + len(attributes)
        if depth > _DEEPEST or count > _MOST:
            raise _RefusedError
        builder.start(tag, attributes)

    def end(tag: str) -> None:
        nonlocal depth
        depth -= 1
        builder.end(tag)

    def refuse(*_declared: object) -> None:
        # Only a document type can define entities; no XMP has one, bombs do.
        raise _RefusedError

    parser = expat.ParserCreate()  # which leaves names as they are written
    parser.buffer_text = True
    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.CharacterDataHandler, parser.CommentHandler = builder.data, builder.comment
    parser.ProcessingInstructionHandler = builder.pi
    parser.StartDoctypeDeclHandler = refuse
    try:
        parser.Parse(packet.strip(b"\0 \t\r\n"), True)
    except (expat.ExpatError, ValueError, _RefusedError):  # ValueError: an unknown encoding
        return None
    root = builder.close()
    scope = _declarations(root)
    for rdf in (root, *_elements(root)):
        inner = {**scope, **_declarations(rdf)}
        if _name(rdf.tag, inner) == f"{{{_RDF}}}RDF":
            is_sane = len(rdf) <= _MOST_DESCRIPTIONS and len(inner) <= _MOST_DECLARED
            return _Packet(root, rdf, inner) if is_sane else None
    return None


def _elements(parent: Element) -> Iterator[Element]:
    """The children that are elements, neither comments nor instructions."""
    return (child for child in list(parent) if isinstance(child.tag, str))


def _drop(parent: Element, children: Collection[Element]) -> None:
    """Take children away, all at once: each alone would be searched for among all."""
    if children:
        gone = set(children)
        parent[:] = [child for child in parent if child not in gone]


def _declarations(element: Element) -> dict[str, str]:
    return {k: v for k, v in element.attrib.items() if k == "xmlns" or k.startswith("xmlns:")}


def _name(written: str, scope: Scope) -> str:
    """A name with its namespace in the place of its prefix."""
    prefix, _, local = written.rpartition(":")
    uri = scope.get(f"xmlns:{prefix}" if prefix else "xmlns", "")
    return f"{{{uri}}}{local}" if uri else written
