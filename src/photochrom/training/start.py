"""Where a run begins: players and their optimizers before the first step."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar

import numpy as np
import torch
from lightning_fabric import Fabric
from numpy.typing import NDArray
from torch import nn

from ..errors import ModelError, RecipeError
from ..losses.adversarial import ADVERSARIES
from ..models import catalog
from ..models.network import Discriminator, Network
from . import checkpoint
from .batch import predictor
from .build import build, decoding_of, encoder_of, kind_of
from .games.alone import Alone
from .games.circle import Circle
from .games.game import MODEL, Game
from .games.judged import Judged
from .initialization import initialize
from .objective import objective
from .settings import Optimizer, Recipe

_BACKBONE_FRACTION = 0.1  # of the rate, for layers that need only be adapted


def start(recipe: Recipe, classes: Sequence[str], device: torch.device) -> Network:
    """The network as it is before the first step, on its device.

    Raises:
        ModelError: weights are missing or of another network.
        RecipeError: the recipe's settings do not fit the network.
    """
    torch.manual_seed(recipe.seed)
    network = build(recipe, classes)
    initialize(network, recipe.model.initialization)
    encoder = encoder_of(recipe, network)
    if encoder is not None and recipe.model.backbone:
        encoder.load_classifier(recipe.data.root / recipe.model.backbone)
    if recipe.model.weights:
        checkpoint.restore_average(network, recipe.data.root / recipe.model.weights)
    return _laid_out(network, device)


def game_of(
    recipe: Recipe, model: Network, prior: NDArray[np.float64] | None, fabric: Fabric
) -> Game:
    """The game that the recipe lets its network play.

    Args:
        recipe: its losses decide.
        model: the network, on the device.
        prior: of the ab bins, `(313,)`; None where there is no cross-entropy.
        fabric: device and precision.

    Raises:
        ModelError: there is no such discriminator.
        RecipeError: its settings do not fit.
    """
    loss, device = recipe.loss, fabric.device
    meaning = decoding_of(recipe)
    predict = predictor(recipe, kind_of(recipe), fabric.autocast)
    if meaning is None:
        return Alone(model, objective(loss, None, prior, device), predict)
    meaning = meaning.to(device)
    paired = objective(loss, meaning, prior, device)
    if not loss.adversarial:
        return Alone(model, paired, predict)
    adversary = ADVERSARIES[loss.adversarial.kind]
    if not loss.cycle:
        judge = _laid_out(judge_of(recipe, 1 + meaning.colors), device)
        weight = loss.adversarial.weight
        return Judged(model, judge, paired, predict, meaning, adversary, weight, fabric.autocast)
    back = back_of(recipe)
    initialize(back, recipe.model.initialization)
    judges = (
        _laid_out(judge_of(recipe, meaning.colors), device),
        _laid_out(judge_of(recipe, 1), device),
    )
    return Circle(
        model,
        _laid_out(back, device),
        judges,
        meaning,
        adversary,
        loss.adversarial.weight,
        loss.cycle,
        fabric.autocast,
    )


def optimizers_of(
    recipe: Recipe, game: Game, network: Network
) -> Mapping[str, torch.optim.Optimizer]:
    """An optimizer for each team; a group's `peak` is the rate that the schedule scales."""
    settings, adversarial = recipe.optimizer, recipe.loss.adversarial
    optimizers = {}
    for team, members in game.teams.items():
        parameters = [p for member in members for p in game.players[member].parameters()]
        if team == MODEL:
            groups = _groups(recipe, network, parameters)
        else:
            rate = adversarial.learning_rate if adversarial else None
            groups = [_group(parameters, rate or settings.learning_rate)]
        optimizers[team] = _optimizer(groups, settings)
    return optimizers


def _groups(
    recipe: Recipe, network: Network, parameters: Iterable[nn.Parameter]
) -> list[dict[str, object]]:
    """Everything at one rate, but an encoder that begins with a backbone at its own."""
    settings = recipe.optimizer
    encoder = encoder_of(recipe, network) if recipe.model.backbone else None
    if encoder is None:
        return [_group(parameters, settings.learning_rate)]
    pretrained = list(encoder.parameters())
    known = {id(parameter) for parameter in pretrained}
    others = [parameter for parameter in parameters if id(parameter) not in known]
    slow = settings.backbone_rate or settings.learning_rate * _BACKBONE_FRACTION
    return [_group(pretrained, slow), _group(others, settings.learning_rate)]


def _group(parameters: Iterable[nn.Parameter], rate: float) -> dict[str, object]:
    return {"params": list(parameters), "lr": rate, "peak": rate}


def _optimizer(groups: list[dict[str, object]], settings: Optimizer) -> torch.optim.Optimizer:
    decay, momentum = settings.weight_decay, settings.momentum
    if settings.name == "sgd":
        return torch.optim.SGD(groups, momentum=momentum, weight_decay=decay, nesterov=momentum > 0)
    kind = torch.optim.Adam if settings.name == "adam" else torch.optim.AdamW
    return kind(groups, betas=(momentum, 0.999), weight_decay=decay)


def judge_of(recipe: Recipe, inputs: int) -> Discriminator:
    """A recipe's discriminator of `inputs` channels, as it is before the first step.

    Raises:
        ModelError: there is no such discriminator.
        RecipeError: its settings do not fit.
    """
    adversarial = recipe.loss.adversarial
    if adversarial is None:
        raise AssertionError("a judge without an adversarial loss")
    spec = catalog.discriminator(adversarial.discriminator)
    try:
        return spec.build(inputs=inputs, **adversarial.settings)
    except (TypeError, ValueError, RuntimeError) as error:
        raise RecipeError(
            f"{recipe.name}: loss.adversarial.settings do not fit the discriminator: {error}"
        ) from error


def back_of(recipe: Recipe) -> Network:
    """The network of a circle's way back, from color to grey."""
    spec = catalog.spec(recipe.model.name)
    return spec.build(inputs=3, channels=1, **recipe.model.settings)


_Player = TypeVar("_Player", bound=nn.Module)


def _laid_out(model: _Player, device: torch.device) -> _Player:
    """The model on its device, ready to learn, with kernels as convolutions like them."""
    model.to(device).train()
    for parameter in model.parameters():
        if parameter.dim() == 4:
            # Dense convolutions run half as fast again on CPUs with oneDNN.
            parameter.data = parameter.data.to(memory_format=torch.channels_last)
    return model


def check_fit(recipe: Recipe) -> None:
    """Refuse what the network cannot do, before anything is built.

    Raises:
        RecipeError: names the setting.
        ModelError: there is no such network.
    """
    spec, kind, loss = catalog.spec(recipe.model.name), kind_of(recipe), recipe.loss
    name = recipe.model.name
    told = spec.classifies or recipe.model.conditioned or kind == "classes"
    faults = {
        f"model.backbone: {name} takes no backbone": recipe.model.backbone and not spec.encoder,
        f"loss.cross_entropy: needs bins, {name} predicts {kind}": (
            loss.cross_entropy and kind != "bins"
        ),
        f"loss.classification: {name} tells no classes": loss.classification and not told,
        "loss: a network that predicts classes has classification alone": (
            kind == "classes" and (loss.paired != ("classification",) or loss.adversarial)
        ),
        f"model.conditioned: {name} predicts the class that it would be told": (
            recipe.model.conditioned and kind == "classes"
        ),
        "loss.classification: needed where model.conditioned is set": (
            recipe.model.conditioned and not loss.classification
        ),
        f"loss.cycle: needs rgb, {name} predicts {kind}": loss.cycle and kind != "rgb",
        "loss.cycle: needs an even batch": loss.cycle and recipe.batch % 2,
    }
    for fault, found in faults.items():
        if found:
            raise RecipeError(f"{recipe.name}: {fault}")
    for weights in (recipe.model.backbone, recipe.model.weights):
        if weights and not (recipe.data.root / weights).is_file():
            raise ModelError(f"{recipe.data.root / weights}: no such file of weights")
