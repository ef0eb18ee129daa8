"""Which weights color: what a ledger knows a network by, without loading it."""

import hashlib
from pathlib import Path

from ..archive import Order
from ..inference import embedded, load_card
from ..inference.router import read_router


def identify(order: Order) -> tuple[str, str]:
    """What a ledger knows an order by, and the hash of its weights.

    Raises:
        ModelError: see `model_sha256`.
    """
    weights = model_sha256(order.model)
    return _sha256(f"{order.identity()} {weights}"), weights


def model_sha256(model: str) -> str:
    """Of all that a model's results depend on: graphs and cards, and how a router chooses.

    Args:
        model: name of an embedded network, or path of an ONNX or router's file.

    Raises:
        ModelError: there is no such network, or a file is missing or damaged.
    """
    if not model.endswith(".toml"):
        return _sha256(load_card(model).model_dump_json())
    path = Path(model)
    file = read_router(path)
    names = [file.classifier, *(entry.model for entry in file.specialist)]
    if file.general:
        names.append(file.general)
    known = embedded()
    cards = [load_card(name if name in known else str(path.parent / name)) for name in names]
    return _sha256("\n".join([file.model_dump_json(), *(c.model_dump_json() for c in cards)]))


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
