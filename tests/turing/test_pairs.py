import json
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from skimage import data as photographs
from skimage.color import deltaE_cie76, rgb2lab

from photochrom.errors import DatasetError, ModelError
from photochrom.evaluation.protocol import PictureList
from photochrom.inference.card import attach, detach
from photochrom.turing.making import Wanted, absurd, make_pairs
from photochrom.turing.pairs import PairedNetwork, PairFolder, read_pairs, write_pairs

SMALL = Wanted(count=3, practice=1, checks=2, size=64, seed=5)


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eight parts of four photographs, a grey one, a small one, and a damaged one."""
    folder = tmp_path_factory.mktemp("photographs")
    for name in ("astronaut", "coffee", "chelsea", "rocket"):
        pixels = getattr(photographs, name)()
        middle = pixels.shape[1] // 2
        for side, part in (("left", pixels[:280, :middle]), ("right", pixels[:280, middle:])):
            Image.fromarray(part).save(folder / f"{name}-{side}.png")
    Image.fromarray(photographs.camera()).save(folder / "grey.png")
    Image.fromarray(photographs.coffee()[:40, :40]).save(folder / "small.png")
    (folder / "damaged.jpg").write_bytes(b"\xff\xd8\xff and no more")
    return folder


@pytest.fixture(scope="module")
def made(source: Path, tmp_path_factory: pytest.TempPathFactory) -> PairFolder:
    return make_pairs(source, ["autochrome"], tmp_path_factory.mktemp("made") / "pairs", SMALL)


def _named(name: str, path: Path) -> Path:
    """The network of the package under another name."""
    content = files("photochrom.weights").joinpath("autochrome.onnx").read_bytes()
    graph, card = detach(content, "autochrome")
    path.write_bytes(attach(graph, card.model_copy(update={"name": name})))
    return path


def _lab(path: Path) -> np.ndarray:
    with Image.open(path) as picture:
        assert picture.mode == "RGB"
        assert picture.size == (64, 64)
        return np.asarray(rgb2lab(np.asarray(picture)))


def test_the_file_says_what_the_pairs_are(made: PairFolder) -> None:
    said = json.loads((made.folder / "pairs.json").read_text())
    assert said["version"] == 1
    assert said["size"] == 64
    assert said["seed"] == 5
    assert said["pictures"]["count"] == 6
    (network,) = said["networks"]
    assert network["name"] == "autochrome"
    assert len(network["sha256"]) == 64
    assert 0 < network["temperature"] <= 1
    assert (said["names"], said["practice"], said["checks"]) == (
        ["000", "001", "002"],
        ["000"],
        ["000", "001"],
    )


def test_recolored_pictures_keep_the_luminance_and_change_the_color(made: PairFolder) -> None:
    places = [(made.real("test", n), made.fake("test", n, "autochrome")) for n in made.pairs.names]
    places += [(made.real("practice", "000"), made.fake("practice", "000", None))]
    for real, fake in places:
        before, after = _lab(real), _lab(fake)
        # Rounding to 8 bits moves it by 0.66 of a level of grey, and a level is 0.51 L* at most.
        assert np.abs(before[..., 0] - after[..., 0]).max() < 0.34
        assert np.abs(before[..., 1:] - after[..., 1:]).mean() > 1


def test_checks_are_absurd_at_the_same_luminance(made: PairFolder) -> None:
    for name in made.pairs.checks:
        real, fake = _lab(made.real("check", name)), _lab(made.fake("check", name, None))
        assert deltaE_cie76(real, fake).mean() > 25
        assert np.abs(real[..., 0] - fake[..., 0]).max() < 0.34


def test_every_photograph_becomes_absurd() -> None:
    for name in ("astronaut", "coffee", "chelsea", "rocket"):
        pixels = getattr(photographs, name)()[::4, ::4]
        fake = absurd(pixels, np.random.default_rng(0))
        assert deltaE_cie76(rgb2lab(pixels), rgb2lab(fake)).mean() > 25


def test_no_original_stands_in_two_pairs_and_no_file_carries_more_than_pixels(
    made: PairFolder,
) -> None:
    contents = [path.read_bytes() for path in sorted(made.folder.rglob("real/*.png"))]
    assert len(set(contents)) == len(contents) == 6
    told = set()
    for path in made.folder.rglob("*.png"):
        with Image.open(path) as picture:
            told.add(str(picture.info))
    assert len(told) == 1
    assert not {"exif", "icc_profile", "xmp"} & {word.strip("{}:'") for word in told.pop().split()}


def test_the_same_seed_draws_the_same_pairs(made: PairFolder, source: Path, tmp_path: Path) -> None:
    again = make_pairs(source, ["autochrome"], tmp_path / "again", SMALL)
    assert again.identity == made.identity
    for path in made.folder.rglob("*.png"):
        assert (again.folder / path.relative_to(made.folder)).read_bytes() == path.read_bytes()


def test_too_few_pictures_of_use_are_told(source: Path, tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="8 pictures of use, 23 are needed"):
        make_pairs(
            source,
            ["autochrome"],
            tmp_path / "pairs",
            Wanted(count=20, practice=1, checks=2, size=64),
        )
    assert not (tmp_path / "pairs").exists()


def test_faults_are_told_before_the_work(source: Path, tmp_path: Path) -> None:
    (tmp_path / "used").mkdir()
    (tmp_path / "used" / "thesis.txt").write_text("mine")
    with pytest.raises(DatasetError, match="used: holds something already"):
        make_pairs(source, ["autochrome"], tmp_path / "used", SMALL)
    with pytest.raises(DatasetError, match="autochrome: two networks of that name"):
        make_pairs(source, ["autochrome", "autochrome"], tmp_path / "pairs", SMALL)
    with pytest.raises(ModelError, match="no such network"):
        make_pairs(source, ["autochrom"], tmp_path / "pairs", SMALL)
    named = _named("real", tmp_path / "network.onnx")
    with pytest.raises(DatasetError, match="real: cannot name a folder of pairs"):
        make_pairs(source, [str(named)], tmp_path / "pairs", SMALL)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("names", ["../../etc/passwd"]),
        ("networks", [{"name": "../real", "sha256": "0"}]),
        ("networks", [{"name": "real", "sha256": "0"}]),
        ("networks", [{"name": "checks", "sha256": "0"}]),
        ("version", 2),
        ("surprise", 1),
    ],
)
def test_a_file_that_says_something_else_is_refused(
    made: PairFolder, tmp_path: Path, key: str, value: object
) -> None:
    said = json.loads((made.folder / "pairs.json").read_text()) | {key: value}
    (tmp_path / "pairs.json").write_text(json.dumps(said))
    with pytest.raises(DatasetError, match=rf"pairs\.json: {key}"):
        read_pairs(tmp_path)


def test_missing_files_are_told(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"pairs\.json: cannot be read .*turing pairs"):
        read_pairs(tmp_path)
    pixels = np.zeros((8, 8, 3), dtype=np.uint8)
    written = write_pairs(
        tmp_path / "pairs",
        networks=[PairedNetwork(name="a", sha256="0")],
        tests=[(pixels, [pixels])],
        practice=[],
        checks=[],
        pictures=PictureList(count=1, sha256="0"),
    )
    written.fake("test", "000", "a").unlink()
    with pytest.raises(DatasetError, match=r"a/000\.png: is missing"):
        read_pairs(tmp_path / "pairs")
