"""An evaluation from a folder of files to table and sheets, with the network of the package."""

import json
import zipfile
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from photochrom import image
from photochrom.errors import DatasetError
from photochrom.evaluation.pictures import Sample, center_crop
from photochrom.evaluation.report import table
from photochrom.evaluation.run import Protocol, evaluate, write
from photochrom.export.record import record_metrics
from photochrom.inference import load_card, load_engine


@pytest.fixture
def photographs(tmp_path: Path) -> Path:
    """A zip file of three real photographs, and of one that is damaged."""
    spec = find_spec("skimage")
    assert spec is not None
    assert spec.origin is not None
    data = Path(spec.origin).parent / "data"
    file = tmp_path / "photographs.zip"
    with zipfile.ZipFile(file, "w") as archive:
        for name in ("astronaut.png", "coffee.png", "chelsea.png"):
            archive.write(data / name, name)
        archive.writestr("broken.png", (data / "coffee.png").read_bytes()[:5000])
    return file


def test_an_evaluation_leaves_figures_table_and_sheets(photographs: Path, tmp_path: Path) -> None:
    engine = load_engine(threads=1)
    protocol = Protocol(size=64, working_size=64, temperatures=(1.0, 0.38))
    evaluation = evaluate(engine, [photographs], protocol)
    assert list(evaluation.scores) == ["grey", "autochrome, T = 1", "autochrome, T = 0.38"]
    safe, vivid = list(evaluation.scores.values())[1:]
    assert safe.pictures == 3
    assert 0 < safe.colorfulness_ratio < vivid.colorfulness_ratio

    out = tmp_path / "new" / "folder"
    written = write(evaluation, engine, [photographs], out)
    assert sorted(path.name for path in out.iterdir()) == sorted(path.name for path in written)
    assert (out / "table.md").read_text() == table(evaluation.scores)
    figures = json.loads((out / "figures.json").read_text())
    assert figures["rows"]["autochrome, T = 1"]["auc"] == safe.auc
    assert figures["size"] == 64
    for sheet in ("sheet.png", "old.png"):
        assert image.read(out / sheet).pixels.std() > 10


def test_figures_go_into_the_card_and_leave_the_graph_alone(tmp_path: Path) -> None:
    original = files("photochrom.weights") / "autochrome.onnx"
    copy = tmp_path / "copy.onnx"
    copy.write_bytes(original.read_bytes())
    record_metrics(copy, "three photographs", {"auc": 1.5})
    card, before = load_card(str(copy)), load_card("autochrome")
    assert card.metrics == {**before.metrics, "three photographs": {"auc": 1.5}}
    assert card.graph_sha256 == before.graph_sha256
    assert [path.name for path in tmp_path.iterdir()] == ["copy.onnx"]


def test_missing_pictures_are_told(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="nowhere"):
        evaluate(load_engine(threads=1), [tmp_path / "nowhere"], Protocol())


def test_center_crops_are_square_and_centered() -> None:
    pixels = np.zeros((10, 30, 3), dtype=np.uint8)
    pixels[:, 10:20] = 200
    crop = center_crop(image.from_array(pixels), 10)
    assert crop.pixels.shape == (10, 10, 3)
    assert (crop.pixels == 200).all()


def test_a_sample_passes_everything_and_keeps_the_same_few_in_order() -> None:
    frames = [image.from_array(np.full((1, 1), n, dtype=np.uint8)) for n in range(100)]
    sample, again = Sample(10), Sample(10)
    assert list(sample.watch(frames)) == frames
    assert len(list(again.watch(frames))) == 100
    kept = [int(frame.pixels[0, 0, 0]) for frame in sample.frames()]
    assert kept == sorted(kept) == [int(f.pixels[0, 0, 0]) for f in again.frames()]
    assert len(kept) == 10
    assert max(kept) > 50  # from the whole of it, not its beginning


def test_a_sample_of_few_is_all_of_them() -> None:
    sample = Sample(10)
    frames = [image.from_array(np.full((1, 1), n, dtype=np.uint8)) for n in range(3)]
    list(sample.watch(frames))
    assert sample.frames() == frames
