import logging
from collections.abc import Callable

import numpy as np
import onnx
import pytest
import torch
from torch import Tensor, nn

from photochrom import image
from photochrom.color import annealed_mean, bin_centers, entropy
from photochrom.errors import ModelError
from photochrom.export.assemble import Facts, card_of
from photochrom.export.graph import ColorVerdict, Decoded, PairVerdict, Probabilities, Styled
from photochrom.export.onnx import _quiet, disagreement, export, tolerance
from photochrom.inference import Card, Classifier, Engine
from photochrom.inference.card import attach, detach
from photochrom.inference.session import Session
from photochrom.models.decoding import BinsDecoding, ChromaDecoding, RgbDecoding
from photochrom.models.network import Discriminator, Network

BINS = len(bin_centers())
TOLERANCE = 1e-3


class _Small(Network):
    """What exports stumble over: strides, a mean over the whole picture, enlarging."""

    size_multiple = 8
    stride = 4

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


class _Stylish(_Small):
    def styled(self, x: Tensor, style: Tensor) -> Tensor:
        return self(x) + style.mean(dim=(1, 2, 3))[:, None, None, None]


class _Judge(Discriminator):
    """Two maps, of which the second is at half the size."""

    def __init__(self, inputs: int) -> None:
        super().__init__()
        self.look = nn.Conv2d(inputs, 1, 3)

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        return self.look(x), self.look(x)[:, :, ::2, ::2] * 3


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


@pytest.fixture(scope="module")
def card_with(blank) -> Callable[..., Card]:
    """The blank card with changes."""
    return lambda **changes: blank.model_copy(update=changes)


@pytest.fixture(scope="module")
def binned(card_with) -> Card:
    """Of a network whose graph puts out its distribution."""
    return card_with(distribution=True)


@pytest.fixture(scope="module")
def module() -> nn.Module:
    torch.manual_seed(0)
    return Decoded(_Small(BINS), BinsDecoding())


@pytest.fixture(scope="module")
def exported(module, binned, tmp_path_factory):
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
        difference = export(module, binned, path)
    finally:
        logger.removeHandler(handler)
    return path, difference, [record.getMessage() for record in records]


def _session(path) -> Session:
    return Session(path.read_bytes(), "small")


# Decoding


def test_bins_are_decoded_as_color_defines(module):
    lightness = torch.rand(2, 1, 16, 24) * 2 - 1
    with torch.no_grad():
        ab, doubt, raw = module(lightness, torch.tensor(0.38))
        logits = module.network(lightness).movedim(1, -1).double().numpy()
    assert (ab.shape, doubt.shape) == ((2, 2, 4, 6), (2, 4, 6))
    expected = np.moveaxis(annealed_mean(logits, bin_centers(), 0.38), -1, 1)
    np.testing.assert_allclose(ab, expected, atol=1e-3)
    np.testing.assert_allclose(doubt, entropy(logits), atol=1e-4)
    np.testing.assert_array_equal(raw.movedim(1, -1), logits)  # no temperature has touched them


def test_bins_of_others_are_kept_to_themselves():
    """Their logits mean nothing to who knows our bins alone."""
    turned = BinsDecoding(torch.from_numpy(bin_centers()[::-1].copy()).float())
    answer = Decoded(_Small(BINS), turned)(torch.rand(1, 1, 16, 24), torch.tensor(1.0))
    assert [planes.ndim for planes in answer] == [4, 3]
    ours = Decoded(_Small(BINS), BinsDecoding(torch.from_numpy(bin_centers().copy()).float()))
    assert ours.distribution


def test_chroma_is_scaled_to_ab():
    network = _Small(2).eval()
    lightness = torch.rand(1, 1, 16, 24)
    with torch.no_grad():
        ab, doubt = Decoded(network, ChromaDecoding("lab"))(lightness, torch.tensor(0.5))
        np.testing.assert_allclose(ab, 110 * network(lightness), rtol=1e-6)
    assert doubt.shape == (1, 4, 6)
    assert not doubt.any()


def test_chroma_of_other_spaces_is_decoded_at_the_picture_s_own_luminance():
    """The U and V of pure red, in a picture as bright as pure red, are pure red's a and b."""

    class Red(Network):
        stride = 4

        def forward(self, x: Tensor) -> Tensor:
            uv = torch.tensor([-0.147 / 0.436, 1.0])  # U and V of (1, 0, 0), over their largest
            return uv[None, :, None, None].expand(len(x), 2, x.shape[2] // 4, x.shape[3] // 4)

    bright, around = 53.24, torch.tensor([-30.0, 30.0]).repeat(16, 12)  # a mean counts, no pixel
    lightness = ((bright + around - 50) / 50)[None, None]
    ab, _ = Decoded(Red(), ChromaDecoding("yuv"))(lightness, torch.tensor(1.0))
    np.testing.assert_allclose(ab.mean(dim=(0, 2, 3)), [80.09, 67.20], atol=1.5)


def test_a_judge_of_pairs_sees_the_grey_picture_beside_the_colors():
    network, judge = _Small(3), _Judge(4)
    lightness = torch.rand(2, 1, 16, 24)
    module = Decoded(network, RgbDecoding(), PairVerdict(judge))
    with torch.no_grad():
        _, _, score = module(lightness, torch.tensor(1.0))
        grey = lightness.unfold(2, 4, 4).unfold(3, 4, 4).mean(dim=(4, 5))  # means over cells
        first, second = judge(torch.cat([grey, network(lightness)], dim=1))
    expected = (first.mean(dim=(1, 2, 3)) + second.mean(dim=(1, 2, 3))) / 2
    torch.testing.assert_close(score, expected)
    assert score.shape == (2,)


def test_a_judge_in_bins_sees_their_mean():
    network, judge = _Small(BINS), _Judge(2)
    lightness = torch.rand(1, 1, 16, 24)
    module = Decoded(network, BinsDecoding(), ColorVerdict(judge))
    with torch.no_grad():
        mean, *_ = module(lightness, torch.tensor(1.0))
        _, _, score, _ = module(lightness, torch.tensor(0.1))  # which is no matter to the judge
        first, second = judge(mean / 110)
    expected = (first.mean() + second.mean()) / 2
    torch.testing.assert_close(score[0], expected, rtol=1e-4, atol=1e-4)


# The file


def test_both_compute_the_same_at_sizes_that_were_not_traced(module, exported):
    path, difference, _ = exported
    assert difference <= TOLERANCE
    assert disagreement(module, path.read_bytes(), "small", [(1, 1), (5, 3), (2, 9)]) <= TOLERANCE


def test_the_card_is_in_the_file_and_onnx_finds_no_fault(exported, binned):
    path, _, _ = exported
    graph, card = detach(path.read_bytes(), str(path))
    assert card.model_copy(update={"graph_sha256": ""}) == binned
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


def test_a_network_of_ab_keeps_its_temperature_input(tmp_path, card_with):
    path = tmp_path / "ab.onnx"
    export(Decoded(_Small(2), ChromaDecoding("lab")), card_with(output="ab"), path)
    lightness = np.full((16, 8), 40, np.float32)
    one, other = (_session(path).predict(lightness, temperature).ab for temperature in (0.1, 1))
    np.testing.assert_array_equal(one, other)


def test_style_and_score_are_in_the_graph(tmp_path, card_with):
    path = tmp_path / "styled.onnx"
    torch.manual_seed(0)
    module = Styled(_Stylish(2), ChromaDecoding("lab"), PairVerdict(_Judge(3)))
    card = card_with(output="ab", style=True, score=True, least_size=16)
    assert export(module, card, path) <= TOLERANCE
    lightness = np.random.default_rng(0).uniform(0, 100, (16, 24)).astype(np.float32)
    plain = _session(path).predict(lightness, 1.0)
    brighter = _session(path).predict(lightness, 1.0, np.full((7, 50), lightness.mean() + 10.0))
    np.testing.assert_allclose(brighter.ab - plain.ab, 0.2 * 110, atol=1e-3)
    assert plain.score != pytest.approx(brighter.score, abs=1e-4)


def test_style_and_score_stand_beside_the_distribution(tmp_path, card_with):
    path = tmp_path / "all.onnx"
    torch.manual_seed(0)
    module = Styled(_Stylish(BINS), BinsDecoding(), PairVerdict(_Judge(3)))
    card = card_with(style=True, score=True, distribution=True, least_size=16)
    assert export(module, card, path) <= TOLERANCE
    lightness = np.random.default_rng(0).uniform(0, 100, (16, 24)).astype(np.float32)
    session = _session(path)
    brighter = session.distribution(lightness, np.full((7, 50), lightness.mean() + 10.0))
    np.testing.assert_allclose(brighter - session.distribution(lightness), 0.2, atol=1e-3)
    assert session.predict(lightness, 1.0).score is not None


def test_a_distribution_that_differs_is_not_written(tmp_path, binned):
    class Shifted(Decoded):
        """Its colors are right: they do not know of a constant added to every logit."""

        def forward(self, lightness: Tensor, temperature: Tensor) -> tuple[Tensor, ...]:
            ab, doubt, logits = super().forward(lightness, temperature)
            return ab, doubt, logits + (1 if torch.compiler.is_exporting() else 0)

    torch.manual_seed(0)
    with pytest.raises(ModelError, match=r"differs from PyTorch by 1;"):
        export(Shifted(_Small(BINS), BinsDecoding()), binned, tmp_path / "wrong.onnx")


def test_a_card_tells_of_a_distribution_where_there_are_bins(card_with):
    facts = Facts.model_validate(
        {
            "name": "small",
            "summary": "small",
            "working_size": 32,
            "temperature": 0.38,
            "training": {"pictures": [], "initialization": "random"},
        }
    )
    for output, expected in (("bins", True), ("ab", False), ("rgb", False)):
        assert card_of(facts, {}, 1, _Small(BINS), output).distribution is expected


def test_a_classifier_puts_out_probabilities(tmp_path, card_with):
    class Teller(_Small):
        def forward(self, x: Tensor) -> Tensor:
            return super().forward(x).mean(dim=(2, 3), keepdim=True)

    path = tmp_path / "classes.onnx"
    torch.manual_seed(0)
    module = Probabilities(Teller(3))
    export(module, card_with(output="classes", classes=("sea", "wood", "town")), path)
    classifier = Classifier(path.read_bytes(), "classes")
    lightness = np.random.default_rng(0).uniform(0, 100, (16, 8)).astype(np.float32)
    told = classifier.probabilities(lightness)
    with torch.no_grad():
        logits = module.network(torch.from_numpy(lightness / 50 - 1)[None, None]).flatten()
    expected = np.exp(logits.numpy()) / np.exp(logits.numpy()).sum()
    np.testing.assert_allclose(told, expected, atol=1e-5)


def test_a_network_of_one_size_is_exported_at_that_size_alone(tmp_path, card_with):
    class Fixed(_Small):
        input_size = 24

        def forward(self, x: Tensor) -> Tensor:
            return super().forward(x.reshape(-1, 1, 24, 24))  # no other size goes through

    path = tmp_path / "fixed.onnx"
    export(Decoded(Fixed(2), ChromaDecoding("lab")), card_with(output="ab", input_size=24), path)
    extents = onnx.load_from_string(path.read_bytes()).graph.input[0].type.tensor_type.shape.dim
    assert [extent.dim_value for extent in extents[2:]] == [24, 24]
    assert not extents[0].HasField("dim_value")
    pixels = np.random.default_rng(0).integers(0, 256, (31, 50), dtype=np.uint8)
    assert Engine(_session(path)).colorize(image.from_array(pixels)).frame.width == 50


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
    other = Decoded(_Small(BINS), BinsDecoding())
    assert disagreement(other, exported[0].read_bytes(), "small", [(2, 3)]) > TOLERANCE


def test_what_differs_is_not_written(tmp_path, card_with):
    path = tmp_path / "wrong.onnx"
    path.write_bytes(b"the one before")
    with pytest.raises(ModelError, match=r"wrong\.onnx: ONNX differs from PyTorch by 0\.002"):
        export(_TwoFaced(2e-3).eval(), card_with(output="ab"), path)
    assert path.read_bytes() == b"the one before"
    assert list(tmp_path.iterdir()) == [path]


def test_only_searched_chroma_may_differ_by_a_step(card_with):
    assert [tolerance(card_with(output=kind)) for kind in ("bins", "rgb", "ab")] == [1e-3] * 3
    assert tolerance(card_with(output="uv")) == tolerance(card_with(output="hs")) < 0.05


def test_nan_is_no_agreement(exported):
    class Nan(nn.Module):
        def forward(self, lightness: Tensor, temperature: Tensor) -> tuple[Tensor, ...]:
            h, w = (extent // 4 for extent in lightness.shape[2:])
            ab = torch.full((1, 2, h, w), torch.nan)
            return ab, torch.zeros(1, h, w), torch.zeros(1, BINS, h, w)

    assert np.isnan(disagreement(Nan(), exported[0].read_bytes(), "small", [(2, 3), (3, 3)]))


def test_a_damaged_file_is_no_session(exported):
    data = bytearray(exported[0].read_bytes())
    data[1000] ^= 1
    with pytest.raises(ModelError, match="SHA-256"):
        Session(bytes(data), "small")
    assert attach(*detach(exported[0].read_bytes(), "small")) == exported[0].read_bytes()
