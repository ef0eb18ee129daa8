import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from lightning_fabric import Fabric
from torch import Tensor, nn

from photochrom.color import bin_centers, prior_of, rebalancing_weights, soft_encode, srgb_to_lab
from photochrom.models.classifier import Classifier
from photochrom.models.conditioning import ClassConditioned
from photochrom.models.decoding import decoding
from photochrom.models.iizuka import Iizuka
from photochrom.models.spec import Kind
from photochrom.training.batch import Batch, Prediction, predictor
from photochrom.training.objective import Objective, objective
from photochrom.training.settings import Loss, Recipe

CPU = torch.device("cpu")
UNIFORM = np.full(313, 1 / 313)


def built(
    kind: Kind, parts: dict[str, Any], space: str = "lab", prior: np.ndarray = UNIFORM
) -> Objective:
    meaning = None if kind == "classes" else decoding(kind, space)
    return objective(Loss.model_validate(parts), meaning, prior, CPU)


def batch_of(srgb: Tensor, labels: list[int] | None = None) -> Batch:
    return Batch(srgb, torch.tensor(labels or [-1] * len(srgb)))


def random_batch() -> Batch:
    return batch_of(torch.rand(2, 8, 8, 3, generator=torch.Generator().manual_seed(0)), [1, 0])


def value(kind: Kind, parts: dict[str, Any], raw: Tensor, batch: Batch, **more: Any) -> float:
    return built(kind, parts, **more)(Prediction(raw, None), batch).item()


def test_knowing_nothing_costs_the_logarithm_of_the_bins() -> None:
    loss = value("bins", {"cross_entropy": {}}, torch.zeros(2, 313, 2, 2), random_batch())
    assert loss == pytest.approx(math.log(313), rel=1e-5)


def test_cross_entropy_aims_at_the_mean_color_of_each_cell() -> None:
    """A checkerboard of two colors aims at their mean in ab, rare bins weighted up."""
    colors = np.array([[0.9, 0.2, 0.1], [0.2, 0.3, 0.8]])
    board = torch.from_numpy(colors[np.indices((32, 32)).sum(0) % 2]).float()
    mean = srgb_to_lab(colors)[:, 1:].mean(axis=0)
    indices, weights = soft_encode(mean, bin_centers())
    logits = torch.randn(313, generator=torch.Generator().manual_seed(0))
    log_probabilities = logits.log_softmax(0).numpy()
    prior = prior_of(*soft_encode(np.array([[60.0, 40.0], [0.0, 0.0]]), bin_centers()), 313)
    rebalancing = rebalancing_weights(prior, 0.5)
    expected = -rebalancing[indices[weights.argmax()]] * (weights @ log_probabilities[indices])
    raw = logits[None, :, None, None].expand(1, -1, 8, 8)
    loss = value("bins", {"cross_entropy": {}}, raw, batch_of(board[None]), prior=prior)
    assert loss == pytest.approx(float(expected), rel=1e-4)


def test_rebalance_of_one_turns_it_off() -> None:
    """Then the prior, whatever it is, changes nothing."""
    priors = UNIFORM, np.random.default_rng(0).dirichlet(np.full(313, 0.1))
    raw = torch.randn(2, 313, 2, 2, generator=torch.Generator().manual_seed(1))

    def losses(rebalance: float) -> list[float]:
        parts = {"cross_entropy": {"rebalance": rebalance}}
        return [value("bins", parts, raw, random_batch(), prior=prior) for prior in priors]

    assert losses(1.0)[0] == pytest.approx(losses(1.0)[1], rel=1e-5)
    assert losses(0.5)[0] != pytest.approx(losses(0.5)[1], rel=1e-2)


def test_one_neighbor_is_a_single_bin() -> None:
    """Certain of the nearest bin, a network has nothing to lose; of five, their entropy."""
    batch = batch_of(torch.tensor([0.9, 0.2, 0.1]).expand(1, 2, 2, 3))
    ab = srgb_to_lab(batch.srgb[0, 0, 0].double().numpy())[1:]
    nearest = int(np.linalg.norm(bin_centers() - ab, axis=1).argmin())
    raw = torch.zeros(1, 313, 2, 2)
    raw[:, nearest] = 50
    assert value("bins", {"cross_entropy": {"neighbors": 1}}, raw, batch) < 1e-6
    assert value("bins", {"cross_entropy": {"neighbors": 5}}, raw, batch) > 1


# One color, and what a network said of it; distances are 0.5, 0.25 and 1.
TRUTH = torch.tensor([0.75, 0.5, 0.25])  # as sRGB: 0.5, 0 and -0.5 in [-1, 1]
SAID = torch.tensor([1.0, 0.25, 0.5])


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ({"l1": {}}, (0.5 + 0.25 + 1) / 3),
        ({"l2": {}}, (0.25 + 0.0625 + 1) / 3),
        ({"smooth_l1": {"beta": 0.5}}, (0.25 + 0.0625 + 0.75) / 3),
        ({"l1": {"weight": 100}}, 100 * (0.5 + 0.25 + 1) / 3),
        ({"l1": {"weight": 3}, "l2": {"weight": 0.5}}, (3 * 1.75 + 0.5 * 1.3125) / 3),
    ],
)
def test_distances_by_hand(parts: dict[str, Any], expected: float) -> None:
    raw = SAID[None, :, None, None].expand(2, 3, 4, 4)
    loss = value("rgb", parts, raw, batch_of(TRUTH.expand(2, 4, 4, 3)))
    assert loss == pytest.approx(expected, rel=1e-6)


def test_lab_distances_have_110_for_a_unit() -> None:
    """Seen beside what the paper's formula gives on ab itself."""
    batch = random_batch()
    ab = torch.randn(2, 2, 8, 8, generator=torch.Generator().manual_seed(1)) * 30
    theirs = (ab - batch.lab[..., 1:].movedim(-1, 1)).square().mean().item()
    assert value("chroma", {"l2": {}}, ab / 110, batch) * 110**2 == pytest.approx(theirs, rel=1e-5)


def test_a_quarter_of_the_squared_error_is_iizukas_on_colors_between_0_and_1() -> None:
    """Iizuka, Simo-Serra and Ishikawa 2016 scale ab to [0, 1]."""
    batch = random_batch()
    raw = torch.rand(2, 2, 8, 8, generator=torch.Generator().manual_seed(1)) * 2 - 1
    target = batch.lab[..., 1:].movedim(-1, 1) / 110
    theirs = nn.functional.mse_loss((raw + 1) / 2, (target + 1) / 2).item()
    assert value("chroma", {"l2": {"weight": 0.25}}, raw, batch) == pytest.approx(theirs, rel=1e-5)


@pytest.mark.parametrize("space", ["lab", "yuv", "hsl"])
def test_distances_are_of_the_recipes_space(space: str) -> None:
    batch = random_batch()
    target = decoding("chroma", space).target(batch.srgb)
    assert value("chroma", {"l1": {}}, target, batch, space=space) == 0
    assert value("chroma", {"l1": {}}, target + 0.5, batch, space=space) == pytest.approx(0.5)


def test_distances_of_bins_are_those_of_their_mean() -> None:
    batch = random_batch()
    raw = torch.randn(2, 313, 4, 4, generator=torch.Generator().manual_seed(1))
    centers = torch.from_numpy(bin_centers().copy()).float()
    mean = torch.einsum("bqhw,qc->bchw", raw.softmax(dim=1), centers)
    ab = batch.lab[..., 1:].movedim(-1, 1).reshape(2, 2, 4, 2, 4, 2).mean(dim=(3, 5))
    expected = (mean - ab).abs().mean().item() / 110
    assert value("bins", {"l1": {}}, raw, batch) == pytest.approx(expected, rel=1e-4)


def test_classification_by_hand_and_unlabeled_pictures_add_nothing() -> None:
    logits = torch.tensor([[2.0, 0.0], [-1.0, 1.0], [3.0, -3.0]])
    batch = batch_of(torch.rand(3, 8, 8, 3), [0, 0, -1])
    prediction = Prediction(torch.empty(0), logits)
    by_hand = math.log1p(math.exp(-2)) + math.log1p(math.exp(2))
    loss = built("classes", {"classification": {"weight": 1.0}})(prediction, batch)
    assert loss.item() == pytest.approx(by_hand / 3)


def test_joint_classification_is_added_with_its_weight() -> None:
    """Iizuka's factor is 1/300."""
    batch = random_batch()
    raw = torch.zeros(2, 2, 8, 8)
    prediction = Prediction(raw, torch.zeros(2, 205))
    alone = value("chroma", {"l2": {}}, raw, batch)
    joint = built("chroma", {"l2": {}, "classification": {}})(prediction, batch).item()
    assert joint == pytest.approx(alone + math.log(205) / 300, rel=1e-5)


@pytest.mark.parametrize(
    ("kind", "parts"),
    [
        ("bins", {"cross_entropy": {"weight": 2}, "l1": {"weight": 3}, "l2": {"weight": 5}}),
        ("chroma", {"l1": {"weight": 2}, "l2": {"weight": 3}, "smooth_l1": {"weight": 5}}),
    ],
)
def test_weights_add_up(kind: Kind, parts: dict[str, Any]) -> None:
    raw = torch.randn(2, 313 if kind == "bins" else 2, 4, 4)
    batch = random_batch()
    separate = [
        part["weight"] * value(kind, {name: {**part, "weight": 1}}, raw, batch)
        for name, part in parts.items()
    ]
    assert value(kind, parts, raw, batch) == pytest.approx(sum(separate), rel=1e-5)


def test_network_sees_lightness_in_its_range(recipe: Recipe, fabric: Fabric) -> None:
    crops = torch.zeros(1, 32, 32, 3)
    crops[:, :16] = 1
    seen: list[Tensor] = []
    layer = nn.Conv2d(1, 313, 4, stride=4)
    layer.register_forward_pre_hook(lambda module, inputs: seen.append(inputs[0]))
    predictor(recipe, "bins", fabric.autocast)(layer, batch_of(crops))
    assert seen[0].shape == (1, 1, 32, 32)
    torch.testing.assert_close(seen[0][0, 0, :16], torch.ones(16, 32))
    torch.testing.assert_close(seen[0][0, 0, 16:], -torch.ones(16, 32))


@pytest.mark.parametrize(
    ("precision", "inside"), [("32-true", torch.float32), ("bf16-mixed", torch.bfloat16)]
)
def test_precision_is_of_the_network_alone(
    recipe: Recipe, precision: Any, inside: torch.dtype
) -> None:
    layer = nn.Conv2d(1, 313, 4, stride=4)
    dtypes: list[torch.dtype] = []
    layer.register_forward_hook(lambda module, inputs, output: dtypes.append(output.dtype))
    arithmetic = Fabric(accelerator="cpu", devices=1, precision=precision).autocast
    prediction = predictor(recipe, "bins", arithmetic)(layer, batch_of(torch.rand(1, 32, 32, 3)))
    assert dtypes == [inside]
    assert prediction.raw.dtype == torch.float32
    assert prediction.raw.shape == (1, 313, 8, 8)
    assert prediction.classes is None


def asked(recipe: Recipe, kind: Kind, model: nn.Module, fabric: Fabric, batch: Batch) -> Prediction:
    with torch.no_grad():
        return predictor(recipe, kind, fabric.autocast)(model.eval(), batch)


def test_a_classifier_tells_classes_alone(learner: Callable[[str], Recipe], fabric: Fabric) -> None:
    batch = batch_of(torch.rand(2, 32, 32, 3), [1, 0])
    prediction = asked(learner("classifier"), "classes", Classifier(channels=3), fabric, batch)
    assert prediction.classes is not None
    assert prediction.classes.shape == (2, 3)
    assert torch.equal(prediction.raw[:, :, 0, 0], prediction.classes)


def test_a_joint_classifier_is_asked_for_both(
    learner: Callable[[str], Recipe], fabric: Fabric
) -> None:
    model = Iizuka(classes=3, global_size=32)
    batch = batch_of(torch.rand(2, 32, 32, 3), [1, 0])
    prediction = asked(learner("joint"), "chroma", model, fabric, batch)
    assert prediction.classes is not None
    with torch.no_grad():
        raw, classes = model.colors_and_classes(batch.grey)
    torch.testing.assert_close(prediction.raw, raw)
    torch.testing.assert_close(prediction.classes, classes)


class Echo(nn.Module):
    """Puts out its class maps."""

    size_multiple = stride = 1
    input_size = None

    def forward(self, x: Tensor) -> Tensor:
        return x[:, 1:3]


def test_a_conditioned_network_is_told_the_true_class(
    learner: Callable[[str], Recipe], fabric: Fabric
) -> None:
    model = ClassConditioned(Echo(), classes=2)  # type: ignore[arg-type]
    batch = batch_of(torch.rand(3, 32, 32, 3), [1, 0, -1])
    prediction = asked(learner("conditioned"), "chroma", model, fabric, batch)
    assert prediction.raw[:, :, 5, 7].tolist() == [[0, 1], [1, 0], [0, 0]]
    assert prediction.classes is not None
    assert prediction.classes.shape == (3, 2)
