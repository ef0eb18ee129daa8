"""A network in 8-bit integers: the same decoding, nearly the same colors, fewer bytes."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from scipy.special import softmax
from scipy.stats import entropy
from skimage import data
from typer.testing import CliRunner, Result

from photochrom import image, weights
from photochrom.cli.main import app
from photochrom.color import bin_centers
from photochrom.errors import DatasetError, ModelError
from photochrom.export.head import join, part
from photochrom.export.quantize import calibration_views, quantize
from photochrom.inference import Card, load_card, load_engine
from photochrom.inference.card import attach, detach
from photochrom.inference.library import EXECUTORS, Executor
from photochrom.inference.openvino import OpenVinoSession
from photochrom.inference.session import Session

BINS = len(bin_centers())
CHANNELS = 8
CHANGES: list[dict[str, object]] = [{"style": True}, {"score": True}, {"distribution": False}]


def small_graph(kernel: int = 1, outlier: float = 1.0) -> bytes:
    """Cells of 4×4 pixels to logits, decoded as a textbook would write it.

    The first feature is larger by `outlier`, which its weights make good again.
    """
    random = np.random.default_rng(0)
    scales = np.r_[outlier, np.ones(CHANNELS - 1)]
    constants = {
        "cells": random.normal(0, 0.5, (CHANNELS, 1, 4, 4)),
        "around": random.normal(0, 0.2, (CHANNELS, CHANNELS, 3, 3)) * scales[:, None, None, None],
        "kernel": random.normal(0, 1, (BINS, CHANNELS, kernel, kernel)) / scales[:, None, None],
        "bias": random.normal(0, 0.5, BINS),
        "centers": bin_centers().T[:, :, None, None],  # (2, 313, 1, 1)
    }
    same = [kernel // 2] * 4
    nodes = [
        helper.make_node("Conv", ["lightness", "cells"], ["seen"], "first", strides=[4, 4]),
        helper.make_node("Relu", ["seen"], ["strokes"]),
        helper.make_node("Conv", ["strokes", "around"], ["wide"], "second", pads=[1, 1, 1, 1]),
        helper.make_node("Relu", ["wide"], ["features"]),
        helper.make_node("Conv", ["features", "kernel", "bias"], ["logits"], pads=same),
        helper.make_node("Div", ["logits", "temperature"], ["annealed"]),
        helper.make_node("Softmax", ["annealed"], ["shares"], axis=1),
        helper.make_node("Conv", ["shares", "centers"], ["ab"]),
        helper.make_node("LogSoftmax", ["logits"], ["log"], axis=1),
        helper.make_node("Exp", ["log"], ["shares_of_one"]),
        helper.make_node("Mul", ["shares_of_one", "log"], ["parts"]),
        helper.make_node("ReduceSum", ["parts", "channels"], ["negative"], keepdims=0),
        helper.make_node("Neg", ["negative"], ["entropy"]),
    ]

    def floats(name: str, *shape: int | str) -> onnx.ValueInfoProto:
        return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)

    graph = helper.make_graph(
        nodes,
        "small",
        [floats("lightness", "n", 1, "h", "w"), floats("temperature")],
        [
            floats("ab", "n", 2, "i", "j"),
            floats("entropy", "n", "i", "j"),
            floats("logits", "n", BINS, "i", "j"),
        ],
        [numpy_helper.from_array(v.astype(np.float32), k) for k, v in constants.items()]
        + [numpy_helper.from_array(np.int64([1]), "channels")],
    )
    opset = [helper.make_opsetid("", 20)]
    return helper.make_model(graph, opset_imports=opset, ir_version=10).SerializeToString()


@pytest.fixture(scope="module")
def small(blank: Card) -> bytes:
    """An ONNX file, with card, of a small network over bins."""
    return attach(small_graph(), blank.model_copy(update={"distribution": True}))


@pytest.fixture(scope="module")
def photographs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of three photographs."""
    folder = tmp_path_factory.mktemp("photographs")
    for name in ("astronaut", "coffee", "chelsea"):
        image.write(image.from_array(getattr(data, name)()), folder / f"{name}.png")
    return folder


@pytest.fixture(scope="module")
def views(photographs: Path, blank: Card) -> list[NDArray[np.float32]]:
    return calibration_views([photographs], 3, blank)


@pytest.fixture(scope="module")
def quantized(
    small: bytes, views: list[NDArray[np.float32]], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    path = tmp_path_factory.mktemp("quantized") / "int8.onnx"
    assert 0 < quantize(small, "small", views, "3 of photographs", path) < 2
    return path


# The graph


def test_colors_and_entropy_are_those_of_the_logits(
    quantized: Path, views: list[NDArray[np.float32]]
) -> None:
    """Held against scipy: whatever 8 bits do to the logits, what follows them is exact."""
    for network in (
        Session(quantized.read_bytes(), "int8"),
        OpenVinoSession(quantized.read_bytes(), "int8"),
    ):
        logits = network.distribution(views[0]).astype(np.float64)
        for temperature in (1.0, 0.38, 0.01):
            ab, doubt, _ = network.predict(views[0], temperature)
            expected = softmax(logits / temperature, axis=-1) @ bin_centers()
            np.testing.assert_allclose(ab, expected, atol=2e-3)
            np.testing.assert_allclose(doubt, entropy(softmax(logits, -1), axis=-1), atol=1e-4)


def test_logits_are_nearly_the_original_network_s(
    small: bytes, quantized: Path, views: list[NDArray[np.float32]]
) -> None:
    before = Session(small, "small").distribution(views[1])
    after = Session(quantized.read_bytes(), "int8").distribution(views[1])
    error = np.abs(after - before)
    assert 0 < error.mean() < 0.02 * before.std()  # 8 bits: about 1 % of what logits spread over
    assert error.max() < 0.2 * before.std()


def test_both_executors_agree_on_8_bits(quantized: Path, views: list[NDArray[np.float32]]) -> None:
    one = Session(quantized.read_bytes(), "int8").predict(views[2], 0.5)
    other = OpenVinoSession(quantized.read_bytes(), "int8").predict(views[2], 0.5)
    # A rounding that falls the other way moves an activation by a step of 255.
    assert np.abs(one.ab - other.ab).mean() < 0.2


def test_sizes_and_batch_stay_free(quantized: Path) -> None:
    session = Session(quantized.read_bytes(), "int8")
    for shape in ((8, 8), (24, 40), (40, 24)):
        answer = session.predict(np.full(shape, 30, np.float32), 0.5)
        assert answer.ab.shape == (shape[0] // 4, shape[1] // 4, 2)
        assert answer.entropy.shape == answer.ab.shape[:2]
    model = onnx.load_from_string(quantized.read_bytes())
    onnx.checker.check_model(model, full_check=True)
    assert not model.graph.input[0].type.tensor_type.shape.dim[0].HasField("dim_value")


def test_weights_are_integers_with_a_scale_for_each_channel(quantized: Path) -> None:
    model = onnx.load_from_string(quantized.read_bytes())
    kept = {one.name: numpy_helper.to_array(one) for one in model.graph.initializer}
    weights = {
        node.input[0]: kept[node.input[1]].shape
        for node in model.graph.node
        if node.op_type == "DequantizeLinear" and kept.get(node.input[0], np.zeros(0)).ndim > 1
    }
    assert sorted(weights.values()) == [(CHANNELS,), (BINS,)]
    assert {kept[name].dtype for name in weights} == {np.dtype(np.int8)}
    assert kept["cells"].dtype == np.float32  # what sees the picture itself stays as it was


# The card


def test_the_card_tells_what_the_network_was_made_of(small: bytes, quantized: Path) -> None:
    source, card = load_card_of(small), load_card(str(quantized))
    assert (card.name, card.summary) == ("small-int8", "small; in 8-bit integers")
    assert card.quantization is not None
    assert card.quantization.source_sha256 == source.graph_sha256 != card.graph_sha256
    assert card.quantization.pictures == "3 of photographs"
    assert (card.training, card.temperature) == (source.training, source.temperature)
    assert card.metrics == {}


def test_cards_of_before_stay_readable(small: bytes) -> None:
    text = small[small.rfind(b'{"version"') :]
    assert b'"quantization":null' in text
    assert load_card_of(small).quantization is None
    # The package's own network was written before there was such a field.
    assert load_card("autochrome").quantization is None


def load_card_of(content: bytes) -> Card:
    return detach(content, "small")[1]


# What is refused


@pytest.mark.parametrize("change", CHANGES)
def test_other_networks_are_refused(
    change: dict[str, object], blank: Card, views: list[NDArray[np.float32]], tmp_path: Path
) -> None:
    from photochrom.export.quantize import _check

    with pytest.raises(ModelError, match="small: only networks over color bins"):
        _check(blank.model_copy(update={"distribution": True, **change}), "small")


def test_a_network_in_8_bits_already_is_refused(
    quantized: Path, views: list[NDArray[np.float32]], tmp_path: Path
) -> None:
    with pytest.raises(ModelError, match="is in 8-bit integers already"):
        quantize(quantized.read_bytes(), "int8", views, "", tmp_path / "again.onnx")


def test_a_wider_last_convolution_is_refused() -> None:
    with pytest.raises(ModelError, match="wide: its logits do not come of a 1×1 convolution"):
        part(onnx.load_from_string(small_graph(kernel=3)), "wide")


def test_colors_that_are_far_off_are_not_written(
    blank: Card, views: list[NDArray[np.float32]], tmp_path: Path
) -> None:
    """One feature takes all of a tensor's 256 steps; in floating point it does no harm."""
    path = tmp_path / "far.onnx"
    card = blank.model_copy(update={"distribution": True})
    wild = attach(small_graph(outlier=1e4), card)
    with pytest.raises(ModelError, match=r"far\.onnx: colors are \d+ ab units .* not written"):
        quantize(wild, "wild", views, "", path)
    assert list(tmp_path.iterdir()) == []


def test_a_network_without_layers_to_gain_by_is_refused(small: bytes) -> None:
    body, head = part(onnx.load_from_string(detach(small, "small")[0]), "small")
    with pytest.raises(ModelError, match="small: has no layers that 8 bits would make quicker"):
        join(body, head, "small")


# Pictures to calibrate with


def test_pictures_are_evenly_spread_over_all_sources(photographs: Path, blank: Card) -> None:
    seen = calibration_views([photographs, photographs], 2, blank)
    first, *_ = calibration_views([photographs], 1, blank)
    assert len(seen) == 2
    np.testing.assert_array_equal(seen[0], seen[1])
    np.testing.assert_array_equal(seen[0], first)
    assert len(calibration_views([photographs], 100, blank)) == 3


def test_damaged_pictures_are_passed_over(photographs: Path, blank: Card, tmp_path: Path) -> None:
    (tmp_path / "broken.png").write_bytes(b"no picture")
    assert len(calibration_views([tmp_path, photographs], 10, blank)) == 3
    with pytest.raises(DatasetError, match="no picture can be read"):
        calibration_views([tmp_path], 10, blank)


# The verb


@pytest.fixture
def run() -> Callable[..., Result]:
    return lambda *arguments: CliRunner().invoke(app, [str(one) for one in arguments])


def test_the_verb_writes_a_file_that_colors(
    run: Callable[..., Result], small: bytes, photographs: Path, tmp_path: Path
) -> None:
    source, target = tmp_path / "small.onnx", tmp_path / "int8.onnx"
    source.write_bytes(small)
    result = run("quantize", source, "--data", photographs, "-o", target, "--count", 2)
    assert result.exit_code == 0, result.output
    distance, path = result.stdout.splitlines()
    assert distance.startswith("mean distance from the colors of ")
    assert distance.endswith(" ab units")
    assert path == str(target)
    card = load_card(path)
    assert card.quantization is not None
    assert card.quantization.pictures == f"2 of {photographs.name}"
    frame = image.read(photographs / "coffee.png")
    assert load_engine(path).colorize(frame).frame.pixels.shape == frame.pixels.shape
    again = run("quantize", source, "--data", photographs, "-o", target)
    assert again.exit_code == 1
    assert again.stderr == f"error: {target}: exists already; --force replaces it\n"


def test_the_verb_refuses_pictures_that_are_not_there(
    run: Callable[..., Result], tmp_path: Path
) -> None:
    missing = tmp_path / "none"
    result = run("quantize", "autochrome", "--data", missing, "-o", tmp_path / "int8.onnx")
    assert result.exit_code == 1
    assert str(missing) in result.stderr
    assert list(tmp_path.iterdir()) == []


# The network in the package


def test_the_package_s_network_in_8_bits_is_of_the_one_beside_it() -> None:
    """New weights without a new `photochrom quantize` would leave the old ones under the name."""
    card = load_card("autochrome-int8")
    assert card.quantization is not None
    assert card.quantization.source_sha256 == load_card("autochrome").graph_sha256
    assert "validation, 128" in card.metrics


@pytest.mark.parametrize("executor", EXECUTORS)
def test_the_package_s_network_in_8_bits_colors_nearly_alike(executor: Executor) -> None:
    exact, small = load_engine(threads=1), load_engine("autochrome-int8", 1, executor)
    for name in ("astronaut", "coffee", "chelsea"):
        frame = image.from_array(getattr(data, name)())
        one, other = (engine.sketch(frame).ab for engine in (exact, small))
        assert np.linalg.norm(one - other, axis=-1).mean() < 2  # seen: 1.0 to 1.6
        chroma = [np.linalg.norm(ab, axis=-1).mean() for ab in (one, other)]
        assert chroma[1] == pytest.approx(chroma[0], rel=0.05)


def test_the_package_stays_small() -> None:
    sizes = [path.stat().st_size for path in Path(weights.__path__[0]).glob("*.onnx")]
    assert sum(sizes) <= 16 * 2**20
    assert min(sizes) < 0.3 * max(sizes)  # 8 bits for 32, and the scales
