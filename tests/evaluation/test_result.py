"""Results: their rows, classes and file."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import numpy as np
import pytest

from photochrom.errors import ProtocolError
from photochrom.evaluation.result import Result, read_result, read_results, write_result

MakeResult: TypeAlias = Callable[..., Result]


def test_cells_are_spread_over_pictures(make_result: MakeResult) -> None:
    cells = [(0, 7, 3, 1.5), (0, 40, 1, 0.25), (2, 40, 5, 4.0)]
    rows = make_result(values={"psnr": (1.0, 2.0, 3.0)}, cells=cells).rows
    assert rows.counts.tolist() == [[3, 1], [0, 0], [0, 5]]
    assert rows.scores.tolist() == [[1.5, 0.25], [0, 0], [0, 4]]
    assert rows.values["psnr"].tolist() == [1, 2, 3]


def test_a_class_is_the_last_folder_of_a_name(make_result: MakeResult) -> None:
    names = ("val/dog/1.png", "val/cat/1.png", "dog/2.png", "stray.png")
    result = make_result(values={"psnr": (1.0, 2.0, 3.0, 4.0)}, pictures=names)
    assert result.classes == {"cat": [1], "dog": [0, 2]}
    assert list(result.classes) == ["cat", "dog"]


def test_a_result_survives_its_file_with_infinite_and_missing_values(
    make_result: MakeResult, tmp_path: Path
) -> None:
    values = {"psnr": (np.inf, 30.5), "stability": (np.nan, 2.0)}
    reliability = {"counts": (1, 0), "confidence": (0.2, np.nan), "accuracy": (1.0, np.nan)}
    result = make_result(values=values, whole={"ece": 0.25}, reliability=reliability)
    write_result(result, tmp_path / "r.json")
    again = read_result(tmp_path / "r.json")
    assert again.model_dump_json() == result.model_dump_json()
    assert again.values["psnr"] == (np.inf, 30.5)
    assert np.isnan(again.values["stability"][0])
    assert again.reliability is not None
    assert np.isnan(again.reliability.confidence[1])
    assert again.protocol.identity == result.protocol.identity
    # Strict readers of JSON know no NaN.
    json.loads((tmp_path / "r.json").read_text(), parse_constant=pytest.fail)


def test_results_of_other_versions_and_damaged_ones_are_refused(
    make_result: MakeResult, tmp_path: Path
) -> None:
    file = tmp_path / "r.json"
    write_result(make_result(), file)
    whole = json.loads(file.read_text())
    file.write_text(json.dumps({**whole, "protocol": {**whole["protocol"], "version": 2}}))
    with pytest.raises(ProtocolError, match=r"r.json: no result of protocol version 1 .*version"):
        read_result(file)
    file.write_text(json.dumps(whole)[:-30])
    with pytest.raises(ProtocolError, match=r"r.json"):
        read_result(file)
    with pytest.raises(ProtocolError, match=r"gone.json: cannot read"):
        read_result(tmp_path / "gone.json")


@pytest.mark.parametrize(
    "changed",
    [
        {"values": {"psnr": [30.5]}},
        {"pictures": []},
        {"curve": [1.0]},
        {"cells": {"pictures": [0, 1], "cells": [0, 0], "counts": [100], "scores": [1.0, 1.0]}},
        {"cells": {"pictures": [0, 2], "cells": [0, 0], "counts": [9, 9], "scores": [1.0, 1.0]}},
    ],
    ids=["values", "pictures", "curve", "cells", "no such picture"],
)
def test_a_result_whose_parts_do_not_fit_together_is_refused(
    changed: dict[str, object], make_result: MakeResult, tmp_path: Path
) -> None:
    file = tmp_path / "r.json"
    write_result(make_result(), file)
    file.write_text(json.dumps({**json.loads(file.read_text()), **changed}))
    with pytest.raises(ProtocolError, match=r"r.json: .*different lengths.*evaluate again"):
        read_result(file)


def test_the_folder_of_an_evaluation_stands_for_the_results_in_it(
    make_result: MakeResult, tmp_path: Path
) -> None:
    (tmp_path / "results").mkdir()
    (tmp_path / "protocol.json").write_text("{}")
    write_result(make_result("one"), tmp_path / "results" / "one.json")
    assert [one.way.title for one in read_results([tmp_path])] == ["one"]
    (tmp_path / "results" / "one.json").unlink()
    with pytest.raises(ProtocolError, match="holds no results"):
        read_results([tmp_path])
