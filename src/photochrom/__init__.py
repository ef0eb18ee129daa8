"""Photochrom colors black-and-white photographs.

    photochrom.colorize("photo.jpg")    writes photo.color.jpg and returns its path
    photochrom.Order                    all that can be said of how a picture is to be colored
    photochrom.errors                   everything that is raised on purpose

Importing this loads nothing else: numpy, libvips and ONNX Runtime come with the first picture.
"""

from typing import TYPE_CHECKING, Any

from ._version import __version__

if TYPE_CHECKING:
    from . import errors
    from .api import colorize
    from .archive import Order

__all__ = ["Order", "__version__", "colorize", "errors"]


def __getattr__(name: str) -> Any:
    """What `__all__` promises, imported when it is first asked for (PEP 562)."""
    from importlib import import_module

    if name == "errors":
        return import_module(".errors", __name__)
    if name == "colorize":
        return import_module(".api", __name__).colorize
    if name == "Order":
        return import_module(".archive", __name__).Order
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
