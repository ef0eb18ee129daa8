"""A network that colors in no time, pictures for it, and the command as a process of its own."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from PIL import Image

import photochrom
from photochrom.archive import Order
from photochrom.inference import Card
from photochrom.inference.card import Training, attach

Album = Callable[..., Path]
Launch = Callable[..., "subprocess.CompletedProcess[bytes]"]


@pytest.fixture(scope="session")
def network(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file whose network paints with a = 20 and b = 20 times the scaled lightness.

    White pictures are poison to it: it counts to a billion, twice.
    """
    number, count, truth = TensorProto.FLOAT, TensorProto.INT64, TensorProto.BOOL
    body = helper.make_graph(
        [
            helper.make_node("Identity", ["go_on"], ["going_on"]),
            helper.make_node("Identity", ["before"], ["after"]),
        ],
        "counting",
        [
            helper.make_tensor_value_info("step", count, []),
            helper.make_tensor_value_info("go_on", truth, []),
            helper.make_tensor_value_info("before", number, ["n", 1, "h", "w"]),
        ],
        [
            helper.make_tensor_value_info("going_on", truth, []),
            helper.make_tensor_value_info("after", number, ["n", 1, "h", "w"]),
        ],
    )
    nodes = [
        helper.make_node("ReduceMean", ["lightness"], ["mean"], keepdims=0),
        helper.make_node("Greater", ["mean", "nearly_white"], ["is_white"]),
        helper.make_node("Where", ["is_white", "forever", "once"], ["steps"]),
        helper.make_node("Loop", ["steps", "", "lightness"], ["seen"], body=body),
        helper.make_node("Mul", ["seen", "factor"], ["b"]),
        helper.make_node("Mul", ["seen", "zero"], ["nothing"]),
        helper.make_node("Add", ["nothing", "factor"], ["a"]),
        helper.make_node("Concat", ["a", "b"], ["ab"], axis=1),
        helper.make_node("Squeeze", ["nothing", "channel"], ["flat"]),
        helper.make_node("Mul", ["temperature", "zero"], ["no_matter"]),
        helper.make_node("Add", ["flat", "no_matter"], ["entropy"]),
    ]
    kept = {
        "zero": np.float32(0),
        "factor": np.float32(20),
        "channel": np.int64([1]),
        "nearly_white": np.float32(0.95),  # L* 97.5
        "forever": np.int64(2_000_000_000),
        "once": np.int64(1),
    }
    shapes = {
        "lightness": ["n", 1, "h", "w"],
        "temperature": [],
        "ab": ["n", 2, "h", "w"],
        "entropy": ["n", "h", "w"],
    }
    infos = [helper.make_tensor_value_info(k, number, v) for k, v in shapes.items()]
    constants = [numpy_helper.from_array(np.asarray(v), k) for k, v in kept.items()]
    graph = helper.make_graph(nodes, "tint", infos[:2], infos[2:], constants)
    opset = [helper.make_opsetid("", 18)]
    model = helper.make_model(graph, opset_imports=opset, ir_version=9)
    onnx.checker.check_model(model, full_check=True)
    training = Training(pictures=(), initialization="", recipe={}, steps=0, commit="", hardware="")
    card = Card(
        name="tint",
        summary="",
        licence="CC0-1.0",
        output="ab",
        size_multiple=8,
        working_size=64,
        temperature=1,
        training=training,
    )
    path = tmp_path_factory.mktemp("network") / "tint.onnx"
    path.write_bytes(attach(model.SerializeToString(), card))
    return path


@pytest.fixture
def order(network: Path) -> Order:
    """Coloring with that network."""
    return Order(model=str(network))


@pytest.fixture
def album(tmp_path: Path) -> Album:
    """`album("a.jpg", "b/c.png")`: a folder of grey pictures, each of them different."""

    def make(*names: str) -> Path:
        folder = tmp_path / "album"
        for index, name in enumerate(names):
            draw(folder / name, index)
        return folder

    return make


@pytest.fixture
def poisoned(album: Album) -> Path:
    """A folder of five pictures, one of which, c.png, keeps the network busy for ever."""
    folder = album("a.png", "b.png", "d.png", "e.png")
    Image.new("L", (64, 48), 255).save(folder / "c.png")
    return folder


@pytest.fixture
def picture() -> Callable[..., Path]:
    """`picture(path, seed)`: a grey picture in a file."""
    return draw


def draw(path: Path, seed: int = 0) -> Path:
    """Write 48 x 64 grey pixels that follow from the seed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    rows, columns = np.mgrid[0:48, 0:64]
    noise = np.random.default_rng(seed).integers(0, 24, (48, 64))
    Image.fromarray((20 + 3 * rows + columns + noise).astype(np.uint8)).save(path)
    return path


@pytest.fixture
def environment() -> dict[str, str]:
    """Where a process finds the package; the time that files state is always the same."""
    source = str(Path(photochrom.__file__).parents[1])
    return os.environ | {
        "PYTHONPATH": source,
        "PYTHONDONTWRITEBYTECODE": "1",
        "SOURCE_DATE_EPOCH": "1700000000",
    }


@pytest.fixture
def launch(environment: dict[str, str], command: list[str]) -> Launch:
    """`launch("album", "-o", "out")`: `photochrom colorize` with the network, as a process."""

    def call(*arguments: object) -> "subprocess.CompletedProcess[bytes]":
        return subprocess.run(
            [*command, *map(str, arguments)],
            capture_output=True,
            env=environment,
            timeout=120,
            check=False,
        )

    return call


@pytest.fixture
def command(network: Path) -> list[str]:
    """`photochrom colorize --model NETWORK`."""
    return [sys.executable, "-m", "photochrom", "colorize", "--model", str(network)]
