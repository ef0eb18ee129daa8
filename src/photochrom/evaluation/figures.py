"""The figures of a set of pictures, as functions of how much each picture weighs.

Every figure is known from what is kept of each picture, so a bootstrap resample is only another
vector of weights, and so are a class, a comparison on the same resamples and a whole set.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ..metrics import delta_cf_of_means, mean_delta_cf

Floats: TypeAlias = NDArray[np.float64]
Weights: TypeAlias = NDArray[Any]
"""`(B, N)`: B ways to weigh N pictures, >= 0."""


@dataclass(frozen=True)
class Rows:
    """What is kept of N pictures colored in one way."""

    values: Mapping[str, Floats]
    """`(N,)` each, NaN where a picture has no such value."""
    counts: Floats
    """`(N, C)`: pixels of each picture in each cell of the ab plane."""
    scores: Floats
    """`(N, C)`: the sum of their shares of thresholds reached; see `metrics.cell_scores`."""

    def of(self, pictures: Sequence[int]) -> "Rows":
        """The rows of some pictures, by their numbers."""
        numbers = np.asarray(pictures, dtype=np.intp)
        values = {name: column[numbers] for name, column in self.values.items()}
        return Rows(values, self.counts[numbers], self.scores[numbers])


@dataclass(frozen=True)
class Column:
    """What tables say of a figure."""

    name: str
    title: str
    meaning: str
    """One line, source included."""
    better: Literal["higher", "lower", "as real"]
    """`as real`: the nearer to the row of the originals."""
    digits: int


@dataclass(frozen=True)
class Figure(Column):
    """A figure that the pictures' rows make."""

    of: Callable[[Rows, Weights], Floats]
    """Rows and weights `(B, N)` to values `(B,)`; NaN where no picture has one."""


@dataclass(frozen=True)
class Estimate:
    """A figure of a sample of pictures, with the interval in which a bootstrap finds it."""

    value: float
    low: float
    high: float

    @property
    def differs(self) -> bool:
        """Of a difference: whether the interval leaves out 0."""
        return self.low > 0 or self.high < 0


def mean_of(name: str) -> Callable[[Rows, Weights], Floats]:
    """The weighted mean of a value over the pictures that have a finite one.

    A picture that was grey already, and that a way leaves so, has an infinite ratio of signal to
    noise; it would make every set's infinite. Where no picture has a finite value and one has an
    infinite one, as the originals have, that is the mean.
    """

    def of(rows: Rows, weights: Weights) -> Floats:
        return _mean(rows.values.get(name), weights)

    return of


def _mean(values: Floats | None, weights: Weights) -> Floats:
    if values is None:
        return np.full(len(weights), np.nan)
    finite = np.isfinite(values)
    total = weights[:, finite].sum(axis=1)
    without = np.full(len(weights), np.inf if np.isinf(values).any() else np.nan)
    sums = weights[:, finite] @ values[finite]
    return np.asarray(np.divide(sums, total, out=without, where=total > 0))


def _percent(name: str) -> Callable[[Rows, Weights], Floats]:
    return lambda rows, weights: 100 * _mean(rows.values.get(name), weights)


def _root(name: str) -> Callable[[Rows, Weights], Floats]:
    return lambda rows, weights: np.sqrt(_mean(rows.values.get(name), weights))


def _auc(rows: Rows, weights: Weights) -> Floats:
    reached, pixels = rows.scores.sum(axis=1), rows.counts.sum(axis=1)
    return np.asarray(100 * (weights @ reached) / (weights @ pixels))


def _rebalanced_auc(rows: Rows, weights: Weights) -> Floats:
    """Pixels weigh by the inverse frequency of their cell in the set itself, also in a resample.

    As the prior of Zhang et al. it is no part of what is drawn; cells that a resample happens to
    miss would lift its figure.
    """
    pixels = rows.counts.sum(axis=0)  # (C,)
    rarity = np.divide(1, pixels, out=np.zeros_like(pixels), where=pixels > 0)
    return np.asarray(100 * (weights @ (rows.scores @ rarity)) / (weights @ (rows.counts @ rarity)))


def _colorfulness_ratio(rows: Rows, weights: Weights) -> Floats:
    ours, real = (
        _mean(rows.values.get(name), weights) for name in ("colorfulness", "real_colorfulness")
    )
    with np.errstate(divide="ignore", invalid="ignore"):  # originals without any color
        return np.asarray(ours / real)


def _delta_cf(
    metric: Callable[[Floats, Floats, Weights], Floats],
) -> Callable[[Rows, Weights], Floats]:
    """One of the two definitions of ΔCF."""

    def of(rows: Rows, weights: Weights) -> Floats:
        ours, real = (rows.values.get(name) for name in ("colorfulness", "real_colorfulness"))
        if ours is None or real is None:
            return np.full(len(weights), np.nan)
        return metric(ours, real, weights)

    return of


FIGURES = (
    Figure(
        "auc",
        "AuC",
        "Share of pixels whose ab error is below a threshold, mean over thresholds 0 to 150, "
        "percent (Zhang, Isola and Efros 2016, section 3.1). Rewards grey.",
        "higher",
        2,
        _auc,
    ),
    Figure(
        "rebalanced_auc",
        "rebalanced AuC",
        "The same, every pixel weighing by the rarity of its 10-unit ab cell in the set, so that "
        "all cells that occur weigh alike.",
        "higher",
        2,
        _rebalanced_auc,
    ),
    Figure(
        "psnr",
        "PSNR",
        "Peak signal-to-noise ratio of sRGB, mean of the finite ones, dB. Rewards grey.",
        "higher",
        2,
        mean_of("psnr"),
    ),
    Figure(
        "ab_psnr",
        "ab PSNR",
        "The same of the two channels a and b, peak 255.",
        "higher",
        2,
        mean_of("ab_psnr"),
    ),
    Figure(
        "ssim",
        "SSIM",
        "Structural similarity of sRGB, Gaussian window of 11, mean of channels (Wang et al. "
        "2004). High even for grey: the luminance is the original's.",
        "higher",
        4,
        mean_of("ssim"),
    ),
    Figure(
        "ms_ssim",
        "MS-SSIM",
        "The same over five scales (Wang, Simoncelli and Bovik 2003); none below 176 pixels.",
        "higher",
        4,
        mean_of("ms_ssim"),
    ),
    Figure("ciede2000", "ΔE2000", "Mean CIEDE2000.", "lower", 2, mean_of("ciede2000")),
    Figure(
        "ab_rmse",
        "ab RMSE",
        "Root of the mean squared ab distance over all pixels, ab units.",
        "lower",
        2,
        _root("ab_mse"),
    ),
    Figure(
        "pixel_l2",
        "pixel L2",
        "Mean ab distance over all pixels, ab units.",
        "lower",
        2,
        mean_of("pixel_l2"),
    ),
    Figure(
        "colorfulness_ratio",
        "colorfulness over real",
        "Mean colorfulness (Hasler and Süsstrunk 2003) over that of the originals.",
        "as real",
        2,
        _colorfulness_ratio,
    ),
    Figure(
        "delta_cf_of_means",
        "ΔCF of means",
        "Difference of the mean colorfulness of results and of originals.",
        "lower",
        2,
        _delta_cf(delta_cf_of_means),
    ),
    Figure(
        "mean_delta_cf",
        "mean ΔCF",
        "Mean of the pictures' differences in colorfulness from their originals.",
        "lower",
        2,
        _delta_cf(mean_delta_cf),
    ),
    Figure(
        "bleeding",
        "bleeding",
        "Chroma gradient where the luminance has none, ab units a pixel; the originals have some.",
        "as real",
        3,
        mean_of("bleeding"),
    ),
    Figure(
        "spottedness",
        "spots",
        "Chroma that leaves its neighborhood; see `metrics.spottedness`.",
        "as real",
        3,
        mean_of("spottedness"),
    ),
    Figure(
        "warmth",
        "warmth",
        "Share of the chroma whose hue lies between 20° and 100°, brown's neighborhood, percent.",
        "as real",
        1,
        _percent("warmth"),
    ),
    Figure(
        "hue_spread",
        "spread of hues",
        "Circular variance of a picture's hues, weighed by chroma; 0: all of one hue, as sepia is.",
        "as real",
        2,
        mean_of("hue_spread"),
    ),
    Figure(
        "stability",
        "size stability",
        "Mean CIEDE2000 between results of one picture at different sizes.",
        "lower",
        2,
        mean_of("stability"),
    ),
    Figure(
        "top1",
        "top-1",
        "Pictures whose label, as the extractor gives it to the original, it gives to the result, "
        "percent.",
        "higher",
        1,
        _percent("top1"),
    ),
    Figure(
        "top5",
        "top-5",
        "The same, among its five likeliest labels.",
        "higher",
        1,
        _percent("top5"),
    ),
)
"""In the order of tables. A change here that changes a figure is a new version of the protocol."""

WHOLES = (
    Column(
        "frechet",
        "Fréchet",
        "Fréchet distance of the extractor's features of results and of originals (Heusel et al. "
        "2017, equation 6). Falls with the number of pictures: compares within one set only.",
        "lower",
        2,
    ),
    Column(
        "ece",
        "ECE",
        "Expected calibration error of the likeliest bin, 15 bins (Guo et al. 2017, equation 3).",
        "lower",
        4,
    ),
    Column("nll", "NLL", "Mean negative logarithm of the true bin's probability.", "lower", 3),
)
"""Figures of the set that no mean of pictures makes, by their names in `Result.whole`."""


def figure(name: str) -> Figure:
    """A figure by name.

    Raises:
        KeyError: there is none of that name.
    """
    return {one.name: one for one in FIGURES}[name]
