from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from lightning_fabric import Fabric
from safetensors.torch import save_file
from torch import nn

from photochrom.errors import ModelError, RecipeError
from photochrom.models.backbones.edgetpu import EdgeTpuEncoder
from photochrom.models.network import Network
from photochrom.training import checkpoint
from photochrom.training.build import build, decoding_of, encoder_of, kind_of
from photochrom.training.checkpoint import State
from photochrom.training.rehearsal import rehearse
from photochrom.training.settings import Recipe
from photochrom.training.start import check_fit, game_of, optimizers_of, start

CPU = torch.device("cpu")
CLASSES = ["day", "night"]
PRIOR = np.full(313, 1 / 313)


def recipe_of(plain: dict[str, Any], **model: Any) -> Recipe:
    """The recipe of a network with these settings beside the fixture's."""
    return Recipe.model_validate(plain | {"model": plain["model"] | model})


def rates(recipe: Recipe) -> list[tuple[float, int]]:
    """Peak rate and number of parameters of the network's groups."""
    network = start(recipe, CLASSES, CPU)
    game = game_of(recipe, network, PRIOR, Fabric(accelerator="cpu", devices=1))
    groups = optimizers_of(recipe, game, network)["model"].param_groups
    assert [group["lr"] for group in groups] == [group["peak"] for group in groups]
    return [(group["peak"], len(group["params"])) for group in groups]


def count(network: nn.Module | None) -> int:
    assert network is not None
    return len(list(network.parameters()))


@pytest.fixture
def backbone(settings: dict[str, Any], tmp_path: Path) -> dict[str, torch.Tensor]:
    """A classifier's weights, in a file `b.safetensors` at the recipe's root."""
    torch.manual_seed(77)
    classifier = EdgeTpuEncoder().state_dict()
    classifier["stem.conv.weight"] = classifier["stem.conv.weight"].expand(-1, 3, -1, -1) / 3
    save_file({n: t.contiguous() for n, t in classifier.items()}, tmp_path / "b.safetensors")
    settings["data"] |= {"root": str(tmp_path)}
    return classifier


def test_seed_decides_the_weights(settings: dict[str, Any]) -> None:
    def weights(seed: int) -> torch.Tensor:
        network = start(Recipe.model_validate(settings | {"seed": seed}), CLASSES, CPU)
        return torch.cat([parameter.flatten() for parameter in network.parameters()])

    assert torch.equal(weights(1), weights(1))
    assert not torch.equal(weights(1), weights(2))


def test_the_recipe_may_draw_the_weights(settings: dict[str, Any]) -> None:
    network = start(recipe_of(settings, initialization="normal"), CLASSES, CPU)
    kernels = [parameter for parameter in network.parameters() if parameter.dim() == 4]
    weights = torch.cat([kernel.detach().flatten() for kernel in kernels])
    assert weights.std().item() == pytest.approx(0.02, rel=0.02)


def test_network_is_ready_to_learn_with_kernels_channels_last(recipe: Recipe) -> None:
    network = start(recipe, CLASSES, CPU)
    assert network.training
    for module in (network, checkpoint.average_of(network)):
        kernels = [parameter for parameter in module.parameters() if parameter.dim() == 4]
        assert kernels
        assert all(k.is_contiguous(memory_format=torch.channels_last) for k in kernels)


def test_pretrained_encoder_learns_at_its_own_rate(
    settings: dict[str, Any], backbone: dict[str, torch.Tensor]
) -> None:
    recipe = recipe_of(settings, backbone="b.safetensors")
    network = build(recipe, CLASSES)
    encoder = encoder_of(recipe, network)
    assert isinstance(encoder, nn.Module)
    others = count(network) - count(encoder)
    assert rates(recipe) == [(2e-4, count(encoder)), (2e-3, others)]  # a tenth of it
    slower = recipe.model_copy(
        update={"optimizer": recipe.optimizer.model_copy(update={"backbone_rate": 5e-5})}
    )
    assert rates(slower) == [(5e-5, count(encoder)), (2e-3, others)]


def test_encoder_that_starts_from_nothing_learns_like_the_rest(recipe: Recipe) -> None:
    assert rates(recipe) == [(2e-3, count(build(recipe, CLASSES)))]


@pytest.mark.parametrize(
    ("name", "kind"),
    [("adam", torch.optim.Adam), ("adamw", torch.optim.AdamW), ("sgd", torch.optim.SGD)],
)
def test_optimizers(settings: dict[str, Any], fabric: Fabric, name: str, kind: type) -> None:
    settings["optimizer"] = {"name": name, "momentum": 0.5, "weight_decay": 0.03}
    recipe = Recipe.model_validate(settings)
    network = start(recipe, CLASSES, CPU)
    optimizer = optimizers_of(recipe, game_of(recipe, network, PRIOR, fabric), network)["model"]
    assert type(optimizer) is kind
    (group,) = optimizer.param_groups
    assert group["weight_decay"] == 0.03
    if name == "sgd":
        assert (group["momentum"], group["nesterov"]) == (0.5, True)
    else:
        assert group["betas"] == (0.5, 0.999)


def test_sgd_without_momentum_is_plain(settings: dict[str, Any], fabric: Fabric) -> None:
    settings["optimizer"] = {"name": "sgd", "momentum": 0.0}
    recipe = Recipe.model_validate(settings)
    network = start(recipe, CLASSES, CPU)
    optimizer = optimizers_of(recipe, game_of(recipe, network, PRIOR, fabric), network)["model"]
    assert not optimizer.param_groups[0]["nesterov"]


def test_backbone_is_loaded_from_the_data_root(
    settings: dict[str, Any], backbone: dict[str, torch.Tensor]
) -> None:
    network = start(recipe_of(settings, backbone="b.safetensors"), CLASSES, CPU)
    name = "blocks.4.expand.weight"
    assert torch.equal(network.state_dict()[f"encoder.{name}"], backbone[name])


@pytest.mark.parametrize("save", [checkpoint.save, checkpoint.save_average])
def test_weights_of_another_run(
    settings: dict[str, Any], tmp_path: Path, save: Callable[[State, Path, str], None]
) -> None:
    """From its last checkpoint or its best: in both it is the average that counts."""
    first = start(Recipe.model_validate(settings | {"seed": 5}), CLASSES, CPU)
    average = checkpoint.average_of(first)
    nn.init.constant_(next(average.parameters()), 7)
    save(State({"model": first}, {}, average), tmp_path / "first.safetensors", "{}")
    second = start(recipe_of(settings, weights=tmp_path / "first.safetensors"), CLASSES, CPU)
    for name, tensor in average.state_dict().items():
        assert torch.equal(second.state_dict()[name], tensor), name


def test_missing_weights(settings: dict[str, Any]) -> None:
    for kind in ("backbone", "weights"):
        with pytest.raises(ModelError, match=r"nowhere\.safetensors: no such file of weights"):
            check_fit(recipe_of(settings, **{kind: "nowhere.safetensors"}))


FAULTS: dict[str, tuple[dict[str, Any], str]] = {
    "a backbone for a network that takes none": (
        {"model": {"name": "pix2pix", "backbone": "b"}, "loss": {"l1": {}}},
        r"model\.backbone: pix2pix takes no backbone",
    ),
    "bins of a network that has none": (
        {"model": {"name": "noise", "output": "bins"}},
        r"model\.output: noise predicts chroma or rgb, not bins",
    ),
    "cross-entropy of two channels": (
        {"model": {"name": "pix2pix"}},
        r"loss\.cross_entropy: needs bins, pix2pix predicts chroma",
    ),
    "classes of a network that tells none": (
        {"loss": {"cross_entropy": {}, "classification": {}}},
        r"loss\.classification: autochrome tells no classes",
    ),
    "colors of a classifier": (
        {"model": {"name": "classifier"}, "loss": {"l1": {}}},
        r"loss: a network that predicts classes has classification alone",
    ),
    "a classifier against a judge": (
        {"model": {"name": "classifier"}, "loss": {"classification": {}, "adversarial": {}}},
        r"loss: a network that predicts classes has classification alone",
    ),
    "a condition that nobody learns to supply": (
        {"model": {"name": "beta", "conditioned": True}, "loss": {"l2": {}}},
        r"loss\.classification: needed where model\.conditioned is set",
    ),
    "a circle of two channels": (
        {
            "model": {"name": "cyclegan", "output": "chroma"},
            "loss": {"cycle": {}, "adversarial": {}},
        },
        r"loss\.cycle: needs rgb, cyclegan predicts chroma",
    ),
    "a circle of an odd batch": (
        {
            "model": {"name": "cyclegan"},
            "loss": {"cycle": {}, "adversarial": {}},
            "batch": 5,
        },
        r"loss\.cycle: needs an even batch",
    ),
    "crops that do not fit": (
        {"stages": [{"size": 64, "steps": 1}, {"size": 48, "steps": 1}]},
        r"stages\.1\.size: 48 is no multiple of 32, which autochrome needs",
    ),
    "crops that do not fit the settings": (
        {"model": {"name": "pix2pix", "settings": {"depth": 7}}, "loss": {"l1": {}}},
        r"stages\.0\.size: 32 is no multiple of 128",
    ),
    "a setting that there is not": (
        {"model": {"name": "autochrome", "settings": {"depth": 3}}},
        r"model\.settings do not fit the network",
    ),
    "a setting of the wrong length": (
        {"model": {"name": "autochrome", "settings": {"widths": [8, 8]}}},
        r"model\.settings do not fit the network",
    ),
    "a width below nothing": (
        {"model": {"name": "pix2pix", "settings": {"width": -8}}, "loss": {"l1": {}}},
        r"model\.settings do not fit the network",
    ),
    "a classifier that is told the class": (
        {"model": {"name": "classifier", "conditioned": True}, "loss": {"classification": {}}},
        r"model\.conditioned: classifier predicts the class that it would be told",
    ),
    "crops too small for a judge": (
        {
            "model": {"name": "autochrome"},
            "loss": {"cross_entropy": {}, "adversarial": {}},
            "stages": [{"size": 32, "steps": 1}],
        },
        r"stages\.0\.size: 32 does not suit all players",
    ),
    "a judge of another size": (
        {
            "model": {"name": "pix2pix", "settings": {"depth": 4}},
            "loss": {"l1": {}, "adversarial": {"discriminator": "searchspace"}},
        },
        r"stages\.0\.size: 32 does not suit all players",
    ),
    "a circle of networks that take grey alone": (
        {
            "model": {"name": "pix2pix", "output": "rgb", "settings": {"depth": 4}},
            "loss": {"cycle": {}, "adversarial": {}},
            "stages": [{"size": 64, "steps": 1}],
        },
        r"stages\.0\.size: 64 does not suit all players",
    ),
    "a batch of one for a norm of many": (
        {
            "model": {"name": "iizuka", "settings": {"global_size": 32}},
            "loss": {"l2": {}},
            "batch": 1,
        },
        r"stages\.0\.size: 32 does not suit all players",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_what_the_network_cannot_do_is_told_in_one_line(
    fault: str, settings: dict[str, Any]
) -> None:
    changes, said = FAULTS[fault]
    recipe = Recipe.model_validate(settings | changes)

    def before_pictures_are_read() -> None:
        check_fit(recipe)
        rehearse(recipe)

    with pytest.raises(RecipeError, match=f"^tiny: {said}") as caught:
        before_pictures_are_read()
    assert "\n" not in str(caught.value)


def test_no_such_network_or_judge(settings: dict[str, Any], fabric: Fabric) -> None:
    with pytest.raises(ModelError, match="nonesuch: no such network"):
        check_fit(recipe_of(settings, name="nonesuch", settings={}))
    parts = {"cross_entropy": {}, "adversarial": {"discriminator": "nonesuch"}}
    recipe = Recipe.model_validate(settings | {"loss": parts})
    with pytest.raises(ModelError, match="nonesuch: no such discriminator"):
        game_of(recipe, start(recipe, CLASSES, CPU), PRIOR, fabric)


def test_settings_that_the_judge_does_not_have(settings: dict[str, Any], fabric: Fabric) -> None:
    parts = {"cross_entropy": {}, "adversarial": {"settings": {"depth": 1}}}
    recipe = Recipe.model_validate(settings | {"loss": parts})
    with pytest.raises(RecipeError, match=r"^tiny: loss\.adversarial\.settings do not fit"):
        game_of(recipe, start(recipe, CLASSES, CPU), PRIOR, fabric)


def test_one_class_cannot_be_told_apart(learner: Callable[..., Recipe]) -> None:
    with pytest.raises(RecipeError, match="the training pictures are of 1 classes"):
        build(learner("classifier"), ["day"])


def test_every_way_to_learn_fits(learner: Any) -> None:
    for name in learner.names:
        check_fit(learner(name, stages=[{"size": 64, "steps": 1}]))


@pytest.mark.parametrize(
    ("name", "kind", "inputs", "outputs"),
    [
        ("plain", "bins", 1, 313),
        ("dropout", "chroma", 1, 2),
        ("drawing", "rgb", 1, 3),
        ("cycle", "rgb", 3, 3),  # pictures of its own goal, too
        ("classifier", "classes", 1, 3),
        ("conditioned", "chroma", 4, 2),  # lightness and a map for each class
    ],
)
def test_network_has_the_channels_that_the_recipe_needs(
    name: str, kind: str, inputs: int, outputs: int, learner: Callable[..., Recipe]
) -> None:
    recipe = learner(name)
    network = build(recipe, ["day", "dusk", "night"])
    assert isinstance(network, Network)
    assert kind_of(recipe) == kind
    kernels = [parameter for parameter in network.parameters() if parameter.dim() == 4]
    assert kernels[0].shape[1] == inputs
    size = 64
    with torch.no_grad():
        x = torch.zeros(1, inputs if name == "cycle" else 1, size, size)
        assert network.eval()(x).shape[1] == outputs
    meaning = decoding_of(recipe)
    assert meaning is None if kind == "classes" else meaning and meaning.channels == outputs
