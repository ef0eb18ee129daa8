"""Optional dependencies, asked for by the verbs that need them."""

import os
from importlib.util import find_spec

from ..cache import cache_folder
from ..errors import MissingExtraError


def require(module: str, *, extra: str, purpose: str) -> None:
    """Make sure that an optional dependency is there, without importing it.

    Raises:
        MissingExtraError: it is not installed; names the command that installs it.
    """
    if find_spec(module) is None:
        raise MissingExtraError(
            f"{module} is not installed; {purpose} needs it: pip install 'photochrom[{extra}]'"
        )


def require_evaluate() -> None:
    """Make sure that everything is installed that pages of results need, and keep its files in our
    cache folder.

    Raises:
        MissingExtraError: the extra `evaluate` is not.
    """
    for module in ("jinja2", "matplotlib"):
        require(module, extra="evaluate", purpose="evaluating")
    # Left alone, both write elsewhere; PyTorch is there where an extractor is met for the first
    # time.
    os.environ.setdefault("MPLCONFIGDIR", str(cache_folder() / "matplotlib"))
    os.environ.setdefault("TORCHINDUCTOR_CACHE_DIR", str(cache_folder() / "torch"))
