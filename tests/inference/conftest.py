"""Networks to test with: the one that users get, and one whose answers are known."""

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
