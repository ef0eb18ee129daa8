"""Pairs from color pictures and networks."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from re import sub

import numpy as np
from numpy.typing import NDArray

from .. import image
from ..color import colorfulness, delta_e_76, fit_to_linear, linear_to_srgb, srgb_to_lab
from ..data.sources import names, pictures
from ..errors import DatasetError, ImageError
from ..evaluation.contestants import Contestant, contestant
from ..evaluation.pictures import center_crop
from ..evaluation.protocol import PictureList
from .pairs import Couple, PairedNetwork, PairFolder, Pixels, refuse_used, write_pairs

MIN_COLORFULNESS = 5.0
"""Of Hasler and Süsstrunk 2003. A photograph nearly grey says nothing of how well one colors, and
where the real picture is the duller one the question itself misleads."""

MIN_ABSURDITY = 25.0
"""Mean ΔE*ab between a check's two pictures. What people just notice is about 2."""

_TURNS = (90, 270)  # degrees that hues are turned by, at least and at most
_CAST = 60.0  # ab units that the whole picture is shifted by


@dataclass(frozen=True)
class Wanted:
    """How many pairs of each kind, and how large."""

    count: int = 60
    """Pairs whose answers count."""
    practice: int = 6
    """Pairs to learn the task with."""
    checks: int = 8
    """Attention checks."""
    size: int = 256
    """Side of the square cut from the middle of each picture."""
    seed: int = 0
    """Which pictures are drawn."""

    @property
    def total(self) -> int:
        """Pictures that it takes."""
        return self.count + self.practice + self.checks


def make_pairs(
    source: Path,
    models: Sequence[str],
    folder: Path,
    wanted: Wanted,
    progress: Callable[[int], None] = lambda done: None,
) -> PairFolder:
    """Draw pictures from a folder or zip file, recolor them and write pairs.

    Args:
        source: color pictures; those damaged or nearly grey are passed over.
        models: networks by name, ONNX file or router's file.
        folder: new.
        wanted: how many.
        progress: told the number of pictures done.

    Raises:
        DatasetError: too few pictures of use, two networks of one name, or a folder in use.
        ModelError: a network cannot be loaded.
        ImageError: a picture cannot be written.
    """
    refuse_used(folder)
    networks = [contestant(model) for model in models]
    paired = _paired(networks)
    drawn = _drawn(source, wanted)
    crops = [pixels for _, _, pixels in drawn]
    spoiling = np.random.default_rng(wanted.seed)
    practiced, checked = wanted.practice, wanted.practice + wanted.checks
    done = 0

    def noting(pixels: Pixels) -> Pixels:
        nonlocal done
        done += 1
        progress(done)
        return pixels

    def practice() -> Iterator[Couple]:
        for number, real in enumerate(crops[:practiced]):
            yield noting(real), _recolored(networks[number % len(networks)], real)

    return write_pairs(
        folder,
        networks=paired,
        practice=practice(),
        checks=((noting(real), absurd(real, spoiling)) for real in crops[practiced:checked]),
        tests=(
            (noting(real), [_recolored(network, real) for network in networks])
            for real in crops[checked:]
        ),
        pictures=PictureList.of((name, content) for name, content, _ in drawn),
        seed=wanted.seed,
    )


def absurd(real: NDArray[np.uint8], random: np.random.Generator) -> NDArray[np.uint8]:
    """A picture in colors that cannot be: hues turned, chroma doubled, a strong cast over all.

    Args:
        real: `(H, W, 3)` sRGB.
        random: decides the turn and the cast.

    Returns:
        The same shape; L* is kept.
    """
    turn = np.deg2rad(random.uniform(*_TURNS))
    toward = random.uniform(0, 2 * np.pi)
    lab = srgb_to_lab(real / 255)  # (H, W, 3)
    rotation = 2 * np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    lab[..., 1:] = lab[..., 1:] @ rotation + _CAST * np.array([np.cos(toward), np.sin(toward)])
    spoiled: NDArray[np.uint8] = np.rint(_srgb(lab) * 255).astype(np.uint8)
    return spoiled


def absurdity(real: NDArray[np.uint8], fake: NDArray[np.uint8]) -> float:
    """Mean ΔE*ab of two pictures `(H, W, 3)`."""
    return float(np.mean(delta_e_76(srgb_to_lab(real / 255), srgb_to_lab(fake / 255))))


def _srgb(lab: NDArray[np.float64]) -> NDArray[np.float64]:
    srgb: NDArray[np.float64] = linear_to_srgb(fit_to_linear(lab)).clip(0, 1)
    return srgb


def _recolored(network: Contestant, real: Pixels) -> Pixels:
    colored: Pixels = network.colorizer.colorize(image.from_array(real)).frame.pixels
    return colored


def _paired(networks: Sequence[Contestant]) -> list[PairedNetwork]:
    """What the pairs say of each network; its name becomes a folder's."""
    found: dict[str, PairedNetwork] = {}
    for network in networks:
        name = sub(r"[^A-Za-z0-9._-]+", "-", network.name).strip("-.") or "network"
        if name in found:
            raise DatasetError(f"{name}: two networks of that name; give each a card of its own")
        card = network.engine.card if network.engine else None
        temperature = card.temperature if card and card.output == "bins" else None
        found[name] = PairedNetwork(name=name, sha256=network.sha256, temperature=temperature)
    return list(found.values())


def _drawn(source: Path, wanted: Wanted) -> list[tuple[str, bytes, NDArray[np.uint8]]]:
    """Names, contents and crops of as many pictures of use, evenly drawn."""
    there = sum(1 for _ in names(source))
    order = [int(at) for at in np.random.default_rng(wanted.seed).permutation(there)]
    drawn: list[tuple[str, bytes, NDArray[np.uint8]]] = []
    while order and len(drawn) < wanted.total:
        lacking = wanted.total - len(drawn)
        batch, order = order[:lacking], order[lacking:]
        chosen = frozenset(batch)
        read = zip(sorted(batch), pictures(source, chosen.__contains__), strict=True)
        by_number = dict(read)
        for number in batch:
            name, content = by_number[number]
            crop = _crop(name, content, wanted.size)
            if crop is not None:
                drawn.append((name, content, crop))
    if len(drawn) < wanted.total:
        raise DatasetError(
            f"{source}: {len(drawn)} pictures of use, {wanted.total} are needed ({wanted.count} "
            f"pairs, {wanted.practice} for practice, {wanted.checks} checks); grey, damaged and "
            f"smaller than {wanted.size} pixels do not count: give more pictures, ask for fewer, or "
            "for a smaller --size"
        )
    return drawn


def _crop(name: str, content: bytes, size: int) -> NDArray[np.uint8] | None:
    """The middle of a picture; None of one damaged, nearly grey or too small."""
    try:
        frame = image.decode(content, name=name).to_8_bit()
    except ImageError:
        return None
    # Enlarged pictures are blurred, which both of a pair would be, but people look for faults.
    if frame.is_grey or min(frame.height, frame.width) < size:
        return None
    pixels: NDArray[np.uint8] = center_crop(frame, size).pixels
    dull = float(colorfulness(pixels / np.float32(255))) < MIN_COLORFULNESS
    return None if dull else pixels
