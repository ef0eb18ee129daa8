"""A pool of decoded pictures: uint8 RGB, packed end to end, so that a crop is arithmetic.

Decoding is the bottleneck of loading; here it happens once, into a cache file that later runs map
into memory. On a GPU the whole pool is copied to the device and a step never waits for a CPU.
"""

import hashlib
import json
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from pathlib import Path, PurePosixPath

import numpy as np
from numpy.typing import NDArray

from .. import image
from ..color import colorfulness
from ..errors import DatasetError, ImageError
from ..whole import replacing
from .sources import fingerprint, pictures

_LAYOUT = 1  # of the cache file; a new number makes old ones be built anew


@dataclass(frozen=True)
class Rules:
    """Which pictures enter a pool, and how large."""

    short_side: int = 160
    """Pictures with a longer short side are reduced to this."""
    min_colorfulness: float = 6.0
    """Hasler-Süsstrunk colorfulness below which a picture counts as grey and is left out."""
    classes: tuple[str, ...] = ()
    """Only pictures of these classes; without any, all."""
    unlabeled: tuple[str, ...] = ()
    """Classes that are none: their pictures have no label."""
    limit: int | None = None
    """At most so many pictures: a random sample that is always the same."""


@dataclass(frozen=True)
class Pool:
    """Pictures packed end to end."""

    pixels: NDArray[np.uint8]
    """Every picture's `(H, W, 3)` sRGB pixels, flat, one picture after the other."""
    offsets: NDArray[np.int64]
    """Where each picture begins in `pixels`, `(P,)`."""
    sizes: NDArray[np.int64]
    """Height and width of each, `(P, 2)`."""
    names: Sequence[str]
    """Each picture's name in its source."""
    grey: Sequence[str]
    """Names left out for having too little color."""
    unreadable: Sequence[str]
    """Names left out for being damaged, each with the reason."""
    key: str
    """Hash of the sources and rules."""
    classes: Sequence[str]
    """The pictures' classes, sorted."""
    labels: NDArray[np.int64]
    """Number of each picture's class, `(P,)`; -1 for those without."""

    def with_classes(self, classes: Sequence[str]) -> "Pool":
        """The same pictures, numbered by the classes of another pool; -1 for what it lacks."""
        names = [class_of(name) for name in self.names]
        return replace(self, classes=classes, labels=_labels(names, classes))

    def __len__(self) -> int:
        return len(self.names)


def load_pool(
    sources: Sequence[Path],
    rules: Rules,
    cache: Path,
    progress: Callable[[int], None] = lambda done: None,
) -> Pool:
    """Open the pool of these sources from the cache folder, decoding it first if need be.

    Args:
        sources: folders and zip files.
        rules: which pictures enter.
        cache: folder for the packed file; about 0.1 MB a picture.
        progress: told how many pictures were decoded so far.

    Raises:
        DatasetError: a source is missing, empty or damaged, or no picture remains.
    """
    key = _key(sources, rules)
    packed, index = cache / f"pool-{key}.rgb", cache / f"pool-{key}.json"
    if not (index.exists() and packed.exists()):
        cache.mkdir(parents=True, exist_ok=True)
        _build(sources, rules, packed, index, progress)
    entries = json.loads(index.read_text())
    if not entries["names"]:
        raise DatasetError(
            f"{', '.join(map(str, sources))}: no picture to train on; {len(entries['grey'])} are "
            f"nearly grey, {len(entries['unreadable'])} unreadable; lower min_colorfulness or add "
            "color pictures"
        )
    sizes = np.array(entries["sizes"], dtype=np.int64)
    named = [class_of(name) for name in entries["names"]]
    classes = sorted(set(named) - {"", *rules.unlabeled})
    lengths = sizes.prod(axis=1) * 3
    return Pool(
        # Copy-on-write, as torch takes no read-only memory; nothing is ever written.
        pixels=np.memmap(packed, dtype=np.uint8, mode="c"),
        offsets=np.concatenate([[0], np.cumsum(lengths)[:-1]]),
        sizes=sizes,
        names=entries["names"],
        grey=entries["grey"],
        unreadable=entries["unreadable"],
        key=key,
        classes=classes,
        labels=_labels(named, classes),
    )


def class_of(name: str) -> str:
    """The last folder in a picture's name; empty where there is none."""
    return PurePosixPath(name).parent.name


def _labels(named: Sequence[str], classes: Sequence[str]) -> NDArray[np.int64]:
    numbers = {name: number for number, name in enumerate(classes)}
    return np.array([numbers.get(name, -1) for name in named], dtype=np.int64)


def _key(sources: Sequence[Path], rules: Rules) -> str:
    content = [fingerprint(source) for source in sources]
    description = json.dumps([_LAYOUT, content, asdict(rules)])
    return hashlib.sha256(description.encode()).hexdigest()[:16]


def _build(
    sources: Sequence[Path],
    rules: Rules,
    packed: Path,
    index: Path,
    progress: Callable[[int], None],
) -> None:
    """Decode everything into `packed`; `index` appears last and only when all is there."""
    names: list[str] = []
    sizes: list[tuple[int, int]] = []
    grey: list[str] = []
    unreadable: list[str] = []
    with replacing(packed) as beside, beside.open("wb") as file:
        everything = _wanted(sources, rules)
        for done, entry in enumerate(_decoded(everything, rules), start=1):
            match entry:
                case _Unreadable(fault):
                    unreadable.append(fault)
                case _Grey(name):
                    grey.append(name)
                case _Picture(name, pixels):
                    file.write(pixels.tobytes())
                    names.append(name)
                    sizes.append(pixels.shape[:2])
            progress(done)
    entries = {"names": names, "sizes": sizes, "grey": grey, "unreadable": unreadable}
    with replacing(index) as beside:
        beside.write_text(json.dumps(entries))


def _wanted(sources: Sequence[Path], rules: Rules) -> Iterator[tuple[str, bytes]]:
    """Names and contents of the pictures that the rules let in unseen."""
    everything = (picture for source in sources for picture in pictures(source))
    if rules.classes:
        everything = (one for one in everything if class_of(one[0]) in rules.classes)
    if rules.limit is None:
        yield from everything
        return
    # The pictures whose names have the smallest hashes: whatever the order they come in.
    names = sorted((_hash(name), name) for name, _ in _names(sources, rules))[: rules.limit]
    chosen = {name for _, name in names}
    yield from (one for one in everything if one[0] in chosen)


def _names(sources: Sequence[Path], rules: Rules) -> Iterator[tuple[str, bytes]]:
    for source in sources:
        for one in pictures(source):
            if not rules.classes or class_of(one[0]) in rules.classes:
                yield one


def _hash(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()


@dataclass(frozen=True)
class _Picture:
    name: str
    pixels: NDArray[np.uint8]
    """`(H, W, 3)`."""


@dataclass(frozen=True)
class _Grey:
    name: str


@dataclass(frozen=True)
class _Unreadable:
    fault: str


_Decoded = _Picture | _Grey | _Unreadable


def _decoded(items: Iterable[tuple[str, bytes]], rules: Rules) -> Iterator[_Decoded]:
    """Decode in threads, in order, with a bounded number of pictures in flight."""
    workers = os.cpu_count() or 1
    with ThreadPoolExecutor(workers) as threads:
        waiting: deque[Future[_Decoded]] = deque()
        for name, data in items:
            waiting.append(threads.submit(_decode, name, data, rules))
            if len(waiting) > 8 * workers:
                yield waiting.popleft().result()
        for future in waiting:
            yield future.result()


def _decode(name: str, data: bytes, rules: Rules) -> _Decoded:
    """One picture, reduced, and what the rules make of it."""
    try:
        frame = image.decode(data, name=name).to_8_bit()
    except ImageError as error:
        return _Unreadable(str(error))
    if frame.is_grey:
        return _Grey(name)
    pixels: NDArray[np.uint8] = frame.pixels
    scale = rules.short_side / min(frame.height, frame.width)
    if scale < 1:
        pixels = image.resize(pixels, round(frame.height * scale), round(frame.width * scale))
    if float(colorfulness(pixels / np.float32(255))) < rules.min_colorfulness:
        return _Grey(name)
    return _Picture(name, pixels)
