"""`photochrom models`."""

import json
import shutil
from importlib.resources import as_file, files

import pytest

from photochrom.inference import load_card
from photochrom.models import catalog


def test_table_lists_networks_and_what_can_be_trained(run):
    result = run("models")
    assert result.exit_code == 0
    card = load_card("autochrome")
    row = next(line for line in result.stdout.splitlines() if line.startswith("autochrome"))
    assert card.licence in row
    assert " MB" in row
    discriminators, trainable = result.stdout.splitlines()[-2:]
    assert all(name in discriminators for name in catalog.discriminator_names())
    assert all(name in trainable for name in catalog.names())


def test_json_of_the_list(run):
    listing = json.loads(run("models", "--json").stdout)
    first = next(network for network in listing["networks"] if network["name"] == "autochrome")
    size = len(files("photochrom.weights").joinpath("autochrome.onnx").read_bytes())
    assert first["bytes"] == size
    assert listing["trainable"] == catalog.names()
    assert listing["discriminators"] == catalog.discriminator_names()


def test_whole_card_by_name_and_by_file(run, tmp_path):
    with as_file(files("photochrom.weights").joinpath("autochrome.onnx")) as weights:
        copy = shutil.copy(weights, tmp_path / "copy.onnx")
    card = load_card("autochrome")
    by_name, by_file = run("models", "autochrome"), run("models", copy)
    assert by_name.exit_code == 0
    assert by_name.stdout == by_file.stdout
    assert by_name.stdout.splitlines()[0] == "autochrome"
    assert f"working size: {card.working_size}" in by_name.stdout
    assert f"learning rate: {card.training.recipe['optimizer']['learning_rate']}" in by_name.stdout
    assert card.graph_sha256 in by_name.stdout
    assert json.loads(run("models", copy, "--json").stdout) == card.model_dump(mode="json")


@pytest.mark.parametrize("content", [None, b"", b"no network"])
def test_no_network(run, tmp_path, content):
    path = tmp_path / "other.onnx"
    if content is not None:
        path.write_bytes(content)
    result = run("models", path)
    assert result.exit_code == 1
    assert result.stderr.startswith(f"error: {path}: ")
    assert len(result.stderr.splitlines()) == 1
