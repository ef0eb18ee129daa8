"""Networks with a style, a score, a single size: what they are fed, and what comes back."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from photochrom import image
from photochrom.color import srgb_to_lab
from photochrom.errors import ModelError
from photochrom.inference import Card, Classifier, Engine, Settings
from photochrom.inference.card import attach
from photochrom.inference.openvino import OpenVinoSession
from photochrom.inference.session import Session
from photochrom.inference.view import inscribed_shape, padded, view_of

EXECUTORS = pytest.mark.parametrize("executor", [Session, OpenVinoSession])


def _flat(lightness: float, height: int = 40, width: int = 60) -> image.Frame:
    """A grey picture of one L*, by the inverse of CIE's formula for L* above 8."""
    light = ((lightness + 16) / 116) ** 3
    srgb = 1.055 * light ** (1 / 2.4) - 0.055
    return image.from_array(np.full((height, width), round(srgb * 65535), np.uint16))


def _ab(frame: image.Frame) -> np.ndarray:
    return srgb_to_lab(frame.pixels / 65535)[..., 1:].mean(axis=(0, 1))


# Style


@EXECUTORS
def test_the_style_reaches_the_network_and_is_the_picture_s_own_without(styled, executor):
    session = executor(styled, "styled")
    lightness = np.full((32, 64), 60, np.float32)
    own = session.predict(lightness, 1.0)
    other = session.predict(lightness, 1.0, np.full((17, 23), 75, np.float32))
    np.testing.assert_allclose(own.ab, np.broadcast_to([6, -4], (8, 16, 2)), atol=1e-4)  # 0.2 x
    np.testing.assert_allclose(other.ab, np.broadcast_to([15, -10], (8, 16, 2)), atol=1e-4)
    assert own.score == other.score == pytest.approx(0.8, abs=1e-5)


def test_an_engine_colors_in_the_style_of_another_picture(styled):
    engine = Engine(Session(styled, "styled"))
    picture = _flat(60)
    own = engine.colorize(picture)
    other = engine.colorize(picture, Settings(style=_flat(75, 33, 21)))
    np.testing.assert_allclose(_ab(own.frame), [6, -4], atol=0.1)
    np.testing.assert_allclose(_ab(other.frame), [15, -10], atol=0.1)
    assert other.frame.pixels.shape == (40, 60, 3)
    assert own.score == other.score == pytest.approx(0.8, abs=1e-3)


def test_a_network_without_style_says_what_to_do(mean_engine):
    with pytest.raises(ModelError, match=r"^mean: takes no style; .*`photochrom models NAME`"):
        mean_engine.colorize(_flat(60), Settings(style=_flat(75)))


# What graphs and cards must agree on


@EXECUTORS
@pytest.mark.parametrize("change", [{"score": True}, {"style": True}])
def test_a_card_that_promises_more_than_the_graph_has_is_refused(graph, card, change, executor):
    with pytest.raises(ModelError, match=r"some\.onnx: .* is not what its card says"):
        executor(attach(graph, card.model_copy(update=change)), "some.onnx")


@EXECUTORS
def test_a_classifier_colors_nothing(classifier, executor):
    with pytest.raises(ModelError, match="tells classes and colors nothing"):
        executor(classifier, "day.onnx")


def test_a_colorizer_tells_no_classes(graph, card):
    with pytest.raises(ModelError, match=r"mean\.onnx: colors pictures and tells no classes"):
        Classifier(attach(graph, card), "mean.onnx")


# Classes


def test_probabilities_of_a_picture_by_name(classifier):
    teller = Classifier(classifier, "day.onnx")
    lightness = np.full((32, 32), 80, np.float32)
    np.testing.assert_allclose(teller.probabilities(lightness), [0.8, 0.2, 0], atol=1e-6)
    told = teller.classify(_flat(30, 31, 77))
    assert told == pytest.approx({"day": 0.3, "night": 0.7, "neither": 0.0}, abs=1e-3)


# A single size


def _single(card: Card, side: int = 64) -> Card:
    return card.model_copy(update={"input_size": side, "size_multiple": side})


@given(st.integers(1, 5000), st.integers(1, 5000), st.sampled_from([32, 64]))
def test_the_longer_side_fits_and_the_aspect_ratio_stays(height, width, side):
    h, w = inscribed_shape(height, width, side)
    assert max(h, w) == side
    assert min(h, w) == max(1, round(side * min(height, width) / max(height, width)))


@pytest.mark.parametrize(("height", "width"), [(100, 40), (13, 200), (64, 63), (1, 500)])
def test_a_network_of_one_size_sees_the_whole_picture_and_never_another_size(
    graph, card, height, width
):
    pixels = np.random.default_rng(0).integers(0, 65536, (height, width), dtype=np.uint16)
    frame = image.from_array(pixels)
    view = view_of(frame, _single(card))
    assert view.padded.shape == (64, 64)
    assert (view.height, view.width) == inscribed_shape(height, width, 64)
    h, w = view.height, view.width
    wide = np.concatenate([view.lightness, view.lightness[::-1]])
    if h < 64:  # what is below the picture is the picture, mirrored
        np.testing.assert_array_equal(view.padded[h : 2 * h, :w], wide[h : 2 * h][: 64 - h])
    engine = Engine(Session(attach(graph, _single(card)), "single"))
    colored = engine.colorize(frame, Settings(working_size=500))
    assert colored.frame.pixels.shape == (height, width, 3)
    assert colored.entropy.shape == (h, w)


def test_a_least_size_is_met_in_multiples(card):
    asking = card.model_copy(update={"size_multiple": 8, "least_size": 20})
    assert asking.smallest == 24
    for extent, seen in ((3, 24), (24, 24), (25, 32), (64, 64)):
        assert padded(np.zeros((extent, 40), np.float32), asking).padded.shape == (seen, 40)


# Python


def test_the_python_call_takes_a_style_of_any_kind(styled, tmp_path: Path):
    import photochrom

    model = tmp_path / "styled.onnx"
    model.write_bytes(styled)
    picture, style = _flat(60).pixels, _flat(75).pixels
    file = tmp_path / "style.png"
    image.write(image.from_array(style), file)
    by_array = photochrom.colorize(picture, model=model, style=style)
    for kind in (file, str(file), file.read_bytes()):
        np.testing.assert_array_equal(
            photochrom.colorize(picture, model=model, style=kind), by_array
        )
    assert (photochrom.colorize(picture, model=model) != by_array).any()
    with pytest.raises(TypeError, match="int is no picture"):
        photochrom.colorize(picture, model=model, style=3)  # type: ignore[call-overload]
    with pytest.raises(ModelError, match="autochrome: takes no style"):
        photochrom.colorize(picture, style=style)
