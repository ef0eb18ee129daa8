"""Which weights color: what a file and a ledger know a network by, without loading it."""

import hashlib
from functools import cache
from pathlib import Path

from ..inference import embedded, load_card
from ..inference.router import read_router
from .provenance import Named


@cache  # an order is for many pictures
def named_weights(model: str) -> Named:
    """A network and the hash of all that its results depend on: graphs, cards, a router's choice.

    Args:
        model: name of an embedded network, or path of an ONNX or router's file.

    Raises:
        ModelError: there is no such network, or a file is missing or damaged.
    """
    if not model.endswith(".toml"):
        card = load_card(model)
        return Named(name=card.name, sha256=_sha256(card.model_dump_json()))
    path = Path(model)
    file = read_router(path)
    names = [file.classifier, *(entry.model for entry in file.specialist)]
    if file.general:
        names.append(file.general)
    known = embedded()
    cards = [load_card(name if name in known else str(path.parent / name)) for name in names]
    texts = [file.model_dump_json(), *(card.model_dump_json() for card in cards)]
    return Named(name=path.name, sha256=_sha256("\n".join(texts)))


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
