"""Every shipped recipe, run: its network, losses and optimizer, a step at each of its sizes."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from lightning_fabric import Fabric

from photochrom.training.loop import train
from photochrom.training.recipe import load_recipe
from photochrom.training.settings import Recipe

FOLDER = Path(__file__).parents[2] / "recipes"
GRID = FOLDER / "odyssey.toml"  # a list of recipes, no recipe
RECIPES = [
    path for path in sorted(FOLDER.rglob("*.toml")) if path.parent.name != "cards" and path != GRID
]
HUGE = {path for path in RECIPES if path.stem.startswith("searchspace")}  # 277 million weights


@pytest.mark.parametrize(
    "path",
    [pytest.param(path, marks=[pytest.mark.slow] if path in HUGE else []) for path in RECIPES],
    ids=lambda path: path.stem,
)
def test_a_step_at_each_size(
    path: Path, pictures: Path, tmp_path: Path, fabric: Fabric, recorder: Callable[..., Any]
) -> None:
    """On other pictures, few at a time, from weights that are nobody's."""
    settings = load_recipe(path).model_dump(mode="json", exclude_unset=True)
    settings["model"] |= {"backbone": None, "weights": None}
    settings["data"] = {"root": str(pictures), "train": ["."], "short_side": 48}
    settings["stages"] = [stage | {"steps": 1} for stage in settings["stages"]]
    settings |= {"batch": 4, "precision": "fp32"}
    recipe = Recipe.model_validate(settings)
    progress = recorder()
    run = train(recipe, tmp_path / "run", tmp_path / "cache", fabric, progress).parent
    assert list(progress.checked) == [len(recipe.stages)]
    assert (run / "best.safetensors").exists()
    assert list((run / "sheets").iterdir())
