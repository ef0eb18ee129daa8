"""What is loaded when: told by `sys.modules` of a fresh process, not by a clock."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

import photochrom

HEAVY = {"PIL", "numpy", "onnxruntime", "pyvips", "scipy", "skimage", "torch"}

VERB = """
import json, sys
from photochrom.cli.main import app
try:
    app(sys.argv[1:])
except SystemExit as end:
    assert not end.code, end.code
print(json.dumps(sorted(sys.modules)))
"""

WITHOUT_TORCH = """
import sys

class NoTorch:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {"torch", "safetensors", "onnx", "onnxscript", "tensorboard"}:
            raise ImportError(f"{name} is not installed here")

sys.meta_path.insert(0, NoTorch())
"""


def _python(code: str, *arguments: object) -> list[str]:
    """What the code prints, line by line."""
    source = str(Path(photochrom.__file__).parents[1])
    result = subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)],
        capture_output=True,
        text=True,
        encoding="utf-8",
        env=os.environ | {"PYTHONPATH": source},
        timeout=120,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    return result.stdout.splitlines()


def _loaded(code: str, *arguments: object) -> set[str]:
    """Top-level names of the modules that the code, which prints them, has loaded."""
    return {name.partition(".")[0] for name in json.loads(_python(code, *arguments)[-1])}


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "photo.png"
    Image.linear_gradient("L").resize((60, 40)).save(path)
    return path


def test_importing_the_package_loads_nothing_else():
    code = """
import json, sys
before = set(sys.modules)
import photochrom
photochrom.__version__, dir(photochrom), photochrom.errors.ImageError
print(json.dumps(sorted(set(sys.modules) - before)))
"""
    loaded = json.loads(_python(code)[-1])
    ours = {name for name in loaded if name.startswith("photochrom")}
    assert ours == {"photochrom", "photochrom._version", "photochrom.errors"}
    assert not {name.partition(".")[0] for name in loaded} & (HEAVY | {"rich", "typer"})


@pytest.mark.parametrize("arguments", [("--help",), ("--version",), ("colorize", "--help")])
def test_help_loads_nothing_heavy(arguments):
    assert not _loaded(VERB, *arguments) & (HEAVY | {"rich"})


def test_colorize_loads_only_what_it_needs(photo):
    loaded = _loaded(VERB, "colorize", photo)
    assert {"numpy", "onnxruntime", "pyvips"} <= loaded
    assert not loaded & {"torch", "safetensors", "onnx", "onnxscript", "scipy", "skimage"}


def test_a_picture_loads_nothing_that_only_others_need(photo):
    loaded = set(json.loads(_python(VERB, "colorize", photo)[-1]))
    assert "array_api_compat" in loaded
    assert not loaded & {"PIL", "array_api_compat.numpy", "http", "numpy.f2py", "rich", "ssl"}


UNCOLLECTED = """
import atexit, gc
atexit.register(lambda: print(gc.get_freeze_count()))  # last of all
"""


def test_neither_loading_nor_the_end_looks_for_garbage_in_all_objects(photo):
    searches = "print(gc.get_stats()[2]['collections'])"
    *_, collections, frozen = _python(UNCOLLECTED + VERB + searches, "colorize", photo)
    assert int(collections) == 0
    assert int(frozen) > 10_000


def test_models_loads_no_runtime():
    assert not _loaded(VERB, "models") & {"onnxruntime", "torch"}


def test_coloring_works_where_torch_is_not_installed(photo):
    _python(WITHOUT_TORCH + VERB, "colorize", photo)
    assert photo.with_name("photo.color.png").stat().st_size > 0
    code = "import photochrom, sys; print(photochrom.colorize(sys.argv[1], overwrite=True))"
    assert _python(WITHOUT_TORCH + code, photo) == [str(photo.with_name("photo.color.png"))]
    with pytest.raises(AssertionError, match="not installed here"):
        _python(WITHOUT_TORCH + "import torch")  # else this test would prove nothing


WITHOUT_TRAINING = """
import sys
for name in ("braceexpand", "fsspec", "lightning_fabric", "safetensors", "tensorboard", "torch"):
    sys.modules[name] = None  # what Python takes for "not there"
import photochrom.evaluation.folder, photochrom.turing.app, photochrom.turing.making
from photochrom.data.sources import open_source
from photochrom.errors import MissingExtraError
print(len(list(open_source(sys.argv[1]).names())))
try:
    open_source("set-{0..3}.tar")
except MissingExtraError as error:
    print(error)
"""


def test_measuring_and_asking_people_need_no_extra_of_training(photo: Path) -> None:
    pictures, told = _python(WITHOUT_TRAINING, photo.parent)
    assert int(pictures) > 0
    assert "pip install 'photochrom[train]'" in told
