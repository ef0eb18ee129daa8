"""Networks to test with: the one that users get, and one whose answers are known."""

from collections.abc import Callable

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from photochrom.inference import Card, Engine, load_engine
from photochrom.inference.card import Training, attach
from photochrom.inference.session import Session

CELL = 4
CARD = Card(
    name="mean",
    summary="ab is the lightness of a cell",
    licence="CC0-1.0",
    output="ab",
    size_multiple=32,
    working_size=64,
    temperature=0.5,
    training=Training(
        pictures=(), initialization="none", recipe={}, steps=0, commit="none", hardware="none"
    ),
)


def _mean_graph() -> bytes:
    """ab = (30 x, -20 x) and entropy = x + 0 * temperature, x the mean of a 4×4 cell."""
    nodes = [
        helper.make_node("AveragePool", ["lightness"], ["x"], kernel_shape=[4, 4], strides=[4, 4]),
        helper.make_node("Mul", ["x", "factors"], ["ab"]),
        helper.make_node("Squeeze", ["x", "channel"], ["flat"]),
        helper.make_node("Mul", ["temperature", "zero"], ["nothing"]),
        helper.make_node("Add", ["flat", "nothing"], ["entropy"]),
    ]
    graph = helper.make_graph(
        nodes,
        "mean",
        [
            helper.make_tensor_value_info("lightness", TensorProto.FLOAT, ["n", 1, "h", "w"]),
            helper.make_tensor_value_info("temperature", TensorProto.FLOAT, []),
        ],
        [
            helper.make_tensor_value_info("ab", TensorProto.FLOAT, ["n", 2, "i", "j"]),
            helper.make_tensor_value_info("entropy", TensorProto.FLOAT, ["n", "i", "j"]),
        ],
        [
            numpy_helper.from_array(np.float32([30, -20]).reshape(1, 2, 1, 1), "factors"),
            numpy_helper.from_array(np.int64([1]), "channel"),
            numpy_helper.from_array(np.float32(0), "zero"),
        ],
    )
    opset = [helper.make_opsetid("", 18)]
    return helper.make_model(graph, opset_imports=opset, ir_version=9).SerializeToString()


def _node(operator: str, inputs: str, output: str, **attributes: object) -> onnx.NodeProto:
    return helper.make_node(operator, inputs.split(), [output], **attributes)


def _float(name: str, *shape: int | str) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)


def _model(
    nodes: list[onnx.NodeProto],
    inputs: list[onnx.ValueInfoProto],
    outputs: list[onnx.ValueInfoProto],
    **constants: np.ndarray,
) -> bytes:
    kept = [numpy_helper.from_array(value, name) for name, value in constants.items()]
    graph = helper.make_graph(nodes, "known", inputs, outputs, kept)
    opset = [helper.make_opsetid("", 18)]
    return helper.make_model(graph, opset_imports=opset, ir_version=9).SerializeToString()


def styled_graph() -> bytes:
    """As `_mean_graph`, but x is the mean of the style; score = 4 times the mean of lightness."""
    return _model(
        [
            _node("AveragePool", "lightness", "cells", kernel_shape=[4, 4], strides=[4, 4]),
            _node("ReduceMean", "style channel_and_plane", "mean", keepdims=1),
            _node("Mul", "cells zero", "nothing"),
            _node("Add", "nothing mean", "x"),
            _node("Mul", "x factors", "ab"),
            _node("Squeeze", "x channel", "flat"),
            _node("Mul", "temperature zero", "no_matter"),
            _node("Add", "flat no_matter", "entropy"),
            _node("ReduceMean", "lightness channel_and_plane", "bright", keepdims=0),
            _node("Mul", "bright four", "score"),
        ],
        [
            _float("lightness", "n", 1, "h", "w"),
            _float("temperature"),
            _float("style", "n", 1, "p", "q"),
        ],
        [_float("ab", "n", 2, "i", "j"), _float("entropy", "n", "i", "j"), _float("score", "n")],
        factors=np.float32([30, -20]).reshape(1, 2, 1, 1),
        channel=np.int64([1]),
        channel_and_plane=np.int64([1, 2, 3]),
        zero=np.float32(0),
        four=np.float32(4),
    )


def specialist_graph(ab: tuple[float, float], score: float) -> bytes:
    """The same ab everywhere, and a score: this one plus the mean of the lightness."""
    return _model(
        [
            _node("AveragePool", "lightness", "cells", kernel_shape=[4, 4], strides=[4, 4]),
            _node("Mul", "cells zero", "nothing"),
            _node("Add", "nothing color", "ab"),
            _node("Squeeze", "nothing channel", "flat"),
            _node("Mul", "temperature zero", "no_matter"),
            _node("Add", "flat no_matter", "entropy"),
            _node("ReduceMean", "lightness channel_and_plane", "bright", keepdims=0),
            _node("Add", "bright constant", "score"),
        ],
        [_float("lightness", "n", 1, "h", "w"), _float("temperature")],
        [_float("ab", "n", 2, "i", "j"), _float("entropy", "n", "i", "j"), _float("score", "n")],
        color=np.float32(ab).reshape(1, 2, 1, 1),
        channel=np.int64([1]),
        channel_and_plane=np.int64([1, 2, 3]),
        zero=np.float32(0),
        constant=np.float32(score),
    )


def classifier_graph() -> bytes:
    """Probabilities of three classes: p is the mean of L* over 100; they are p, 1 - p and 0."""
    return _model(
        [
            _node("ReduceMean", "lightness plane", "mean", keepdims=0),  # (n, 1)
            _node("Mul", "mean half", "halved"),
            _node("Add", "halved half", "bright"),
            _node("Sub", "one bright", "dark"),
            _node("Mul", "mean zero", "neither"),
            _node("Concat", "bright dark neither", "probabilities", axis=1),
        ],
        [_float("lightness", "n", 1, "h", "w")],
        [_float("probabilities", "n", 3)],
        plane=np.int64([2, 3]),
        half=np.float32(0.5),
        one=np.float32(1),
        zero=np.float32(0),
    )


@pytest.fixture(scope="session")
def styled() -> bytes:
    """An ONNX file, with card, of a network that has style and score."""
    return attach(styled_graph(), CARD.model_copy(update={"style": True, "score": True}))


@pytest.fixture(scope="session")
def classifier() -> bytes:
    """An ONNX file, with card, that tells bright pictures from dark ones, and never a third."""
    told = {"name": "day and night", "output": "classes", "classes": ("day", "night", "neither")}
    return attach(classifier_graph(), CARD.model_copy(update=told))


Specialist = Callable[..., bytes]


@pytest.fixture(scope="session")
def specialist() -> Specialist:
    """`specialist("day", (40, 0), 1.5)`: an ONNX file, with card, that paints one color."""

    def make(name: str, ab: tuple[float, float], score: float | None) -> bytes:
        if score is not None:
            told = {"name": name, "score": True}
            return attach(specialist_graph(ab, score), CARD.model_copy(update=told))
        model = onnx.load_from_string(specialist_graph(ab, 0.0))
        del model.graph.output[2]
        return attach(model.SerializeToString(), CARD.model_copy(update={"name": name}))

    return make


@pytest.fixture(scope="session")
def card() -> Card:
    return CARD


@pytest.fixture(scope="session")
def graph() -> bytes:
    """A small graph without a card."""
    data = _mean_graph()
    onnx.checker.check_model(onnx.load_from_string(data), full_check=True)
    return data


@pytest.fixture(scope="session")
def mean_engine(graph: bytes) -> Engine:
    """Colors a picture by its own lightness, blurred to cells."""
    return Engine(Session(attach(graph, CARD), "mean"))


@pytest.fixture(scope="session")
def engine() -> Engine:
    """The network that users get."""
    return load_engine()
