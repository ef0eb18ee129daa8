"""Pairs from color pictures and networks."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from re import sub

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from .. import image
from ..color import colorfulness, delta_e_76, fit_to_linear, linear_to_srgb, srgb_to_lab
from ..data.sources import names, pictures
from ..errors import DatasetError, ImageError
from ..evaluation.contestants import Contestant, contestant
from ..evaluation.pictures import center_crop
from ..evaluation.protocol import PictureList
from ..faults import told
from .pairs import Couple, PairedNetwork, PairFolder, Pixels, refuse_used, write_pairs

MIN_COLORFULNESS = 5.0
"""Of Hasler and Süsstrunk 2003. A photograph nearly grey says nothing of how well one colors, and
where the real picture is the duller one the question itself misleads."""

MIN_ABSURDITY = 25.0
"""Mean ΔE*ab between a check's two pictures. What people just notice is about 2."""

_TURNS = (90.0, 270.0)  # degrees that hues are turned by, at least and at most
_CAST = 60.0  # ab units that the whole picture is shifted by
_CASTS = (150.0, 325.0)  # hues of it, green and magenta: yellow might be an evening, blue a night


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


@dataclass(frozen=True)
class _Drawn:
    name: str
    content: bytes
    crop: NDArray[np.uint8]


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
    spoiled = _spoiled(drawn, wanted)
    others = [one for number, one in enumerate(drawn) if number not in spoiled]
    practiced, tested = others[: wanted.practice], others[wanted.practice :]
    checked = [drawn[number] for number in spoiled]
    done = 0

    def noting(pixels: Pixels) -> Pixels:
        nonlocal done
        done += 1
        progress(done)
        return pixels

    def practice() -> Iterator[Couple]:
        for number, one in enumerate(practiced):
            yield noting(one.crop), _recolored(networks[number % len(networks)], one.crop)

    return write_pairs(
        folder,
        networks=paired,
        practice=practice(),
        checks=(
            (noting(one.crop), fake) for one, fake in zip(checked, spoiled.values(), strict=True)
        ),
        tests=(
            (noting(one.crop), [_recolored(network, one.crop) for network in networks])
            for one in tested
        ),
        pictures=PictureList.of((one.name, one.content) for one in practiced + checked + tested),
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
    toward = np.deg2rad(random.choice(_CASTS))
    lab = srgb_to_lab(real / 255)  # (H, W, 3)
    rotation = 2 * np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    lab[..., 1:] = lab[..., 1:] @ rotation + _CAST * np.array([np.cos(toward), np.sin(toward)])
    spoiled: NDArray[np.uint8] = np.rint(
        linear_to_srgb(fit_to_linear(lab)).clip(0, 1) * 255
    ).astype(np.uint8)
    return spoiled


def absurdity(real: NDArray[np.uint8], fake: NDArray[np.uint8]) -> float:
    """Mean ΔE*ab of two pictures `(H, W, 3)`."""
    return float(np.mean(delta_e_76(srgb_to_lab(real / 255), srgb_to_lab(fake / 255))))


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
        try:
            found[name] = PairedNetwork(name=name, sha256=network.sha256, temperature=temperature)
        except ValidationError as error:
            raise DatasetError(
                f"{network.name}: cannot name a folder of pairs ({told(error)}); export the "
                "network under another name, or rename the router's file"
            ) from error
    return list(found.values())


def _drawn(source: Path, wanted: Wanted) -> list[_Drawn]:
    """As many pictures of use, evenly drawn."""
    there = sum(1 for _ in names(source))
    order = [int(at) for at in np.random.default_rng(wanted.seed).permutation(there)]
    drawn: list[_Drawn] = []
    while order and len(drawn) < wanted.total:
        lacking = wanted.total - len(drawn)
        batch, order = order[:lacking], order[lacking:]
        read = pictures(source, frozenset(batch).__contains__)
        by_number = dict(zip(sorted(batch), read, strict=True))
        for name, content in map(by_number.__getitem__, batch):
            crop = _crop(name, content, wanted.size)
            if crop is not None:
                drawn.append(_Drawn(name, content, crop))
    if len(drawn) < wanted.total:
        raise DatasetError(
            f"{source}: {len(drawn)} pictures of use, {wanted.total} are needed ({wanted.count} "
            f"pairs, {wanted.practice} for practice, {wanted.checks} checks); grey, damaged and "
            f"smaller than {wanted.size} pixels do not count: give more, ask for fewer, or for a "
            "smaller --size"
        )
    return drawn


def _spoiled(drawn: Sequence[_Drawn], wanted: Wanted) -> dict[int, NDArray[np.uint8]]:
    """The first pictures that can be made absurd: their numbers and what they become."""
    random = np.random.default_rng(wanted.seed)
    spoiled: dict[int, NDArray[np.uint8]] = {}
    for number, one in enumerate(drawn):
        if len(spoiled) == wanted.checks:
            break
        fake = absurd(one.crop, random)
        if absurdity(one.crop, fake) >= MIN_ABSURDITY:
            spoiled[number] = fake
    if len(spoiled) < wanted.checks:
        raise DatasetError(
            f"only {len(spoiled)} of {len(drawn)} pictures are of a medium lightness that can be "
            f"made absurd, and {wanted.checks} checks are wanted; give other pictures"
        )
    return spoiled


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
