"""Where a run begins: the network, its average and its optimizer before the first step."""

import torch
from torch import nn

from ..errors import RecipeError
from ..models.spec import ModelSpec, PretrainedEncoder
from . import checkpoint
from .checkpoint import State
from .recipe import Optimizer, Recipe


def start(recipe: Recipe, spec: ModelSpec, device: torch.device) -> State:
    """A network, its average and its optimizer as they are before the first step.

    Raises:
        ModelError: weights are missing or of another network.
        RecipeError: the recipe's settings do not fit the network.
    """
    _check_fit(recipe, spec)
    torch.manual_seed(recipe.seed)
    try:
        model = spec.build(**recipe.model.settings)
    except (TypeError, ValueError) as error:
        raise RecipeError(
            f"{recipe.name}: model.settings do not fit the network: {error}"
        ) from error
    for at, stage in enumerate(recipe.stages):
        if stage.size % model.size_multiple:
            raise RecipeError(
                f"{recipe.name}: stages.{at}.size: {stage.size} is no multiple of "
                f"{model.size_multiple}, which {recipe.model.name} needs"
            )
    encoder = spec.encoder(model) if spec.encoder else None
    if encoder and recipe.model.backbone:
        encoder.load_classifier(recipe.data.root / recipe.model.backbone)
    if recipe.model.weights:
        checkpoint.restore_average(model, recipe.data.root / recipe.model.weights)
    model.to(device).train()
    for parameter in model.parameters():
        if parameter.dim() == 4:
            # Dense convolutions run half as fast again on CPUs with oneDNN.
            parameter.data = parameter.data.to(memory_format=torch.channels_last)
    optimizer = _optimizer(model, encoder, recipe.optimizer)
    return State(model, checkpoint.average_of(model), optimizer)


def _check_fit(recipe: Recipe, spec: ModelSpec) -> None:
    """Refuse what the network cannot do."""
    model = recipe.model
    if "bins" not in spec.outputs:
        raise RecipeError(
            f"{recipe.name}: model.name: {model.name} predicts {' or '.join(spec.outputs)}, "
            "the loss needs bins"
        )
    if model.backbone and not spec.encoder:
        raise RecipeError(f"{recipe.name}: model.backbone: {model.name} takes no backbone")


def _optimizer(
    model: nn.Module, encoder: PretrainedEncoder | None, settings: Optimizer
) -> torch.optim.Optimizer:
    """AdamW with two rates; a group's `peak` is the rate that the schedule scales."""
    pretrained = list(encoder.parameters()) if encoder else []
    known = {id(parameter) for parameter in pretrained}
    others = [parameter for parameter in model.parameters() if id(parameter) not in known]
    groups = [
        {"params": pretrained, "lr": settings.backbone_rate, "peak": settings.backbone_rate},
        {"params": others, "lr": settings.learning_rate, "peak": settings.learning_rate},
    ]
    return torch.optim.AdamW(groups, weight_decay=settings.weight_decay)
