"""What a ledger knows an order by."""

import hashlib

from ..archive import Order
from ..archive.weights import named_weights


def identify(order: Order) -> tuple[str, str]:
    """What a ledger knows an order by, and the hash of its weights.

    Raises:
        ModelError: see `named_weights`.
        ImageError: a file that the order names cannot be read.
    """
    weights = named_weights(order.model).sha256
    return hashlib.sha256(f"{order.identity()} {weights}".encode()).hexdigest(), weights
