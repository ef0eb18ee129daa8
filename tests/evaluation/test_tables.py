"""Tables: figures hand-worked, letters exact."""

import csv as csv_module
from collections.abc import Callable
from io import StringIO
from typing import TypeAlias

import numpy as np
import pytest

from photochrom.evaluation.comparison import Comparison
from photochrom.evaluation.figures import Estimate
from photochrom.evaluation.protocol import ExtractorId, Protocol
from photochrom.evaluation.result import Result
from photochrom.evaluation.tables import (
    cell,
    csv,
    differences_markdown,
    markdown,
    per_picture_csv,
)

MakeResult: TypeAlias = Callable[..., Result]
M = "\N{MINUS SIGN}"


@pytest.mark.parametrize(
    ("estimate", "digits", "letters"),
    [
        (Estimate(89.518, 89.304, 89.701), 2, "89.52 (89.30–89.70)"),
        (Estimate(-0.123, -0.301, 0.049), 2, f"{M}0.12 ({M}0.30 to 0.05)"),
        (Estimate(0.5, 0.5, 0.5), 1, "0.5"),
        (Estimate(100.0, 100.0, 100.0), 2, "100.00"),
        (Estimate(-0.001, -0.004, 0.004), 2, "0.00"),
        (Estimate(np.inf, np.inf, np.inf), 2, "∞"),
        (Estimate(np.nan, np.nan, np.nan), 2, "–"),
    ],
)
def test_an_estimate_in_letters(estimate: Estimate, digits: int, letters: str) -> None:
    assert str(cell(estimate, digits)) == letters


@pytest.fixture
def compared(make_result: MakeResult) -> Comparison:
    """Grey, two networks and the originals, on two pictures; figures fit to be worked by hand."""
    protocol = Protocol(extractor=ExtractorId(name="eye", sha256="ab"))
    seen = {"real_colorfulness": (20.0, 40.0), "protocol": protocol}

    def made(title: str, kind: str, error: float, color: float, psnr: float, **whole: float):
        values = {
            "ciede2000": (error, error + 2),
            "colorfulness": (color, color),
            "real_colorfulness": seen["real_colorfulness"],
            "psnr": (psnr, psnr),
            "ssim": (0.5, 0.75),
        }
        return make_result(title, values, kind=kind, protocol=protocol, whole=whole)

    return Comparison.of(
        [
            made("original", "original", 0.0, 30.0, np.inf),
            made("a | b", "model", 8.0, 24.0, 22.0, frechet=3.5),
            made("c", "model", 8.5, 14.0, 22.0, frechet=4.25, ece=0.1),
            made("grey", "grey", 12.0, 0.0, 20.0),
        ]
    )


def test_markdown_by_hand(compared: Comparison) -> None:
    line, first, second, note = markdown(compared).strip().split("\n\n")
    identity = compared.protocol.identity
    assert line == (
        f"Protocol version 1, {identity}: 2 pictures, center square of 256 pixels, "
        "working size 256, extractor eye."
    )
    assert first.splitlines() == [
        "|  | AuC | rebalanced AuC | PSNR | ΔE2000 | colorfulness over real |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
        "| grey | 50.00 | 50.00 | 20.00 | 13.00 (12.00–14.00) | 0.00 |",
        "| a \\| b | 50.00 | 50.00 | 22.00 | 9.00 (8.00–10.00) | 0.80 (0.60–1.20) |",
        "| c | 50.00 | 50.00 | 22.00 | 9.50 (8.50–10.50) | 0.47 (0.35–0.70) |",
        "| original | 50.00 | 50.00 | ∞ | 1.00 (0.00–2.00) | 1.00 (0.75–1.50) |",
    ]
    head, _, *rows = second.splitlines()
    assert head == "|  | SSIM | ΔCF of means | mean ΔCF | Fréchet | ECE |"
    assert rows[1].startswith("| a \\| b | 0.6250 (0.5000–0.7500) | 6.00 (")
    assert rows[1].endswith("| 10.00 (4.00–16.00) | 3.50 | – |")
    assert note == "In brackets: 95 % intervals of 1,000 bootstrap resamples of pictures."


def test_differences_are_against_the_first_network(compared: Comparison) -> None:
    text = differences_markdown(compared)
    assert text.startswith("### c less a \\| b\n\n| figure | difference |  |\n")
    lines = text.splitlines()
    assert "| ΔE2000 | 0.50 | differs |" in lines
    assert "| PSNR | 0.00 | no difference shown |" in lines
    # (14 - 24) / 30, and / 40 and / 20 where one picture is drawn twice
    assert f"| colorfulness over real | {M}0.33 ({M}0.50 to {M}0.25) | differs |" in lines
    assert not any("Fréchet" in line for line in lines)


def test_one_network_differs_from_nothing(make_result: MakeResult) -> None:
    assert differences_markdown(Comparison.of([make_result(), make_result("g", kind="grey")])) == ""
    assert differences_markdown(Comparison.of([make_result("g", kind="grey")])) == ""


def read(text: str) -> list[dict[str, str]]:
    return list(csv_module.DictReader(StringIO(text)))


def test_csv_holds_every_digit(compared: Comparison) -> None:
    rows = {(row["way"], row["figure"]): row for row in read(csv(compared))}
    error = rows["a | b", "ciede2000"]
    assert [float(error[name]) for name in ("value", "low", "high")] == [9, 8, 10]
    assert float(rows["c", "colorfulness_ratio"]["low"]) == 0.35
    assert rows["original", "psnr"]["value"] == "inf"
    assert rows["c", "ece"] == {
        "way": "c", "figure": "ece", "value": "0.1", "low": "", "high": ""
    }  # fmt: skip
    assert ("grey", "ece") not in rows


def test_per_picture_csv_has_a_line_for_every_picture_of_every_way(
    make_result: MakeResult,
) -> None:
    net = make_result(
        "net, T = 1",
        {"psnr": (20.5, np.inf), "stability": (np.nan, 3.0)},
        cells=[(0, 4, 30, 15.0), (0, 5, 10, 5.5), (1, 4, 40, 40.0)],
        pictures=("cat/a.png", "b.png"),
    )
    other = make_result("other", {"psnr": (21.0, 22.0)}, pictures=("cat/a.png", "b.png"))
    rows = read(per_picture_csv(Comparison.of([net, other])))
    assert rows[0] == {
        "way": "net, T = 1",
        "picture": "cat/a.png",
        "auc": "51.25",
        "psnr": "20.5",
        "stability": "",
    }
    assert (rows[1]["auc"], rows[1]["psnr"], rows[1]["stability"]) == ("100.0", "inf", "3.0")
    assert [row["way"] for row in rows] == ["net, T = 1"] * 2 + ["other"] * 2
    assert rows[2]["stability"] == ""


def test_the_way_from_grey_to_real_is_told_of_each_network(
    make_result: Callable[..., Result],
) -> None:
    grey = make_result("grey", {"top1": (0, 0, 1, 0), "top5": (1, 0, 1, 0)}, kind="grey")
    ours = make_result("net", {"top1": (1, 0, 1, 1), "top5": (1, 0, 1, 1)})
    text = markdown(Comparison.of([grey, ours]))
    assert "Way from grey to real, percent: net top-1 67, top-5 50." in text
    assert "Way from grey" not in markdown(Comparison.of([make_result("net")]))
