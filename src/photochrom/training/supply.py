"""Where a run's pictures come from: a pool that holds them all."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from lightning_fabric import Fabric
from numpy.typing import NDArray

from ..data.crops import DevicePool
from ..data.pool import Pool, Rules, load_pool
from ..data.prior import load_prior
from .settings import Data, Recipe


class Supply:
    """Decoded pictures, all of them."""

    def __init__(self, recipe: Recipe, pool: Pool, fabric: Fabric) -> None:
        self.first = pool
        self._recipe = recipe
        self._pictures = DevicePool(pool, fabric.device)

    def at(self, step: int) -> DevicePool:
        """The pictures that a step draws from."""
        return self._pictures

    def prior(self, cache: Path) -> NDArray[np.float64] | None:
        """How often each ab bin occurs in `first`, `(313,)`; None where no loss asks for it."""
        settings = self._recipe.loss.cross_entropy
        if settings is None:
            return None
        return load_prior(self.first, cache, settings.neighbors, settings.sigma)

    def held_out(self, cache: Path, progress: Callable[[int], None]) -> Pool:
        """The validation pictures, with the classes numbered as in `first`."""
        data = self._recipe.data
        if not data.validation:
            return self.first
        pool = load_pool(_paths(data, data.validation), rules_of(data), cache, progress)
        return pool.with_classes(self.first.classes)


@contextmanager
def open_supply(
    recipe: Recipe, cache: Path, fabric: Fabric, progress: Callable[[int], None]
) -> Iterator[Supply]:
    """The training pictures of a recipe.

    Raises:
        DatasetError: a source is missing, empty or damaged, or no picture remains.
    """
    data = recipe.data
    with fabric.rank_zero_first(local=True):  # one process decodes, the others find it done
        pool = load_pool(_paths(data, data.train), rules_of(data), cache, progress)
    yield Supply(recipe, pool, fabric)


def rules_of(data: Data) -> Rules:
    """Which pictures a recipe lets in."""
    return Rules(
        short_side=data.short_side,
        min_colorfulness=data.min_colorfulness,
        classes=data.classes,
        unlabeled=data.unlabeled,
        limit=data.limit,
    )


def _paths(data: Data, sources: Sequence[str]) -> list[Path]:
    """Paths below the recipe's root."""
    return [data.root / source for source in sources]
