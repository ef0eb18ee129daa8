"""The weights that come with the package, and weights in files."""

from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Literal, TypeAlias, get_args

from ..errors import ModelError
from .card import Card, detach
from .engine import Engine
from .session import Session

DEFAULT = "autochrome"
"""The network that is used when none is named."""

Executor: TypeAlias = Literal["onnxruntime", "openvino"]
EXECUTORS: tuple[Executor, ...] = get_args(Executor)
"""What networks can run on; OpenVINO is in the extra `fast`."""

_SUFFIX = ".onnx"


def embedded() -> list[str]:
    """Names of the networks in the package, sorted."""
    entries = files("photochrom.weights").iterdir()
    return sorted(e.name.removesuffix(_SUFFIX) for e in entries if e.name.endswith(_SUFFIX))


def load_card(model: str = DEFAULT) -> Card:
    """The card of an embedded network (by name) or of an ONNX file (by path).

    Raises:
        ModelError: there is no such network, or its file is damaged.
    """
    return detach(_content(model), model)[1]


def load_engine(
    model: str = DEFAULT, threads: int = 0, executor: Executor = "onnxruntime"
) -> Engine:
    """An engine for an embedded network or an ONNX file; the same one for the same arguments.

    Args:
        model: name or path.
        threads: threads within one picture; 0 takes every core.
        executor: what the network runs on.

    Raises:
        ModelError: there is no such network, or its file is damaged.
        MissingExtraError: the executor is not installed.
    """
    return _engine(model, threads, executor)


@cache  # behind `load_engine`, because it takes f(x), f(model=x) and f() for three
def _engine(model: str, threads: int, executor: Executor) -> Engine:
    content = _content(model)
    if executor == "openvino":
        from .openvino import OpenVinoSession

        return Engine(OpenVinoSession(content, model, threads))
    return Engine(Session(content, model, threads))


def _content(model: str) -> bytes:
    known = embedded()
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
