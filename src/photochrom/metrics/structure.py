"""Structural similarity of sRGB pictures: SSIM and MS-SSIM, from one pyramid.

SSIM: Wang, Bovik, Sheikh and Simoncelli (2004), equation 13 with section III.C's Gaussian window of
11 pixels and sigma 1.5, K = (0.01, 0.03), range 1, population moments. MS-SSIM: Wang, Simoncelli
and Bovik (2003), equation 7 with the five weights of section 3.2.

Conventions, where implementations differ. The window stays inside the picture and nothing is
padded, as in the authors' code and scikit-image; torchmetrics mirrors the picture's edges and
averages over those windows too, which moves SSIM by up to 0.01 at 256 x 256. The three channels are
averaged, no grey version is made. From scale to scale 2x2 pixels are averaged; an odd last row or
column is dropped. A scale whose mean contrast-structure term is negative makes MS-SSIM 0
(a negative number has no power of 0.3).
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

WINDOW = 11
"""Side of the Gaussian window, in pixels; smaller pictures have no SSIM."""

SMALLEST = WINDOW * 16
"""Shortest side, in pixels, whose fifth scale still holds a window; below it, no MS-SSIM."""

_SCALE_WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)
_C1, _C2 = 0.01**2, 0.03**2
_BLOCK = 32  # outputs per product: of 16, 32, 48, 64 and 128, 32 is fastest at 256 x 256

_Planes = NDArray[np.float32]


class Structure(NamedTuple):
    """Similarity of two pictures; 1 where they are equal, hardly ever below 0."""

    ssim: float
    """NaN where a side is shorter than `WINDOW`."""
    ms_ssim: float
    """In [0, 1]; NaN where a side is shorter than `SMALLEST`."""


class StructureOf:
    """A true picture, prepared to be compared with any number of predicted ones.

    Args:
        true: `(H, W, 3)` sRGB values in [0, 1], floating; computed in float32.

    Raises:
        ValueError: another shape, or integers.
    """

    def __init__(self, true: NDArray[Any]) -> None:
        self._shape = true.shape
        scale = _planes(true)
        self._scales: list[tuple[_Planes, _Planes, _Planes]] = []
        for _ in range(_scales_of(*scale.shape[1:])):
            moments = np.stack([_blurred(np.stack([x, x * x])) for x in scale], axis=1)
            mean, square = moments  # (3, H - 10, W - 10) each
            square -= mean * mean
            self._scales.append((scale, mean, square))
            scale = _halved(scale)

    def against(self, predicted: NDArray[Any]) -> Structure:
        """The similarity of a predicted picture of the same shape, floating in [0, 1].

        Raises:
            ValueError: another shape, or integers.
        """
        if predicted.shape != self._shape:
            raise ValueError(f"need a picture {self._shape}, not {predicted.shape}")
        scale = _planes(predicted)
        terms: list[tuple[float, float]] = []
        for true, mean, variance in self._scales:
            terms.append(_compared(scale, true, mean, variance))
            scale = _halved(scale)
        ssim = terms[0][1] if terms else np.nan
        if len(terms) < len(_SCALE_WEIGHTS):
            return Structure(float(ssim), float("nan"))
        factors = np.array([contrast for contrast, _ in terms[:-1]] + [terms[-1][1]])
        ms_ssim = np.prod(np.maximum(factors, 0) ** np.array(_SCALE_WEIGHTS))
        return Structure(float(ssim), float(ms_ssim))


def _planes(picture: NDArray[Any]) -> _Planes:
    if picture.ndim != 3 or picture.shape[-1] != 3:
        raise ValueError(f"SSIM needs a picture (H, W, 3), not {picture.shape}")
    if not np.issubdtype(picture.dtype, np.floating):
        raise ValueError(f"SSIM needs values in [0, 1], not {picture.dtype}")
    return np.ascontiguousarray(np.moveaxis(picture, -1, 0), dtype=np.float32)


def _scales_of(height: int, width: int) -> int:
    """How many scales are worth computing: all five, the first alone, or none."""
    if min(height, width) >= SMALLEST:
        return len(_SCALE_WEIGHTS)
    return int(min(height, width) >= WINDOW)


def _compared(
    predicted: _Planes, true: _Planes, true_mean: _Planes, true_variance: _Planes
) -> tuple[float, float]:
    """Means of contrast-structure and of SSIM over one scale, `(3, H, W)` pictures.

    Both terms of equation 13 are written by the difference of the pictures, as 1 - (what differs) /
    (the same denominator). In float32 the paper's form loses digits on flat bright areas, where the
    variance is a small difference of large squares; this one is exact for equal pictures.
    """
    contrasts, similarities = [], []
    for x, y, y_mean, y_variance in zip(predicted, true, true_mean, true_variance, strict=True):
        offset = x - y  # a channel at a time: its planes stay in the cache
        offset_mean, offset_square, square = _blurred(np.stack([offset, offset * offset, x * x]))
        mean = y_mean + offset_mean
        mean *= mean
        square -= mean
        square += y_variance + np.float32(_C2)
        offset_mean *= offset_mean
        offset_square -= offset_mean
        contrast = np.subtract(1, np.divide(offset_square, square, out=square), out=square)
        mean += y_mean * y_mean
        mean += np.float32(_C1)
        similarity = np.subtract(1, np.divide(offset_mean, mean, out=mean), out=mean)
        similarity *= contrast
        contrasts.append(contrast.mean())
        similarities.append(similarity.mean())
    return float(np.mean(contrasts)), float(np.mean(similarities))


def _blurred(planes: _Planes) -> _Planes:
    """Gaussian means of every window inside the planes, `(P, H, W)` to `(P, H - 10, W - 10)`.

    Sliding sums as products of blocks with a banded matrix: BLAS does the few useless products
    with its zeros faster than numpy adds eleven shifted slices.
    """
    count, height, width = planes.shape
    height, width = height - WINDOW + 1, width - WINDOW + 1
    rows = np.empty((count, height, planes.shape[2]), np.float32)
    for start in range(0, height, _BLOCK):
        size = min(_BLOCK, height - start)
        band = _BAND[: size + WINDOW - 1, :size]
        block = planes[:, start : start + size + WINDOW - 1]
        np.matmul(band.T, block, out=rows[:, start : start + size])
    lines = rows.reshape(count * height, -1)
    means = np.empty((count * height, width), np.float32)
    for start in range(0, width, _BLOCK):
        size = min(_BLOCK, width - start)
        band = _BAND[: size + WINDOW - 1, :size]
        block = lines[:, start : start + size + WINDOW - 1]
        np.matmul(block, band, out=means[:, start : start + size])
    return means.reshape(count, height, width)


def _halved(planes: _Planes) -> _Planes:
    """Means of 2x2 pixels, `(P, H, W)` to `(P, H // 2, W // 2)`."""
    _, height, width = planes.shape
    rows = planes[:, : height - 1 : 2] + planes[:, 1::2]
    halved = rows[..., : width - 1 : 2] + rows[..., 1::2]
    halved *= np.float32(0.25)
    return halved


def _band() -> NDArray[np.float32]:
    """`(_BLOCK + 10, _BLOCK)`: column j weighs the rows j to j + 10 by the window."""
    window = np.exp(-((np.arange(WINDOW) - WINDOW // 2) ** 2) / (2 * 1.5**2))
    band = np.zeros((_BLOCK + WINDOW - 1, _BLOCK))
    for column in range(_BLOCK):
        band[column : column + WINDOW, column] = window / window.sum()
    return band.astype(np.float32)


_BAND = _band()
