"""`photochrom colorize --style-from`."""

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from photochrom import image
from photochrom.inference import Card
from photochrom.inference.card import Training, attach


@pytest.fixture
def stylist(tmp_path):
    """A file whose network paints with a = 40 times the mean of the style's scaled lightness."""
    nodes = [
        helper.make_node("Mul", ["lightness", "zero"], ["nothing"]),
        helper.make_node("ReduceMean", ["style", "planes"], ["mean"], keepdims=1),
        helper.make_node("Add", ["nothing", "mean"], ["x"]),
        helper.make_node("Mul", ["x", "factors"], ["ab"]),
        helper.make_node("Squeeze", ["nothing", "channel"], ["flat"]),
        helper.make_node("Mul", ["temperature", "zero"], ["no_matter"]),
        helper.make_node("Add", ["flat", "no_matter"], ["entropy"]),
    ]
    constants = {
        "zero": np.float32(0),
        "planes": np.int64([1, 2, 3]),
        "channel": np.int64([1]),
        "factors": np.float32([40, 0]).reshape(1, 2, 1, 1),
    }
    values = {
        "lightness": ["n", 1, "h", "w"],
        "temperature": [],
        "style": ["n", 1, "p", "q"],
        "ab": ["n", 2, "h", "w"],
        "entropy": ["n", "h", "w"],
    }
    infos = [helper.make_tensor_value_info(k, TensorProto.FLOAT, v) for k, v in values.items()]
    kept = [numpy_helper.from_array(value, name) for name, value in constants.items()]
    graph = helper.make_graph(nodes, "stylist", infos[:3], infos[3:], kept)
    opset = [helper.make_opsetid("", 18)]
    model = helper.make_model(graph, opset_imports=opset, ir_version=9)
    onnx.checker.check_model(model, full_check=True)
    training = Training(pictures=(), initialization="", recipe={}, steps=0, commit="", hardware="")
    card = Card(
        name="stylist",
        summary="",
        licence="CC0-1.0",
        output="ab",
        size_multiple=8,
        working_size=64,
        temperature=1,
        style=True,
        training=training,
    )
    path = tmp_path / "stylist.onnx"
    path.write_bytes(attach(model.SerializeToString(), card))
    return path


def test_a_picture_takes_the_style_of_another(run, photo, stylist, tmp_path):
    picture = photo("photo.png")
    reds = []
    for level in (20, 235):  # L* 6 and 93: away from red, and toward it
        style = tmp_path / f"{level}.png"
        image.write(image.from_array(np.full((9, 30), level, np.uint8)), style)
        target = tmp_path / f"colored {level}.png"
        result = run("colorize", picture, "--model", stylist, "--style-from", style, "-o", target)
        assert result.exit_code == 0, result.stderr
        pixels = image.read(target).pixels.astype(int)
        reds.append((pixels[..., 0] - pixels[..., 1]).mean())
    assert reds[0] < -5
    assert reds[1] > 5


def test_a_network_without_style_names_the_remedy(run, photo):
    picture = photo("photo.png")
    result = run("colorize", picture, "--style-from", picture)
    assert result.exit_code == 1
    assert "autochrome: takes no style" in result.stderr
    assert "photochrom models" in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert not picture.with_name("photo.color.png").exists()


def test_a_style_that_is_no_picture_is_named(run, photo, tmp_path):
    result = run("colorize", photo("photo.png"), "--style-from", tmp_path / "none.jpg")
    assert result.exit_code == 1
    assert "none.jpg" in result.stderr
