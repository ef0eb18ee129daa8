"""Results written by hand; pictures, networks and an extractor to evaluate with."""

import zipfile
from collections.abc import Callable, Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import skimage.data
from onnx import TensorProto, helper, numpy_helper

from photochrom import image
from photochrom.evaluation.protocol import PictureList, Protocol
from photochrom.evaluation.result import Cells, Result, Way
from photochrom.inference import Card
from photochrom.inference.card import Training, attach, detach


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


@pytest.fixture(scope="session")
def photographs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A zip file of real photographs in classes, 96 x 96 so that nothing resamples them, and of
    a damaged one between them."""
    folder = tmp_path_factory.mktemp("photographs")
    shots = {
        "animals/chelsea.png": skimage.data.chelsea()[60:156, 100:196],
        "people/astronaut.png": skimage.data.astronaut()[40:136, 180:276],
        "things/coffee.png": skimage.data.coffee()[100:196, 200:296],
        "things/rocket.png": skimage.data.rocket()[230:326, 260:356],
    }
    with zipfile.ZipFile(folder / "photographs.zip", "w") as archive:
        for name, pixels in shots.items():
            content = image.encode(image.from_array(np.ascontiguousarray(pixels)))
            archive.writestr(name, content)
            if name.startswith("people"):
                archive.writestr("people/broken.png", content[: len(content) // 2])
    return folder / "photographs.zip"


@pytest.fixture(scope="session")
def paint(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """`paint("sepia", (2, 7))`: an ONNX file, with card, that paints one ab color."""
    folder = tmp_path_factory.mktemp("painters")

    def make(name: str, ab: tuple[float, float]) -> Path:
        nodes = [
            helper.make_node(
                "AveragePool", ["lightness"], ["cells"], kernel_shape=[4, 4], strides=[4, 4]
            ),
            helper.make_node("Mul", ["cells", "zero"], ["nothing"]),
            helper.make_node("Add", ["nothing", "color"], ["ab"]),
            helper.make_node("Squeeze", ["nothing", "channel"], ["flat"]),
            helper.make_node("Mul", ["temperature", "zero"], ["no_matter"]),
            helper.make_node("Add", ["flat", "no_matter"], ["entropy"]),
        ]
        inputs = [_float("lightness", "n", 1, "h", "w"), _float("temperature")]
        outputs = [_float("ab", "n", 2, "i", "j"), _float("entropy", "n", "i", "j")]
        constants = {
            "zero": np.float32(0),
            "color": np.float32(ab).reshape(1, 2, 1, 1),
            "channel": np.int64([1]),
        }
        path = folder / f"{name}.onnx"
        card = CARD.model_copy(update={"name": name})
        path.write_bytes(attach(_model(nodes, inputs, outputs, constants), card))
        return path

    return make


@pytest.fixture(scope="session")
def router(paint: Callable[..., Path]) -> Path:
    """A router's file: bright pictures become red, dark ones blue."""
    nodes = [
        helper.make_node("ReduceMean", ["lightness", "plane"], ["mean"], keepdims=0),
        helper.make_node("Mul", ["mean", "steep"], ["steeper"]),
        helper.make_node("Sigmoid", ["steeper"], ["bright"]),
        helper.make_node("Sub", ["one", "bright"], ["dark"]),
        helper.make_node("Concat", ["bright", "dark"], ["probabilities"], axis=1),
    ]
    constants = {"plane": np.int64([2, 3]), "steep": np.float32(1000), "one": np.float32(1)}
    inputs = [_float("lightness", "n", 1, "h", "w")]
    graph = _model(nodes, inputs, [_float("probabilities", "n", 2)], constants)
    told = {"name": "sun", "output": "classes", "classes": ("day", "night")}
    paint("blue", (5, -40))
    red = paint("red", (40, 10))
    (red.parent / "sun.onnx").write_bytes(attach(graph, CARD.model_copy(update=told)))
    path = red.parent / "router.toml"
    path.write_text(
        'classifier = "sun.onnx"\nsure = 0.6\ngeneral = "red.onnx"\n'
        '[[specialist]]\nmodel = "red.onnx"\nclasses = ["day"]\n'
        '[[specialist]]\nmodel = "blue.onnx"\nclasses = ["night"]\n'
    )
    return path


@pytest.fixture(scope="session")
def twin(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The network of the package under another hash: computes the same, is another."""
    content = files("photochrom.weights").joinpath("autochrome.onnx").read_bytes()
    graph, card = detach(content, "autochrome")
    model = onnx.load_from_string(graph)
    model.doc_string = "the same in other clothes"
    path = tmp_path_factory.mktemp("twin") / "twin.onnx"
    path.write_bytes(attach(model.SerializeToString(), card))
    return path


@pytest.fixture(scope="session")
def eye(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An extractor's file: features and logits are the means of red, green and blue."""
    nodes = [helper.make_node("ReduceMean", ["pictures", "plane"], ["features"], keepdims=0)]
    nodes.append(helper.make_node("Mul", ["features", "ten"], ["logits"]))
    constants = {"plane": np.int64([2, 3]), "ten": np.float32(10)}
    outputs = [_float("features", 1, 3), _float("logits", 1, 3)]
    folder = tmp_path_factory.mktemp("eye")
    graph = _model(nodes, [_float("pictures", 1, 3, 96, 96)], outputs, constants)
    (folder / "eye.onnx").write_bytes(graph)
    path = folder / "eye.toml"
    path.write_text(
        'name = "eye"\nfile = "eye.onnx"\nsize = 96\nlow = 0\nhigh = 1\n'
        'features = "features"\nlogits = "logits"\n'
    )
    return path


CARD = Card(
    name="painter",
    summary="one color",
    licence="CC0-1.0",
    output="ab",
    size_multiple=8,
    working_size=64,
    temperature=0.5,
    training=Training(
        pictures=(), initialization="none", recipe={}, steps=0, commit="none", hardware="none"
    ),
)


def _float(name: str, *shape: int | str) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)


def _model(
    nodes: list[onnx.NodeProto],
    inputs: list[onnx.ValueInfoProto],
    outputs: list[onnx.ValueInfoProto],
    constants: Mapping[str, Any],
) -> bytes:
    kept = [numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()]
    graph = helper.make_graph(nodes, "known", inputs, outputs, kept)
    opset = [helper.make_opsetid("", 18)]
    made = helper.make_model(graph, opset_imports=opset, ir_version=9)
    content: bytes = made.SerializeToString()
    return content
