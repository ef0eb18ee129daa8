"""A trained network judged: results under the protocol, pictures to look at, styles."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from pydantic import BaseModel, ConfigDict

from .. import image
from ..color import ciede2000, srgb_to_lab
from ..errors import ProtocolError
from ..evaluation.contestants import Contestant, contestant
from ..evaluation.pictures import sighted
from ..evaluation.protocol import Protocol, evenly
from ..evaluation.result import Result, write_result
from ..evaluation.run import colored, evaluate
from ..inference import Settings
from ..whole import replacing
from .order import MODEL, NAMES, RESULTS, SHOWN, STYLE, Order

_SHOWN_SIZE = 128
"""Side of the pictures on the report page: chroma of the network's size, luminance of this one."""


class Style(BaseModel):
    """How much another picture's global features change the colors of a picture."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    protocol: Protocol
    """Locked to the pictures."""
    pictures: tuple[str, ...]
    """Names of those that were colored twice."""
    differences: tuple[float, ...]
    """Mean CIEDE2000 of each between its own style and another picture's."""


def judge(
    order: Order,
    folder: Path,
    cache: Path,
    progress: Callable[[int, int], None] = lambda done, all: None,
) -> None:
    """Measure the network in a cell's folder, and leave results and pictures there.

    Args:
        order: what the cell is.
        folder: of the cell.
        cache: folder where results that depend on no network are kept for all cells.
        progress: told how many pictures of how many are measured.

    Raises:
        DatasetError, ModelError: the pictures or the network cannot be used.
    """
    one, sources = contestant(str(folder / MODEL)), order.judged_sources
    found = evaluate([one], sources, order.protocol, cache=cache, progress=progress)
    results = folder / RESULTS
    results.mkdir(exist_ok=True)
    for result in found.results:
        write_result(result, results / f"{file_name(result)}.json")
    protocol = found.results[0].protocol
    _show(one, order, found.results, folder / SHOWN)
    engine = one.engine
    if engine and engine.card.style and order.styles:
        with replacing(folder / STYLE) as beside:
            beside.write_text(_styles(one, order, protocol).model_dump_json() + "\n")


def read_style(folder: Path) -> Style | None:
    """What `judge` found of a cell's styles; None where its network takes none."""
    path = folder / STYLE
    try:
        return Style.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise ProtocolError(f"{path}: damaged; delete the folder to do the cell anew") from error


def file_name(result: Result) -> str:
    """Of a result among those of its cell."""
    if result.way.kind != "model":
        return result.way.kind.replace(" ", "-")
    temperature = result.way.temperature
    return "model" if temperature is None else f"model-T{temperature:g}"


def _show(one: Contestant, order: Order, results: Sequence[Result], folder: Path) -> None:
    """The pictures of the report page, once for each way, as small JPEG files, and their names."""
    protocol = results[0].protocol
    assert protocol.pictures is not None  # locked
    larger = protocol.model_copy(update={"size": _SHOWN_SIZE})
    numbers = evenly(protocol.pictures.count, order.shown)
    pictures = colored([one], order.judged_sources, larger, numbers)
    titles = {result.way.title: file_name(result) for result in results}
    names = []
    for number, (name, frames) in sorted(pictures.items()):
        names.append(name)
        for title, frame in frames.items():
            path = folder / titles[title] / f"{number:06}.jpg"
            path.parent.mkdir(parents=True, exist_ok=True)
            image.write(frame, path, overwrite=True, quality=88)
    with replacing(folder / NAMES) as beside:
        beside.write_text(json.dumps(names) + "\n")


def _styles(one: Contestant, order: Order, protocol: Protocol) -> Style:
    """Color pictures in their own style, and in that of the picture half the list away.

    Sets are sorted by class, so half a list away is nearly always another class.
    """
    assert protocol.pictures is not None  # locked
    numbers = evenly(protocol.pictures.count, order.styles)
    pictures = list(sighted(order.judged_sources, protocol, numbers=numbers))
    differences = []
    for at, picture in enumerate(pictures):
        other = pictures[(at + len(pictures) // 2) % len(pictures)].crop
        own, styled = (
            one.colorizer.colorize(
                picture.crop, Settings(working_size=protocol.working_size, style=style)
            ).frame.to_8_bit()
            for style in (None, other)
        )
        first, second = (srgb_to_lab(frame.pixels / np.float64(255)) for frame in (own, styled))
        differences.append(float(np.mean(ciede2000(first, second))))
    return Style(
        protocol=protocol,
        pictures=tuple(picture.name for picture in pictures),
        differences=tuple(differences),
    )
