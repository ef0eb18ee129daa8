"""A pool of decoded pictures: uint8 RGB, packed end to end, so that a crop is arithmetic.

Decoding is the bottleneck of loading; here it happens once, into a cache file that later runs map
into memory. On a GPU the whole pool is copied to the device and a step never waits for a CPU.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path, PurePosixPath

import numpy as np
from numpy.typing import NDArray

from ..whole import replacing
from .decoding import decoded
from .entries import Entries
from .sources import fingerprint, names, pictures

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
        return replace(self, classes=classes, labels=_labels(self.names, classes))

    def __len__(self) -> int:
        return len(self.names)


def load_pool(
    sources: Sequence[Path | str],
    rules: Rules,
    cache: Path,
    progress: Callable[[int], None] = lambda done: None,
) -> Pool:
    """Open the pool of these sources from the cache folder, decoding it first if need be.

    Args:
        sources: paths and URLs, as `sources` takes them.
        rules: which pictures enter.
        cache: folder for the packed file; about 0.1 MB a picture.
        progress: told how many pictures were decoded so far.

    Raises:
        DatasetError: a source is missing, empty or damaged, or no picture remains.
    """
    key = pool_key(sources, rules)
    packed, index = cache / f"pool-{key}.rgb", cache / f"pool-{key}.json"
    if not (index.exists() and packed.exists()):
        cache.mkdir(parents=True, exist_ok=True)
        _build(sources, rules, packed, index, progress)
    entries = Entries(**json.loads(index.read_text()))
    if not entries.names:
        raise entries.nothing_left(", ".join(map(str, sources)))
    # Copy-on-write, as torch takes no read-only memory; nothing is ever written.
    return _pool(np.memmap(packed, dtype=np.uint8, mode="c"), entries, rules, key)


def pool_in_memory(
    files: Iterable[tuple[str, bytes]], rules: Rules, sources: str, key: str
) -> Pool:
    """Decode files that never were a whole; `rules.limit` has no say.

    Args:
        files: names and contents.
        rules: which pictures enter.
        sources: what a message calls where they come from.
        key: the pool's.

    Raises:
        DatasetError: no picture remains.
    """
    entries, pixels = Entries(), bytearray()
    allowed = (file for file in files if _lets_in(rules, file[0]))
    for entry in decoded(allowed, rules.short_side, rules.min_colorfulness):
        pixels += entries.note(entry)
    if not entries.names:
        raise entries.nothing_left(sources)
    return _pool(np.frombuffer(pixels, dtype=np.uint8), entries, rules, key)


def pool_key(sources: Sequence[Path | str], rules: Rules) -> str:
    """A hash that is another where sources or rules are."""
    content = [fingerprint(source) for source in sources]
    description = json.dumps([_LAYOUT, content, asdict(rules)])
    return hashlib.sha256(description.encode()).hexdigest()[:16]


def classes_among(names: Iterable[str], rules: Rules) -> list[str]:
    """The classes of pictures of these names, sorted."""
    return sorted({class_of(name) for name in names} - {"", *rules.unlabeled})


def class_of(name: str) -> str:
    """The last folder in a picture's name; empty where there is none."""
    return PurePosixPath(name).parent.name


def _labels(names: Sequence[str], classes: Sequence[str]) -> NDArray[np.int64]:
    numbers = {name: number for number, name in enumerate(classes)}
    return np.array([numbers.get(class_of(name), -1) for name in names], dtype=np.int64)


def _lets_in(rules: Rules, name: str) -> bool:
    return not rules.classes or class_of(name) in rules.classes


def _pool(pixels: NDArray[np.uint8], entries: Entries, rules: Rules, key: str) -> Pool:
    sizes = np.array(entries.sizes, dtype=np.int64)
    classes = classes_among(entries.names, rules)
    return Pool(
        pixels=pixels,
        offsets=np.concatenate([[0], np.cumsum(sizes.prod(axis=1) * 3)[:-1]]),
        sizes=sizes,
        names=entries.names,
        grey=entries.grey,
        unreadable=entries.unreadable,
        key=key,
        classes=classes,
        labels=_labels(entries.names, classes),
    )


def _build(
    sources: Sequence[Path | str],
    rules: Rules,
    packed: Path,
    index: Path,
    progress: Callable[[int], None],
) -> None:
    """Decode everything into `packed`; `index` appears last and only when all is there."""
    entries = Entries()
    with replacing(packed) as beside, beside.open("wb") as file:
        everything = _wanted(sources, rules)
        for entry in decoded(everything, rules.short_side, rules.min_colorfulness):
            file.write(entries.note(entry))
            progress(len(entries))
    with replacing(index) as beside:
        beside.write_text(json.dumps(asdict(entries)))


def _wanted(sources: Sequence[Path | str], rules: Rules) -> Iterator[tuple[str, bytes]]:
    """Names and contents of the pictures that the rules let in unseen."""
    if not rules.classes and rules.limit is None:
        for source in sources:
            yield from pictures(source)
        return
    for source, chosen in zip(sources, _chosen(sources, rules), strict=True):
        yield from pictures(source, chosen.__contains__)


def _chosen(sources: Sequence[Path | str], rules: Rules) -> list[set[int]]:
    """The numbers of these pictures in each source, by their names alone."""
    allowed = [
        (name, at, number)
        for at, source in enumerate(sources)
        for number, name in enumerate(names(source))
        if _lets_in(rules, name)
    ]
    # The pictures whose names have the smallest hashes: whatever the order they come in.
    allowed.sort(key=lambda one: hashlib.sha256(one[0].encode()).digest())
    chosen: list[set[int]] = [set() for _ in sources]
    for _, at, number in allowed[: rules.limit]:
        chosen[at].add(number)
    return chosen
