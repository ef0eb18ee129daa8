"""One evaluation: contestants, a protocol, a set of pictures; results, picture by picture."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from .. import image
from .._version import __version__
from ..errors import DatasetError, ProtocolError
from .baselines import Colorize, baselines
from .contestants import Contestant, settings_of
from .extractor import Extractor
from .learned import Moments
from .observation import Entry, Observer
from .pictures import Sighted, listed, sighted
from .protocol import ExtractorId, Protocol
from .result import Result, Way, read_result, write_result
from .tally import Tally

WORKERS = 2  # pictures at a time, each on one core

_T = TypeVar("_T")
_R = TypeVar("_R")


@dataclass(frozen=True)
class Evaluation:
    """What came out."""

    protocol: Protocol
    """Locked to the pictures."""
    results: tuple[Result, ...]
    """Of what needs no network, and of the contestants at every temperature."""
    numbers: tuple[int, ...]
    """Of the measured pictures, in the protocol's list."""
    damaged: tuple[str, ...]
    """Why each picture that could not be read could not; figures are of the others."""


def evaluate(
    contestants: Sequence[Contestant],
    sources: Sequence[Path],
    protocol: Protocol,
    extractor: Extractor | None = None,
    cache: Path | None = None,
    progress: Callable[[int, int], None] = lambda done, count: None,
) -> Evaluation:
    """Measure networks on the pictures of folders and zip files.

    Args:
        contestants: what is measured; without any, only what needs no network is.
        sources: folders and zip files of color pictures.
        protocol: how.
        extractor: for learned figures.
        cache: folder where results that depend on no network are kept for the next evaluation.
        progress: told how many pictures of how many are done.

    Raises:
        DatasetError: a source is missing or empty, or none of its pictures can be read.
        ProtocolError: the protocol is locked to other pictures or to another extractor.
    """
    pictures = listed(sources, protocol.limit)
    looks = ExtractorId(name=extractor.name, sha256=extractor.sha256) if extractor else None
    protocol = protocol.locked(pictures, looks)
    kept = _kept(protocol, cache) if cache else {}
    entries = tuple(entry for entry in _entries(contestants, protocol) if entry.way not in kept)
    observer = Observer(protocol, pictures.count, entries, extractor)
    tallies = {entry.way: Tally(entry.way) for entry in entries}
    names, numbers, damaged, real = list[str](), list[int](), list[str](), Moments()
    seen = sighted(sources, protocol, damaged.append)
    for observation in in_threads(observer.observe, seen):
        names.append(observation.picture.name)
        numbers.append(observation.picture.number)
        real.add(observation.real)
        for way, observed in observation.observed.items():
            tallies[way].add(observed)
        progress(len(names) + len(damaged), pictures.count)
    if not names:
        raise DatasetError(f"{', '.join(map(str, sources))}: no picture can be read: {damaged[0]}")
    measured = {way: tally.result(protocol, names, real) for way, tally in tallies.items()}
    if cache:
        _keep(measured, cache)
    results = tuple({**kept, **measured}.values())
    return Evaluation(protocol, results, tuple(numbers), tuple(damaged))


def colored(
    contestants: Sequence[Contestant],
    sources: Sequence[Path],
    protocol: Protocol,
    numbers: Iterable[int],
) -> dict[int, tuple[str, dict[str, image.Frame]]]:
    """Some pictures of the list again, to be looked at.

    Args:
        contestants, sources, protocol: as they were measured.
        numbers: of the pictures.

    Returns:
        By number: name and, by title of the way, the result in 8 bits; in order.
    """
    entries = list(_entries(contestants, protocol))

    def work(picture: Sighted) -> tuple[int, tuple[str, dict[str, image.Frame]]]:
        frames = {entry.way.title: entry.colorize(picture.crop).to_8_bit() for entry in entries}
        return picture.number, (picture.name, frames)

    return dict(in_threads(work, sighted(sources, protocol, numbers=frozenset(numbers))))


def in_threads(work: Callable[[_T], _R], items: Iterable[_T]) -> Iterator[_R]:
    """The work's results, in order, with few items in memory at a time."""
    with ThreadPoolExecutor(WORKERS) as threads:
        waiting: list[Future[_R]] = []
        for item in items:
            waiting.append(threads.submit(work, item))
            if len(waiting) > 4 * WORKERS:
                yield waiting.pop(0).result()
        for future in waiting:
            yield future.result()


def _entries(contestants: Sequence[Contestant], protocol: Protocol) -> Iterator[Entry]:
    """Every way to color."""
    for way, colorize in baselines(protocol).items():
        yield Entry(way, colorize)
    known = set()
    for contestant in contestants:
        for temperature in contestant.temperatures(protocol):
            way = contestant.way(temperature, protocol)
            if way not in known:  # one network may be named twice
                known.add(way)
                yield Entry(way, _by(contestant, way, protocol), contestant)


def _by(contestant: Contestant, way: Way, protocol: Protocol) -> Colorize:
    settings = settings_of(way, protocol)
    return lambda frame: contestant.colorizer.colorize(frame, settings).frame


def _kept(protocol: Protocol, cache: Path) -> dict[Way, Result]:
    """The results of an earlier evaluation that depend on no network; damaged ones left out."""
    found = {}
    for way in baselines(protocol):
        with suppress(ProtocolError):
            found[way] = read_result(_path(way, protocol, cache))
    return found


def _keep(results: Mapping[Way, Result], cache: Path) -> None:
    """Keep those of no network; where that cannot be, the next evaluation takes longer."""
    for way, result in results.items():
        if way.kind != "model":
            path = _path(way, result.protocol, cache)
            with suppress(OSError):
                path.parent.mkdir(parents=True, exist_ok=True)
                write_result(result, path)


def _path(way: Way, protocol: Protocol, cache: Path) -> Path:
    return cache / "baselines" / __version__ / protocol.identity / f"{way.kind}.json"
