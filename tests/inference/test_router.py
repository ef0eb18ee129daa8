"""Which specialist colors a picture, and why."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from photochrom import image
from photochrom.color import srgb_to_lab
from photochrom.errors import ModelError
from photochrom.inference import Router, load_card, load_colorizer, load_engine

FILE = """
classifier = "classes.onnx"
sure = 0.7
[[specialist]]
model = "nets/day.onnx"
classes = ["day"]
[[specialist]]
model = "nets/night.onnx"
classes = ["night"]
"""

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path, classifier: bytes, specialist: Callable[..., bytes]) -> Write:
    """`write(FILE)`: a router's file with its networks beside it.

    Day paints red and night blue; night's discriminator is the milder by one.
    """

    def make(text: str, scores: tuple[float | None, float | None] = (1.0, 2.0)) -> Path:
        (tmp_path / "nets").mkdir()
        (tmp_path / "classes.onnx").write_bytes(classifier)
        for name, ab, score in (("day", (30, 0), scores[0]), ("night", (0, -30), scores[1])):
            (tmp_path / "nets" / f"{name}.onnx").write_bytes(specialist(name, ab, score))
        (tmp_path / "general.onnx").write_bytes(specialist("general", (0, 30), None))
        path = tmp_path / "router.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return make


def _flat(lightness: float) -> image.Frame:
    """A grey picture of one L*, by the inverse of CIE's formula for L* above 8."""
    light = ((lightness + 16) / 116) ** 3
    srgb = 1.055 * light ** (1 / 2.4) - 0.055
    return image.from_array(np.full((40, 56), round(srgb * 255), np.uint8))


def _hue(frame: image.Frame) -> str:
    """The color that a specialist painted with."""
    a, b = srgb_to_lab(frame.pixels / 255)[..., 1:].mean(axis=(0, 1))
    return {(True, True): "red", (True, False): "blue"}.get((abs(b) < abs(a), b > -5)) or (
        "blue" if b < 0 else "yellow"
    )


# The decision


@pytest.mark.parametrize(("lightness", "name", "hue"), [(75, "day", "red"), (25, "night", "blue")])
def test_a_sure_classifier_decides_whatever_the_scores(write, lightness, name, hue):
    router = load_colorizer(str(write(FILE)))
    colored = router.colorize(_flat(lightness))
    assert (colored.choice.specialist, colored.choice.reason) == (name, "class")
    assert colored.choice.probabilities["day"] == pytest.approx(lightness / 100, abs=0.01)
    assert colored.choice.scores == {}
    assert _hue(colored.frame) == hue


@pytest.mark.parametrize(
    ("scores", "name"), [((1.0, 2.0), "night"), ((2.0, 1.0), "day"), ((-5.0, None), "day")]
)
def test_an_unsure_one_leaves_it_to_the_discriminators(write, scores, name):
    colored = load_colorizer(str(write(FILE, scores))).colorize(_flat(55))
    assert (colored.choice.specialist, colored.choice.reason) == (name, "score")
    known = [s for s in scores if s is not None]
    assert sorted(colored.choice.scores.values()) == pytest.approx(
        sorted(score + 0.1 for score in known), abs=0.01
    )  # each adds (55 - 50) / 50
    assert colored.score == pytest.approx(max(known) + 0.1, abs=0.01)
    assert _hue(colored.frame) == {"day": "red", "night": "blue"}[name]


def test_the_shares_of_a_domain_s_classes_are_added(write):
    text = FILE.replace('["day"]', '["day", "night"]').replace('["night"]', '["neither"]')
    choice = load_colorizer(str(write(text))).colorize(_flat(55)).choice
    assert (choice.specialist, choice.reason) == ("day", "class")


def test_the_threshold_itself_is_sure(write):
    text = FILE.replace("0.7", "1e-3").replace('["day"]', '["night"]', 1)
    text = text[: text.rindex("[[specialist]]")]
    choice = load_colorizer(str(write(text, (1.0, None)))).colorize(_flat(90)).choice
    assert choice.reason == "class"


def test_the_general_network_has_the_classes_of_nobody_and_the_last_word(write):
    alone = FILE[: FILE.rindex("[[specialist]]")]
    path = write('general = "general.onnx"\n' + alone, (None, None))
    router = load_colorizer(str(path))
    chosen = [router.colorize(_flat(lightness)).choice for lightness in (75, 55, 25)]
    assert [(choice.specialist, choice.reason) for choice in chosen] == [
        ("day", "class"),
        ("general", "last resort"),
        ("general", "class"),
    ]


def test_one_engine_leaves_no_choice(engine):
    assert engine.colorize(_flat(55)).choice is None


# The file


def test_a_router_is_loaded_once_and_the_package_s_networks_go_by_name(write):
    path = write('general = "autochrome"\n' + FILE)
    router = load_colorizer(str(path))
    assert isinstance(router, Router)
    assert load_colorizer(model=str(path), threads=0) is router
    assert router.general is load_engine("autochrome")


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("sure = 0.7", "sure = 1.7", "sure"),
        ("sure = 0.7", "certain = 0.7", "certain"),
        ("[[specialist]]", "[[specialists]]", "specialist"),
        ("sure = 0.7", "sure =", "not a TOML file"),
        (
            '["day"]',
            '["dawn"]',
            "dawn: no class of the classifier, which tells day, night, neither",
        ),
        ('["day"]', '["night"]', "night: belongs to two specialists"),
        ("nets/night.onnx", "nets/day.onnx", "day: belongs to two specialists"),
    ],
)
def test_what_does_not_fit_is_refused_in_one_line(write, old, new, told):
    path = write(FILE.replace(old, new))
    with pytest.raises(ModelError) as caught:
        load_colorizer(str(path))
    message = str(caught.value)
    assert message.startswith(f"{path}: ")
    assert told in message
    assert "\n" not in message


def test_parts_that_are_missing_or_of_another_kind_are_named(write, tmp_path):
    path = write(FILE)
    (tmp_path / "classes.onnx").write_bytes((tmp_path / "nets" / "day.onnx").read_bytes())
    with pytest.raises(ModelError, match=r"classes\.onnx: colors pictures"):
        load_colorizer(str(path))
    (tmp_path / "classes.onnx").unlink()
    with pytest.raises(ModelError, match=r"classes\.onnx: no such network or file"):
        load_colorizer(str(path))


def test_without_any_score_a_general_network_is_needed(write):
    with pytest.raises(ModelError, match="give `general`"):
        load_colorizer(str(write(FILE, (None, None))))


def test_a_router_is_no_single_network(write):
    path = str(write(FILE))
    for load in (load_engine, load_card):
        with pytest.raises(ModelError, match=r"router\.toml: a router is no single network"):
            load(path)


def test_a_missing_file_is_named(tmp_path):
    path = tmp_path / "none.toml"
    with pytest.raises(ModelError, match=r"none\.toml: cannot read the router's file"):
        load_colorizer(str(path))
