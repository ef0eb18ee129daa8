"""Grids: the shipped one, and what is told of wrong ones."""

import tomllib
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from pathlib import Path

import pytest

from photochrom.errors import RecipeError
from photochrom.experiments.claims import CLAIMS
from photochrom.experiments.controls import CONTROLS
from photochrom.experiments.gathered import BASELINES
from photochrom.experiments.grid import load_grid, recipe_of
from photochrom.experiments.measures import At, StyleChange
from photochrom.experiments.order import Order, differences
from photochrom.training.settings import Recipe

SHIPPED = Path(__file__).parents[2] / "recipes" / "odyssey.toml"


def needed(part: object) -> Iterator[At]:
    """Every way that a claim names."""
    if isinstance(part, At):
        yield part
    elif isinstance(part, StyleChange):
        yield At(part.cell)
    elif isinstance(part, tuple):
        for one in part:
            yield from needed(one)
    elif is_dataclass(part):
        for field in fields(part):
            yield from needed(getattr(part, field.name))


def test_shipped_grid_has_every_way_that_a_claim_or_a_control_needs() -> None:
    grid = load_grid(SHIPPED)
    cells = {cell.name for cell in grid.cell}
    ways = set(needed((CLAIMS, CONTROLS)))
    assert {way.cell for way in ways} <= cells | set(BASELINES)
    assert {way.temperature for way in ways} - {None} <= set(grid.judging.temperatures)


def test_cells_that_stand_for_the_seed_differ_in_it_alone(recipes: dict[str, Recipe]) -> None:
    for once, again in (("beta", "beta-again"), ("zhang-rebalanced", "zhang-again")):
        first, second = (
            recipes[name].model_dump(exclude={"name", "seed"}) for name in (once, again)
        )
        assert first == second
        assert recipes[once].seed != recipes[again].seed


@pytest.fixture(scope="module")
def recipes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Recipe]:
    """Of every shipped cell, rehearsed."""
    root = tmp_path_factory.mktemp("root")
    weights = root / "backbones" / "mobilenet_v2_1.0.safetensors"
    weights.parent.mkdir()
    weights.touch()
    grid = load_grid(SHIPPED)
    return {cell.name: recipe_of(cell, grid, SHIPPED.parent, root) for cell in grid.cell}


def test_every_shipped_cell_sees_as_many_pictures(recipes: dict[str, Recipe]) -> None:
    wanted = load_grid(SHIPPED).budget.pictures
    for name, recipe in recipes.items():
        assert wanted - recipe.batch < recipe.steps * recipe.batch <= wanted, name
        assert len(recipe.stages) == 1
        assert recipe.precision == "bf16"


def test_cells_that_are_compared_differ_in_what_they_are_about_alone(
    recipes: dict[str, Recipe],
) -> None:
    def changed(one: str, other: str) -> set[str]:
        ours, theirs = (recipes[name].model_dump() for name in (one, other))
        found = set()
        for section in ours:
            if isinstance(ours[section], dict):
                found |= {
                    f"{section}.{name}"
                    for name in ours[section]
                    if ours[section][name] != theirs[section][name]
                }
            elif ours[section] != theirs[section]:
                found.add(section)
        return found - {"name"}

    assert changed("zhang-plain", "zhang-rebalanced") == {"loss.cross_entropy"}
    assert changed("zhang-plain", "zhang-l2") == {"loss.cross_entropy", "loss.l2", "model.output"}
    assert changed("zhang-uniform", "zhang-rebalanced") == {"model.initialization"}
    assert changed("searchspace-dropout", "searchspace-l2") == {"model.settings"}
    assert changed("searchspace-smooth-l1", "searchspace-l2") == {"loss.smooth_l1", "loss.l2"}
    assert changed("pix2pix-rgb", "pix2pix-lab") == {"model.output"}
    assert changed("pix2pix-faces", "pix2pix-lab") == {"data.train", "data.classes"}
    assert changed("pix2pix-dogs", "pix2pix-lab") == {"data.train", "data.classes"}
    assert changed("iizuka-alone", "iizuka") == {"loss.classification"}
    assert changed("gamma", "beta") == {"model.name", "model.backbone", "model.settings"}


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("pictures = 64", "pictures = 0", "budget.pictures: Input should be greater than or equal"),
        ("pictures = 64", "picture = 64", "budget.picture: Extra inputs are not permitted"),
        ('name = "beta"', 'name = "bins"', "two cells are called bins"),
        ('name = "beta"', 'name = "../beta"', "cell.1.name: String should match pattern"),
        ("[budget]", "[budget", "not a TOML file"),
    ],
)
def test_faults_are_told_with_the_file(place: Path, old: str, new: str, fault: str) -> None:
    path = place / "grid.toml"
    path.write_text(path.read_text().replace(old, new))
    with pytest.raises(RecipeError) as told:
        load_grid(path)
    assert str(told.value).startswith(f"{path}: ")
    assert fault in str(told.value)


def test_missing_grid_is_told(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="cannot read the grid"):
        load_grid(tmp_path / "none.toml")


def test_budget_and_shared_settings_reach_the_recipe(place: Path) -> None:
    grid = load_grid(place / "grid.toml").with_pictures(100)
    recipe = recipe_of(grid.cell[0], grid, place, place)
    assert recipe.name == "small, of bins"
    assert (recipe.batch, recipe.steps, recipe.stages[0].size) == (8, 12, 32)
    assert recipe.checkpoint_every == 3
    assert recipe.optimizer.ema_decay == 0.5
    assert recipe.data.train == ("learned",)


def test_an_order_is_another_where_figures_would_be(place: Path) -> None:
    text = (place / "grid.toml").read_text()

    def order(text: str) -> Order:
        (place / "grid.toml").write_text(text)
        grid = load_grid(place / "grid.toml")
        recipe = recipe_of(grid.cell[1], grid, place, place)
        return Order.of(grid.cell[1], grid, recipe, place)

    first = order(text)
    assert tomllib.loads(text)["cell"][1]["name"] == "beta"
    assert order(text.replace("As published", "Said otherwise")).fingerprint == first.fingerprint
    for old, new, name in (
        ("pictures = 64", "pictures = 128", "recipe.stages"),
        ("resamples = 100", "resamples = 200", "protocol.resamples"),
        ("l2={}", "l1={}", "recipe.loss.l2"),
    ):
        other = order(text.replace(old, new))
        assert other.fingerprint != first.fingerprint
        assert any(told.startswith(name) for told in differences(first, other))
    next((place / "judged").rglob("*.png")).unlink()
    assert "contents.judged" in differences(first, order(text))[0]
