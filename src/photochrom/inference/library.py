"""The weights that come with the package, and weights in files."""

from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Literal, TypeAlias, get_args

from ..errors import ModelError
from .card import Card, detach
from .classifier import Classifier
from .engine import Colorizer, Engine
from .router import Router, Specialist, read_router
from .session import Session

DEFAULT = "autochrome"
"""The network that is used when none is named."""

Executor: TypeAlias = Literal["onnxruntime", "openvino"]
EXECUTORS: tuple[Executor, ...] = get_args(Executor)
"""What networks can run on; OpenVINO is in the extra `fast`."""

_SUFFIX = ".onnx"
_ROUTER_SUFFIX = ".toml"


def embedded() -> list[str]:
    """Names of the networks in the package, sorted."""
    entries = files("photochrom.weights").iterdir()
    return sorted(e.name.removesuffix(_SUFFIX) for e in entries if e.name.endswith(_SUFFIX))


def load_card(model: str = DEFAULT) -> Card:
    """The card of an embedded network (by name) or of an ONNX file (by path).

    Raises:
        ModelError: there is no such network, or its file is damaged.
    """
    return detach(load_content(model), model)[1]


def load_colorizer(
    model: str = DEFAULT, threads: int = 0, executor: Executor = "onnxruntime"
) -> Colorizer:
    """An engine, or the router that a TOML file describes; the same one for the same arguments.

    Args:
        model: name or path.
        threads: threads within one picture; 0 takes every core.
        executor: what networks that color run on; a classifier runs on ONNX Runtime.

    Raises:
        ModelError: there is no such network, a file is damaged, or the router's parts do not go
            together.
        MissingExtraError: the executor is not installed.
    """
    if model.endswith(_ROUTER_SUFFIX):
        return _router(model, threads, executor)
    return _engine(model, threads, executor)


def load_engine(
    model: str = DEFAULT, threads: int = 0, executor: Executor = "onnxruntime"
) -> Engine:
    """An engine for an embedded network or an ONNX file; the same one for the same arguments.

    Args and errors: see `load_colorizer`. A router is no single network and is refused.
    """
    return _engine(model, threads, executor)


@cache  # behind `load_engine`, because it takes f(x), f(model=x) and f() for three
def _engine(model: str, threads: int, executor: Executor) -> Engine:
    content = load_content(model)
    if executor == "openvino":
        from .openvino import OpenVinoSession

        return Engine(OpenVinoSession(content, model, threads))
    return Engine(Session(content, model, threads))


@cache
def _router(path: str, threads: int, executor: Executor) -> Router:
    file = read_router(Path(path))

    def engine(model: str) -> Engine:
        return _engine(_beside(path, model), threads, executor)

    name = _beside(path, file.classifier)
    classifier = Classifier(load_content(name), name, threads)
    specialists = [Specialist(engine(entry.model), entry.classes) for entry in file.specialist]
    general = engine(file.general) if file.general else None
    try:
        return Router(classifier, specialists, file.sure, general)
    except ModelError as error:
        raise ModelError(f"{path}: {error}") from error


def _beside(path: str, model: str) -> str:
    """A network that a router's file names: in the package, or relative to the file."""
    return model if model in embedded() else str(Path(path).parent / model)


def load_content(model: str) -> bytes:
    """The ONNX file of an embedded network (by name) or at a path, unchecked.

    Raises:
        ModelError: there is no such network, or it is a router.
    """
    known = embedded()
    if model.endswith(_ROUTER_SUFFIX):
        raise ModelError(f"{model}: a router is no single network; name one of its networks")
    if model in known:
        return files("photochrom.weights").joinpath(model + _SUFFIX).read_bytes()
    try:
        return Path(model).read_bytes()
    except PermissionError as error:
        raise ModelError(f"{model}: the file may not be read; check its permissions") from error
    except (OSError, ValueError) as error:  # ValueError: no path can hold a null character
        names = ", ".join(known) or "none"
        raise ModelError(
            f"{model}: no such network or file; networks in the package: {names}"
        ) from error
