"""Where pictures come from: all at once, or shards that pass by."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import webdataset
from lightning_fabric import Fabric

from photochrom.errors import DatasetError
from photochrom.training.loop import train
from photochrom.training.settings import Recipe
from photochrom.training.supply import held_out, open_supply


def ignored(done: int) -> None:
    pass


def test_validation_classes_are_numbered_as_in_training(
    learner: Callable[..., Recipe], pictures: Path, tmp_path: Path, fabric: Fabric
) -> None:
    """Where the second class alone is watched, it is still number 1."""
    shutil.copytree(pictures / "night", tmp_path / "watched" / "night")
    data = {"root": str(pictures), "train": ["."], "short_side": 40}
    recipe = learner("classifier", data=data | {"validation": [str(tmp_path / "watched")]})
    with open_supply(recipe, tmp_path / "cache", fabric, ignored) as supply:
        unseen = held_out(recipe, supply, tmp_path / "cache", ignored)
    assert list(unseen.classes) == ["day", "night"]
    assert set(unseen.labels.tolist()) == {1}


@pytest.fixture
def shards(pictures: Path, tmp_path: Path) -> Path:
    """Four tar shards of the pictures, with classes, written by webdataset."""
    folder = tmp_path / "shards"
    folder.mkdir()
    files = sorted(pictures.rglob("*.png"))
    for number in range(4):
        with webdataset.TarWriter(str(folder / f"part-{number}.tar")) as writer:
            for file in files[number::4]:
                key = f"{file.parent.name}-{file.stem}"
                writer.write(
                    {"__key__": key, "png": file.read_bytes(), "cls": file.parent.name.encode()}
                )
    return folder


@pytest.fixture
def streamed(settings: dict[str, Any], shards: Path) -> Recipe:
    """Ten steps over blocks of two shards, three steps each."""
    data = {
        "root": str(shards),
        "train": ["part-{0..3}.tar"],
        "short_side": 40,
        "stream": {"shards_per_block": 2, "steps_per_block": 3},
    }
    return Recipe.model_validate(settings | {"data": data})


def test_a_stream_hands_out_a_block_for_its_steps(
    streamed: Recipe, tmp_path: Path, fabric: Fabric
) -> None:
    with open_supply(streamed, tmp_path / "cache", fabric, ignored) as supply:
        blocks = [supply.at(step) for step in range(9)]
    assert [blocks[at] is blocks[at - 1] for at in range(1, 9)] == [
        at % 3 != 0 for at in range(1, 9)
    ]
    assert all(len(block) > 0 for block in blocks)


def test_an_interrupted_stream_goes_on_as_if_never_stopped(
    streamed: Recipe, tmp_path: Path, fabric: Fabric, recorder: Callable[..., Any]
) -> None:
    """The checkpoint is in the middle of a block; cross-entropy needs a prior, in a new cache."""
    train(streamed, tmp_path / "straight", tmp_path / "cache-1", fabric, recorder())
    with pytest.raises(KeyboardInterrupt):
        train(streamed, tmp_path / "stopped", tmp_path / "cache-2", fabric, recorder(8))
    train(streamed, tmp_path / "stopped", tmp_path / "cache-2", fabric, recorder())
    ours, theirs = ((tmp_path / run / "losses.csv").read_text() for run in ("stopped", "straight"))
    assert ours == theirs
    assert len(ours.splitlines()) == 11


def test_folders_do_not_pass_by(
    streamed: Recipe, pictures: Path, tmp_path: Path, fabric: Fabric
) -> None:
    data = streamed.data.model_copy(update={"root": pictures, "train": (".",)})
    recipe = streamed.model_copy(update={"data": data})
    with (
        pytest.raises(DatasetError, match="no tar shard"),
        open_supply(recipe, tmp_path, fabric, ignored),
    ):
        pass
