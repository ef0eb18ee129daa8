import subprocess
import sys
from pathlib import Path

import pytest

from photochrom import inference
from photochrom.errors import ModelError
from photochrom.inference.card import attach


@pytest.fixture
def mean_path(tmp_path, graph, card) -> Path:
    path = tmp_path / "mean.onnx"
    path.write_bytes(attach(graph, card))
    return path


def test_the_default_network_is_in_the_package():
    assert inference.DEFAULT in inference.embedded()
    assert inference.load_card().name == inference.DEFAULT


def test_a_file_is_as_good_as_a_name(mean_path):
    assert inference.load_card(str(mean_path)).name == "mean"
    assert inference.load_engine(str(mean_path)).card.name == "mean"


def test_the_same_arguments_give_the_same_engine(mean_path):
    first = inference.load_engine(str(mean_path))
    assert inference.load_engine(model=str(mean_path), threads=0) is first
    assert inference.load_engine(str(mean_path), threads=1) is not first
    assert inference.load_engine() is inference.load_engine(inference.DEFAULT)


@pytest.mark.parametrize("load", [inference.load_card, inference.load_engine])
@pytest.mark.parametrize("model", ["autochrone", "no/such.onnx", ".", "x" * 5000, "null\0"])
def test_unknown_names_are_answered_with_the_known_ones(load, model):
    with pytest.raises(ModelError) as caught:
        load(model)
    message = str(caught.value)
    assert message.startswith(model + ": no such network or file")
    assert "autochrome" in message.removeprefix(model)
    assert "\n" not in message


@pytest.mark.parametrize("load", [inference.load_card, inference.load_engine])
def test_a_file_that_is_no_network_is_refused(load, tmp_path, graph):
    for name, content in {"text.onnx": b"text", "empty.onnx": b"", "bare.onnx": graph}.items():
        path = tmp_path / name
        path.write_bytes(content)
        with pytest.raises(ModelError, match="carries no card"):
            load(str(path))


def test_a_file_that_may_not_be_read_says_so(mean_path, monkeypatch):
    def denied(self):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_bytes", denied)  # permissions do not stop a superuser
    with pytest.raises(ModelError, match="may not be read"):
        inference.load_card(str(mean_path))


def test_importing_loads_nothing_that_serving_does_not_need():
    heavy = "{'torch', 'onnx', 'scipy', 'skimage', 'matplotlib'}"
    code = f"import sys, photochrom.inference; sys.exit(', '.join({heavy} & set(sys.modules)) or 0)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
