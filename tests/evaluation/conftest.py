"""Results written by hand."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest

from photochrom.evaluation.protocol import PictureList, Protocol
from photochrom.evaluation.result import Cells, Result, Way


def _made(
    title: str = "net",
    values: Mapping[str, Sequence[float]] | None = None,
    cells: Sequence[tuple[int, int, int, float]] = (),
    *,
    kind: Any = "model",
    sha256: str = "0" * 64,
    protocol: Protocol | None = None,
    pictures: Sequence[str] = (),
    **further: Any,
) -> Result:
    values = values or {"ciede2000": (8.0, 10.0)}
    count = len(next(iter(values.values())))
    names = tuple(pictures) or tuple(f"{at:03}.png" for at in range(count))
    entries = cells or [(at, 0, 100, 50.0) for at in range(count)]
    protocol = protocol or Protocol()
    listed = PictureList.of((name, name.encode()) for name in names)
    return Result(
        photochrom="1.0",
        protocol=protocol.locked(listed, protocol.extractor),
        way=Way(title=title, kind=kind, sha256=sha256 if kind == "model" else None),
        pictures=names,
        values={name: tuple(column) for name, column in values.items()},
        cells=Cells(
            pictures=tuple(entry[0] for entry in entries),
            cells=tuple(entry[1] for entry in entries),
            counts=tuple(entry[2] for entry in entries),
            scores=tuple(entry[3] for entry in entries),
        ),
        **{
            "whole": {},
            "curve": (0.5,) * 50 + (1.0,) * 101,
            "rebalanced_curve": (0.25,) * 50 + (1.0,) * 101,
            **further,
        },
    )


@pytest.fixture
def make_result() -> Callable[..., Result]:
    """Builds a result: title, values by figure, cells as (picture, cell, pixels, score).

    By default each picture has 100 pixels of one cell, which reach half of the thresholds.
    """
    return _made
