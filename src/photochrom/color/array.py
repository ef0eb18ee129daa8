"""What numpy and torch share: the array API standard, through array-api-compat.

The color code is written once against the namespace that `array_namespace` returns, and so serves
numpy arrays at inference and torch tensors (with gradients, on any device) in training.
"""

from collections.abc import Sequence
from typing import Any, TypeAlias

import array_api_compat
import numpy as np
from array_api_compat import device, is_torch_array

Array: TypeAlias = Any
"""A floating `numpy.ndarray` or `torch.Tensor`."""

# From 2.0 on numpy has the standard's names itself. Its copy in array-api-compat loads every module
# of numpy, f2py and all: more work than the first color of a picture.
_NUMPY_IS_STANDARD = hasattr(np, "__array_api_version__")


def array_namespace(*arrays: Array) -> Any:
    """The functions for these arrays, by the names of the array API standard."""
    if _NUMPY_IS_STANDARD and all(isinstance(array, np.ndarray | np.generic) for array in arrays):
        return np
    return array_api_compat.array_namespace(*arrays)


def constant(values: Sequence[Any] | Array, like: Array) -> Array:
    """Return `values` as an array of the namespace, dtype and device of `like`."""
    if isinstance(values, np.ndarray) and not values.flags.writeable:
        values = values.copy()  # torch has no read-only tensors and warns when it meets one
    return array_namespace(like).asarray(values, dtype=like.dtype, device=device(like))


def root(values: Array) -> Array:
    """Return the square root of `values`, 0 where they are negative by a rounding error.

    Its gradient at 0 is 0: the true one is infinite, and times the 0 of the chain rule it would be
    NaN. That is how greys and equal colors would spoil the gradient of a whole batch.
    """
    xp = array_namespace(values)
    positive = values > 0
    return xp.where(
        positive, xp.sqrt(xp.where(positive, values, xp.ones_like(values))), xp.zeros_like(values)
    )


def smallest(values: Array, count: int) -> Array:
    """Return the indices `(..., count)` of the smallest of the last axis, in no certain order.

    The standard has no top-k and its full sort costs several times as much.
    """
    if is_torch_array(values):
        return values.topk(count, largest=False, sorted=False).indices
    return np.argpartition(values, count - 1, axis=-1)[..., :count]
