"""Looking at a network while it learns."""

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from lightning_fabric import Fabric
from torch import Tensor

from photochrom import image
from photochrom.data.pool import Pool, load_pool
from photochrom.models.network import Network
from photochrom.training import checkpoint
from photochrom.training.batch import Batch
from photochrom.training.build import decoding_of
from photochrom.training.loop import train
from photochrom.training.settings import Recipe
from photochrom.training.start import game_of, start
from photochrom.training.supply import rules_of
from photochrom.training.watch import Watch

CPU = torch.device("cpu")
ORANGE, BLUE = (230, 120, 40), (30, 60, 170)


def pool_of(colors: list[tuple[int, int, int]], labels: list[int], side: int = 40) -> Pool:
    """Pictures `(side, side + 8)`, each of one color."""
    pictures = [np.full((side, side + 8, 3), color, np.uint8) for color in colors]
    length = pictures[0].size
    return Pool(
        pixels=np.concatenate([picture.ravel() for picture in pictures]),
        offsets=np.arange(len(pictures)) * length,
        sizes=np.array([picture.shape[:2] for picture in pictures]),
        names=[f"{at}.png" for at in range(len(pictures))],
        grey=[],
        unreadable=[],
        key="none",
        classes=["day", "night"],
        labels=np.array(labels),
    )


class Prophet(Network):
    """Colors every picture as it was told to, whatever it sees."""

    size_multiple = stride = 1

    def __init__(self, raw: list[float]) -> None:
        super().__init__()
        self.raw = torch.tensor(raw)[None, :, None, None]

    def forward(self, x: Tensor) -> Tensor:
        return self.raw.expand(len(x), -1, *x.shape[2:])


class Counting:
    """A game whose loss is the label, and which notes how many pictures it was shown."""

    def __init__(self) -> None:
        self.players: dict[str, torch.nn.Module] = {}
        self.teams: dict[str, tuple[str, ...]] = {}
        self.shown: list[int] = []

    def turns(self, batch: Batch) -> Any:
        raise AssertionError("looking is not learning")

    def loss(self, model: torch.nn.Module, batch: Batch) -> Tensor:
        self.shown.append(len(batch))
        assert not torch.is_grad_enabled()
        return batch.labels.float().mean()


def watch_of(recipe: Recipe, seen: Pool, unseen: Pool, game: Any = None) -> Watch:
    return Watch(game or Counting(), decoding_of(recipe), seen, unseen, 32, CPU)


def rows_of(sheet: Path, count: int) -> list[np.ndarray]:
    """The rows of a contact sheet, from its pixels."""
    pixels = image.read(sheet).pixels
    assert pixels.shape[0] % count < count
    return list(np.array_split(pixels.astype(int), count))


def has(row: np.ndarray, color: tuple[int, int, int], within: int = 6) -> bool:
    """Whether a good part of a row is of this color."""
    near = (np.abs(row - np.array(color)).max(axis=2) <= within).mean()
    return bool(near > 0.02)


def test_loss_is_the_mean_over_all_pictures_however_they_are_cut_up() -> None:
    """70 pictures make chunks of 32, 32 and 6."""
    labels = [1] * 3 + [0] * 60 + [1] * 7
    game = Counting()
    pool = pool_of([ORANGE] * 70, labels)
    recipe = Recipe.model_validate(
        {
            "name": "tiny",
            "model": {"name": "pix2pix"},
            "data": {"train": ["."]},
            "loss": {"l1": {}},
            "stages": [{"size": 32, "steps": 1}],
        }
    )
    assert watch_of(recipe, pool, pool, game).loss(Prophet([0, 0])) == pytest.approx(10 / 70)
    assert game.shown == [32, 32, 6]


def test_at_most_256_pictures_are_measured_spread_over_the_pool(recipe: Recipe) -> None:
    game = Counting()
    labels = [0] * 150 + [1] * 150
    watch = watch_of(recipe, pool_of([BLUE] * 2, [0, 0]), pool_of([BLUE] * 300, labels), game)
    assert watch.loss(Prophet([0.0])) == pytest.approx(0.5)
    assert sum(game.shown) == 256


def test_sheet_has_grey_colored_and_original_of_seen_and_unseen(
    learner: Callable[..., Recipe], tmp_path: Path
) -> None:
    """Seen pictures are blue, unseen ones orange, and the network makes everything as red as can
    be."""
    recipe = learner("dropout")
    watch = watch_of(recipe, pool_of([BLUE] * 3, [0] * 3), pool_of([ORANGE] * 9, [1] * 9))
    path = watch.sheet(Prophet([0.5, 0.0]), tmp_path / "sheets" / "sheet.png")
    grey, colored, original, *unseen = rows_of(path, 6)
    assert has(original, BLUE)
    assert has(unseen[2], ORANGE)
    for row in (grey, unseen[0]):
        assert not has(row, BLUE)
        assert not has(row, ORANGE)
        middle = row[60:160]
        assert np.ptp(middle, axis=2).max() <= 2
    for row in (colored, unseen[1]):
        middle = row[60:160, 60:120]
        assert (middle[..., 0] - middle[..., 1]).mean() > 20  # red beyond green


def test_sheet_of_a_network_that_draws_shows_its_drawing(
    learner: Callable[..., Recipe], tmp_path: Path
) -> None:
    """Its own lightness and all: white, which as a color for dark blue pictures is grey."""
    recipe = learner("drawing")
    pool = pool_of([BLUE] * 3, [0] * 3)
    path = watch_of(recipe, pool, pool).sheet(Prophet([0.2, 0.4, -0.6]), tmp_path / "sheet.png")
    drawn = tuple(round((x + 1) / 2 * 255) for x in (0.2, 0.4, -0.6))
    rows = rows_of(path, 8)
    found = [has(row, (drawn[0], drawn[1], drawn[2])) for row in rows]
    assert found == [False, False, True, False] * 2
    assert [has(row, BLUE) for row in rows] == [False, False, False, True] * 2


def test_sheet_of_a_classifier_shows_what_it_was_given(
    learner: Callable[..., Recipe], tmp_path: Path
) -> None:
    watch = watch_of(learner("classifier"), pool_of([BLUE] * 3, [0] * 3), pool_of([BLUE], [0]))
    path = watch.sheet(Told([0.0, 1.0]), tmp_path / "night.png")
    for row in rows_of(path, 2):
        assert np.ptp(row[60:160], axis=2).max() <= 2
    other = watch.sheet(Told([1.0, 0.0]), tmp_path / "day.png")
    night, day = image.read(path).pixels, image.read(other).pixels
    assert night.shape == day.shape
    assert (night != day).any(axis=2).mean() < 0.05  # the names of the classes, and nothing else
    assert (night != day).any()
    watch.frame(Told([1.0, 0.0]), tmp_path / "frames" / "000000.png")  # there are no colors to film
    watch.film([], tmp_path / "film.png")
    assert {entry.name for entry in tmp_path.iterdir()} == {"night.png", "day.png"}


class Told(Network):
    """Takes every picture for the same class."""

    size_multiple = stride = 1

    def __init__(self, logits: list[float]) -> None:
        super().__init__()
        self.logits = torch.tensor(logits)[None, :, None, None]

    def forward(self, x: Tensor) -> Tensor:
        return self.logits.expand(len(x), -1, -1, -1)


def test_film_has_a_column_for_each_frame_and_the_truth(
    learner: Callable[..., Recipe], tmp_path: Path
) -> None:
    """Frames of networks that color greyer and redder and redder."""
    watch = watch_of(learner("dropout"), pool_of([BLUE] * 6, [0] * 6), pool_of([ORANGE], [1]))
    frames = [tmp_path / f"{step:06}.png" for step in (0, 5, 12)]
    for at, frame in enumerate(frames):
        watch.frame(Prophet([0.2 * at, 0.0]), frame)
        assert image.read(frame).pixels.shape == (32, 5 * 32, 3)  # four seen ones, one unseen
    watch.film(frames, tmp_path / "film.png")
    strip = image.read(tmp_path / "film.png").pixels.astype(int)
    tiles = [[np.zeros((32, 32, 3), np.uint8)] * 4] * 5
    assert strip.shape == image.contact_sheet(tiles, column_titles=["x"] * 4, tile=128).shape
    columns = np.array_split(strip, 4, axis=1)
    red = [(column[..., 0] - column[..., 1]).clip(0).mean() for column in columns[:3]]
    assert red[0] < 2
    assert red[0] + 5 < red[1] < red[2] - 5
    assert [has(column, BLUE) for column in columns] == [False, False, False, True]
    assert [has(column, ORANGE) for column in columns] == [False, False, False, True]


def test_a_network_is_looked_at_without_being_changed(
    recipe: Recipe, fabric: Fabric, tmp_path: Path
) -> None:
    network = start(recipe, ["day", "night"], CPU).eval()
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    pool = pool_of([BLUE] * 3, [0] * 3)
    game = game_of(recipe, network, np.full(313, 1 / 313), fabric)
    watch = watch_of(recipe, pool, pool, game)
    first = watch.loss(network)
    watch.sheet(network, tmp_path / "sheet.png")
    watch.frame(network, tmp_path / "frame.png")
    assert watch.loss(network) == first
    assert math.isfinite(first)
    for name, tensor in network.state_dict().items():
        assert torch.equal(tensor, before[name]), name


def test_validation_loss_is_that_of_the_averaged_weights_on_whole_pictures(
    settings: dict[str, Any],
    tmp_path: Path,
    cache: Path,
    fabric: Fabric,
    recorder: Callable[..., Any],
) -> None:
    """Computed anew from the files that a run leaves."""
    settings |= {"loss": {"l1": {}}, "stages": [{"size": 32, "steps": 3}]}
    recipe = Recipe.model_validate(settings)
    progress = recorder()
    path = train(recipe, tmp_path, cache, fabric, progress)
    network = start(recipe, ["day", "night"], CPU).eval()
    checkpoint.restore_average(network, path)
    pool = load_pool([recipe.data.root], rules_of(recipe.data), cache)
    game = game_of(recipe, network, np.full(313, 1 / 313), fabric)
    ours = watch_of(recipe, pool, pool, game).loss(network)
    assert ours == pytest.approx(progress.checked[3], rel=1e-6)
