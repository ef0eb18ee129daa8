import itertools
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import BaseModel

from photochrom.errors import RecipeError
from photochrom.training.recipe import check_same_run, load_recipe
from photochrom.training.settings import Recipe
from photochrom.training.start import check_fit

FOLDER = Path(__file__).parents[2] / "recipes"
RECIPES = sorted(
    path for path in FOLDER.rglob("*.toml") if "[[stages]]" in path.read_text(encoding="utf-8")
)  # the others are cards, and a grid

SMALLEST = """
name = "small"
stages = [{ size = 64, steps = 5 }]
[model]
name = "autochrome"
[data]
train = ["pictures"]
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "small.toml"
    path.write_text(SMALLEST)
    return path


def sections(of: type[BaseModel] = Recipe) -> Iterator[type[BaseModel]]:
    yield of
    for field in of.model_fields.values():
        for kind in (field.annotation, *get_args(field.annotation)):
            if isinstance(kind, type) and issubclass(kind, BaseModel):
                yield from sections(kind)


def test_there_are_recipes() -> None:
    assert {"autochrome", "pix2pix-lab", "cyclegan", "iizuka"} <= {path.stem for path in RECIPES}
    assert not [path for path in RECIPES if path.parent.name == "cards"]


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_shipped_recipe_is_right(path: Path, tmp_path: Path) -> None:
    recipe = load_recipe(path, [f"data.root={tmp_path}"])
    assert recipe.name == path.stem
    assert recipe.data.validation or recipe.name == "overfit"  # which is to know its picture
    assert not set(recipe.data.validation) & set(recipe.data.train)
    for weights in (recipe.model.backbone, recipe.model.weights):
        if weights:  # what it starts from must be there, and that is not looked into
            (tmp_path / weights).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / weights).touch()
    check_fit(recipe)


def test_no_two_shipped_recipes_train_into_one_folder() -> None:
    assert len({path.stem for path in RECIPES}) == len(RECIPES)


def test_sections_are_found() -> None:
    names = {section.__name__ for section in sections()}
    assert {"Recipe", "Model", "Data", "Stage", "Adversarial", "SmoothL1", "Schedule"} <= names


@pytest.mark.parametrize("section", dict.fromkeys(sections()), ids=lambda section: section.__name__)
def test_every_setting_is_documented(section: type[BaseModel]) -> None:
    assert section.__doc__
    assert "BaseModel" not in section.__doc__
    silent = [name for name, field in section.model_fields.items() if not field.description]
    assert silent == []


def test_values_and_defaults(file: Path) -> None:
    recipe = load_recipe(file)
    assert recipe.data.train == ("pictures",)
    assert (recipe.batch, recipe.precision, recipe.steps) == (32, "fp32", 5)
    assert recipe.loss.cross_entropy is not None
    assert recipe.loss.cross_entropy.sigma == 5
    assert recipe.loss.paired == ("cross_entropy",)
    assert recipe.model.output is None


def test_film_doubles_the_steps_unless_told(settings: dict[str, Any]) -> None:
    def film(**changes: Any) -> tuple[int, ...]:
        return Recipe.model_validate(settings | {"film": []} | changes).film_steps

    stages = [{"size": 32, "steps": 4000}]
    assert film(stages=stages) == (31, 62, 125, 250, 500, 1000, 2000, 4000)
    assert film() == (1, 2, 5, 10)  # of ten steps there are no more
    assert film(film=[9, 3, 9]) == (3, 9)


def test_steps_are_those_of_all_stages(settings: dict[str, Any]) -> None:
    assert Recipe.model_validate(settings).steps == 10


@pytest.mark.parametrize(
    ("override", "read"),
    [
        ("batch=4", lambda r: r.batch == 4),
        ("optimizer.learning_rate=1e-4", lambda r: r.optimizer.learning_rate == 1e-4),
        ("data.root=/some/where", lambda r: r.data.root == Path("/some/where")),
        ("data.root=a=b", lambda r: r.data.root == Path("a=b")),
        ('name="1"', lambda r: r.name == "1"),
        ('data.train=["x", "y.zip"]', lambda r: r.data.train == ("x", "y.zip")),
        ("model.settings.widths=[1, 2, 3]", lambda r: r.model.settings == {"widths": [1, 2, 3]}),
        ("stages=[{size=32, steps=2}, {size=64, steps=9}]", lambda r: r.steps == 11),
        ("precision=bf16", lambda r: r.precision == "bf16"),
        ("loss.l2={}", lambda r: r.loss.l2.weight == 1 and r.loss.cross_entropy is None),
        ("loss.l1.weight=100", lambda r: r.loss.l1.weight == 100),
    ],
)
def test_overrides(file: Path, override: str, read: Callable[[Recipe], bool]) -> None:
    assert read(load_recipe(file, [override]))


def test_the_last_override_counts(file: Path) -> None:
    assert load_recipe(file, ["batch=4", "batch=8"]).batch == 8


@pytest.mark.parametrize(
    ("override", "named"),
    [
        ("optimizer.warmup_steps=9", "optimizer.warmup_steps"),
        ("optimizer.momentum=1", "optimizer.momentum"),
        ("optimizer.name=adagrad", "optimizer.name"),
        ("schedule.drop=1", "schedule.drop"),
        ("schedule.patience=-1", "schedule.patience"),
        ("model.space=rgb", "model.space"),
        ("model.output=ab", "model.output"),
        ("model.initialization=zeros", "model.initialization"),
        ("data.limit=0", "data.limit"),
        ("colour=1", "colour"),
        ("batch=0", "batch"),
        ("batch=many", "batch"),
        ("precision=fp8", "precision"),
        ("stages=[]", "stages"),
        ("stages=[{size=64}]", "stages.0.steps"),
        ("optimizer.learning_rate=0", "optimizer.learning_rate"),
        ("optimizer.learning_rate=inf", "optimizer.learning_rate"),
        ("optimizer.clip_norm=nan", "optimizer.clip_norm"),
        ("data.train=[]", "data.train"),
        ("data=pictures", "data"),
        ("loss={}", "loss"),
        ("loss.l1.weight=0", "loss.l1.weight"),
        ("loss.l2.beta=1", "loss.l2.beta"),
        ("loss.cross_entropy.rebalance=0", "loss.cross_entropy.rebalance"),
        ("loss.cross_entropy.rebalance=1.5", "loss.cross_entropy.rebalance"),
        ("seed=-1", "seed"),
        ("name=../elsewhere", "name"),
        ("name=a/b", "name"),
        ("seed=2147483648", "seed"),
        ("batch.size=3", "batch"),
        ("stages.0.size=64", "stages"),
        ("batch", "batch"),
        ("=3", ""),
    ],
)
def test_wrong_settings_are_named_in_one_line(file: Path, override: str, named: str) -> None:
    file.write_text("batch = 8\n" + SMALLEST)
    with pytest.raises(RecipeError) as caught:
        load_recipe(file, [override])
    message = str(caught.value)
    assert message.startswith(f"{file}: {named}")
    assert "\n" not in message


def test_every_fault_is_told_at_once(file: Path) -> None:
    with pytest.raises(RecipeError, match=r"batch: .*; seed: "):
        load_recipe(file, ["batch=0", "seed=-1"])


PAIRED = ("cross_entropy", "l1", "l2", "smooth_l1", "classification")


def parts_given() -> Iterator[tuple[str, ...]]:
    """Every choice of some of these parts of the loss."""
    parts = ("l1", "classification", "adversarial", "cycle")
    for count in range(len(parts) + 1):
        yield from itertools.combinations(parts, count)


@pytest.mark.parametrize("given", list(parts_given()), ids="+".join)
def test_which_losses_go_together(given: tuple[str, ...], settings: dict[str, Any]) -> None:
    """Something to compare with, always; a circle, alone with its judges."""
    paired = set(given) & {"l1", "classification"}
    in_a_circle = set(given) == {"cycle", "adversarial"}
    if in_a_circle or (paired and "cycle" not in given):
        recipe = Recipe.model_validate(settings | {"loss": {part: {} for part in given}})
        assert set(recipe.loss.paired) == paired
        return
    with pytest.raises(ValueError, match=r"cycle goes with|no loss is given|forgets the picture"):
        Recipe.model_validate(settings | {"loss": {part: {} for part in given}})


@pytest.mark.parametrize("part", PAIRED)
def test_any_paired_loss_suffices(part: str, settings: dict[str, Any]) -> None:
    assert Recipe.model_validate(settings | {"loss": {part: {}}}).loss.paired == (part,)


def test_a_faulty_choice_of_losses_is_one_line(file: Path) -> None:
    with pytest.raises(RecipeError) as caught:
        load_recipe(file, ["loss={adversarial={}}"])
    message = str(caught.value)
    assert message.startswith(f"{file}: loss: ")
    assert "adversarial alone, without a distance, forgets the picture" in message
    assert "\n" not in message


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "cannot read the recipe"),
        (b"name = ", "not a TOML file"),
        (b"\xff\xfe\x00", "not a TOML file"),
        (b"", "name: Field required"),
    ],
)
def test_unusable_files(tmp_path: Path, content: bytes | None, said: str) -> None:
    path = tmp_path / "recipe.toml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(RecipeError, match=said) as caught:
        load_recipe(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert "\n" not in str(caught.value)


def test_text_is_utf_8(tmp_path: Path) -> None:
    path = tmp_path / "recipe.toml"
    path.write_bytes(SMALLEST.replace("small", "Lumière").encode())
    assert load_recipe(path).name == "Lumière"


class TestSameRun:
    """Which recipes may go on from a checkpoint."""

    RUN = Path("runs/tiny")

    def check(self, settings: dict[str, Any], **changes: Any) -> None:
        stored = Recipe.model_validate_json(
            Recipe.model_validate(settings).model_dump_json()
        ).model_dump(mode="json")
        check_same_run(Recipe.model_validate(settings | changes), stored, 8, self.RUN)

    def test_the_same(self, settings: dict[str, Any]) -> None:
        self.check(settings)

    @pytest.mark.parametrize(
        "changes",
        [
            {"stages": [{"size": 32, "steps": 7}, {"size": 64, "steps": 99}]},
            {"checkpoint_every": 1},
            {"film": [1, 2]},
        ],
    )
    def test_may_differ(self, settings: dict[str, Any], changes: dict[str, Any]) -> None:
        self.check(settings, **changes)

    @pytest.mark.parametrize(
        "stages",
        [
            [{"size": 32, "steps": 99}],  # of the eight steps done, one was at 64
            [{"size": 32, "steps": 7}, {"size": 64, "steps": 3}, {"size": 96, "steps": 1}],
        ],
    )
    def test_sizes_must_stay(self, settings: dict[str, Any], stages: list[dict[str, int]]) -> None:
        """Of the steps that were done, and the last one: at another, losses do not compare."""
        with pytest.raises(RecipeError, match="stages has other sizes"):
            self.check(settings, stages=stages)

    def test_data_may_have_moved(self, settings: dict[str, Any]) -> None:
        self.check(settings, data=settings["data"] | {"root": "/moved"})

    def test_a_new_setting_has_its_default_in_old_checkpoints(
        self, settings: dict[str, Any]
    ) -> None:
        check_same_run(Recipe.model_validate(settings), settings, 8, self.RUN)

    def test_another_recipe(self, settings: dict[str, Any]) -> None:
        with pytest.raises(RecipeError) as caught:
            self.check(settings, batch=8, schedule={"warmup_steps": 3}, model={"name": "other"})
        message = str(caught.value)
        assert message.startswith("runs/tiny: started with another recipe: batch was 4 and is 8; ")
        assert "model.name was 'autochrome' and is 'other'" in message
        assert "model.settings.widths was [8, 8, 8] and is None" in message
        assert "schedule.warmup_steps was 2 and is 3" in message
        assert "another folder" in message
        assert "seed" not in message
        assert "\n" not in message

    def test_another_loss(self, settings: dict[str, Any]) -> None:
        with pytest.raises(RecipeError, match=r"loss\.l1\.weight was None and is 3\.0"):
            self.check(settings, loss={"l1": {"weight": 3}})

    def test_other_data(self, settings: dict[str, Any]) -> None:
        with pytest.raises(RecipeError, match=r"data\.train was"):
            self.check(settings, data=settings["data"] | {"train": ["elsewhere"]})

    def test_settings_of_another_version(self, settings: dict[str, Any]) -> None:
        stored: Mapping[str, object] = settings | {"momentum": 0.9}
        with pytest.raises(RecipeError, match=r"^runs/tiny: .*no longer known \(momentum: "):
            check_same_run(Recipe.model_validate(settings), stored, 8, self.RUN)
