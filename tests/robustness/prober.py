"""Hands damaged files to whatever reads them, in a process that may die of it: see `fuzz`.

A line of stdin is a file's path; a line of stdout says what came of it. What a file is used for
follows from the folder that it lies in, and how from its bytes, so that a finding can be repeated.
"""

import hashlib
import json
import os
import random
import resource
import sys
import traceback
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from PIL import Image

MEMORY = 2 << 30  # bytes of address space, of which 0.8 GB are libraries and the network
_PIXELS = 50_000_000  # that are read whole, at most
_NETWORK = "autochrome-int8"
_PROFILES = ("keep", "keep", "srgb", "adobe-rgb", "prophoto")


class UnfitError(Exception):
    """Something that must not be, and yet raised nothing."""


def main() -> None:
    """Answer until stdin ends."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.environ["VIPS_CONCURRENCY"] = "1"
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)

    from photochrom.archive import Order
    from photochrom.errors import PhotochromError

    colorizer = Order(model=_NETWORK).colorizer(1)
    for line in sys.stdin:
        path = Path(json.loads(line))
        try:
            with TemporaryDirectory() as folder:
                _PROBES[path.parent.name](path, Path(folder), colorizer)
            said = "sound"
        except PhotochromError as error:
            said = _judged(error)
        except BaseException:
            said = traceback.format_exc()
        answers.write(json.dumps(said) + "\n")
        answers.flush()


def _judged(error: Exception) -> str:
    """`refused`, unless what the user reads is unfit."""
    message = str(error)
    if not message or "\n" in message or len(message) > 1500:
        return f"message: {message!r}"
    unforeseen = error.__cause__ or error.__context__
    if isinstance(unforeseen, MemoryError):
        return f"memory: {message!r}"
    return "refused"


def _picture(path: Path, folder: Path, colorizer: object) -> None:
    """Everything that is done to pictures."""
    from photochrom.archive import Order, color_file
    from photochrom.archive.inspection import inspect_file
    from photochrom.archive.proof import prove
    from photochrom.archive.uncoloring import uncolor_file
    from photochrom.image import SUFFIXES, read

    rng = _choices(path)
    grey = folder / "grey.tif"
    readers: tuple[Callable[[], object], ...] = (
        lambda: _pages(path),
        lambda: read(path, max_pixels=_PIXELS),
        lambda: inspect_file(path),
    )
    refusals = [error for reader in readers if (error := _refused(reader))]
    _refused(lambda: uncolor_file(path, grey))  # refuses sound pictures that are grey, too
    grey.unlink(missing_ok=True)
    endings = [*SUFFIXES, ".tif", ".png", ".png"]
    target = folder / f"result{rng.choice(endings)}"
    many = rng.random() < 0.1
    exact = not many and rng.random() < (0.3 if path.suffix == ".jpg" else 0.05)
    order = Order(
        model=_NETWORK,
        candidates=2 if many else 1,
        confidence=rng.random() < 0.1,
        keep_tint=rng.choice((0.0, 0.5)),
        profile="keep" if exact else rng.choice(_PROFILES),
        exact_jpeg=exact,
        sidecar=rng.random() < 0.1,
        preserve_times=rng.random() < 0.1,
    )
    try:
        color_file(path, target, colorizer, order, threads=rng.choice((1, 2)))
    except BaseException:
        if left := os.listdir(folder):
            raise UnfitError(f"left behind: {left}") from None
        raise
    _pages(target)
    inspect_file(target)
    prove(path, target)
    uncolor_file(target, grey)
    if refusals:
        raise refusals[0]


def _refused(read: Callable[[], object]) -> Exception | None:
    """What a reader refuses a file with; the others are asked, too."""
    from photochrom.errors import PhotochromError

    try:
        read()
    except PhotochromError as error:
        return error
    return None


def _pages(path: Path) -> None:
    from photochrom.image import Original

    with Original(path) as first:
        for number in range(min(first.header.pages, 4)):
            with Original(path, page=number) as page:
                page.thumbnail(64 * 64)
                rows = sum(len(strip) for strip in page.strips(37))
                if rows != page.header.height:
                    raise UnfitError(f"{rows} rows of {page.header.height}")


def _hints(path: Path, folder: Path, colorizer: object) -> None:
    from photochrom.inference.hint_files import read_hints
    from photochrom.inference.hints import hinted

    sketch = hinted(read_hints(path), 300, 400)(_sketch(colorizer))
    if not np.isfinite(sketch.ab).all():
        raise UnfitError("no finite colors")


def _sketch(colorizer: object) -> object:
    from photochrom.image import from_array

    grey = np.add.outer(np.arange(30), 4 * np.arange(40)).astype(np.uint8)
    return colorizer.sketch(from_array(grey))


def _sidecar(path: Path, folder: Path, colorizer: object) -> None:
    from photochrom.archive import sidecar

    picture = folder / "photo.jpg"
    sidecar.path_of(picture).write_bytes(path.read_bytes())
    sidecar.read(picture)


def _order(path: Path, folder: Path, colorizer: object) -> None:
    """Any values: ValueError where they are no order, and else a picture colored by it."""
    from photochrom.archive import Order, color_file

    try:
        given = json.loads(path.read_bytes())
    except (ValueError, RecursionError):
        return
    kinds = {field.name: field.type for field in fields(Order)}
    if not isinstance(given, dict):
        return
    values = {k: v for k, v in given.items() if k in kinds and _is_of(v, str(kinds[k]))}
    try:
        order = Order(**{**values, "model": _NETWORK, "executor": "onnxruntime"})
    except ValueError:
        return
    if order.candidates > 20:  # as many as are asked for
        return
    source = folder / "source.png"
    Image.fromarray(np.tile(np.arange(60, dtype=np.uint8), (50, 1))).save(source)
    order.identity()
    color_file(source, folder / "result.png", colorizer, order, threads=1)


def _is_of(value: object, kind: str) -> bool:
    """Whether Python's types, which the command line sees to, are right."""
    if value is None:
        return "None" in kind
    if isinstance(value, bool):
        return kind == "bool"
    wanted = {"str": "str", "int": "int", "float": "float"}.get(type(value).__name__, "?")
    return wanted in kind or (wanted == "int" and "float" in kind)


def _ledger(path: Path, folder: Path, colorizer: object) -> None:
    from photochrom.batch.opening import NAME, open_ledger, read_ledger

    (folder / NAME).write_bytes(path.read_bytes())
    for open_it in (read_ledger, open_ledger):
        with open_it(folder) as ledger:
            ledger.entry(folder / "a.color.png")
            ledger.entry(folder / "b.color.png")


def _choices(path: Path) -> random.Random:
    return random.Random(hashlib.sha256(path.read_bytes()).digest())


_PROBES: dict[str, Callable[[Path, Path, object], None]] = {
    "picture": _picture,
    "hints": _hints,
    "sidecar": _sidecar,
    "order": _order,
    "ledger": _ledger,
}


if __name__ == "__main__":
    main()
