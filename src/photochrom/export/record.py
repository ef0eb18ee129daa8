"""Figures into the card of a network that is already exported."""

from pathlib import Path
from typing import Any

from ..errors import ModelError
from ..inference.card import attach, detach
from ..whole import replacing


def record_metrics(path: Path, name: str, figures: dict[str, Any]) -> None:
    """Put figures into the card of an ONNX file, under a name; the graph stays as it is.

    Raises:
        ModelError: the file is missing or carries no sound card.
    """
    try:
        graph, card = detach(path.read_bytes(), str(path))
    except OSError as error:
        raise ModelError(f"{path}: cannot be read ({error.strerror})") from error
    updated = card.model_copy(update={"metrics": {**card.metrics, name: figures}})
    with replacing(path) as beside:
        beside.write_bytes(attach(graph, updated))
