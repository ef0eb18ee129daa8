"""XMP packets: opened, changed in a few places, closed again with everything else as it was.

The data model is that of ISO 16684-1 (XMP specification part 1, section 7): properties hang on the
`rdf:Description` elements right below `rdf:RDF`, written as attributes or as elements. Names here
are Clark's, `{namespace}local`, so that no prefix is ever taken for a meaning; the prefixes that a
packet came with are still those that it leaves with, for programs that know no better.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from xml.etree import ElementTree

RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
_META = "adobe:ns:meta/"
_XML = "http://www.w3.org/XML/1998/namespace"
_ABOUT = f"{RDF}about"
_CONTAINERS = {f"{RDF}{kind}" for kind in ("Bag", "Seq", "Alt")}

_LONGEST = 1 << 24  # characters; a tree takes some ten times as many bytes
_DEEPEST = 100  # elements within each other; Camera Raw's masks reach 20

# The identifier is the same in every packet (section 7.3.2); the byte order mark tells UTF-8.
_HEAD = '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>\n'
_TAIL = '\n<?xpacket end="w"?>'

# A bare carriage return would be read as a line feed, and white space in an attribute as a blank
# (XML 1.0, sections 2.11 and 3.3.3). `xml.sax.saxutils` would load urllib, hence HTTP and TLS.
_IN_TEXT = {ord("&"): "&amp;", ord("<"): "&lt;", ord(">"): "&gt;", ord("\r"): "&#13;"}
_IN_ATTRIBUTE = _IN_TEXT | {ord('"'): "&quot;", ord("\n"): "&#10;", ord("\t"): "&#9;"}

_ENCODINGS = (  # how "<" looks, and a byte order mark, wherever neither is UTF-8's
    (b"\xff\xfe\0\0", "utf-32"),
    (b"\0\0\xfe\xff", "utf-32"),
    (b"<\0\0\0", "utf-32-le"),
    (b"\0\0\0<", "utf-32-be"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
    (b"<\0", "utf-16-le"),
    (b"\0<", "utf-16-be"),
)

Element = ElementTree.Element


class _RefusedError(Exception):
    """The packet is no honest one, and is not looked into."""


class _Tree(ElementTree.TreeBuilder):
    """Elements, comments and instructions, with the prefixes that were declared."""

    def __init__(self) -> None:
        super().__init__(insert_comments=True, insert_pis=True)
        self.prefixes: dict[str, str] = {}
        self._depth = 0

    def start_ns(self, prefix: str | None, uri: str) -> None:
        if prefix:
            self.prefixes.setdefault(uri, prefix)

    def start(self, tag: str, attrs: Any, /) -> Element:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise _RefusedError
        return super().start(tag, attrs)

    def end(self, tag: str, /) -> Element:
        self._depth -= 1
        return super().end(tag)

    def doctype(self, *_declared: str | None) -> None:
        # Only a document type can define entities; no XMP has one (section 7.1), bombs do.
        raise _RefusedError


@dataclass
class Packet:
    """A packet that is open for changes; without arguments an empty one."""

    _root: Element = field(default_factory=lambda: Element(f"{{{_META}}}xmpmeta"))
    _prefixes: dict[str, str] = field(default_factory=lambda: {_META: "x"})  # by namespace

    @property
    def _rdf(self) -> Element:
        """The element of all properties, made where there is none."""
        if self._root.tag == f"{RDF}RDF":
            return self._root
        found = self._root.find(f"{RDF}RDF")
        return ElementTree.SubElement(self._root, f"{RDF}RDF") if found is None else found

    @property
    def descriptions(self) -> list[Element]:
        """The elements that properties hang on."""
        return self._rdf.findall(f"{RDF}Description")

    def get(self, name: str) -> str | None:
        """The text of a simple property, however it is written; None where there is none."""
        texts = (text_of(description, name) for description in self.descriptions)
        return next((text for text in texts if text is not None), None)

    def find(self, name: str) -> Element | None:
        """A property that is written as an element."""
        return next((found for d in self.descriptions for found in d.findall(name)), None)

    def discard(self, unwanted: Callable[[str], bool]) -> None:
        """Take the properties away whose names are `unwanted`."""
        for description in self.descriptions:
            attributes = [name for name in description.attrib if unwanted(name)]
            elements = [e for e in description if isinstance(e.tag, str) and unwanted(e.tag)]
            for name in attributes:
                del description.attrib[name]
            for element in elements:
                description.remove(element)
            emptied = (attributes or elements) and not len(description)
            if emptied and not description.attrib.keys() - {_ABOUT, "about"}:
                self._rdf.remove(description)

    def describe(self, properties: Mapping[str, str], prefixes: Mapping[str, str]) -> Element:
        """Add simple properties, in a description of their own, to which more may be added.

        `prefixes` are those preferred, by namespace.
        """
        for uri, prefix in prefixes.items():
            self._prefixes.setdefault(uri, prefix)
        about = next((d.get(_ABOUT) or d.get("about") or "" for d in self.descriptions), "")
        added = ElementTree.SubElement(
            self._rdf,
            f"{RDF}Description",
            {_ABOUT: about, **properties},  # every description says the same (section 7.4)
        )
        added.tail = "\n"
        return added

    def close(self) -> bytes:
        """The packet as bytes, UTF-8, within its wrapper; without room to grow in place."""
        prefixes = self._chosen()
        declared = "".join(
            f" xmlns:{prefix}={_quoted(uri)}" for uri, prefix in prefixes.items() if uri != _XML
        )
        text = "".join(_written(self._root, prefixes, declared))
        return f"{_HEAD}{text}{_TAIL}".encode()

    def _chosen(self) -> dict[str, str]:
        """One prefix for each namespace: its own, or another where two claim the same."""
        uris = dict(self._prefixes)
        for element in self._root.iter():
            if isinstance(element.tag, str):
                for name in (element.tag, *element.attrib):
                    uris.setdefault(_parts(name)[0], "")
        chosen = {_XML: "xml"}
        for uri, wanted in {"": "", **uris, RDF[1:-1]: "rdf"}.items():
            if uri and uri not in chosen:
                taken = set(chosen.values())
                free = (f"ns{number}" for number in range(1, len(uris) + 2))
                fits = wanted and wanted not in taken
                chosen[uri] = wanted if fits else next(name for name in free if name not in taken)
        return chosen


def opened(packet: bytes) -> Packet | None:
    """The packet in the bytes that a file carries, in any of Unicode's encodings.

    None for what is no XMP, damaged, or not to be opened: with a document type, whose entities
    might unfold without end, deeper than 100 elements or longer than 16 million characters.
    """
    tree = _Tree()
    try:
        text = _decoded(packet)
        if len(text) > _LONGEST:
            return None
        parser = ElementTree.XMLParser(target=tree)
        parser.feed(text)
        root = parser.close()
    except (ElementTree.ParseError, ValueError, _RefusedError):  # ValueError: no Unicode
        return None
    is_xmp = root.tag == f"{RDF}RDF" or root.tag.endswith("}xmpmeta") or root.tag == "xmpmeta"
    return Packet(root, tree.prefixes) if is_xmp else None


def text_of(element: Element, name: str) -> str | None:
    """The text of one field of a description or a structure, in any of the ways it is written:

    as an attribute, as an element, as an element that refers to a resource, and any of them within
    a description inside.
    """
    for holder in (element, *element.findall(f"{RDF}Description")):
        if name in holder.attrib:
            return holder.attrib[name]
        found = holder.find(name)
        if found is not None and not len(found):
            return found.get(f"{RDF}resource", found.text or "")
    return None


def fields(packet: bytes) -> dict[str, str]:
    """Every value in a packet by its path, the same however the packet is written.

    Items of a list have numbers, from 1; texts in a language have it behind `@`.
    """
    found = opened(packet)
    return {} if found is None else dict(_within(*found.descriptions))


def _within(*structures: Element, path: str = "") -> Iterator[tuple[str, str]]:
    """Paths and values of all fields of the structures."""
    for structure in structures:
        for name, value in structure.attrib.items():
            if not name.startswith((RDF, f"{{{_XML}}}")) and name != "about":
                yield f"{path}/{name}", value
        for element in structure:
            if isinstance(element.tag, str):
                yield from _value(element, f"{path}/{element.tag}")


def _value(element: Element, path: str) -> Iterator[tuple[str, str]]:
    """Paths and values in one property: a text, a reference, a list or a structure."""
    language = element.get(f"{{{_XML}}}lang")
    path = path if language is None else f"{path}@{language}"
    inside = [child for child in element if isinstance(child.tag, str)]
    if len(inside) == 1 and inside[0].tag in _CONTAINERS:
        for number, item in enumerate(inside[0].findall(f"{RDF}li"), 1):
            yield from _value(item, f"{path}/{number}")
    elif len(inside) == 1 and inside[0].tag == f"{RDF}Description":
        yield from _within(inside[0], path=path)
    elif inside or any(not name.startswith((RDF, f"{{{_XML}}}")) for name in element.attrib):
        yield from _within(element, path=path)
    else:
        yield path, element.get(f"{RDF}resource", element.text or "")


def _decoded(packet: bytes) -> str:
    encodings = (name for mark, name in _ENCODINGS if packet.startswith(mark))
    return packet.decode(next(encodings, "utf-8-sig")).strip("\0 \t\r\n\ufeff")


def _parts(name: str) -> tuple[str, str]:
    """Namespace, empty for none, and local name."""
    uri, brace, local = name[1:].partition("}")
    return (uri, local) if brace and name[0] == "{" else ("", name)


def _written(element: Element, prefixes: Mapping[str, str], declared: str = "") -> Iterator[str]:
    """An element as XML, piece by piece; the outermost with what is declared."""

    def short(name: str) -> str:
        uri, local = _parts(name)
        return f"{prefixes[uri]}:{local}" if uri else local

    if not isinstance(element.tag, str):  # a comment or an instruction
        marks = ("<!--", "-->") if element.tag is ElementTree.Comment else ("<?", "?>")
        yield f"{marks[0]}{element.text or ''}{marks[1]}"
    else:
        values = "".join(f" {short(name)}={_quoted(v)}" for name, v in element.attrib.items())
        text = _escaped(element.text)
        if not text and not len(element):
            yield f"<{short(element.tag)}{declared}{values}/>"
        else:
            yield f"<{short(element.tag)}{declared}{values}>{text}"
            for child in element:
                yield from _written(child, prefixes)
            yield f"</{short(element.tag)}>"
    yield _escaped(element.tail)


def _escaped(text: str | None) -> str:
    return (text or "").translate(_IN_TEXT)


def _quoted(value: str) -> str:
    return f'"{value.translate(_IN_ATTRIBUTE)}"'
