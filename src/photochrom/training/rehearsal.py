"""A recipe gone through without numbers: what does not fit is told before pictures are read.

On PyTorch's `meta` device tensors have shapes and nothing else: the largest network takes no memory
and next to no time.
"""

import torch
from torch import nn

from ..errors import RecipeError
from ..models.network import Network
from .build import build, decoding_of
from .settings import Recipe, Stage
from .start import back_of, check_fit, judge_of

_CLASSES = ("one", "another")  # how many there are is not known before pictures are read


def rehearse(recipe: Recipe) -> None:
    """Check the settings against each other, build every player, show it a batch of each stage.

    Raises:
        ModelError: there is no such network or discriminator.
        RecipeError: settings do not fit them, or crops are too small, or of a wrong size.
    """
    check_fit(recipe)
    with torch.device("meta"):
        network = build(recipe, _CLASSES).train()
        for at, stage in enumerate(recipe.stages):
            where = f"{recipe.name}: stages.{at}.size: {stage.size}"
            _check_size(recipe, network, stage, where)
            try:
                _show(recipe, network, stage.size)
            except (RuntimeError, ValueError) as error:
                reason = str(error).partition("\n")[0]
                raise RecipeError(f"{where} does not suit all players ({reason})") from error


def _check_size(recipe: Recipe, network: Network, stage: Stage, where: str) -> None:
    if network.input_size and stage.size != network.input_size:
        raise RecipeError(
            f"{where} is not {network.input_size}, the only size {recipe.model.name} takes"
        )
    if stage.size % network.size_multiple:
        raise RecipeError(
            f"{where} is no multiple of {network.size_multiple}, which {recipe.model.name} needs"
        )


def _show(recipe: Recipe, network: Network, size: int) -> None:
    """One batch past every player, in training mode."""
    half = 2 if recipe.loss.cycle else 1
    raw = network(torch.empty(recipe.batch // half, 1, size, size))
    meaning = decoding_of(recipe)
    if meaning is not None:
        small = size // network.stride
        expected = (recipe.batch // half, meaning.channels, small, small)
        if raw.shape != expected:
            name = recipe.model.name
            raise ValueError(f"{name} gives {tuple(raw.shape)}, where it says {expected}")
    if meaning is None or not recipe.loss.adversarial:
        return
    batch, _, height, width = raw.shape
    colors = torch.empty(batch, meaning.colors, height, width)
    grey = torch.empty(batch, 1, height, width)
    judged: list[torch.Tensor] = [torch.cat([grey, colors], dim=1)]
    if recipe.loss.cycle:
        back: nn.Module = back_of(recipe).train()
        for picture in (grey, colors):
            network(picture)
            back(picture)
        judged = [colors, grey]
    for pictures in judged:
        judge_of(recipe, pictures.shape[1]).train()(pictures)
