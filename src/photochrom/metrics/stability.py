"""How much a picture's colors depend on the size it is colored at."""

from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .difference import mean_ciede2000


def size_drift(labs: NDArray[Any]) -> float:
    """Mean CIEDE2000 difference between results of one picture at several sizes.

    The mean over the pixels and over all S (S - 1) / 2 pairs of sizes; 0 where the size changes
    nothing. A grey result is 0 too, so read it beside colorfulness.

    Args:
        labs: L*a*b* `(S, H, W, 3)`, S >= 2 results brought to one size beforehand. What resizing
            alone changes, as lightness that lost its detail, counts as well: give all of them one
            lightness to measure the colors alone.

    Raises:
        ValueError: another shape, fewer than 2 results, or see `mean_ciede2000`.
    """
    if labs.ndim != 4 or labs.shape[-1] != 3 or len(labs) < 2:
        raise ValueError(f"need Lab (S, H, W, 3) of 2 results or more, not {labs.shape}")
    return float(np.mean([mean_ciede2000(one, other) for one, other in combinations(labs, 2)]))
