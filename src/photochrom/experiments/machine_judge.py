"""The machine Turing test: a discriminator learns to tell recolored pictures from real ones.

A machine's verdict, not people's: it may go by traces that nobody sees, and miss what a child would
laugh at. Judges learn from some of the originals, each with its recolored version, and are asked
about the others (cross-validation: Stone 1974), so that nothing about a picture is known when it
is judged. They are asked as people are: which of the two is the fake (Zhang et al. 2016, section
3.1)? 50 % right answers are guesses.
"""

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor, nn
from torch.nn import functional

from ..color import fit_to_linear, linear_to_srgb, srgb_to_lab
from ..errors import DatasetError
from ..image import from_array
from ..inference import Sketch, painted
from ..inference.enlarge import bilinear
from ..models import catalog

Pictures = NDArray[np.uint8]
"""`(N, S, S, 3)`, sRGB."""

SMALLEST = 32
"""Side of pictures, in pixels. Windows of them are three quarters as wide, and a patch
discriminator of three layers needs 24."""

_JUDGE = "patch"
_RATE = 1e-3
_DECAY = 1e-2
_SCORED = 32  # pictures at a time


class Setup(BaseModel):
    """How judges are made. The same setup and pictures give the same verdict on the same CPU."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    folds: int = Field(5, ge=2)
    """Parts of the originals; each is judged by a judge that has learned from the others."""
    steps: int = Field(200, ge=1)
    """That a judge learns."""
    batch: int = Field(16, ge=2)
    """Pairs in a step."""
    width: int = Field(16, ge=1)
    """Channels of the judge's first layer; 64 in pix2pix."""
    seed: int = Field(0, ge=0)
    """Of folds, weights, and what a judge is shown when."""


def folds_of(real: Pictures, setup: Setup) -> NDArray[np.int64]:
    """Divide originals into parts of like size.

    Originals that are the same, pixel by pixel, stay together: a judge that has learned from one of
    them would know the other.

    Returns:
        The part that each is in, `(N,)`, 0 to `folds` - 1.

    Raises:
        DatasetError: the pictures are too small, or there are fewer than parts.
    """
    if real.shape[1] < SMALLEST:
        raise DatasetError(
            f"pictures of {real.shape[1]} pixels are too small for a judge; make pairs of "
            f"--size {SMALLEST} or more"
        )
    contents: dict[bytes, list[int]] = {}
    for number, picture in enumerate(real):
        contents.setdefault(picture.tobytes(), []).append(number)
    groups = list(contents.values())
    if len(groups) < setup.folds:
        raise DatasetError(
            f"{len(groups)} different originals cannot be divided into {setup.folds} parts; make "
            "more pairs, or ask for fewer --folds"
        )
    parts = np.empty(len(real), dtype=np.int64)
    order = np.random.default_rng(setup.seed).permutation(len(groups))
    for place, group in enumerate(order):
        parts[groups[group]] = place % setup.folds
    return parts


def margins(
    real: Pictures,
    fake: Pictures,
    held_out: NDArray[np.bool_],
    setup: Setup,
    fold: int,
    device: torch.device,
    advance: Callable[[], None] = lambda: None,
) -> NDArray[np.float64]:
    """Teach a judge with some pairs, and ask it about the others.

    Args:
        real, fake: originals and what became of them, in the same order.
        held_out: `(N,)`, which pairs the judge is asked about; it learns from the rest.
        setup: how it learns.
        fold: number of the part; with the seed it decides all that is random.
        device: where.
        advance: called after every step.

    Returns:
        For each pair held out, how much more real the original seems, in logits: below 0 the judge
        takes the original for the fake, and 0 says that it sees no difference.
    """
    random = np.random.default_rng((setup.seed, fold))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(int(random.integers(2**32)))
        judge = catalog.discriminator(_JUDGE).build(inputs=3, width=setup.width)
    judge.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    known = torch.from_numpy(np.stack([real[~held_out], fake[~held_out]]))  # (2, n, S, S, 3)
    _teach(judge, known.to(device), setup, random, advance)
    judge.eval()
    # Two passes of the same shape, so that the same pictures have the same scores to the last bit.
    return _scores(judge, real[held_out], device) - _scores(judge, fake[held_out], device)


def rejoined(real: Pictures, chroma: float) -> Pictures:
    """Pictures taken to L*a*b* and written anew as recolored ones are.

    Args:
        real: the originals.
        chroma: factor of a and b in [0, 1]: 1 copies the pictures, 0 makes them grey.
    """
    written = np.empty_like(real)
    for number, picture in enumerate(real):
        lab = srgb_to_lab(picture / 255)  # (S, S, 3)
        lab[..., 1:] *= chroma
        srgb = linear_to_srgb(fit_to_linear(lab)).clip(0, 1)
        written[number] = np.rint(srgb * 255).astype(np.uint8)
    return written


def coarsened(real: Pictures) -> Pictures:
    """Originals in their own colors, no finer than a network tells them, enlarged by the engine.

    Networks put out a quarter of their working size, 256 pixels for most: 64 colors a side.
    """
    cell = max(2, real.shape[1] // 64)
    return np.stack([_coarsened(picture, cell) for picture in real])


def _coarsened(picture: Pictures, cell: int) -> Pictures:
    """The picture `(S, S, 3)`, with one chroma for each square of `cell` pixels a side."""
    size = len(picture)
    cells = -(-size // cell)
    wide = cells * cell
    beyond = [(0, wide - size), (0, wide - size), (0, 0)]
    lab = srgb_to_lab(np.pad(picture, beyond, mode="symmetric") / np.float32(255))  # (W, W, 3)
    means = lab[..., 1:].reshape(cells, cell, cells, cell, 2).mean(axis=(1, 3))
    ab = bilinear(means, wide, wide)
    sketch = Sketch(lab[:size, :size, 0], ab[:size, :size], np.zeros((1, 1), np.float32))
    return np.asarray(painted(from_array(picture), sketch, threads=1).frame.pixels, dtype=np.uint8)


def _teach(
    judge: nn.Module,
    known: Tensor,
    setup: Setup,
    random: np.random.Generator,
    advance: Callable[[], None],
) -> None:
    """Lower the cross-entropy of P(original is real) = sigmoid(its score - the other's).

    That is the choice between two of Bradley and Terry 1952. It has no place for which of the two
    is shown first: both ways round are one example.

    Args:
        judge: changed.
        known: `(2, n, S, S, 3)` uint8, originals and fakes.
        setup, random, advance: see `margins`.
    """
    optimizer = torch.optim.AdamW(judge.parameters(), lr=_RATE, weight_decay=_DECAY)
    falling = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, setup.steps)
    judge.train()
    for _ in range(setup.steps):
        shown = _windows(known, setup.batch, random)
        # Together, so that batch normalization cannot tell them apart by itself.
        real, fake = _score(judge, shown.flatten(0, 1)).chunk(2)  # (batch,) each
        loss = functional.softplus(fake - real).mean()
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        falling.step()
        advance()


def _windows(known: Tensor, batch: int, random: np.random.Generator) -> Tensor:
    """Draw pairs, and of each a square, half of them mirrored: `(2, batch, s, s, 3)`.

    Both pictures of a pair show the same: they differ by their colors alone.
    """
    pairs, size = known.shape[1:3]
    side = size * 3 // 4
    drawn = random.choice(pairs, batch, replace=batch > pairs)
    corners = random.integers(size - side + 1, size=(batch, 2))
    mirrored = random.random(batch) < 0.5
    windows = []
    for pair, (top, left), mirror in zip(drawn, corners, mirrored, strict=True):
        window = known[:, pair, top : top + side, left : left + side]  # (2, s, s, 3)
        windows.append(window.flip(2) if mirror else window)
    return torch.stack(windows, dim=1)


@torch.no_grad()
def _scores(judge: nn.Module, pictures: Pictures, device: torch.device) -> NDArray[np.float64]:
    """Scores `(N,)` of whole pictures."""
    scored = [
        _score(judge, torch.from_numpy(pictures[first : first + _SCORED]).to(device)).cpu()
        for first in range(0, len(pictures), _SCORED)
    ]
    return torch.cat(scored).double().numpy()


def _score(judge: nn.Module, pictures: Tensor) -> Tensor:
    """How real pictures `(B, S, S, 3)` uint8 seem: `(B,)`, the mean of the map of logits."""
    lab = srgb_to_lab(pictures.float() / 255)
    lab = lab / lab.new_tensor([50.0, 110.0, 110.0]) - lab.new_tensor([1.0, 0.0, 0.0])
    maps = judge(lab.permute(0, 3, 1, 2))  # its memory is channels_last already
    return torch.stack([logits.mean(dim=(1, 2, 3)) for logits in maps]).mean(dim=0)
