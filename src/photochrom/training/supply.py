"""Where a run's pictures come from: a pool that holds them all, or shards that pass by."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from lightning_fabric import Fabric
from numpy.typing import NDArray

from ..data.crops import DevicePool
from ..data.pool import Pool, Rules, load_pool
from ..data.prior import load_prior
from ..data.stream import ShardStream, Walk
from ..errors import DatasetError
from .settings import Data, Recipe


class Supply(Protocol):
    """Training pictures."""

    @property
    def first(self) -> Pool:
        """Those of the first steps: shown on contact sheets, measured for the color prior; their
        classes number those of all others."""

    def at(self, step: int) -> DevicePool:
        """Those that a step draws from."""


class _Whole:
    """All pictures, decoded before training begins."""

    def __init__(self, pool: Pool, device: torch.device) -> None:
        self.first = pool
        self._pictures = DevicePool(pool, device)

    def at(self, step: int) -> DevicePool:
        return self._pictures


class _Passing:
    """A block of shards at a time; in memory are the first, the present one and the next."""

    def __init__(self, stream: ShardStream, walk: Walk, device: torch.device) -> None:
        self.first = stream.pool_at(0)
        self._stream = stream
        self._walk = walk
        self._device = device
        self._block = -1
        self._pictures: DevicePool | None = None

    def at(self, step: int) -> DevicePool:
        block = self._walk.block(step)
        if self._pictures is None or block != self._block:
            self._pictures = None  # the block before, which the stream has let go of
            self._pictures = DevicePool(self._stream.pool_at(step), self._device)
            self._block = block
        return self._pictures


@contextmanager
def open_supply(
    recipe: Recipe, cache: Path, fabric: Fabric, progress: Callable[[int], None]
) -> Iterator[Supply]:
    """The training pictures of a recipe.

    Raises:
        DatasetError: a source is missing, empty or damaged, or no picture remains.
    """
    data = recipe.data
    sources, rules = _sources(data, data.train), rules_of(data)
    if data.stream is None:
        with fabric.rank_zero_first(local=True):  # one process decodes, the others find it done
            pool = load_pool(sources, rules, cache, progress)
        yield _Whole(pool, fabric.device)
        return
    walk = Walk(
        data.stream.shards_per_block,
        data.stream.steps_per_block,
        recipe.seed,
        fabric.global_rank,
        fabric.world_size,
    )
    with ShardStream(sources, rules, walk) as stream:
        yield _Passing(stream, walk, fabric.device)


def prior_of(recipe: Recipe, supply: Supply, cache: Path) -> NDArray[np.float64] | None:
    """How often each ab bin occurs, `(313,)`; None where no loss asks for it."""
    settings = recipe.loss.cross_entropy
    if settings is None:
        return None
    return load_prior(supply.first, cache, settings.neighbors, settings.sigma)


def held_out(recipe: Recipe, supply: Supply, cache: Path, progress: Callable[[int], None]) -> Pool:
    """The validation pictures, with the classes numbered as in training."""
    data = recipe.data
    if not data.validation:
        return supply.first
    pool = load_pool(_sources(data, data.validation), rules_of(data), cache, progress)
    pool = pool.with_classes(supply.first.classes)
    if recipe.loss.classification and (pool.labels < 0).all():
        raise DatasetError(
            f"{', '.join(data.validation)}: no picture is of a class of the training pictures, "
            f"which are {', '.join(supply.first.classes)}"
        )
    return pool


def rules_of(data: Data) -> Rules:
    """Which pictures a recipe lets in; a stream has no limit."""
    return Rules(
        short_side=data.short_side,
        min_colorfulness=data.min_colorfulness,
        classes=data.classes,
        unlabeled=data.unlabeled,
        limit=data.limit,
    )


def _sources(data: Data, sources: Sequence[str]) -> list[Path | str]:
    """Paths below the recipe's root; URLs as they are."""
    return [source if "://" in source else data.root / source for source in sources]
