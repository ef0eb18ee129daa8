"""Square crops of a pool on a device, a batch at a time, with no decoding and no copying back."""

from functools import lru_cache
from typing import NamedTuple

import torch
from torch import Tensor

from .pool import Pool

_BETWEEN_SEEDS = 0x9E3779B1  # odd and about 2**32 / 1.618: runs of near seeds lie far apart


class Windows(NamedTuple):
    """Which square of which picture, each `(B,)`."""

    picture: Tensor
    top: Tensor
    left: Tensor
    side: Tensor
    mirrored: Tensor

    def part(self, begin: int, end: int) -> "Windows":
        """Those of crops `[begin, end)`."""
        return Windows(*(values[begin:end] for values in self))

    def to(self, device: torch.device) -> "Windows":
        """The same windows in the memory of a device."""
        return Windows(*(values.to(device) for values in self))


class DevicePool:
    """A pool's pictures in the memory of a device.

    On the CPU the pixels stay in the mapped cache file; on a GPU they are copied once.
    """

    def __init__(self, pool: Pool, device: torch.device) -> None:
        pixels = torch.frombuffer(pool.pixels, dtype=torch.uint8)
        self.pixels = pixels.to(device)
        self.offsets = torch.from_numpy(pool.offsets).to(device)
        self._sizes = torch.from_numpy(pool.sizes)
        self.sizes = self._sizes.to(device)
        self.labels = torch.from_numpy(pool.labels).to(device)
        self.device = device

    def __len__(self) -> int:
        return len(self.offsets)

    def random_windows(self, step: int, batch: int, size: int, seed: int) -> Windows:
        """The windows of one training step: a function of its arguments alone.

        Every picture comes once an epoch, in an order of the epoch's own. A window's side is
        uniform between `size` and the picture's short side; half of them are mirrored. Drawn on
        the CPU, so that a seed means the same windows on every device.
        """
        begin, count = step * batch, len(self)
        epochs = range(begin // count, (begin + batch - 1) // count + 1)
        order = torch.cat([_order(count, epoch, seed) for epoch in epochs])
        picture = order[begin % count :][:batch]
        # A new generator each step: a resumed run draws what the first one would have drawn.
        draw = torch.rand(4, batch, generator=_generator(step, seed))
        extent = self._sizes[picture].float()  # (B, 2)
        short = extent.min(dim=1).values
        side = torch.minimum(size + draw[0] * (short - size).clamp(min=0), short)
        free = extent - side[:, None]
        top, left = draw[1] * free[:, 0], draw[2] * free[:, 1]
        return Windows(picture, top, left, side, draw[3] < 0.5).to(self.device)

    def center_windows(self, pictures: Tensor) -> Windows:
        """The largest centered square of each picture `(B,)`."""
        extent = self.sizes[pictures].float()
        side = extent.min(dim=1).values
        top, left = ((extent - side[:, None]) / 2).unbind(dim=1)
        return Windows(pictures, top, left, side, torch.zeros_like(pictures, dtype=torch.bool))

    def labels_of(self, windows: Windows) -> Tensor:
        """Class numbers of the windows' pictures, `(B,)`; -1 for those without."""
        return self.labels[windows.picture]

    def crops(self, windows: Windows, size: int) -> Tensor:
        """Cut the windows out, resampled bilinearly to `(B, size, size, 3)` sRGB in [0, 1].

        Bilinear without a low-pass: pools hold pictures at about the training size.
        """
        ticks = torch.arange(size, device=self.device) + 0.5
        step = (windows.side / size)[:, None]  # (B, 1)
        columns = torch.where(windows.mirrored[:, None], size - ticks, ticks)
        y = windows.top[:, None] + ticks * step - 0.5  # (B, size)
        x = windows.left[:, None] + columns * step - 0.5
        height, width = self.sizes[windows.picture].unbind(dim=1)
        (y0, y1), fy = _neighbors(y, height)
        (x0, x1), fx = _neighbors(x, width)
        fy, fx = fy[:, :, None, None], fx[:, None, :, None]
        start, stride = self.offsets[windows.picture], width
        upper = self._at(start, stride, y0, x0) * (1 - fx) + self._at(start, stride, y0, x1) * fx
        lower = self._at(start, stride, y1, x0) * (1 - fx) + self._at(start, stride, y1, x1) * fx
        return (upper * (1 - fy) + lower * fy) / 255

    def _at(self, start: Tensor, stride: Tensor, rows: Tensor, columns: Tensor) -> Tensor:
        """Pixels `(B, rows, columns, 3)` at integer positions."""
        pixel = rows[:, :, None] * stride[:, None, None] + columns[:, None, :]  # (B, S, S)
        channel = torch.arange(3, device=self.device)
        index = start[:, None, None, None] + pixel[..., None] * 3 + channel
        return self.pixels[index].float()


@lru_cache(maxsize=2)  # many steps ask for the same order; at a border of epochs there are two
def _order(count: int, epoch: int, seed: int) -> Tensor:
    """An epoch's order of so many pictures, `(count,)`."""
    return torch.randperm(count, generator=_generator(-1 - epoch, seed))


def _generator(number: int, seed: int) -> torch.Generator:
    """The generator of a step (0, 1, …) or of an epoch (-1, -2, …).

    All that tells runs apart must be in the lower 32 bits: PyTorch's generator on CPUs drops the
    others. Seed 1, the shipped weights', begins at 0.
    """
    return torch.Generator().manual_seed(((seed - 1) * _BETWEEN_SEEDS + number) % 2**32)


def _neighbors(position: Tensor, extent: Tensor) -> tuple[tuple[Tensor, Tensor], Tensor]:
    """The two integer neighbors of each position `(B, S)` inside [0, extent), and the fraction."""
    last = (extent - 1)[:, None]
    inside = torch.minimum(position.clamp(min=0), last.float())
    low = inside.floor().long()
    return (low, torch.minimum(low + 1, last)), inside - low
