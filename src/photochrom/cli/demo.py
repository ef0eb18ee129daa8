"""`photochrom demo`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .extras import require

if TYPE_CHECKING:
    from ..image import Frame
    from ..image.sheet import Picture
    from ..inference import Engine

BLACK_AND_WHITE = ("camera.png", "moon.png")
COLOR = ("astronaut.png", "coffee.png", "chelsea.png", "rocket.jpg", "motorcycle_left.png")
"""Photographs, free to use, that scikit-image carries in its wheel."""

_MARK = ("Software", "photochrom demo")
"""The text by which a contact sheet of ours is known."""


def demo(
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FILE", help="The contact sheet.")
    ] = Path("photochrom-demo.png"),
    model: Annotated[
        str, typer.Option(metavar="NAME|FILE", help="Network: a name or an ONNX file.")
    ] = "autochrome",
    force: Annotated[
        bool, typer.Option("--force", help="Replace a file that no demo has drawn, too.")
    ] = False,
) -> None:
    """Color seven photographs onto a contact sheet.

    It shows them before and after, and beside them the originals of those that were in color. The
    photographs come with scikit-image (pip install 'photochrom[demo]'); nothing is downloaded. A
    PNG of an earlier demo is replaced. The sheet's path is the last line printed.

    Examples:

      photochrom demo

      photochrom demo -o sheet.png
    """
    require("skimage", extra="demo", purpose="the demo")
    from .. import image
    from ..inference import load_engine

    overwrite = force or _is_ours(output)
    _refuse_unwritable(output, overwrite)
    engine = load_engine(model)
    rows, facts = [], []
    for file in BLACK_AND_WHITE + COLOR:
        frame = image.read(_folder() / file)
        row, seconds = _color(engine, frame)
        rows.append(row)
        kind = "black and white" if frame.is_grey else "color removed"
        facts.append((Path(file).stem, f"{frame.width} x {frame.height}", kind, seconds))
    sheet = image.contact_sheet(
        rows,
        column_titles=("before", "after", "original"),
        row_titles=[f"{name}, {kind}" for name, _, kind, _ in facts],
    )
    drawn = image.from_array(sheet, name=str(output))
    image.write(_marked(drawn), output, overwrite=overwrite)
    _print_table(facts)
    typer.echo(output)


def _folder() -> Path:
    """The data folder of scikit-image, found without importing it: it might try to download."""
    from importlib.util import find_spec

    spec = find_spec("skimage")
    places = spec.submodule_search_locations if spec else None
    return Path(next(iter(places or ["."]))) / "data"


def _color(engine: "Engine", frame: "Frame") -> "tuple[tuple[Picture | None, ...], float]":
    """Before, after and original, and the seconds it took; no original of a grey picture."""
    import time

    from ..inference import uncolored

    before = uncolored(frame)
    begin = time.monotonic()
    after = engine.colorize(before).frame
    seconds = time.monotonic() - begin
    original = None if frame.is_grey else frame.pixels
    return (before.pixels, after.pixels, original), seconds


def _marked(sheet: "Frame") -> "Frame":
    """The sheet with the text that tells the next demo whose it is."""
    from dataclasses import replace

    return replace(sheet, metadata=replace(sheet.metadata, texts=(_MARK,)))


def _is_ours(path: Path) -> bool:
    """Whether a file is the contact sheet of an earlier demo."""
    from .. import image
    from ..errors import ImageError

    try:
        return path.is_file() and _MARK in image.read(path).metadata.texts
    except ImageError:
        return False


def _refuse_unwritable(output: Path, overwrite: bool) -> None:
    """Told before the work is done."""
    from ..errors import ImageError, OutputExistsError
    from ..image import SUFFIXES

    if output.suffix.lower() not in SUFFIXES or not output.parent.is_dir():
        raise ImageError(f"{output}: give a file in a folder that exists, its name ending in .png")
    if output.exists() and not overwrite:
        raise OutputExistsError(
            f"{output}: exists and was drawn by no demo; --force replaces it, -o names another"
        )


def _print_table(facts: list[tuple[str, str, str, float]]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("photograph", "pixels", "before", "seconds"):
        table.add_column(heading, justify="right" if heading == "seconds" else "left")
    for name, size, kind, seconds in facts:
        table.add_row(name, size, kind, f"{seconds:.2f}")
    Console(highlight=False).print(table)
