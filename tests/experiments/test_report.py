"""The report's wall of pictures."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from photochrom.evaluation.result import Result
from photochrom.experiments.gathered import Gathered
from photochrom.experiments.order import NAMES, SHOWN
from photochrom.experiments.report import _names


def test_pictures_keep_their_names_where_others_are_damaged(
    gathered: Callable[..., Gathered], made: Callable[..., Result], tmp_path: Path
) -> None:
    # Numbers are of the list; results know the readable pictures alone, here two of five.
    (tmp_path / SHOWN / "grey").mkdir(parents=True)
    (tmp_path / SHOWN / "grey" / "000004.jpg").touch()
    (tmp_path / SHOWN / NAMES).write_text(json.dumps(["dusk/4.png"]))
    found = gathered({"beta": [made("beta", {"psnr": (1.0, 2.0)})]})
    cell = replace(found.cells["beta"], folder=tmp_path)
    assert _names(replace(found, cells={"beta": cell})) == ["dusk"]
