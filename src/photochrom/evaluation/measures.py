"""What is measured on one picture: every value of which the figures of a set are made."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from .. import image
from ..color import colorfulness
from ..inference.luminance import lab_of
from ..metrics import (
    AbErrorCurve,
    CellScores,
    StructureOf,
    ab_psnr,
    ab_rmse,
    bleeding,
    hues,
    mean_ciede2000,
    pixel_l2,
    psnr,
    spottedness,
)

Floats = NDArray[np.float32]

_GREY = 0.5  # mean chroma, ab units; 8 bits leave a grey 0.1 at most


@dataclass(frozen=True)
class Measured:
    """One picture, colored in one way."""

    values: dict[str, float]
    """By the names that `figures` uses."""
    cells: CellScores
    curve: AbErrorCurve


class Seen:
    """A picture in the forms that measures take."""

    def __init__(self, frame: image.Frame) -> None:
        self._frame = frame

    @cached_property
    def srgb(self) -> Floats:
        """`(H, W, 3)` in [0, 1]; grey pictures repeated into three channels."""
        top = np.float32(np.iinfo(self._frame.pixels.dtype).max)
        shape = self._frame.height, self._frame.width, 3
        return np.broadcast_to(self._frame.pixels / top, shape)

    @cached_property
    def lab(self) -> Floats:
        """L*a*b* `(H, W, 3)`."""
        return lab_of(self._frame.pixels)

    @cached_property
    def ab(self) -> Floats:
        """`(H, W, 2)`, next to each other in memory: every measure below goes over them."""
        return np.ascontiguousarray(self.lab[..., 1:])

    @cached_property
    def colorfulness(self) -> float:
        """Hasler and Süsstrunk's."""
        return float(colorfulness(self.srgb))


class Truth(Seen):
    """A real picture, with what every comparison with it needs again."""

    @cached_property
    def _structure(self) -> StructureOf:
        return StructureOf(self.srgb)

    def measure(self, result: image.Frame) -> Measured:
        """Hold a colored version of the picture, of the same size, against it."""
        ours = Seen(result)
        structure = self._structure.against(ours.srgb)
        ab, true_ab = ours.ab, self.ab
        values = {
            "psnr": float(psnr(ours.srgb, self.srgb)),
            "ab_psnr": ab_psnr(ab, true_ab),
            "ssim": structure.ssim,
            "ms_ssim": structure.ms_ssim,
            "ciede2000": mean_ciede2000(ours.lab, self.lab),
            "pixel_l2": pixel_l2(ab, true_ab),
            "ab_mse": ab_rmse(ab, true_ab) ** 2,
            "colorfulness": ours.colorfulness,
            "real_colorfulness": self.colorfulness,
            "bleeding": bleeding(ab, self.lab[..., 0]),
            "spottedness": spottedness(ab),
            **_hues(ab),
        }
        curve = AbErrorCurve()
        curve.add(ab, true_ab)
        return Measured(values, curve.cell_scores(), curve)


def _hues(ab: Floats) -> dict[str, float]:
    """Nothing of a grey picture, whose hues are rounding errors."""
    if np.hypot(ab[..., 0], ab[..., 1]).mean() < _GREY:
        return {}
    return hues(ab)._asdict()
