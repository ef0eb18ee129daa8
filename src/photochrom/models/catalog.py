"""The networks there are: every module of this package that is not one of the house's own.

A new network is one new file here; nothing lists it. Discriminators live in `discriminators/`, by
the same rule.
"""

from importlib import import_module
from pkgutil import iter_modules

from .. import models
from ..errors import ModelError
from . import discriminators
from .spec import DiscriminatorSpec, ModelSpec

_HOUSE = {"blocks", "catalog", "conditioning", "decoding", "network", "spec", "weights"}


def names() -> list[str]:
    """The networks' names, sorted; imports none of them."""
    found = {module.name for module in iter_modules(models.__path__) if not module.ispkg}
    return sorted(found - _HOUSE)


def spec(name: str) -> ModelSpec:
    """The declaration of one network; imports its module, and torch with it.

    Raises:
        ModelError: there is no network of this name.
    """
    if name not in names():
        raise ModelError(f"{name}: no such network; there are {', '.join(names())}")
    found: ModelSpec = import_module(f".{name}", __package__).SPEC
    return found


def discriminator_names() -> list[str]:
    """The discriminators' names, sorted; imports none of them."""
    return sorted(module.name for module in iter_modules(discriminators.__path__))


def discriminator(name: str) -> DiscriminatorSpec:
    """The declaration of one discriminator; imports its module.

    Raises:
        ModelError: there is no discriminator of this name.
    """
    known = discriminator_names()
    if name not in known:
        raise ModelError(f"{name}: no such discriminator; there are {', '.join(known)}")
    found: DiscriminatorSpec = import_module(f".discriminators.{name}", __package__).SPEC
    return found
