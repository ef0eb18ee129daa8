"""`photochrom export`, and the assembling of a card."""

import json
from pathlib import Path

import pytest

from photochrom.inference import load_card

torch = pytest.importorskip("torch", reason="the extra `export`")

FACTS = """
name = "try"
summary = "a try"
licence = "CC0-1.0"
working_size = 192
temperature = 0.5
[training]
pictures = ["Lakes, CC0-1.0"]
initialization = "random"
commit = "0123abc"
hardware = "one core, a second"
"""

RECIPE = {
    "name": "try",
    "model": {"name": "autochrome", "settings": {}, "backbone": "/home/ada/weights/b.safetensors"},
    "data": {"root": "/home/ada", "train": ["C:\\ada\\train.zip", "here.zip"]},
    "optimizer": {"learning_rate": 0.001},
}


@pytest.fixture
def facts(tmp_path: Path) -> Path:
    path = tmp_path / "facts.toml"
    path.write_text(FACTS, encoding="utf-8")
    return path


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    """A run whose average differs from its weights."""
    from photochrom.models import catalog
    from photochrom.training.checkpoint import State, average_of, save

    torch.manual_seed(0)
    model = catalog.spec("autochrome").build()
    average = average_of(model)
    torch.nn.init.constant_(model.head.bias, 9.0)
    optimizer = torch.optim.SGD(model.parameters())
    (tmp_path / "run").mkdir()
    path = tmp_path / "run" / "checkpoint.safetensors"
    save(State(model, average, optimizer, step=7), path, json.dumps(RECIPE))
    return path


def test_card_is_assembled_from_checkpoint_and_facts(run, checkpoint, facts, tmp_path, monkeypatch):
    seen = {}

    def written(module, card, path):
        seen.update(module=module, card=card, path=path)
        return 1e-6

    monkeypatch.setattr("photochrom.export.onnx.export", written)
    result = run("export", checkpoint.parent, "-o", tmp_path / "x.onnx", "--card", facts)
    assert result.exit_code == 0, result.stderr
    assert "1.0e-06" in result.stdout.splitlines()[0]
    assert result.stdout.splitlines()[-1] == str(tmp_path / "x.onnx")
    card = seen["card"]
    assert (card.name, card.licence, card.working_size, card.temperature) == (
        *("try", "CC0-1.0", 192, 0.5),
    )
    assert (card.output, card.size_multiple, card.training.steps) == ("bins", 32, 7)
    assert card.training.recipe["optimizer"] == {"learning_rate": 0.001}
    assert card.training.recipe["model"]["backbone"] == "b.safetensors"
    assert card.training.recipe["data"] == {"root": ".", "train": ["train.zip", "here.zip"]}
    assert "ada" not in card.model_dump_json()
    assert float(seen["module"].network.head.bias.detach().abs().max()) < 9  # the average's


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('licence = "CC0-1.0"', "", "licence"),
        ("working_size = 192", 'working_size = "large"', "working_size"),
        ('name = "try"', 'name = "try"\nlicense = "CC0"', "license"),
        ('name = "try"', "name = try", "TOML"),
    ],
)
def test_faulty_facts(run, checkpoint, facts, tmp_path, old, new, told):
    facts.write_text(FACTS.replace(old, new), encoding="utf-8")
    result = run("export", checkpoint, "-o", tmp_path / "x.onnx", "--card", facts)
    assert result.exit_code == 1
    assert result.stderr.startswith(f"error: {facts}: ")
    assert told in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_existing_file_and_missing_checkpoint(run, facts, tmp_path):
    target = tmp_path / "x.onnx"
    target.write_bytes(b"dear to somebody")
    result = run("export", tmp_path, "-o", target, "--card", facts)
    assert result.exit_code == 1
    assert "--force" in result.stderr
    assert target.read_bytes() == b"dear to somebody"
    result = run("export", tmp_path, "-o", tmp_path / "y.onnx", "--card", facts)
    assert result.exit_code == 1
    assert "checkpoint.safetensors" in result.stderr


@pytest.mark.slow
def test_exported_file_colors_and_knows_no_path(run, checkpoint, facts, photo, tmp_path):
    import photochrom

    target = tmp_path / "x.onnx"
    result = run("export", checkpoint, "-o", target, "--card", facts)
    assert result.exit_code == 0, result.stderr
    assert load_card(str(target)).summary == "a try"
    source = str(Path(photochrom.__file__).parent).encode()
    assert source not in target.read_bytes()
    assert run("colorize", photo("photo.png"), "--model", target).exit_code == 0
