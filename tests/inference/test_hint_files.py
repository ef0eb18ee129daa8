import json
import re
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import ImageColor

from photochrom.errors import HintError
from photochrom.inference.hint_files import MAX_BYTES, MAX_HINTS, read_hints
from photochrom.inference.hints import Hint


def _read(folder: Path, content: str | bytes) -> tuple[Hint, ...]:
    path = folder / "hints.txt"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_hints(path)


def _refusal(folder: Path, content: str | bytes) -> str:
    with pytest.raises(HintError) as caught:
        _read(folder, content)
    message = str(caught.value)
    assert message.startswith(str(folder / "hints.txt"))
    assert "\n" not in message
    return message


# What is read


def test_a_list_of_objects(tmp_path: Path) -> None:
    (hint,) = _read(tmp_path, '[{"x": 12, "y": 30.5, "color": "#ff8000"}]')
    assert (hint.x, hint.y, hint.color, hint.unit) == (12, 30.5, (255, 128, 0), "pixel")
    assert (hint.radius, hint.strength) == (None, 1)
    assert hint.place == f"{tmp_path / 'hints.txt'}: hint 1"


def test_an_object_with_a_unit_for_all_and_one_that_differs(tmp_path: Path) -> None:
    hints = _read(
        tmp_path,
        """{"unit": "relative", "hints": [
            {"x": 0.25, "y": 1, "color": "Teal", "radius": 0.1, "strength": 0.5},
            {"x": 7, "y": 9, "color": "#0f8", "unit": "pixel", "radius": null}]}""",
    )
    assert [hint.unit for hint in hints] == ["relative", "pixel"]
    assert (hints[0].x, hints[0].radius, hints[0].strength) == (0.25, 0.1, 0.5)
    assert [hint.color for hint in hints] == [(0, 128, 128), (0, 255, 136)]


def test_a_table_with_empty_cells_and_lines(tmp_path: Path) -> None:
    hints = _read(
        tmp_path, "x,y,color,radius,strength\r\n\r\n10,20,red,,\r\n30%, 5e1% ,#ABC,12%,80%\r\n"
    )
    assert hints[0] == Hint(10, 20, (255, 0, 0), place=f"{tmp_path / 'hints.txt'}: line 3")
    assert hints[1] == Hint(
        0.3, 0.5, (170, 187, 204), "relative", 0.12, 0.8, f"{tmp_path / 'hints.txt'}: line 4"
    )


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_tables_as_spreadsheets_save_them(tmp_path: Path, delimiter: str) -> None:
    lines = ["Color,Y,X,Unit", '"#102030",0.5,0.25,relative']
    content = "\ufeff" + "\n".join(lines).replace(",", delimiter)
    (hint,) = _read(tmp_path, content)
    assert (hint.x, hint.y, hint.color, hint.unit) == (0.25, 0.5, (16, 32, 48), "relative")


def test_every_name_of_css_is_the_color_that_pillow_knows(tmp_path: Path) -> None:
    names = [name for name, code in ImageColor.colormap.items()]
    assert len(names) == 148
    hints = _read(tmp_path, json.dumps([{"x": 0, "y": 0, "color": name} for name in names]))
    assert [hint.color for hint in hints] == [ImageColor.getrgb(name) for name in names]


@given(
    x=st.floats(0, 1e6),
    y=st.floats(0, 1e6),
    color=st.tuples(*[st.integers(0, 255)] * 3),
    strength=st.floats(0, 1),
    radius=st.none() | st.floats(1e-3, 1e6),
)
def test_json_and_table_say_the_same(
    tmp_path_factory: pytest.TempPathFactory,
    x: float,
    y: float,
    color: tuple[int, int, int],
    strength: float,
    radius: float | None,
) -> None:
    folder = tmp_path_factory.mktemp("hints")
    code = "#" + bytes(color).hex()
    entry = {"x": x, "y": y, "color": code, "strength": strength, "radius": radius}
    table = f"x,y,color,strength,radius\n{x!r},{y!r},{code},{strength!r},{radius or ''}\n"
    for content in (json.dumps([entry]), table):
        (hint,) = _read(folder, content)
        assert (hint.x, hint.y, hint.color) == (x, y, color)
        assert (hint.strength, hint.radius) == (strength, radius)


# What is refused


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "neither JSON nor the header|no hints"),
        ("[]", "no hints"),
        ("x,y,color\n", "no hints"),
        ("[1, 2]", "hint 1 is no object"),
        ("{}", "no list of hints"),
        ('{"hints": 3}', "no list of hints"),
        ('{"hint": []}', "'hint' is unknown"),
        ('[{"x": 1, "y": 2}]', "hint 1: no color"),
        ('[{"x": 1, "y": 2, "colour": "red"}]', "'colour' is unknown"),
        ('[{"x": 1, "y": 2, "color": "red"}, {"x": 1}]', "hint 2: no y"),
        ('[{"x": 1, "x": 2, "y": 2, "color": "red"}]', "'x' is given twice"),
        ('[{"x": NaN, "y": 2, "color": "red"}]', "NaN is no number"),
        ('[{"x": -Infinity, "y": 2, "color": "red"}]', "-Infinity is no number"),
        ('[{"x": 1e999, "y": 2, "color": "red"}]', "hint 1: x is inf"),
        (f'[{{"x": 1{"0" * 400}, "y": 2, "color": "red"}}]', "hint 1: x is 1000"),
        (f'[{{"x": 1{"0" * 9000}, "y": 2, "color": "red"}}]', "too many digits"),
        ('[{"x": true, "y": 2, "color": "red"}]', "x is True"),
        ('[{"x": [], "y": 2, "color": "red"}]', "x is list"),
        ('[{"x": -1, "y": 2, "color": "red"}]', "x is -1"),
        ('[{"x": 1, "y": 2, "color": "reddish"}]', "'reddish'.*#rrggbb"),
        ('[{"x": 1, "y": 2, "color": "#12345"}]', "'#12345'"),
        ('[{"x": 1, "y": 2, "color": 255}]', "color is 255"),
        ('[{"x": 1, "y": 2, "color": "red", "strength": 2}]', "strength is 2"),
        ('[{"x": 1, "y": 2, "color": "red", "radius": 0}]', "radius is 0"),
        ('[{"x": 1.5, "y": 0, "color": "red", "unit": "relative"}]', "x is 1.5.*0 to 1"),
        ('[{"x": 1, "y": 2, "color": "red", "unit": "inch"}]', "'inch'; use pixel or relative"),
        ('[{"x": 1, "y": 2, "color": "red", "unit": ["pixel"]}]', "unit is list"),
        ('[{"x": "10%", "y": 2, "color": "red"}]', "y is not in %"),
        ('[{"x": "9%", "y": "2%", "color": "red", "unit": "pixel"}]', "the unit is pixel"),
        ('[{"x": 1,\n "y": }]', "line 2, column 7: no JSON"),
        ("[" * 100_000, "too deeply nested"),
        ('{"hints":' * 100_000, "too deeply nested"),
        ("10,20,red\n", "line 1: .* begin with x,y,color"),
        ("x,y,color,x\n1,2,red,3\n", "line 1: a column is given twice"),
        ("x,y,color,size\n1,2,red,3\n", "line 1: 'size' is unknown"),
        ("x,y,color\n1,2,red\n1,2,red,4\n", "line 3: 4 values for 3 columns"),
        ("x,y,color\n1,2\n", "line 2: no color"),
        ("x,y,color\nleft,2,red\n", "line 2: x is 'left'"),
        ("x,y,color\nnan,2,red\n", "line 2: x is 'nan'"),
        ("x,y,color\n1_0,2,red\n", "line 2: x is '1_0'"),
        ("x,y,color\n120%,2%,red\n", "line 2: x is 1.2"),
        ("x,y,color\n5\x1d\u2003%,2\x1c,red\n", "line 2: y is not in %"),
        ('x,y,color\n1,2,"red\n', "line 2: no CSV"),
        ("x,y,color\n1,2," + "r" * 200_000, "line 2: no CSV"),
        (b"x,y,color\n1,2,\xff\xfe\n", "no text in UTF-8"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "no text in UTF-8"),
    ],
)
def test_every_fault_has_its_line(tmp_path: Path, content: str | bytes, said: str) -> None:
    message = _refusal(tmp_path, content)
    assert re.search(said, message)
    assert len(message) < len(str(tmp_path)) + 250


def test_a_missing_file_and_a_folder(tmp_path: Path) -> None:
    for path in (tmp_path / "none.json", tmp_path, Path("nul\0l")):
        with pytest.raises(HintError, match="cannot read the hints"):
            read_hints(path)


def test_as_many_hints_as_there_may_be_and_one_more(tmp_path: Path) -> None:
    lines = ["x,y,color"] + ["1,2,red"] * MAX_HINTS
    assert len(_read(tmp_path, "\n".join(lines))) == MAX_HINTS
    assert f"{MAX_HINTS:,}" in _refusal(tmp_path, "\n".join([*lines, "1,2,red"]))


@pytest.mark.parametrize(
    "content",
    [
        "x,y,color\n" + "1,2,red\n" * 1_000_000,
        json.dumps([{"x": 1, "y": 2, "color": "red"}] * 1_000_000),
        "[" + "[]," * (MAX_BYTES // 3 - 1) + "0]",
        "{" + ",".join(f'"{i}":0' for i in range(300_000)) + "}",
        '[{"x": "' + "1" * (MAX_BYTES - 100) + 'x", "y": 2, "color": "red"}]',
        '[{"x": 1, "y": 2, "color": "#' + "1" * (MAX_BYTES - 100) + '"}]',
        "x,y,color" + "," * (MAX_BYTES - 100),
        "\n" * MAX_BYTES,
        " " * MAX_BYTES,
    ],
    ids=["million lines", "million objects", "lists", "names", "digits", "hex", "commas", "n", " "],
)
def test_large_files_are_refused_soon(tmp_path: Path, content: str) -> None:
    begin = time.process_time()
    _refusal(tmp_path, content)
    assert time.process_time() - begin < 5


@given(st.binary(max_size=200))
def test_bytes_are_hints_or_refused(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    folder = tmp_path_factory.mktemp("hints")
    for prefix in (b"", b"x,y,color\n", b'[{"x": '):
        try:
            _read(folder, prefix + content)
        except HintError:
            continue


_WORDS = st.sampled_from(
    ["x", "y", "color", "unit", "hints", "radius", "strength", "red", "#123", "50%", "relative"]
)
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | _WORDS,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(_WORDS | st.text(), inner, max_size=6)
    ),
)


@given(_JSON)
def test_documents_are_hints_or_refused(
    tmp_path_factory: pytest.TempPathFactory, document: object
) -> None:
    folder = tmp_path_factory.mktemp("hints")
    try:
        for hint in _read(folder, json.dumps(document)):
            assert hint.x >= 0
    except HintError:
        pass
