"""What an evaluation leaves in its folder."""

import base64
import io
import json
import re
import shutil
import zipfile
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from photochrom import image
from photochrom.errors import DatasetError
from photochrom.evaluation.comparison import Comparison
from photochrom.evaluation.contestants import Contestant, contestants_of
from photochrom.evaluation.folder import SHOWN, figures_of, write
from photochrom.evaluation.protocol import Protocol, read_protocol
from photochrom.evaluation.result import read_results
from photochrom.evaluation.run import Evaluation, evaluate
from photochrom.export.record import record_metrics
from photochrom.inference import load_card

PROTOCOL = Protocol(
    size=96,
    working_size=96,
    calibration_pictures=1,
    stability_pictures=0,
    resamples=100,
)


@pytest.fixture(scope="module")
def two(twin: Path) -> list[Contestant]:
    """The network of the package, and its twin of the same name."""
    return contestants_of(["autochrome", str(twin)])


@pytest.fixture(scope="module")
def evaluation(two: list[Contestant], photographs: Path) -> Evaluation:
    return evaluate(two, [photographs], PROTOCOL)


@pytest.fixture(scope="module")
def folder(
    evaluation: Evaluation,
    two: list[Contestant],
    photographs: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    """Written twice, the second time over other results, with old pictures."""
    path = tmp_path_factory.mktemp("out") / "new" / "folder"
    (path / "results").mkdir(parents=True)
    (path / "results" / "earlier.json").write_text("of another evaluation")
    old = path.parent / "old"
    old.mkdir()
    ramp = np.linspace(0, 255, 64 * 48).reshape(64, 48).astype(np.uint8)
    Image.fromarray(ramp).save(old / "ramp.png")
    (old / "broken.png").write_bytes(b"broken")
    for _ in range(2):
        written = write(evaluation, two, [photographs], [old], path)
    below = {file for file in path.rglob("*") if file.is_file()}
    results = set((path / "results").iterdir())
    assert {path / "results", *(below - results)} == set(written)
    return path


def test_everything_is_there(folder: Path) -> None:
    assert {path.name for path in folder.iterdir()} == {
        *("page.html", "table.md", "table.csv", "pictures.csv", "protocol.json"),
        *("results", "sheet.png", "old.png"),
    }


def test_old_pictures_of_an_earlier_evaluation_do_not_stay(
    evaluation: Evaluation, two: list[Contestant], photographs: Path, tmp_path: Path
) -> None:
    (tmp_path / "old.png").write_bytes(b"of another network")
    write(evaluation, two, [photographs], [], tmp_path)
    assert not (tmp_path / "old.png").exists()


def test_results_of_two_networks_of_one_name_are_two_files(
    folder: Path, evaluation: Evaluation, two: list[Contestant]
) -> None:
    results = read_results([folder / "results"])
    assert len(results) == 5  # the earlier one is gone
    assert {one.way.sha256 for one in results} == {None, *(one.sha256 for one in two)}
    assert two[0].sha256 != two[1].sha256
    kept = {one.way.title: one.model_dump_json() for one in results}
    assert kept == {one.way.title: one.model_dump_json() for one in evaluation.results}


def test_twins_do_not_differ(folder: Path) -> None:
    comparison = Comparison.of(read_results([folder / "results"]))
    first, second = comparison.models
    finite = {
        name: (one.value, one.low, one.high)
        for name, one in comparison.differences(second, first).items()
        if np.isfinite(one.value)
    }
    assert {"auc", "psnr", "ciede2000"} <= set(finite)
    assert set(finite.values()) == {(0, 0, 0)}
    for file in ("table.md", "page.html"):
        assert "Paired" in (folder / file).read_text()


def test_the_protocol_is_locked(folder: Path, evaluation: Evaluation) -> None:
    protocol = read_protocol(folder / "protocol.json")
    assert protocol == evaluation.protocol
    assert protocol.pictures is not None


def _tiles(sheet: Path, tile: int = 160, columns: int = 12) -> list[np.ndarray]:
    """The middles of a sheet's tiles, row by row."""
    pixels = np.asarray(Image.open(sheet).convert("RGB")).astype(float)
    wide = pixels.shape[1] / columns
    head = pixels.shape[0] - round(wide)  # one row of pictures below the titles
    return [
        pixels[head + 40 : head + 120, round(at * wide) + 40 : round(at * wide) + 120]
        for at in range(columns)
    ]


def test_the_sheet_shows_each_readable_picture_beside_its_own_colors(
    folder: Path, photographs: Path
) -> None:
    names = ["animals/chelsea", "people/astronaut", "things/coffee", "things/rocket"]
    with zipfile.ZipFile(photographs) as archive:
        real = [image.decode(archive.read(f"{name}.png")).pixels for name in names]
    tiles = _tiles(folder / "sheet.png")
    for at, pixels in enumerate(real):
        grey, _, original = tiles[3 * at : 3 * at + 3]
        means = [one[20:76, 20:76].mean(axis=(0, 1)) for one in real]
        distances = [np.abs(original.mean(axis=(0, 1)) - mean).max() for mean in means]
        assert int(np.argmin(distances)) == at
        assert np.ptp(grey, axis=-1).max() == 0
        assert np.abs(original.std() - pixels.std()) < 25


def test_the_page_shows_each_picture_under_its_name(folder: Path, photographs: Path) -> None:
    page = (folder / "page.html").read_text()
    shown = re.findall(r'<img[^>]*?alt="([^"]+), original"[^>]*>', page)
    assert set(shown) == {
        *("animals/chelsea.png", "people/astronaut.png"),
        *("things/coffee.png", "things/rocket.png"),
    }
    with zipfile.ZipFile(photographs) as archive:
        for tag in re.findall(r'<img[^>]*?alt="[^"]+, original"[^>]*>', page):
            name = re.search(r'alt="([^"]+), original"', tag)
            data = re.search(r'src="data:image/\w+;base64,([^"]+)"', tag)
            assert name is not None
            assert data is not None
            seen = np.asarray(Image.open(io.BytesIO(base64.b64decode(data[1]))).convert("RGB"))
            real = image.decode(archive.read(name[1])).pixels
            assert np.abs(seen.astype(float) - real).mean() < 12, name[1]


def test_old_pictures_are_colored_and_damaged_ones_left_out(folder: Path) -> None:
    pixels = np.asarray(Image.open(folder / "old.png").convert("RGB")).astype(int)
    grey, colored = pixels[:, : pixels.shape[1] // 2], pixels[:, pixels.shape[1] // 2 :]
    assert np.ptp(grey, axis=-1).max() == 0
    assert np.ptp(colored, axis=-1).max() > 3


def test_where_no_old_picture_can_be_read_that_is_told(
    evaluation: Evaluation, two: list[Contestant], photographs: Path, tmp_path: Path
) -> None:
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / "broken.png").write_bytes(b"broken")
    with pytest.raises(DatasetError, match=r"no black-and-white picture .*broken.png"):
        write(evaluation, two, [photographs], [tmp_path / "old"], tmp_path / "out")


def test_figures_go_into_the_card_and_leave_the_graph_alone(
    evaluation: Evaluation, two: list[Contestant], tmp_path: Path
) -> None:
    original = files("photochrom.weights") / "autochrome.onnx"
    copy = tmp_path / "copy.onnx"
    copy.write_bytes(original.read_bytes())
    figures = figures_of(evaluation, two[0])
    record_metrics(copy, "four photographs", figures)
    card, before = load_card(str(copy)), load_card("autochrome")
    assert card.metrics == {**before.metrics, "four photographs": figures}
    assert card.graph_sha256 == before.graph_sha256
    assert [path.name for path in tmp_path.iterdir()] == ["copy.onnx"]
    assert json.loads(json.dumps(figures, allow_nan=False)) == figures
    rows = figures["rows"]
    assert list(rows) == ["grey", two[0].name + f", T = {card.temperature:g}"]
    value, low, high = rows[list(rows)[1]]["auc"]
    assert low < value < high
    assert figures["identity"] == evaluation.protocol.identity


def test_more_pictures_than_the_sheet_holds_are_spread_evenly(
    photographs: Path, paint: Callable[..., Path], tmp_path: Path
) -> None:
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    count = 2 * SHOWN
    for at in range(count):
        shade = np.full((16, 16, 3), (at, 255 - at, 128), np.uint8)
        Image.fromarray(shade).save(pictures / f"{at:03}.png")
    one = contestants_of([str(paint("green", (-30, 10)))])
    protocol = PROTOCOL.model_copy(update={"size": 16, "working_size": 16})
    write(evaluate(one, [pictures], protocol), one, [pictures], [], tmp_path / "out")
    pixels = np.asarray(Image.open(tmp_path / "out" / "sheet.png").convert("RGB"))
    shades = {tuple(color) for color in pixels.reshape(-1, 3)}
    for at in range(count):
        assert ((at, 255 - at, 128) in shades) == (at % 2 == 0)
    shutil.rmtree(tmp_path / "out")
