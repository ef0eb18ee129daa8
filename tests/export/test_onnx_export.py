import logging

import numpy as np
import onnx
import pytest
import torch
from torch import Tensor, nn

from photochrom import image
from photochrom.color import annealed_mean, bin_centers, entropy
from photochrom.errors import ModelError
from photochrom.export.graph import decoded
from photochrom.export.onnx import TOLERANCE, _quiet, disagreement, export
from photochrom.inference import Card, Engine
from photochrom.inference.card import Training, attach, detach
from photochrom.inference.session import Session
from photochrom.models.spec import ModelSpec

BINS = len(bin_centers())


class _Small(nn.Module):
    """What exports stumble over: strides, a mean over the whole picture, enlarging."""

    def __init__(self, outputs: int) -> None:
        super().__init__()
        self.narrow = nn.Conv2d(1, 8, 8, stride=8)
        self.scene = nn.Linear(8, 8)
        self.norm = nn.BatchNorm2d(8)
        self.head = nn.Conv2d(8, outputs, 1)

    def forward(self, x: Tensor) -> Tensor:
        x = torch.relu(self.narrow(x))
        x = x + self.scene(x.mean(dim=(2, 3)))[:, :, None, None]
        x = nn.functional.interpolate(x, scale_factor=2.0, mode="bilinear", align_corners=False)
        return 10 * self.head(self.norm(x))


class _TwoFaced(nn.Module):
    """Computes something else while it is exported."""

    def __init__(self, error: float) -> None:
        super().__init__()
        self.error = error

    def forward(self, lightness: Tensor, temperature: Tensor) -> tuple[Tensor, Tensor]:
        ab = torch.cat([lightness, lightness], dim=1) * temperature
        if torch.compiler.is_exporting():
            ab = ab + self.error
        return ab, lightness[:, 0] + 0 * temperature


def _spec(output: str) -> ModelSpec:
    return ModelSpec(build=_Small, output=output, size_multiple=8, stride=4, summary="small")


def _card(output: str = "bins") -> Card:
    training = Training(
        pictures=(), initialization="random", recipe={}, steps=0, commit="", hardware=""
    )
    return Card(
        name="small",
        summary="small",
        licence="Apache-2.0",
        output=output,
        size_multiple=8,
        working_size=32,
        temperature=0.38,
        training=training,
    )


@pytest.fixture(scope="module")
def module() -> nn.Module:
    torch.manual_seed(0)
    return decoded(_Small(BINS), _spec("bins"))


@pytest.fixture(scope="module")
def exported(module, tmp_path_factory):
    """Path and difference of one export, and the log of it."""
    path = tmp_path_factory.mktemp("export") / "small.onnx"
    records: list[logging.LogRecord] = []
    handler = logging.Handler()
    handler.emit = records.append
    logger = logging.getLogger(
        "torch.onnx"
    )  # hands nothing up: PyTorch logs by handlers of its own
    logger.addHandler(handler)
    try:
        difference = export(module, _card(), path)
    finally:
        logger.removeHandler(handler)
    return path, difference, [record.getMessage() for record in records]


def _session(path) -> Session:
    return Session(path.read_bytes(), "small")


# Decoding


def test_bins_are_decoded_as_color_defines(module):
    lightness = torch.rand(2, 1, 16, 24) * 2 - 1
    with torch.no_grad():
        ab, doubt = module(lightness, torch.tensor(0.38))
        logits = module.network(lightness).movedim(1, -1).double().numpy()
    assert (ab.shape, doubt.shape) == ((2, 2, 4, 6), (2, 4, 6))
    expected = np.moveaxis(annealed_mean(logits, bin_centers(), 0.38), -1, 1)
    np.testing.assert_allclose(ab, expected, atol=1e-3)
    np.testing.assert_allclose(doubt, entropy(logits), atol=1e-4)


def test_ab_goes_through_as_it_is():
    network = _Small(2).eval()
    lightness = torch.rand(1, 1, 16, 24)
    with torch.no_grad():
        ab, doubt = decoded(network, _spec("ab"))(lightness, torch.tensor(0.5))
        np.testing.assert_array_equal(ab, network(lightness))
    assert doubt.shape == (1, 4, 6)
    assert not doubt.any()


# The file


def test_both_compute_the_same_at_sizes_that_were_not_traced(module, exported):
    path, difference, _ = exported
    assert difference <= TOLERANCE
    assert disagreement(module, _session(path), [(1, 1), (5, 3), (2, 9)]) <= TOLERANCE


def test_the_card_is_in_the_file_and_onnx_finds_no_fault(exported):
    path, _, _ = exported
    graph, card = detach(path.read_bytes(), str(path))
    assert card.model_copy(update={"graph_sha256": ""}) == _card()
    onnx.checker.check_model(onnx.load_from_string(path.read_bytes()), full_check=True)
    assert len(graph) > 1000
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]


def test_batch_and_size_are_free(exported):
    model = onnx.load_from_string(exported[0].read_bytes())
    lightness, temperature = model.graph.input
    extents = lightness.type.tensor_type.shape.dim
    assert [extent.HasField("dim_value") for extent in extents] == [False, True, False, False]
    assert not temperature.type.tensor_type.shape.dim


def test_an_engine_colors_with_it(exported):
    pixels = np.random.default_rng(0).integers(0, 256, (30, 50), dtype=np.uint8)
    colored = Engine(_session(exported[0])).colorize(image.from_array(pixels)).frame
    assert colored.pixels.shape == (30, 50, 3)


def test_a_network_of_ab_keeps_its_temperature_input(tmp_path):
    path = tmp_path / "ab.onnx"
    export(decoded(_Small(2), _spec("ab")), _card("ab"), path)
    lightness = np.full((16, 8), 40, np.float32)
    one, other = (_session(path).predict(lightness, temperature).ab for temperature in (0.1, 1))
    np.testing.assert_array_equal(one, other)


def test_exporting_is_silent(exported):
    assert exported[2] == []


def test_logging_is_put_back():
    logger = logging.getLogger("torch.onnx")
    before = logger.level
    with _quiet():
        assert logger.getEffectiveLevel() == logging.ERROR
    assert logger.level == before


# The proof


def test_another_network_is_told_apart(exported):
    torch.manual_seed(1)
    other = decoded(_Small(BINS), _spec("bins"))
    assert disagreement(other, _session(exported[0]), [(2, 3)]) > TOLERANCE


def test_what_differs_is_not_written(tmp_path):
    path = tmp_path / "wrong.onnx"
    path.write_bytes(b"the one before")
    with pytest.raises(ModelError, match=r"wrong\.onnx: ONNX differs from PyTorch by 0\.002"):
        export(_TwoFaced(2e-3).eval(), _card("ab"), path)
    assert path.read_bytes() == b"the one before"
    assert list(tmp_path.iterdir()) == [path]


def test_nan_is_no_agreement(exported):
    class Nan(nn.Module):
        def forward(self, lightness: Tensor, temperature: Tensor) -> tuple[Tensor, Tensor]:
            h, w = (extent // 4 for extent in lightness.shape[2:])
            return torch.full((1, 2, h, w), torch.nan), torch.zeros(1, h, w)

    assert np.isnan(disagreement(Nan(), _session(exported[0]), [(2, 3), (3, 3)]))


def test_a_damaged_file_is_no_session(exported):
    data = bytearray(exported[0].read_bytes())
    data[1000] ^= 1
    with pytest.raises(ModelError, match="SHA-256"):
        Session(bytes(data), "small")
    assert attach(*detach(exported[0].read_bytes(), "small")) == exported[0].read_bytes()
