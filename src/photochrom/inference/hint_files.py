"""Hints in files: JSON, or CSV with a header.

JSON is a list of objects, or an object with the list under `hints` and, for all of them, `unit`:

    {"unit": "relative", "hints": [{"x": 0.3, "y": 0.6, "color": "#8a2be2"}]}

CSV has a line for each hint, under the names of its columns:

    x,y,color,radius,strength
    30%,60%,blueviolet,,
    40%,10%,#9bd,5%,0.8

Both have x, y, color and, at will, radius, strength and unit (see `Hint`). A plain number is in the
unit, pixels if there is none; one with % is relative. Colors are #rgb, #rrggbb, or names of CSS.
What is at fault is named by file and line or hint; nothing is guessed.
"""

import csv
import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from io import StringIO
from pathlib import Path
from typing import Any, NoReturn

from ..errors import HintError
from .hints import UNITS, Hint

MAX_BYTES = 2 << 20  # of a file; reading takes some thirty times as much memory
MAX_HINTS = 10_000  # of a file: at the working size one for every six pixels

_NEEDED = ("x", "y", "color")
_KNOWN = (*_NEEDED, "radius", "strength", "unit")
_HEX = re.compile(r"#(?:[0-9a-f]{3}|[0-9a-f]{6})", re.ASCII)
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?", re.ASCII | re.IGNORECASE)
_SHOWN = 40  # characters of a wrong value that a message repeats


def read_hints(path: Path) -> tuple[Hint, ...]:
    """Read a file of hints, at most `MAX_BYTES` long with at most `MAX_HINTS`.

    Raises:
        HintError: the file is missing, too long, neither JSON nor CSV, or a hint in it is wrong.
    """
    text = _text(path)
    entries = _of_json(text, path) if text.lstrip()[:1] in ("{", "[") else _of_csv(text, path)
    hints: list[Hint] = []
    for place, entry in entries:
        if len(hints) == MAX_HINTS:
            raise HintError(f"{path}: more than {MAX_HINTS:,} hints; give fewer")
        hints.append(_hint(entry, place))
    if not hints:
        raise HintError(f"{path}: no hints in it; give at least one with {', '.join(_NEEDED)}")
    return tuple(hints)


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise HintError(f"{path}: cannot read the hints ({error.strerror})") from error
    except ValueError as error:  # no path can hold a null character
        raise HintError(f"{path}: cannot read the hints ({error})") from error
    if len(content) > MAX_BYTES:
        raise HintError(f"{path}: longer than {MAX_BYTES:,} bytes; give fewer hints")
    try:
        return content.decode("utf-8-sig")  # spreadsheets begin with a byte order mark
    except UnicodeDecodeError as error:
        raise HintError(
            f"{path}: no text in UTF-8; save the hints as JSON or CSV in that encoding"
        ) from error


# JSON


def _of_json(text: str, path: Path) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Each hint's place and what stands there."""
    document = _parsed(text, path)
    unit = None
    if isinstance(document, dict):
        _check_names(document, ("hints", "unit"), str(path))
        unit, document = document.get("unit"), document.get("hints")
    if not isinstance(document, list):
        raise HintError(f"{path}: no list of hints; give a list, or an object with `hints`")
    for number, entry in enumerate(document, 1):
        place = f"{path}: hint {number}"
        if not isinstance(entry, dict):
            raise HintError(f"{place} is no object; give {{{', '.join(_NEEDED)}}}")
        yield place, entry if unit is None else {"unit": unit} | entry


def _parsed(text: str, path: Path) -> Any:
    def refuse(constant: str) -> NoReturn:
        raise HintError(f"{path}: {constant} is no number in JSON; give a finite one")

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for name, value in pairs:
            if name in found:
                raise HintError(f"{path}: {_cut(name)} is given twice in one object; give it once")
            found[name] = value
        return found

    try:
        return json.loads(text, parse_constant=refuse, object_pairs_hook=once)
    except json.JSONDecodeError as error:
        raise HintError(
            f"{path}: line {error.lineno}, column {error.colno}: no JSON ({error.msg}); correct it"
        ) from error
    except RecursionError as error:
        raise HintError(f"{path}: too deeply nested; give a list of hints") from error
    except ValueError as error:  # an integer of more digits than Python reads
        raise HintError(f"{path}: a number has too many digits; give a shorter one") from error


# CSV


def _of_csv(text: str, path: Path) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Each hint's place and what stands there."""
    head = text.lstrip().partition("\n")[0]
    delimiter = max(",;\t", key=head.count)  # spreadsheets write what their country does
    lines = csv.reader(StringIO(text, newline=""), delimiter=delimiter, strict=True)
    names: list[str] | None = None
    try:
        for cells in lines:
            cells = [cell.strip() for cell in cells]
            place = f"{path}: line {lines.line_num}"
            if not any(cells):
                continue
            if names is None:
                names = _header([cell.lower() for cell in cells], place)
            elif len(cells) > len(names):
                raise HintError(f"{place}: {len(cells)} values for {len(names)} columns")
            else:
                yield place, {name: cell for name, cell in zip(names, cells, strict=False) if cell}
    except csv.Error as error:
        raise HintError(f"{path}: line {lines.line_num}: no CSV ({error}); correct it") from error


def _header(names: list[str], place: str) -> list[str]:
    if not set(_NEEDED) <= set(names):
        raise HintError(
            f"{place}: neither JSON nor the header of a CSV file; begin with {','.join(_NEEDED)}"
        )
    _check_names(dict.fromkeys(names), _KNOWN, place)
    if len(set(names)) < len(names):
        raise HintError(f"{place}: a column is given twice; give it once")
    return names


# One hint


def _hint(entry: Mapping[str, Any], place: str) -> Hint:
    _check_names(entry, _KNOWN, place)
    for name in _NEEDED:
        if entry.get(name) is None:
            raise HintError(f"{place}: no {name}; give {', '.join(_NEEDED)}")
    unit = entry.get("unit")
    if unit is not None and unit not in UNITS:
        raise HintError(f"{place}: unit is {_cut(unit)}; use {' or '.join(UNITS)}")
    lengths = {name: entry[name] for name in ("x", "y", "radius") if entry.get(name) is not None}
    in_percent = {name for name, value in lengths.items() if _is_percent(value)}
    if in_percent and len(in_percent) < len(lengths) and unit != "relative":
        plain = next(name for name in lengths if name not in in_percent)
        raise HintError(f"{place}: {plain} is not in %, but others are; give all of them in %")
    if in_percent and unit == "pixel":
        raise HintError(f"{place}: in %, but the unit is pixel; leave one of them out")
    numbers = {name: _length(value, name, place) for name, value in lengths.items()}
    return Hint(
        x=numbers["x"],
        y=numbers["y"],
        color=_color(entry["color"], place),
        unit="relative" if in_percent or unit == "relative" else "pixel",
        radius=numbers.get("radius"),
        strength=_strength(entry.get("strength"), place),
        place=place,
    )


def _is_percent(value: object) -> bool:
    return isinstance(value, str) and value.rstrip().endswith("%")


def _length(value: object, name: str, place: str) -> float:
    if isinstance(value, str) and _is_percent(value):
        return _number(value.rstrip()[:-1], name, place) / 100
    return _number(value, name, place)


def _strength(value: object, place: str) -> float:
    if value is None:
        return 1.0
    return _length(value, "strength", place)


def _number(value: object, name: str, place: str) -> float:
    if isinstance(value, str):
        value = value.strip()  # `float` knows fewer kinds of blanks
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if is_number or (isinstance(value, str) and _NUMBER.fullmatch(value)):
        try:
            return float(value)  # type: ignore[arg-type]
        except OverflowError:  # a whole number, which Python has of any length
            pass
    raise HintError(f"{place}: {name} is {_cut(value)}; give a number")


def _color(value: object, place: str) -> tuple[int, int, int]:
    named = value.strip().lower() if isinstance(value, str) else ""
    code = named if _HEX.fullmatch(named) else _css_colors().get(named)
    if code is None:
        raise HintError(
            f"{place}: color is {_cut(value)}; give #rgb, #rrggbb or a color name of CSS"
        )
    digits = code[1:] if len(code) == 7 else "".join(digit * 2 for digit in code[1:])
    red, green, blue = bytes.fromhex(digits)
    return red, green, blue


@cache
def _css_colors() -> dict[str, str]:
    """The named colors of CSS (CSS Color Module Level 4, section 6.1), by name."""
    table = files(__package__).joinpath("css_colors.json").read_text(encoding="utf-8")
    colors: dict[str, str] = json.loads(table)
    return colors


def _check_names(names: Mapping[str, Any], known: tuple[str, ...], place: str) -> None:
    for name in names:
        if name not in known:
            raise HintError(f"{place}: {_cut(name)} is unknown; there are {', '.join(known)}")


def _cut(value: object) -> str:
    """A value as messages show it, in one line and not long."""
    shown = repr(value) if isinstance(value, str | int | float | None) else type(value).__name__
    return shown if len(shown) <= _SHOWN else f"{shown[:_SHOWN]}…"
