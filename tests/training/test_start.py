from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from photochrom.errors import ModelError, RecipeError
from photochrom.models import catalog
from photochrom.models.backbones.edgetpu import EdgeTpuEncoder
from photochrom.models.spec import ModelSpec
from photochrom.training import checkpoint
from photochrom.training.recipe import Recipe
from photochrom.training.start import start

CPU = torch.device("cpu")
SPEC = catalog.spec("autochrome")


class Plain(nn.Module):
    """A network without an encoder."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Conv2d(1, 313, 4, stride=4)


PLAIN = ModelSpec(build=Plain, output="bins", size_multiple=4, stride=4, summary="for tests")


def recipe_of(plain: dict[str, Any], **model: Any) -> Recipe:
    """The recipe of a network with these settings in place of the fixture's."""
    return Recipe.model_validate(plain | {"model": plain["model"] | model})


def test_seed_decides_the_weights(settings: dict[str, Any]) -> None:
    def weights(seed: int) -> torch.Tensor:
        state = start(Recipe.model_validate(settings | {"seed": seed}), SPEC, CPU)
        return torch.cat([parameter.flatten() for parameter in state.model.parameters()])

    assert torch.equal(weights(1), weights(1))
    assert not torch.equal(weights(1), weights(2))


def test_encoder_learns_at_its_own_rate(recipe: Recipe) -> None:
    state = start(recipe, SPEC, CPU)
    slow, fast = state.optimizer.param_groups
    assert (slow["lr"], fast["lr"]) == (2e-4, 2e-3)
    assert (slow["peak"], fast["peak"]) == (2e-4, 2e-3)
    assert SPEC.encoder is not None
    encoder = {id(parameter) for parameter in SPEC.encoder(state.model).parameters()}
    assert {id(parameter) for parameter in slow["params"]} == encoder
    everything = [id(p) for group in (slow, fast) for p in group["params"]]
    assert sorted(everything) == sorted(id(p) for p in state.model.parameters())


def test_network_without_encoder_learns_at_one_rate(settings: dict[str, Any]) -> None:
    state = start(recipe_of(settings, settings={}), PLAIN, CPU)
    slow, fast = state.optimizer.param_groups
    assert slow["params"] == []
    assert len(fast["params"]) == 2


def test_average_begins_as_the_network(recipe: Recipe) -> None:
    state = start(recipe, SPEC, CPU)
    assert state.step == 0
    assert state.model.training
    for name, tensor in state.average.state_dict().items():
        assert torch.equal(state.model.state_dict()[name], tensor), name


def test_kernels_are_channels_last(recipe: Recipe) -> None:
    state = start(recipe, SPEC, CPU)
    for module in (state.model, state.average):
        kernels = [parameter for parameter in module.parameters() if parameter.dim() == 4]
        assert kernels
        assert all(k.is_contiguous(memory_format=torch.channels_last) for k in kernels)


def test_backbone_is_loaded_from_the_data_root(settings: dict[str, Any], tmp_path: Path) -> None:
    torch.manual_seed(77)
    classifier = EdgeTpuEncoder().state_dict()
    classifier["stem.conv.weight"] = classifier["stem.conv.weight"].expand(-1, 3, -1, -1) / 3
    save_file({n: t.contiguous() for n, t in classifier.items()}, tmp_path / "b.safetensors")
    settings["data"] |= {"root": str(tmp_path)}
    state = start(recipe_of(settings, backbone="b.safetensors"), SPEC, CPU)
    name = "blocks.4.expand.weight"
    assert torch.equal(state.model.state_dict()[f"encoder.{name}"], classifier[name])


def test_weights_of_another_run(settings: dict[str, Any], tmp_path: Path) -> None:
    first = start(Recipe.model_validate(settings | {"seed": 5}), SPEC, CPU)
    checkpoint.save(first, tmp_path / "first.safetensors", "{}")
    second = start(recipe_of(settings, weights=tmp_path / "first.safetensors"), SPEC, CPU)
    assert second.step == 0
    for name, tensor in first.average.state_dict().items():
        assert torch.equal(second.model.state_dict()[name], tensor), name
        assert torch.equal(second.average.state_dict()[name], tensor), name


def test_missing_weights(settings: dict[str, Any]) -> None:
    for kind in ("backbone", "weights"):
        with pytest.raises(ModelError, match=r"nowhere\.safetensors: "):
            start(recipe_of(settings, **{kind: "nowhere.safetensors"}), SPEC, CPU)


def test_backbone_for_a_network_that_takes_none(settings: dict[str, Any]) -> None:
    with pytest.raises(RecipeError, match=r"^tiny: model\.backbone: autochrome takes no backbone"):
        start(recipe_of(settings, settings={}, backbone="b.safetensors"), PLAIN, CPU)


def test_network_without_bins(settings: dict[str, Any]) -> None:
    spec = ModelSpec(build=Plain, output="ab", size_multiple=4, stride=4, summary="for tests")
    with pytest.raises(RecipeError, match=r"^tiny: model\.name: .* predicts ab"):
        start(recipe_of(settings, settings={}), spec, CPU)


def test_crops_must_fit_the_network(settings: dict[str, Any]) -> None:
    settings["stages"] = [{"size": 64, "steps": 1}, {"size": 48, "steps": 1}]
    with pytest.raises(RecipeError, match=r"^tiny: stages\.1\.size: 48 is no multiple of 32"):
        start(Recipe.model_validate(settings), SPEC, CPU)


@pytest.mark.parametrize("wrong", [{"depth": 3}, {"widths": [8, 8]}])
def test_settings_that_the_network_does_not_have(
    settings: dict[str, Any], wrong: dict[str, Any]
) -> None:
    with pytest.raises(RecipeError, match=r"^tiny: model\.settings do not fit"):
        start(recipe_of(settings, settings=wrong), SPEC, CPU)
