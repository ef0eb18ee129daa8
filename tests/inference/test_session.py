import numpy as np
import onnx
import pytest
from onnx import helper

from photochrom.errors import ModelError
from photochrom.inference.card import attach
from photochrom.inference.session import Session


def _renamed(graph: bytes, output: str) -> bytes:
    model = onnx.load_from_string(graph)
    model.graph.node.append(helper.make_node("Identity", ["entropy"], [output]))
    model.graph.output[1].name = output
    return model.SerializeToString()


def test_scaling_shapes_and_units_are_those_of_the_card(graph, card):
    other = card.model_copy(update={"input_offset": 10.0, "input_scale": 20.0})
    lightness = np.random.default_rng(0).uniform(0, 100, (32, 64)).astype(np.float32)
    ab, entropy, score = Session(attach(graph, other), "mean").predict(lightness, 1.0)
    assert score is None
    cells = (lightness.reshape(8, 4, 16, 4).mean(axis=(1, 3)) - 10) / 20
    assert (ab.shape, entropy.shape) == ((8, 16, 2), (8, 16))
    assert ab.dtype == entropy.dtype == np.float32
    np.testing.assert_allclose(ab, cells[..., None] * [30, -20], atol=1e-4)
    np.testing.assert_allclose(entropy, cells, atol=1e-5)


def test_the_temperature_reaches_the_network(engine):
    lightness = np.random.default_rng(0).uniform(0, 100, (64, 64)).astype(np.float32)
    session = engine.network
    cold, warm = (session.predict(lightness, temperature) for temperature in (0.1, 1.0))
    assert abs(cold.ab - warm.ab).max() > 0.1
    np.testing.assert_array_equal(cold.entropy, warm.entropy)
    assert ((warm.entropy >= 0) & (warm.entropy <= np.log(313) + 1e-4)).all()


@pytest.mark.parametrize("content", [b"", b"not a graph", b"\x08\x09\x12\x04junk"])
def test_what_is_no_graph_is_refused_in_one_line(content, card):
    with pytest.raises(ModelError, match=r"^some\.onnx: ") as caught:
        Session(attach(content, card), "some.onnx")
    assert "\n" not in str(caught.value)


def test_a_graph_that_is_not_what_its_card_says_is_refused(graph, card):
    with pytest.raises(ModelError, match=r"some\.onnx: .*'doubt'.* is not what its card says"):
        Session(attach(_renamed(graph, "doubt"), card), "some.onnx")
