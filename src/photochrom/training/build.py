"""From a recipe to its network; training starts with it, export ends with it."""

from collections.abc import Sequence

from ..errors import RecipeError
from ..models import catalog
from ..models.conditioning import ClassConditioned
from ..models.decoding import Decoding, decoding
from ..models.network import Network
from ..models.spec import Kind, PretrainedEncoder
from .settings import Recipe


def kind_of(recipe: Recipe) -> Kind:
    """What the recipe's network predicts.

    Raises:
        RecipeError: the network cannot predict that.
        ModelError: there is no such network.
    """
    spec = catalog.spec(recipe.model.name)
    wanted = recipe.model.output or spec.outputs[0]
    if wanted not in spec.outputs:
        raise RecipeError(
            f"{recipe.name}: model.output: {recipe.model.name} predicts "
            f"{' or '.join(spec.outputs)}, not {wanted}"
        )
    return wanted


def build(recipe: Recipe, classes: Sequence[str]) -> Network:
    """The recipe's network, with weights that mean nothing yet.

    Args:
        recipe: names the network, its output and its settings.
        classes: of the training pictures; networks that classify have as many outputs.

    Raises:
        RecipeError: the settings do not fit the network.
        ModelError: there is no such network.
    """
    spec = catalog.spec(recipe.model.name)
    if recipe.loss.classification and len(classes) < 2:
        raise RecipeError(
            f"{recipe.name}: the training pictures are of {len(classes)} classes, telling them "
            "apart takes two: put them into a folder for each class, or see data.unlabeled"
        )
    settings = dict(recipe.model.settings)
    if spec.classifies and recipe.loss.classification:
        settings["classes"] = len(classes)
    meaning = decoding_of(recipe)
    channels = meaning.channels if meaning else len(classes)
    inputs = 1 + len(classes) if recipe.model.conditioned else 1
    if recipe.loss.cycle:
        inputs = channels
    try:
        network: Network = spec.build(inputs=inputs, channels=channels, **settings)
        return ClassConditioned(network, len(classes)) if recipe.model.conditioned else network
    except (TypeError, ValueError, RuntimeError) as error:
        raise RecipeError(
            f"{recipe.name}: model.settings do not fit the network: {error}"
        ) from error


def decoding_of(recipe: Recipe) -> Decoding | None:
    """What the output of the recipe's network means; None where it is a class."""
    kind = kind_of(recipe)
    return None if kind == "classes" else decoding(kind, recipe.model.space)


def encoder_of(recipe: Recipe, network: Network) -> PretrainedEncoder | None:
    """The part of a recipe's network that a backbone can start; None where there is none."""
    find = catalog.spec(recipe.model.name).encoder
    if find is None:
        return None
    return find(network.network if isinstance(network, ClassConditioned) else network)
