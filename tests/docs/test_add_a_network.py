"""The guide to adding a network, followed to the letter."""

import re
import shlex
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from photochrom import image, models
from photochrom.cli.main import app
from photochrom.models import catalog

GUIDE = (Path(__file__).parents[2] / "docs" / "add-a-network.md").read_text(encoding="utf-8")


def block(language: str) -> str:
    """The guide's first block in a language."""
    found = re.search(rf"^```{language}\n(.*?)^```$", GUIDE, re.MULTILINE | re.DOTALL)
    assert found
    return found[1]


@pytest.fixture
def workplace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the guide's files and some pictures; the network is found by its place."""
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "halftone.py").write_text(block("python"))
    monkeypatch.setattr(models, "__path__", [*models.__path__, str(tmp_path / "models")])
    (tmp_path / "recipes").mkdir()
    (tmp_path / "recipes" / "halftone.toml").write_text(block("toml"))
    (tmp_path / "pictures").mkdir()
    rng = np.random.default_rng(0)
    for at in range(8):
        pixels = np.where(rng.random((40, 1, 1)) > 0.5, [240, 170, 60], [20, 40, 130])
        pixels = np.broadcast_to(pixels, (40, 48, 3)).astype(np.uint8)
        image.write(image.from_array(pixels.copy()), tmp_path / "pictures" / f"{at}.png")
    image.write(image.from_array(pixels[..., :1].copy()), tmp_path / "photo.png")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PHOTOCHROM_CACHE", str(tmp_path / "cache"))
    return tmp_path


def test_the_network_is_found_by_its_place(workplace: Path) -> None:
    assert "halftone" in catalog.names()
    assert catalog.spec("halftone").summary == "four convolutions: an example"


def test_every_command_does_what_it_says(workplace: Path) -> None:
    for line in block("sh").splitlines():
        command, *arguments = shlex.split(line)
        assert command == "photochrom"
        if arguments[0] == "train":
            arguments += ["--device", "cpu", "--threads", "1"]
        result = CliRunner().invoke(app, arguments)
        assert result.exit_code == 0, result.output
    assert (workplace / "runs" / "halftone" / "film.png").exists()
    colored = image.read(workplace / "photo.color.png").pixels
    assert np.ptp(colored.astype(int), axis=2).max() > 20  # it has learned orange and blue


def test_a_network_that_says_a_wrong_stride_is_told_so(workplace: Path) -> None:
    wrong = block("python").replace("multiple = 2", "multiple = 4").replace("e = 2\n", "e = 4\n")
    assert "    stride = 4" in wrong
    (workplace / "models" / "moire.py").write_text(wrong)
    arguments = ["train", "recipes/halftone.toml", "--device", "cpu", "--set", "model.name=moire"]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 1
    assert "moire gives (16, 2, 16, 16), where it says (16, 2, 8, 8)" in result.output
    assert not (workplace / "runs").exists()
