"""Training pictures of sets larger than a disk: tar shards, decoded a block at a time.

Training walks through an endless order of shards in blocks. Block b serves the steps
[b · steps_per_block, (b + 1) · steps_per_block), so a run that was killed goes on exactly from any
step and needs its own block alone. WebDataset's own loader cannot: it shuffles through a buffer
that depends on all it has read before, and would have to read all of that again. Nor does it split
an epoch over processes so that each does the same number of steps.

While a block is trained on, the next one is decoded in the background; no more than these two are
in memory, and nothing is written to a disk.
"""

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from threading import Event
from types import TracebackType
from typing import Self

import numpy as np
from numpy.typing import NDArray

from ..errors import DatasetError
from .pool import Pool, Rules, class_of, classes_among, pool_in_memory, pool_key
from .shards import Shards, shards_of


@dataclass(frozen=True)
class Walk:
    """The order in which training comes by shards: a function of these settings alone."""

    shards_per_block: int
    steps_per_block: int
    seed: int
    """Other seeds, other orders."""
    rank: int = 0
    """Number of this process; each takes its own shards of a block."""
    world: int = 1
    """Number of processes."""

    def block(self, step: int) -> int:
        """The block that serves a step."""
        return step // self.steps_per_block

    def shards(self, block: int, count: int) -> list[int]:
        """Which of `count` shards make up a block, for all processes.

        Every shard comes once an epoch, in an order of the epoch's own; a block may reach over the
        border between two.
        """
        places = range(block * self.shards_per_block, (block + 1) * self.shards_per_block)
        return [int(self._order(place // count, count)[place % count]) for place in places]

    def own(self, block: int, count: int) -> list[int]:
        """Those for this process."""
        return self.shards(block, count)[self.rank :: self.world]

    def _order(self, epoch: int, count: int) -> NDArray[np.int64]:
        return np.random.default_rng([self.seed, epoch]).permutation(count)


@dataclass(frozen=True)
class _Build:
    """A block that is being decoded."""

    block: int
    pool: Future[Pool]
    unwanted: Event


class ShardStream:
    """Pools of one block after the other; close it, or use it in a `with` statement."""

    def __init__(
        self,
        sources: Sequence[Path | str],
        rules: Rules,
        walk: Walk,
        classes: Sequence[str] | None = None,
    ) -> None:
        """Check what can be checked without reading.

        Args:
            sources: tar shards, as paths or URLs.
            rules: which pictures enter; without `limit`.
            walk: which shards when.
            classes: numbers the labels of every block; by default those of the first block,
                in all processes.

        Raises:
            DatasetError: a source is no tar shard, there are too few shards, or a limit is set.
        """
        self._urls = [url for source in sources for url in _shards(source).urls]
        self._rules = rules
        self._walk = walk
        self._classes = classes
        self._check(", ".join(map(str, sources)))
        self._thread = ThreadPoolExecutor(1, "photochrom-stream")
        self._current: tuple[int, Pool] | None = None
        self._coming: _Build | None = None

    @cached_property
    def classes(self) -> Sequence[str]:
        """The classes that number the labels."""
        if self._classes is not None:
            return self._classes
        names = Shards(self._named(self._walk.shards(0, len(self._urls)))).names()
        allowed = self._rules.classes
        return classes_among(
            (name for name in names if not allowed or class_of(name) in allowed), self._rules
        )

    def pool_at(self, step: int) -> Pool:
        """The pictures of the block that serves a step; begins to decode the next block.

        Let go of an earlier block's pool first: this holds no more than two.

        Raises:
            DatasetError: a shard of the block is missing or damaged, or none of its pictures is
                of use.
        """
        block = self._walk.block(step)
        if self._current is None or self._current[0] != block:
            self._turn_to(block)
        assert self._current is not None
        return self._current[1]

    def close(self) -> None:
        """Give up what is being decoded."""
        self._drop_coming()
        self._thread.shutdown()
        self._current = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _turn_to(self, block: int) -> None:
        if self._coming is None or self._coming.block != block:  # begun, resumed, or once failed
            self._drop_coming()
            self._current = None
            self._coming = self._begin(block)
        coming, self._coming = self._coming, None
        self._current = (block, coming.pool.result())
        self._coming = self._begin(block + 1)

    def _begin(self, block: int) -> _Build:
        unwanted = Event()
        return _Build(block, self._thread.submit(self._build, block, unwanted), unwanted)

    def _drop_coming(self) -> None:
        if self._coming is not None:
            self._coming.unwanted.set()
            self._coming = None

    def _build(self, block: int, unwanted: Event) -> Pool:
        urls = self._named(self._walk.own(block, len(self._urls)))
        files = _until(unwanted, Shards(urls).pictures(lambda number: True))
        key = pool_key(urls, self._rules)
        return pool_in_memory(files, self._rules, ", ".join(urls), key).with_classes(self.classes)

    def _named(self, shards: Iterable[int]) -> list[str]:
        return [self._urls[shard] for shard in shards]

    def _check(self, sources: str) -> None:
        each = self._walk.shards_per_block
        if len(self._urls) < each:
            raise DatasetError(
                f"{sources}: {len(self._urls)} shards are too few for blocks of {each}; "
                "lower shards_per_block"
            )
        if each < self._walk.world:
            raise DatasetError(
                f"{sources}: {self._walk.world} processes share blocks of {each} shards; "
                "raise shards_per_block, so that each has one"
            )
        if self._rules.limit is not None:
            raise DatasetError(f"{sources}: no limit of pictures in a stream; name fewer shards")


def _shards(source: Path | str) -> Shards:
    shards = shards_of(source)
    if shards is None:
        raise DatasetError(f"{source}: no tar shard; only those can be streamed")
    return shards


def _until(unwanted: Event, files: Iterable[tuple[str, bytes]]) -> Iterator[tuple[str, bytes]]:
    for file in files:
        if unwanted.is_set():
            raise CancelledError
        yield file
