"""The networks there are: every module of this package that declares a `SPEC`.

A new network is one new file here; nothing lists it.
"""

from importlib import import_module
from pathlib import Path

from ..errors import ModelError
from .spec import ModelSpec

_NOT_NETWORKS = {"__init__", "blocks", "catalog", "spec"}


def names() -> list[str]:
    """The networks' names, sorted; imports none of them."""
    stems = {path.stem for path in Path(__file__).parent.glob("*.py")}
    return sorted(stems - _NOT_NETWORKS)


def spec(name: str) -> ModelSpec:
    """The declaration of one network; imports its module, and torch with it.

    Raises:
        ModelError: there is no network of this name.
    """
    if name not in names():
        raise ModelError(f"{name}: no such network; there are {', '.join(names())}")
    found: ModelSpec = import_module(f".{name}", __package__).SPEC
    return found
