"""What numpy and torch share: the array API standard, through array-api-compat.

The color code is written once against the namespace that `array_namespace` returns, and so serves
numpy arrays at inference and torch tensors (with gradients, on any device) in training.
"""

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
from array_api_compat import array_namespace, device, is_torch_array

Array: TypeAlias = Any
"""A floating `numpy.ndarray` or `torch.Tensor`."""


def constant(values: Sequence[Any] | Array, like: Array) -> Array:
    """Return `values` as an array of the namespace, dtype and device of `like`."""
    return array_namespace(like).asarray(values, dtype=like.dtype, device=device(like))


def smallest(values: Array, count: int) -> Array:
    """Return the indices `(..., count)` of the smallest of the last axis, in no certain order.

    The standard has no top-k and its full sort costs several times as much.
    """
    if is_torch_array(values):
        return values.topk(count, largest=False, sorted=False).indices
    return np.argpartition(values, count - 1, axis=-1)[..., :count]
