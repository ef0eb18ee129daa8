"""Whether all that a file said of its picture is said by its colored version, field by field.

Fields are read here anew, not by what wrote them: what coloring does not know of, it may lose.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from ..image import Header
from ..image.admission import open_file
from ..image.metadata import page_of
from ..image.tiff_tags import CHILDREN, Tiff, Value
from .luma import comments
from .xmp_proof import lost_properties

_EXIF, _GPS, _INTEROPERABILITY, _MAKER_NOTE = 0x8769, 0x8825, 0xA005, 0x927C
_PHOTOSHOP, _PHOTOSHOP_LAYERS = 0x8649, 0x935C
_NOT_CARRIED = {
    _MAKER_NOTE: "the maker note, whose inner offsets hold in its own file alone",
    _PHOTOSHOP: "Photoshop's resources (print settings, a grey preview)",
    _PHOTOSHOP_LAYERS: "Photoshop's layers",
}
"""What is left out on purpose, and told."""

# How pixels are stored and what their codes mean (TIFF 6.0 and its supplements), which the picture
# itself shows; and what is held elsewhere: XMP, IPTC, the profile.
_STORAGE = {254, 255, *range(256, 269), 273, 274, *range(277, 285), *range(288, 294), 296, 297}
_STORAGE |= {301, *range(317, 326), 330, *range(332, 348), *range(512, 533), 559, 700, 0x83BB}
_STORAGE |= {0x8773, _EXIF, _GPS}
# The same of EXIF (2.32): versions, sizes, the order of components, the kind of file.
_STORAGE |= {0x9000, 0x9101, 0x9102, 0xA000, 0xA001, 0xA002, 0xA003, _INTEROPERABILITY}

_NAMES = {
    0x010D: "DocumentName",
    0x010E: "ImageDescription",
    0x010F: "Make",
    0x0110: "Model",
    0x011D: "PageName",
    0x0131: "Software",
    0x0132: "DateTime",
    0x013B: "Artist",
    0x013C: "HostComputer",
    0x8298: "Copyright",
    0x829A: "ExposureTime",
    0x829D: "FNumber",
    0x8827: "PhotographicSensitivity",
    0x9003: "DateTimeOriginal",
    0x9004: "DateTimeDigitized",
    0x9286: "UserComment",
    0xA420: "ImageUniqueID",
    0xA433: "LensMake",
    0xA434: "LensModel",
}

_BYTES = {1, 2, 6, 7}
_RATIONALS = {5: False, 10: True}  # whether signed
_RECORD_MARK = 0x1C
_EXTENDED = 0x8000

Tags = dict[tuple[int, int], Value]
"""Values by directory (0 for the picture's own) and tag."""


@dataclass
class Comparison:
    """What was found of a picture's metadata."""

    faults: list[str] = field(default_factory=list)
    """What is missing or differs, a line each."""
    notes: list[str] = field(default_factory=list)
    """What has changed as it may."""


def compared(
    original: tuple[Path, Header], colored: tuple[Path, Header], page: int = 0
) -> Comparison:
    """Compare what two files say of a page: EXIF and TIFF tags, IPTC, XMP, the texts of PNG.

    Raises ImageError where a file cannot be read.
    """
    found = Comparison()
    before, after = original[1].metadata, colored[1].metadata
    _compare_tags(_tags(*original, page), _tags(*colored, page), found)
    found.faults += _lost_records(before.iptc, after.iptc)
    found.faults += lost_properties(before.xmp, after.xmp)
    found.faults += ["JPEG comment: missing"] * (_comments(original) - _comments(colored)).total()
    missing = Counter(before.texts) - Counter(after.texts)
    found.faults += [f"PNG text {key!r}: missing" for key, _ in missing]
    return found


def _compare_tags(before: Tags, after: Tags, found: Comparison) -> None:
    for place, value in before.items():
        directory, tag = place
        if directory == _INTEROPERABILITY or (directory != _GPS and tag in _STORAGE):
            continue
        other = after.get(place)
        if other is not None and _plain(other) == _plain(value):
            continue
        if tag in _NOT_CARRIED:
            found.notes.append(f"not carried over: {_NOT_CARRIED[tag]}")
            continue
        kind = {0: "tag", _EXIF: "EXIF tag", _GPS: "GPS tag"}.get(directory, "tag")
        name = f" ({_NAMES[tag]})" if tag in _NAMES and directory != _GPS else ""
        fault = "missing" if other is None else "another value"
        found.faults.append(f"{kind} 0x{tag:04X}{name}: {fault}")


def _plain(value: Value) -> tuple[object, ...]:
    """What a value says, however it is typed."""
    if value.kind in _BYTES:
        return (value.data.rstrip(b"\0 "),)
    if value.kind in _RATIONALS:
        signed = _RATIONALS[value.kind]
        words = [
            int.from_bytes(value.data[i : i + 4], "little", signed=signed)
            for i in range(0, len(value.data), 4)
        ]
        pairs = zip(words[::2], words[1::2], strict=True)
        return tuple(above / below if below else (above, below) for above, below in pairs)
    return value.numbers or (value.data,)


def _tags(path: Path, header: Header, page: int) -> Tags:
    """Every tag of a picture: of a TIFF from the file itself, else from its EXIF block."""
    if header.format != "tiff":
        exif = (header.metadata.exif or b"").removeprefix(b"Exif\0\0")
        return _read(BytesIO(exif), 0)
    with open_file(path) as file:
        return _read(file, page)


def _read(file: BinaryIO, page: int) -> Tags:
    tiff = Tiff.begin(file)
    at = None if tiff is None else page_of(tiff, page)
    return {} if tiff is None or at is None else dict(_within(tiff, at, 0))


def _within(tiff: Tiff, at: int, directory: int) -> Iterator[tuple[tuple[int, int], Value]]:
    """The tags of a directory and of those below it; damaged values are left out."""
    for tag, entry in tiff.entries(at):
        value = tiff.value(entry)
        if value is None:
            continue
        yield (directory, tag), value
        if directory == 0 and tag in CHILDREN and value.numbers:
            yield from _within(tiff, value.numbers[0], tag)


def _comments(picture: tuple[Path, Header]) -> Counter[bytes]:
    path, header = picture
    return comments(path) if header.format == "jpeg" else Counter()


def _lost_records(before: bytes | None, after: bytes | None) -> list[str]:
    """The IPTC records that are not there any more (IIM 4.2, section 1.5)."""
    lost = Counter(_records(before or b"")) - Counter(_records(after or b""))
    return [f"IPTC {record}:{number:02}: missing" for record, number, _ in lost.elements()]


def _records(block: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Record, number and content of each; what is no record ends the block."""
    at = 0
    while at + 5 <= len(block) and block[at] == _RECORD_MARK:
        record, number = block[at + 1 : at + 3]
        size, at = int.from_bytes(block[at + 3 : at + 5]), at + 5
        if size & _EXTENDED:  # then it is how many bytes hold the size
            many = size - _EXTENDED
            size, at = int.from_bytes(block[at : at + many]), at + many
        yield record, number, block[at : at + size]
        at += size
