"""The distribution over bins: what leaves the network, and the truth that it is held against."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import onnx
import pytest
import skimage.color
import skimage.data
from hypothesis import given
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper
from scipy.spatial import KDTree
from scipy.special import softmax

from photochrom import image
from photochrom.color import bin_centers
from photochrom.errors import ModelError
from photochrom.inference import Card, Engine, load_engine
from photochrom.inference.card import attach
from photochrom.inference.library import EXECUTORS
from photochrom.inference.openvino import OpenVinoSession
from photochrom.inference.session import Network, Session
from photochrom.inference.truth import true_bins
from photochrom.inference.view import view_of

RAMP = np.linspace(-1, 1, 313, dtype=np.float32)
Load = Callable[[bytes, str], Network]


@pytest.fixture(params=[Session, OpenVinoSession])
def load(request: pytest.FixtureRequest) -> Load:
    """Each executor."""
    executor: Load = request.param
    return executor


@pytest.fixture(scope="module")
def telling(graph: bytes, card: Card) -> bytes:
    """The network of means with logits: x times a ramp, x the mean of a cell."""
    model = onnx.load_from_string(graph)
    model.graph.node.append(helper.make_node("Mul", ["x", "ramp"], ["logits"]))
    model.graph.initializer.append(numpy_helper.from_array(RAMP.reshape(1, -1, 1, 1), "ramp"))
    shape = ["n", 313, "i", "j"]
    model.graph.output.append(helper.make_tensor_value_info("logits", TensorProto.FLOAT, shape))
    told = card.model_copy(update={"output": "bins", "distribution": True})
    return attach(model.SerializeToString(), told)


def _lightness(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).uniform(0, 100, shape).astype(np.float32)


def _bin(a: int, b: int) -> int:
    (found,) = np.flatnonzero((bin_centers() == (a, b)).all(axis=1))
    return int(found)


# What leaves the network


def test_logits_come_out_as_the_graph_has_them(load: Load, telling: bytes) -> None:
    lightness = _lightness(32, 64)
    logits = load(telling, "mean").distribution(lightness)
    cells = lightness.reshape(8, 4, 16, 4).mean(axis=(1, 3)) / 50 - 1
    assert (logits.shape, logits.dtype) == ((8, 16, 313), np.float32)
    np.testing.assert_allclose(logits, cells[..., None] * RAMP, atol=1e-5)


def test_colors_are_those_of_a_graph_without_it(
    load: Load, telling: bytes, graph: bytes, card: Card
) -> None:
    lightness = _lightness(64, 32)
    with_it, without = load(telling, "mean"), load(attach(graph, card), "mean")
    first, second = (network.predict(lightness, 0.5) for network in (with_it, without))
    np.testing.assert_array_equal(first.ab, second.ab)
    np.testing.assert_array_equal(first.entropy, second.entropy)


@pytest.mark.parametrize("executor", EXECUTORS)
def test_the_colors_of_the_embedded_network_follow_from_its_distribution(executor: str) -> None:
    """Zhang, Isola and Efros 2016, equation 5, by scipy's softmax."""
    network = load_engine(executor=executor).network
    photograph = image.from_array(skimage.data.coffee())
    lightness = view_of(photograph, network.card, 128).padded
    logits = network.distribution(lightness).astype(np.float64)
    for temperature in (0.38, 1.0):
        prediction = network.predict(lightness, temperature)
        mean = softmax(logits / temperature, axis=-1) @ bin_centers()
        np.testing.assert_allclose(prediction.ab, mean, atol=2e-3)
    assert logits.argmax(axis=-1).std() > 0


def test_both_executors_tell_the_same() -> None:
    lightness = _lightness(64, 96)
    first, second = (load_engine(executor=e).network.distribution(lightness) for e in EXECUTORS)
    np.testing.assert_allclose(first, second, atol=1e-3)


def test_threads_that_ask_at_once_get_the_same(load: Load, telling: bytes) -> None:
    network, lightness = load(telling, "mean"), _lightness(32, 32)
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: network.distribution(lightness), range(8)))
    for answer in answers[1:]:
        np.testing.assert_array_equal(answer, answers[0])


def test_where_there_is_none_the_remedy_is_named(load: Load, graph: bytes, card: Card) -> None:
    older = load(attach(graph, card.model_copy(update={"output": "bins"})), "older")
    with pytest.raises(ModelError, match=r"^mean: .*export it again with `photochrom export`$"):
        older.distribution(_lightness(32, 32))
    regression = load(attach(graph, card), "regression")
    with pytest.raises(ModelError, match=r"^mean: predicts one color.*choose a network"):
        regression.distribution(_lightness(32, 32))


def test_a_card_that_promises_what_its_graph_lacks_is_refused(
    load: Load, graph: bytes, card: Card
) -> None:
    boasting = card.model_copy(update={"output": "bins", "distribution": True})
    with pytest.raises(ModelError, match=r"'logits'.*export it with"):
        load(attach(graph, boasting), "boasting")


# Of a picture


@pytest.mark.parametrize(("height", "width"), [(64, 64), (50, 82), (82, 50), (300, 1)])
def test_every_cell_that_the_picture_reaches_into_has_a_distribution(
    telling: bytes, height: int, width: int
) -> None:
    engine = Engine(Session(telling, "mean"))
    pixels = np.random.default_rng(0).integers(0, 256, (height, width), dtype=np.uint8)
    frame = image.from_array(pixels)
    view = view_of(frame, engine.card, 61)
    rows, columns = -(-view.height // 4), -(-view.width // 4)
    logits = engine.distribution(frame, 61)
    assert logits.shape == (rows, columns, 313)
    assert engine.true_bins(frame, 61).shape == (rows, columns)
    part = view.padded[: 4 * rows, : 4 * columns] / 50 - 1
    cells = part.reshape(rows, 4, columns, 4).mean(axis=(1, 3))
    np.testing.assert_allclose(logits[..., -1], cells, atol=1e-5)


def test_the_working_size_is_the_card_s_unless_told(telling: bytes) -> None:
    engine = Engine(Session(telling, "mean"))
    frame = image.from_array(np.zeros((90, 90), np.uint8))
    assert engine.distribution(frame).shape == (16, 16, 313)
    assert engine.distribution(frame, 96).shape == (24, 24, 313)
    for ask in (engine.distribution, engine.true_bins):
        with pytest.raises(ValueError, match="working size 0"):
            ask(frame, 0)


def test_distribution_and_truth_lie_on_each_other(engine: Engine) -> None:
    """The embedded network finds the true bins likelier than those of other places."""
    frame = image.from_array(skimage.data.coffee())
    bins = engine.true_bins(frame)
    shares = softmax(engine.distribution(frame), axis=-1)

    def found(index: np.ndarray) -> float:
        return float(np.log(np.take_along_axis(shares, index[..., None], axis=-1)).mean())

    elsewhere = [np.roll(bins, 20, axis=0), np.roll(bins, 20, axis=1), bins[::-1], bins[:, ::-1]]
    assert found(bins) > max(map(found, elsewhere)) + 0.2


# The truth


@pytest.mark.parametrize(
    ("color", "expected"),
    [
        ((255, 0, 0), (80, 70)),  # ab of sRGB red is (80.1, 67.2)
        ((0, 255, 0), (-90, 80)),  # (-86.2, 83.2)
        ((0, 0, 255), (80, -110)),  # (79.2, -107.9)
        ((128, 128, 128), (0, 0)),
    ],
)
def test_primaries_are_in_the_bins_next_to_them(
    color: tuple[int, int, int], expected: tuple[int, int]
) -> None:
    pixels = np.full((8, 12, 3), color, dtype=np.uint8)
    np.testing.assert_array_equal(true_bins(pixels, 4), np.full((2, 3), _bin(*expected)))


def test_the_mean_is_of_ab_and_not_of_light() -> None:
    """Red beside green: the mean of (80.1, 67.2) and (-86.2, 83.2) is (-3.0, 75.2)."""
    pixels = np.zeros((2, 2, 3), dtype=np.uint16)
    pixels[:, 0, 0] = pixels[:, 1, 1] = 65535
    assert true_bins(pixels, 2).tolist() == [[_bin(0, 80)]]


def test_bins_are_the_nearest_by_other_means() -> None:
    """scikit-image's Lab and scipy's search for neighbors find the same bins."""
    pixels = image.resize(skimage.data.astronaut(), 96, 128)
    ab = skimage.color.rgb2lab(pixels)[..., 1:]
    means = ab.reshape(24, 4, 32, 4, 2).mean(axis=(1, 3))
    distance, nearest = KDTree(bin_centers()).query(means, k=2)
    clear = np.diff(distance, axis=-1)[..., 0] > 0.01  # not a tie between two
    assert clear.mean() > 0.99
    np.testing.assert_array_equal(true_bins(pixels, 4)[clear], nearest[..., 0][clear])
    assert len(np.unique(nearest)) > 20


def test_a_grey_picture_is_truly_grey() -> None:
    pixels = np.random.default_rng(0).integers(0, 65536, (9, 5, 1), dtype=np.uint16)
    np.testing.assert_array_equal(true_bins(pixels, 4), np.full((3, 2), _bin(0, 0)))


@given(st.integers(1, 40), st.integers(1, 40), st.sampled_from([1, 2, 4, 8]))
def test_cells_over_the_border_see_the_picture_mirrored(height: int, width: int, cell: int) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)
    mirrored = np.pad(pixels, [(0, 16), (0, 16), (0, 0)], mode="symmetric")
    rows, columns = -(-height // cell), -(-width // cell)
    whole = true_bins(mirrored, cell)[:rows, :columns]
    np.testing.assert_array_equal(true_bins(pixels, cell), whole)


def test_training_calls_the_same_bins_true() -> None:
    """Weights that leave one bin alone make its share of the pixels from training's loss."""
    torch = pytest.importorskip("torch", reason="the extra `train`")
    from photochrom.color import soft_encode, srgb_to_lab
    from photochrom.losses.bins import rebalanced_cross_entropy
    from photochrom.models.decoding import reduced

    torch.set_num_threads(1)
    pixels = image.resize(skimage.data.chelsea(), 64, 96)
    planes = srgb_to_lab(torch.from_numpy(pixels / np.float32(255))[None])[..., 1:].movedim(-1, 1)
    ab = reduced(planes, 16).movedim(1, -1)
    indices, weights = soft_encode(ab, torch.from_numpy(bin_centers().copy()).float())
    undecided = torch.zeros(1, 313, 16, 24)
    counts = np.bincount(true_bins(pixels, 4).ravel(), minlength=313)
    for index in np.flatnonzero(counts):
        alone = torch.nn.functional.one_hot(torch.tensor(index), 313).float()
        loss = rebalanced_cross_entropy(undecided, indices, weights, alone)
        assert loss.item() / np.log(313) * 16 * 24 == pytest.approx(counts[index], abs=0.01)
