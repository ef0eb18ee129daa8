"""The luminance of the original joined to new chroma, at full size and full bit depth."""

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import DTypeLike

from ..color import fit_to_linear, linear_to_srgb
from .enlarge import Enlargement, Floats
from .luminance import Pixels, lightness_of

_STRIP = 1 << 16  # pixels that are joined at a time: their float arrays fit a core's cache


def join(pixels: Pixels, lines: Enlargement, threads: int) -> Pixels:
    """Color pixels by lines from lightness to ab.

    Args:
        pixels: `(H, W, 1 or 3)`; of colors only the luminance is kept.
        lines: `(H, W, 4)` when enlarged, as of `guided_lines`.
        threads: 0 takes every core.

    Returns:
        `(H, W, 3)`, the same dtype.
    """
    height, width = pixels.shape[:2]
    joined = np.empty((height, width, 3), dtype=pixels.dtype)

    def join_strip(rows: slice) -> None:
        lightness = lightness_of(pixels[rows])  # (rows, W)
        line = np.moveaxis(lines.rows(rows.start, rows.stop), -1, 0)  # (4, rows, W)
        ab = np.moveaxis(line[:2] * lightness + line[2:], 0, -1)
        joined[rows] = paint(lightness, ab, pixels.dtype)

    strips = list(_strips(height, width))
    workers = min(len(strips), threads or os.cpu_count() or 1)
    if workers == 1:  # small pictures: a thread takes longer to start than some take to join
        for rows in strips:
            join_strip(rows)
        return joined
    with ThreadPoolExecutor(workers) as pool:
        for _ in pool.map(join_strip, strips):
            pass
    return joined


def paint(lightness: Floats, ab: Floats, dtype: DTypeLike) -> Pixels:
    """Pixels `(H, W, 3)` of L* `(H, W)` and ab `(H, W, 2)`.

    Chroma that sRGB does not have is shrunk. Rounding each channel moves the luminance by 0.66 of
    the step between neighboring greys at most; tests/inference/test_luminance.py says why.
    """
    # Channel by channel in memory: that is how colors are computed.
    lab = np.moveaxis(np.stack([lightness, ab[..., 0], ab[..., 1]]), 0, -1)
    srgb = linear_to_srgb(fit_to_linear(lab))
    painted: Pixels = np.rint(srgb.clip(0, 1) * np.iinfo(dtype).max).astype(dtype)
    return painted


def _strips(height: int, width: int) -> Iterator[slice]:
    rows = max(1, _STRIP // width)
    for begin in range(0, height, rows):
        yield slice(begin, min(begin + rows, height))
