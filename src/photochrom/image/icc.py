"""The ICC file format: what the tags of a profile say, and profiles written anew.

What is written is the least that a valid profile holds (ICC.1:2022, chapter 8), in the same bytes
each time: a date of its own would make two colored copies of one scan differ.
"""

import hashlib
import struct
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from photochrom.color import SRGB, WHITE, Encoding
from photochrom.color.encoding import D50, Power, bradford
from photochrom.color.spaces import LIGHTNESS

Doubles = npt.NDArray[np.float64]
Curve: TypeAlias = Callable[[Doubles], Doubles]
Space = Literal["grey", "rgb", "cmyk"]

COLORANTS = (b"rXYZ", b"gXYZ", b"bXYZ")
RGB_CURVES = (b"rTRC", b"gTRC", b"bTRC")

_SIGNATURES: dict[bytes, Space] = {b"GRAY": "grey", b"RGB ": "rgb", b"CMYK": "cmyk"}
_COPYRIGHT = "No copyright, use freely (CC0)"
_GREY_SOURCE = b"PhGr"  # our own tag: the grey profile of which an RGB one was made, whole
_DATE = struct.pack(">6H", 2026, 1, 1, 0, 0, 0)
_VERSIONS = {2: b"\x02\x40\0\0", 4: b"\x04\x40\0\0"}
_TABLE = 4096  # entries for a curve that is no power: the most that profiles usually have


def is_whole(icc: bytes) -> bool:
    """Whether a profile has the signature of one, and all the bytes that it speaks of."""
    if len(icc) < 132 or icc[36:40] != b"acsp" or int.from_bytes(icc[:4]) > len(icc):
        return False
    return len(tags_of(icc)) == int.from_bytes(icc[128:132])


def profile_space(icc: bytes) -> Space | None:
    """The color space that a profile describes, from its header; None for one of no use."""
    return _SIGNATURES.get(icc[16:20]) if is_whole(icc) else None


def tags_of(icc: bytes) -> dict[bytes, bytes]:
    """The tags that lie inside the profile, by their signatures."""
    count = min(int.from_bytes(icc[128:132]), len(icc) // 12)
    entries = [icc[132 + 12 * i :][:12] for i in range(count)]
    places = [struct.unpack(">4sII", entry) for entry in entries if len(entry) == 12]
    return {name: icc[at : at + size] for name, at, size in places if at + size <= len(icc)}


def description(icc: bytes) -> str:
    """The name that a profile gives itself, "" where it gives none."""
    tag = tags_of(icc).get(b"desc", b"")
    if tag[:4] == b"desc":  # version 2
        return tag[12 : 12 + int.from_bytes(tag[8:12])].decode("latin-1").rstrip("\0")
    if tag[:4] != b"mluc" or len(tag) < 28:
        return ""
    size, at = struct.unpack_from(">II", tag, 20)  # of the first language
    return tag[at : at + size].decode("utf-16-be", "replace").rstrip("\0")


def fixed(data: bytes) -> Doubles:
    """ICC's s15Fixed16 numbers, `(len(data) // 4,)`."""
    return np.frombuffer(data, ">i4", len(data) // 4) / 65536


def curve_of(tag: bytes) -> Curve:
    """The function of [0, 1] that a curve tag describes; finite, not clipped.

    `curveType` and `parametricCurveType` (ICC.1:2022, sections 10.6 and 10.18). Raises ValueError
    or struct.error for anything else.
    """
    kind = tag[:4]
    if kind == b"curv":
        count = struct.unpack_from(">I", tag, 8)[0]
        table = np.frombuffer(tag, ">u2", count, 12)
        if count < 2:
            return Power(float(table[0]) / 256 if count else 1.0)
        places = np.linspace(0, 1, count)
        return lambda x: np.interp(x, places, table / 65535)
    if kind == b"para":
        return _parametric(struct.unpack_from(">H", tag, 8)[0], tag[12:])
    raise ValueError(f"no curve: {kind!r}")


def _parametric(kind: int, data: bytes) -> Power:
    """The five function types; each leaves out some of the seven parameters."""
    count = (1, 3, 4, 5, 7)[kind] if kind < 5 else 0
    if count == 0 or len(data) < 4 * count:
        raise ValueError(f"no curve of type {kind}")
    g, *rest = (float(value) for value in fixed(data[: 4 * count]))
    a, b = rest[:2] if kind else (1.0, 0.0)
    law = Power(g, a, b, d=-b / a if a else 0.0)
    if kind == 2:
        law = Power(g, a, b, d=law.d, e=rest[2], f=rest[2])
    if kind > 2:
        law = Power(g, a, b, *rest[2:])
    with np.errstate(all="ignore"):  # its ends are its extremes, so they show what overflows
        if g <= 0 or not np.isfinite(law(np.array([0.0, 1.0]))).all():
            raise ValueError("a curve without bounds")
    return law


@dataclass(frozen=True)
class Shape:
    """A profile of curves: one per channel, and for RGB the primaries that they drive."""

    curves: tuple[Curve, ...]
    """Encoded values to linear light, nominally [0, 1] to [0, 1], not clipped."""
    colorants: Doubles | None
    """`(3, 3)`: linear RGB to XYZ under D50; None for grey."""


def shape_of(icc: bytes) -> Shape | None:
    """What a whole grey or RGB profile does, None where tables say it (and override curves).

    Raises ValueError for a profile that lacks what it needs, or has it damaged.
    """
    tags = tags_of(icc)
    space, connection = profile_space(icc), icc[20:24]
    if any(name[:3] in (b"A2B", b"D2B") for name in tags):
        return None
    try:
        if space == "grey":
            return Shape((grey_curve(icc),), None)
        if space != "rgb" or connection != b"XYZ ":
            raise ValueError("neither curves nor tables")
        columns = [fixed(tags[name][8:20]) for name in COLORANTS]
        return Shape(tuple(curve_of(tags[name]) for name in RGB_CURVES), np.stack(columns, axis=1))
    except (KeyError, struct.error) as error:
        raise ValueError(f"damaged: {error}") from error


def grey_curve(icc_grey: bytes) -> Curve:
    """The curve of a whole grey profile, to linear light. Raises as `curve_of` does, and KeyError.

    Where a profile connects through Lab, its curve tells L* (ICC.1:2022, section 8.3.4).
    """
    curve = curve_of(tags_of(icc_grey)[b"kTRC"])
    if icc_grey[20:24] != b"Lab ":
        return curve
    return LIGHTNESS if curve == Power(1.0) else lambda x: LIGHTNESS(curve(x))


def profile_of(encoding: Encoding) -> bytes:
    """A profile for RGB pictures, ICC version 4, that says what an encoding means."""
    return _assembled("rgb", 4, encoding.name, _rgb_tags(_curve_tag(encoding.curve), encoding))


def rgb_counterpart(icc_grey: bytes, space: Encoding = SRGB) -> bytes:
    """The RGB profile under which R = G = B = v looks as v does under a grey profile.

    Args:
        icc_grey: a grey profile that `profile.encoding_of` accepts.
        space: whose primaries to take; its curve does not matter.

    Returns:
        A profile of the source's version with the very bytes of its curve. The source lies in it
        whole, in a tag that readers pass over, for `grey_counterpart` to give back.
    """
    version = 4 if icc_grey[8] >= 4 else 2
    curve = tags_of(icc_grey)[b"kTRC"]
    if icc_grey[20:24] == b"Lab ":  # matrices connect through XYZ alone: the curve changes
        version, curve = 4, _curve_tag(grey_curve(icc_grey))
    name = f"{description(icc_grey) or 'Grey'}, {space.name} primaries"
    source = b"data" + struct.pack(">II", 0, 1) + icc_grey  # 1: binary
    return _assembled("rgb", version, name, _rgb_tags(curve, space) | {_GREY_SOURCE: source})


def grey_counterpart(icc_rgb: bytes) -> bytes:
    """The grey profile with the curve of an RGB one, for the grey picture inside a colored one.

    Args:
        icc_rgb: an RGB profile that `profile.encoding_of` accepts: its three curves are alike.

    Returns:
        Of a profile that `rgb_counterpart` made, its source, byte for byte; else a new one.
    """
    tags = tags_of(icc_rgb)
    source = tags.get(_GREY_SOURCE, b"")[12:]
    if profile_space(source) == "grey":
        return source
    name = f"{description(icc_rgb) or 'RGB'}, grey"
    # A profile without its curve is damaged, and its codes were taken for sRGB's.
    curve = tags.get(b"rTRC") or _curve_tag(SRGB.curve)
    version = 4 if icc_rgb[8] >= 4 or b"rTRC" not in tags else 2
    return _assembled("grey", version, name, {b"kTRC": curve})


def _rgb_tags(curve: bytes, space: Encoding) -> dict[bytes, bytes]:
    """Colorants of a space's primaries, and one curve for all three."""
    exact = bradford(WHITE, D50) @ space.to_xyz
    colorants = np.rint(exact * 65536) / 65536
    colorants[:, 1] = D50 - colorants[:, 0] - colorants[:, 2]  # else white is off by a rounding
    columns = {name: _xyz_tag(colorants[:, i]) for i, name in enumerate(COLORANTS)}
    return columns | dict.fromkeys(RGB_CURVES, curve)


def _curve_tag(curve: Curve) -> bytes:
    """A curve as ICC version 4 has it: by its parameters, or a table where it has none."""
    if not isinstance(curve, Power):
        table = np.rint(curve(np.linspace(0, 1, _TABLE)) * 65535).astype(">u2")
        return b"curv" + struct.pack(">II", 0, _TABLE) + table.tobytes()
    law = (curve.gamma, curve.a, curve.b, curve.c, curve.d, curve.e, curve.f)
    kind = 0 if curve == Power(curve.gamma) else 4
    return b"para" + struct.pack(">IHH", 0, kind, 0) + _fixed(law[: 7 if kind else 1])


def _xyz_tag(xyz: Doubles) -> bytes:
    return b"XYZ " + bytes(4) + _fixed(xyz)


def _fixed(values: Iterable[float]) -> bytes:
    return b"".join(struct.pack(">i", round(value * 65536)) for value in values)


def _text_tags(version: int, name: str) -> dict[bytes, bytes]:
    """Description and copyright; version 2 has a type for each, and ASCII alone."""
    if version == 2:
        ascii_name = name.encode("ascii", "replace") + b"\0"
        # No Unicode and no Macintosh name: counts of 0, and the room kept for the latter.
        named = b"desc" + struct.pack(">II", 0, len(ascii_name)) + ascii_name + bytes(78)
        return {b"desc": named, b"cprt": b"text" + bytes(4) + _COPYRIGHT.encode() + b"\0"}
    tags = {}
    for tag, text in ((b"desc", name), (b"cprt", _COPYRIGHT)):
        encoded = text.encode("utf-16-be", "replace")
        record = struct.pack(">III4sII", 0, 1, 12, b"enUS", len(encoded), 28)
        tags[tag] = b"mluc" + record + encoded
    return tags


def _assembled(space: Space, version: int, name: str, tags: Mapping[bytes, bytes]) -> bytes:
    """A display profile of these tags and the ones that every profile must have.

    There is no `chad`: how white looked where the picture was taken is not known, and a file keeps
    its own white.
    """
    tags = {**_text_tags(version, name), b"wtpt": _xyz_tag(D50), **tags}
    body, table, places = b"", b"", dict[bytes, int]()
    start = 132 + 12 * len(tags)
    for tag, data in tags.items():
        if data not in places:  # equal tags share their bytes
            places[data] = start + len(body)
            body += data + bytes(-len(data) % 4)
        table += struct.pack(">4sII", tag, places[data], len(data))
    signature = {kind: code for code, kind in _SIGNATURES.items()}[space]
    header = struct.pack(">I4x", start + len(body)) + _VERSIONS[version] + b"mntr" + signature
    header += b"XYZ " + _DATE + b"acsp" + bytes(28) + _fixed(D50)
    icc = header.ljust(128, b"\0") + struct.pack(">I", len(tags)) + table + body
    if version == 2:
        return icc
    # Flags, intent and ID, which the checksum leaves out (section 7.2.18), are 0 so far.
    return icc[:84] + hashlib.md5(icc, usedforsecurity=False).digest() + icc[100:]
