"""Looking at a network while it learns: the loss on unseen pictures, sheets and a film strip."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from .. import image
from ..color import fit_chroma, lab_to_srgb
from ..data.crops import DevicePool
from ..data.pool import Pool
from ..models.decoding import Decoding, reduced
from ..models.network import Network
from .batch import Batch
from .games.game import Game

_SHOWN = 8  # pictures of each kind, seen and unseen
_MEASURED = 256
_CHUNK = 32
_TEMPERATURE = 0.38  # of the contact sheets; Zhang, Isola and Efros 2016
_FILMED = 4  # of each kind, for the film strip has a column for each step

Tile = NDArray[np.uint8]


class Watch:
    """Fixed pictures, seen and unseen, that every checkpoint is looked at with."""

    def __init__(
        self,
        game: Game,
        decoding: Decoding | None,
        seen: Pool,
        unseen: Pool,
        size: int,
        device: torch.device,
    ) -> None:
        """Take what to look at: the game's loss, and colors where `decoding` gives some."""
        self._game = game
        self._decoding = decoding
        self._classes = seen.classes
        self._measured = _centers(unseen, _MEASURED, size, device)
        self._shown = {
            "seen": _centers(seen, _SHOWN, size, device),
            "unseen": _centers(unseen, _SHOWN, size, device),
        }

    @torch.no_grad()
    def loss(self, model: nn.Module) -> float:
        """Mean loss over fixed unseen pictures."""
        count = len(self._measured)
        chunks = [_part(self._measured, at, at + _CHUNK) for at in range(0, count, _CHUNK)]
        losses = [self._game.loss(model, chunk) * len(chunk) for chunk in chunks]
        return float(torch.stack(losses).sum() / count)

    @torch.no_grad()
    def sheet(self, model: Network, path: Path) -> Path:
        """Write a contact sheet; seen pictures above, unseen below.

        Grey, colored and original; between them, where a network draws the whole picture, what it
        drew. Of a classifier, what it takes the grey pictures for.
        """
        rows = self._told(model) if self._decoding is None else self._rows(self._decoding, model)
        sheet = image.contact_sheet(list(rows.values()), row_titles=list(rows), tile=160)
        path.parent.mkdir(parents=True, exist_ok=True)
        image.write(image.from_array(sheet), path, overwrite=True)
        return path

    def _rows(self, meaning: Decoding, model: Network) -> dict[str, list[Tile]]:
        rows = {}
        for kind, batch in self._shown.items():
            shown = {"grey": _grey(batch), **self._colored(meaning, model, batch)}
            for what, pictures in (shown | {"original": batch.srgb}).items():
                rows[f"{kind} {what}"] = [_bytes(x) for x in pictures]
        return rows

    def _told(self, model: Network) -> dict[str, list[Tile]]:
        rows = {}
        for kind, batch in self._shown.items():
            chosen = model(batch.grey)[:, :, 0, 0].argmax(dim=1).tolist()
            names = ", ".join(self._classes[at] for at in chosen)
            rows[f"{kind}, taken for {names}"] = [_bytes(x) for x in _grey(batch)]
        return rows

    @torch.no_grad()
    def frame(self, model: Network, path: Path) -> None:
        """Write one frame of the film: colored pictures, seen and unseen, side by side."""
        if self._decoding is None:
            return
        tiles = []
        for batch in self._shown.values():
            few = _part(batch, 0, _FILMED)
            tiles += list(self._colored(self._decoding, model, few)["colored"])
        path.parent.mkdir(parents=True, exist_ok=True)
        image.write(image.from_array(_bytes(torch.cat(tiles, dim=1))), path, overwrite=True)

    def film(self, frames: Sequence[Path], path: Path) -> None:
        """Write the film strip: a row for each picture, a column for each frame, then the truth."""
        if self._decoding is None or not frames:
            return
        truth = [x for batch in self._shown.values() for x in _part(batch, 0, _FILMED).srgb]
        columns = [_split(image.read(frame).pixels, len(truth)) for frame in frames]
        columns.append([_bytes(x) for x in truth])
        titles = [f"step {int(frame.stem):,}" for frame in frames] + ["original"]
        strip = image.contact_sheet(
            [list(row) for row in zip(*columns, strict=True)], column_titles=titles, tile=128
        )
        image.write(image.from_array(strip), path, overwrite=True)

    def _colored(self, meaning: Decoding, model: Network, batch: Batch) -> dict[str, Tensor]:
        """The colored pictures and, of a network that draws too, its drawings; `(B, S, S, 3)`."""
        raw = model(batch.grey).float()
        small = reduced(batch.lightness[:, None], raw.shape[2])[:, 0]
        ab, _ = meaning(raw, small, _TEMPERATURE)  # (B, 2, h, w)
        large = functional.interpolate(ab, size=batch.srgb.shape[1:3], mode="bilinear")
        lab = torch.cat([batch.lightness[..., None], large.movedim(1, -1)], dim=-1)
        pictures = {"colored": lab_to_srgb(fit_chroma(lab))}
        if meaning.colors == 3:
            pictures["drawn"] = (raw.movedim(1, -1) + 1) / 2
        return pictures


def _part(batch: Batch, begin: int, end: int) -> Batch:
    return Batch(batch.srgb[begin:end], batch.labels[begin:end])


def _centers(pool: Pool, count: int, size: int, device: torch.device) -> Batch:
    """Center crops of fixed pictures spread over the pool."""
    spread = torch.linspace(0, len(pool) - 1, min(count, len(pool))).round().long()
    pictures = DevicePool(pool, torch.device("cpu"))
    crops = pictures.crops(pictures.center_windows(spread), size)
    return Batch(crops.to(device), pictures.labels[spread].to(device))


def _grey(batch: Batch) -> Tensor:
    neutral = torch.zeros_like(batch.lab[..., 1:])
    grey: Tensor = lab_to_srgb(torch.cat([batch.lightness[..., None], neutral], dim=-1))
    return grey


def _bytes(picture: Tensor) -> Tile:
    scaled: Tile = (picture * 255).round().clamp(0, 255).byte().cpu().numpy()
    return scaled


def _split(frame: Tile, count: int) -> list[Tile]:
    """The pictures of a frame."""
    return [np.ascontiguousarray(tile) for tile in np.split(frame, count, axis=1)]
