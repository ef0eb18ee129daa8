"""What a network should have said of a color picture: the bins of its colors."""

import numpy as np
from numpy.typing import NDArray

from ..color import bin_centers, soft_encode, srgb_to_lab
from .luminance import Pixels


def true_bins(pixels: Pixels, cell: int) -> NDArray[np.intp]:
    """The bin nearest to the mean color of each cell, as training has it.

    Training averages ab over the cell and, of the soft-encoded bins, calls the heaviest the true
    one (`losses.bins`). Cells that reach over the border go on mirrored, as networks see them.

    Args:
        pixels: `(H, W, 1 or 3)`, at the size at which the network sees the picture.
        cell: side of a cell in pixels: the network's input size over its output size.

    Returns:
        Indices `(ceil(H / cell), ceil(W / cell))` into `color.bin_centers`.
    """
    height, width, _ = pixels.shape
    beyond = [(0, -height % cell), (0, -width % cell), (0, 0)]
    srgb = np.pad(pixels / np.float32(np.iinfo(pixels.dtype).max), beyond, mode="symmetric")
    rows, columns = srgb.shape[0] // cell, srgb.shape[1] // cell
    ab = srgb_to_lab(np.broadcast_to(srgb, (*srgb.shape[:2], 3)))[..., 1:]
    means = ab.reshape(rows, cell, columns, cell, 2).mean(axis=(1, 3))  # (rows, columns, 2)
    nearest, _ = soft_encode(means, bin_centers(), neighbors=1)
    bins: NDArray[np.intp] = nearest[..., 0]
    return bins
