"""How different two pictures look: the mean of CIEDE2000 over their pixels."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..color import ciede2000

_CHUNK = 32768  # pixels at a time: its planes of float32 stay in the cache (3.3 ms for 256 x 256)


def mean_ciede2000(predicted_lab: NDArray[Any], true_lab: NDArray[Any]) -> float:
    """Mean CIEDE2000 difference of two pictures (see `color.ciede2000`), computed in float32.

    About 1 is just noticeable in patches side by side. The mean over pixels and the figure of a set
    are plain means; no pixel counts more for being colorful.

    Args:
        predicted_lab, true_lab: L*a*b* `(..., 3)`, D65, any number of pixels.

    Raises:
        ValueError: the shapes differ or do not end in 3, there are no pixels, or a value is not
            finite.
    """
    if predicted_lab.shape != true_lab.shape or true_lab.ndim < 1 or true_lab.shape[-1] != 3:
        raise ValueError(f"need Lab (..., 3) twice, not {predicted_lab.shape} and {true_lab.shape}")
    if not true_lab.size:
        raise ValueError("no pixels")
    predicted, true = predicted_lab.reshape(-1, 3), true_lab.reshape(-1, 3)
    total = 0.0
    for start in range(0, len(true), _CHUNK):
        chunks = [lab[start : start + _CHUNK].astype(np.float32) for lab in (predicted, true)]
        if not all(np.isfinite(chunk).all() for chunk in chunks):  # NaN would be taken for 0
            raise ValueError("a Lab color is not finite")
        total += float(np.sum(ciede2000(*chunks), dtype=np.float64))
    return total / len(true)
