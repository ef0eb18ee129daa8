"""Looking at a network while it learns: the loss on unseen pictures and a contact sheet."""

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from .. import image
from ..color import annealed_mean, fit_chroma, lab_to_srgb, srgb_to_lab
from ..data.crops import DevicePool
from ..data.pool import Pool
from .objective import Objective

_SHOWN = 8  # pictures of each kind, seen and unseen
_MEASURED = 256
_CHUNK = 32
_ROWS = ("grey", "colored", "original")
_TEMPERATURE = 0.38  # of the contact sheets; Zhang, Isola and Efros 2016


class Watch:
    """Fixed pictures, seen and unseen, that every checkpoint is looked at with."""

    def __init__(
        self, objective: Objective, seen: Pool, unseen: Pool, size: int, device: torch.device
    ) -> None:
        self._objective = objective
        self._measured = _centers(unseen, _MEASURED, size, device)
        self._shown = [
            _centers(seen, _SHOWN, size, device),
            _centers(unseen, _SHOWN, size, device),
        ]

    @torch.no_grad()
    def loss(self, model: nn.Module) -> float:
        """Mean loss over fixed unseen pictures."""
        chunks = torch.split(self._measured, _CHUNK)
        losses = [self._objective.loss(model, chunk) * len(chunk) for chunk in chunks]
        return float(torch.stack(losses).sum() / len(self._measured))

    @torch.no_grad()
    def sheet(self, model: nn.Module, path: Path) -> Path:
        """Write a contact sheet: grey, colored and original; seen pictures above, unseen below."""
        rows: list[list[NDArray[np.uint8]]] = []
        for crops in self._shown:
            grey, colored = self._colored(model, crops)
            rows += [[_bytes(x) for x in batch] for batch in (grey, colored, crops)]
        titles = [f"{kind} {what}" for kind in ("seen", "unseen") for what in _ROWS]
        sheet = image.contact_sheet(rows, row_titles=titles, tile=160)
        path.parent.mkdir(parents=True, exist_ok=True)
        image.write(image.from_array(sheet), path, overwrite=True)
        return path

    def _colored(self, model: nn.Module, crops: Tensor) -> tuple[Tensor, Tensor]:
        """The grey and the colored version of sRGB crops, all `(B, S, S, 3)`."""
        lightness = srgb_to_lab(crops)[..., :1]  # (B, S, S, 1)
        logits = self._objective.logits(model, lightness[..., 0]).movedim(1, -1)
        small = annealed_mean(logits, self._objective.centers, _TEMPERATURE)  # (B, h, w, 2)
        ab = functional.interpolate(
            small.movedim(-1, 1), size=crops.shape[1:3], mode="bilinear"
        ).movedim(1, -1)
        grey = lab_to_srgb(torch.cat([lightness, torch.zeros_like(ab)], dim=-1))
        return grey, lab_to_srgb(fit_chroma(torch.cat([lightness, ab], dim=-1)))


def _centers(pool: Pool, count: int, size: int, device: torch.device) -> Tensor:
    """Center crops of fixed pictures spread over the pool, `(count, size, size, 3)`."""
    spread = torch.linspace(0, len(pool) - 1, min(count, len(pool))).round().long()
    pictures = DevicePool(pool, torch.device("cpu"))
    return pictures.crops(pictures.center_windows(spread), size).to(device)


def _bytes(picture: Tensor) -> NDArray[np.uint8]:
    scaled: NDArray[np.uint8] = (picture * 255).round().clamp(0, 255).byte().cpu().numpy()
    return scaled
