"""What a ledger knows an order by."""

import hashlib

from ..archive import Order
from ..archive.weights import named_weights


def identify(order: Order) -> tuple[str, str]:
    """One hash for an order, the files it names and the weights, and one for the weights alone.

    Raises:
        ModelError: there is no such network, or a file is missing or damaged.
        ImageError: another file that the order names cannot be read.
    """
    weights = named_weights(order.model).sha256
    return hashlib.sha256(f"{order.identity()} {weights}".encode()).hexdigest(), weights
