"""Extractors: small ONNX files whose answers are known, and the backbones held against torch."""

import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper
from safetensors.torch import save_file
from torch import Tensor, nn

import photochrom
from photochrom.errors import MissingExtraError, ModelError
from photochrom.evaluation.extractor import Extractor, load_extractor
from photochrom.models.backbones.edgetpu import EdgeTpuClassifier
from photochrom.models.backbones.mobilenet_v2 import MobileNetV2Classifier

PUBLISHED = Path(os.environ.get("PHOTOCHROM_BACKBONES", ""))
NAMES = ("mobilenet_edgetpu_0.75", "mobilenet_v2_1.0")
PICTURES = np.random.default_rng(0).random((3, 224, 224, 3), dtype=np.float32)


@pytest.fixture(scope="module", autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PHOTOCHROM_CACHE", str(folder))
        yield folder


# A file of the user's: features are the mean of each channel, logits (red - green, blue)


def mean_graph(batch: int | str = 1, side: int | str = 8) -> bytes:
    nodes = [
        helper.make_node("GlobalAveragePool", ["rgb"], ["pool"]),
        helper.make_node("Flatten", ["pool"], ["flat"]),
        helper.make_node("MatMul", ["flat", "weight"], ["classes"]),
        helper.make_node("Identity", ["rgb"], ["map"]),
    ]
    shape = [batch, 3, side, side]
    graph = helper.make_graph(
        nodes,
        "mean",
        [helper.make_tensor_value_info("rgb", TensorProto.FLOAT, shape)],
        [
            helper.make_tensor_value_info("pool", TensorProto.FLOAT, [batch, 3, 1, 1]),
            helper.make_tensor_value_info("classes", TensorProto.FLOAT, [batch, 2]),
            helper.make_tensor_value_info("map", TensorProto.FLOAT, shape),
        ],
        [numpy_helper.from_array(np.float32([[1, 0], [-1, 0], [0, 1]]), "weight")],
    )
    opset = [helper.make_opsetid("", 18)]
    model: onnx.ModelProto = helper.make_model(graph, opset_imports=opset, ir_version=9)
    return model.SerializeToString()


TEXT = """
name = "means"
file = "means.onnx"
size = 8
low = -1
high = 1
features = "pool"
logits = "classes"
"""


def described(folder: Path, text: str = TEXT, graph: bytes | None = None) -> Path:
    (folder / "means.onnx").write_bytes(mean_graph() if graph is None else graph)
    path = folder / "means.toml"
    path.write_text(text, encoding="utf-8")
    return path


def flat(*colors: tuple[float, float, float]) -> np.ndarray:
    return np.broadcast_to(np.float32(colors)[:, None, None], (len(colors), 16, 16, 3))


def test_a_users_network_sees_the_range_that_its_file_says(tmp_path: Path) -> None:
    looks = load_extractor(described(tmp_path)).look(flat((1, 0, 0.5), (0.25, 0.75, 1)))
    assert looks.logits is not None
    assert looks.features.dtype == looks.logits.dtype == np.float32
    np.testing.assert_allclose(looks.features, [[1, -1, 0], [-0.5, 0.5, 1]], atol=1e-6)
    np.testing.assert_allclose(looks.logits, [[2, 0], [-1, 1]], atol=1e-6)


def test_a_users_network_sees_means_and_deviations(tmp_path: Path) -> None:
    moments = "mean = [0.5, 0.25, 0]\nstd = [0.5, 0.25, 2]"
    text = TEXT.replace("low = -1\nhigh = 1", moments).replace('logits = "classes"', "")
    looks = load_extractor(described(tmp_path, text)).look(flat((1, 0, 0.5)))
    np.testing.assert_allclose(looks.features, [[1, -1, 0.25]], atol=1e-6)
    assert looks.logits is None


def test_pictures_are_brought_to_the_size_with_antialiasing(tmp_path: Path) -> None:
    checks = np.zeros((1, 64, 64, 3), np.float32)
    checks[:, ::2, 1::2] = checks[:, 1::2, ::2] = 1
    text = TEXT.replace("size = 8", "size = 9")
    graph = mean_graph(side="side")
    looks = load_extractor(described(tmp_path, text, graph)).look(checks)
    np.testing.assert_allclose(looks.features, 0, atol=0.03)


def test_the_hash_changes_with_the_network_and_with_the_settings(tmp_path: Path) -> None:
    def sha256(text: str = TEXT, graph: bytes | None = None) -> str:
        return load_extractor(described(tmp_path, text, graph)).sha256

    first = sha256()
    assert len(first) == 64
    assert sha256() == first
    assert sha256(TEXT.replace('"means"', '"others"')) == first
    assert sha256(TEXT.replace("low = -1", "low = 0")) != first
    assert sha256(graph=mean_graph(batch="n")) != first


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("size = 8", "size = 0", "size: Input should be greater than 0"),
        ("size = 8", "", "size: Field required"),
        ("size = 8", "size = 8\nwidth = 8", "width: Extra inputs are not permitted"),
        ("low = -1", "", "give either low and high, or mean and std"),
        ("low = -1", "low = -1\nmean = [0, 0, 0]", "give either low and high, or mean and std"),
        ("low = -1\nhigh = 1", "", "give either low and high, or mean and std"),
        ("low = -1\nhigh = 1", "mean = [0, 0, 0]", "give either low and high, or mean and std"),
        ("low = -1", "low = 1", "low is not below high"),
        ("low = -1\nhigh = 1", "mean = [0, 0, 0]\nstd = [1, 0, 1]", "std is not above 0"),
        ("low = -1", "low = nan", "low: Input should be a finite number"),
        ("size = 8", "size = ", "not a TOML file"),
        ('"means.onnx"', '"others.onnx"', "cannot be read"),
        ('"pool"', '"pooled"', "has no output pooled; name one of pool, classes, map"),
        ('"pool"', '"map"', "name an output that is one float32 vector"),
        ('"classes"', '"map"', "name an output that is one float32 vector"),
        ("size = 8", "size = 9", r"does not take float32 \(1, 3, 9, 9\)"),
    ],
)
def test_a_wrong_description_is_told(tmp_path: Path, old: str, new: str, fault: str) -> None:
    assert old in TEXT
    with pytest.raises(ModelError, match=fault) as caught:
        load_extractor(described(tmp_path, TEXT.replace(old, new)))
    assert str(caught.value).startswith(str(tmp_path))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["missing.toml", "missing.safetensors"])
def test_a_missing_file_is_told(tmp_path: Path, name: str) -> None:
    with pytest.raises(ModelError, match=f"{name}: cannot be read"):
        load_extractor(tmp_path / name)


def test_a_damaged_network_is_told(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"means\.onnx: ONNX Runtime cannot load it"):
        load_extractor(described(tmp_path, graph=b"no graph"))


@pytest.mark.parametrize("name", ["weights.pth", "weights.pt", "net.onnx", "weights"])
def test_other_files_are_not_even_opened(tmp_path: Path, name: str) -> None:
    with pytest.raises(ModelError, match="no extractor; give the weights"):
        load_extractor(tmp_path / name)


@pytest.mark.parametrize(
    ("pictures", "fault"),
    [
        (np.zeros((8, 8, 3), np.float32), r"need float32 \(N, S, S, 3\)"),
        (np.zeros((1, 8, 8, 1), np.float32), r"need float32 \(N, S, S, 3\)"),
        (np.zeros((0, 8, 8, 3), np.float32), r"need float32 \(N, S, S, 3\)"),
        (np.zeros((1, 8, 8, 3)), r"need float32 \(N, S, S, 3\), not float64"),
        (np.zeros((1, 8, 9, 3), np.float32), "8 x 9: no square"),
        (np.full((1, 8, 8, 3), 1.01, np.float32), r"in \[0, 1\]"),
        (np.full((1, 8, 8, 3), np.nan, np.float32), r"in \[0, 1\]"),
    ],
)
def test_other_arrays_are_refused(tmp_path: Path, pictures: np.ndarray, fault: str) -> None:
    with pytest.raises(ValueError, match=fault):
        load_extractor(described(tmp_path)).look(pictures)


# The backbones


def published_names(model: nn.Module) -> dict[str, Tensor]:
    """The tensors of a classifier with weights at random, named as published."""
    torch.manual_seed(3)
    drawn = {
        name: torch.randn_like(t) * (0.1 if t.dim() == 1 else t[0].numel() ** -0.5)
        for name, t in model.state_dict().items()
    }
    model.load_state_dict(drawn)
    return {name.removeprefix("encoder."): t for name, t in drawn.items()}


@pytest.fixture(scope="module", params=[EdgeTpuClassifier, MobileNetV2Classifier])
def backbone(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[nn.Module, Path]:
    """One of the classifiers, of 12 classes, and the file of its weights."""
    model = request.param(classes=12).eval()
    path = tmp_path_factory.mktemp("weights") / "some.safetensors"
    save_file(published_names(model), path)
    return model, path


def test_a_backbone_computes_what_torch_does(backbone: tuple[nn.Module, Path], cache: Path) -> None:
    model, path = backbone
    extractor = load_extractor(path)
    assert extractor.name == "some"
    assert extractor.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert any(extractor.sha256 in file.name for file in cache.iterdir())
    looks = extractor.look(PICTURES)
    with torch.no_grad():
        expected = model(2 * torch.from_numpy(PICTURES).permute(0, 3, 1, 2) - 1)
    assert looks.logits is not None
    assert looks.features.shape == (3, 1280)
    assert looks.logits.shape == (3, 12)
    for ours, theirs in zip(looks, expected, strict=True):
        assert theirs.std(dim=0).max() > 1e-3  # pictures differ
        np.testing.assert_allclose(ours, theirs, rtol=1e-3, atol=1e-4 * theirs.abs().max())


def test_two_threads_see_what_one_sees(backbone: tuple[nn.Module, Path]) -> None:
    extractor = load_extractor(backbone[1], threads=1)
    expected = extractor.look(PICTURES)
    with ThreadPoolExecutor(2) as threads:
        found = list(threads.map(lambda at: extractor.look(PICTURES[at : at + 1]), [0, 1, 2] * 3))
    np.testing.assert_array_equal(
        np.concatenate([looks.features for looks in found]), np.tile(expected.features, (3, 1))
    )


WITHOUT_TORCH = """
import sys
from pathlib import Path

class NoTorch:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {"torch", "safetensors", "onnx", "onnxscript"}:
            raise ImportError(f"{name} is not installed here")

sys.meta_path.insert(0, NoTorch())
import numpy as np
from photochrom.evaluation.extractor import load_extractor
for path in sys.argv[1:]:
    load_extractor(Path(path)).look(np.zeros((1, 8, 8, 3), np.float32))
"""


def run(code: str, *paths: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    source = str(Path(photochrom.__file__).parents[1])
    return subprocess.run(
        [sys.executable, "-c", code, *map(str, paths)],
        capture_output=True,
        text=True,
        encoding="utf-8",
        env=os.environ | {"PYTHONPATH": source} | variables,
        timeout=120,
        check=False,
    )


def test_torch_is_needed_the_first_time_only(
    backbone: tuple[nn.Module, Path], tmp_path: Path
) -> None:
    path = backbone[1]
    load_extractor(path)
    known = run(WITHOUT_TORCH, described(tmp_path), path)
    assert known.returncode == 0, known.stderr
    new = run(WITHOUT_TORCH, path, PHOTOCHROM_CACHE=str(tmp_path / "empty"))
    assert "not installed here" in new.stderr  # else this test would prove nothing


def test_a_cache_that_cannot_be_written_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "weights.safetensors"
    save_file(published_names(MobileNetV2Classifier(classes=2)), path)
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv("PHOTOCHROM_CACHE", str(tmp_path / "file"))
    with pytest.raises(ModelError, match="let PHOTOCHROM_CACHE name a folder"):
        load_extractor(path)


def test_a_missing_extra_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "weights.safetensors"
    path.write_bytes(b"never met before")
    monkeypatch.setitem(sys.modules, "onnxscript", None)  # as if it were not installed
    with pytest.raises(MissingExtraError, match=r"pip install 'photochrom\[export\]'"):
        load_extractor(path)


def without(tensors: dict[str, Tensor], name: str) -> dict[str, Tensor]:
    return {key: tensor for key, tensor in tensors.items() if key != name}


@pytest.mark.parametrize(
    ("name", "tensor", "fault"),
    [
        ("stem.conv.weight", None, "neither a MobileNet-EdgeTPU nor a MobileNetV2 classifier"),
        ("classifier.bias", None, "neither a MobileNet-EdgeTPU nor a MobileNetV2 classifier"),
        ("classifier.bias", torch.zeros(3, 3), "neither a MobileNet-EdgeTPU nor"),
        ("head.bias", None, "not all of a classifier's weights .*head.bias"),
        ("head.bias", torch.zeros(7), "not all of a classifier's weights .*head.bias"),
        ("more", torch.zeros(7), "not all of a classifier's weights .*more"),
    ],
)
def test_other_weights_are_told(
    tmp_path: Path, name: str, tensor: Tensor | None, fault: str
) -> None:
    tensors = without(published_names(EdgeTpuClassifier(classes=2)), name)
    path = tmp_path / "weights.safetensors"
    save_file(tensors if tensor is None else tensors | {name: tensor}, path)
    with pytest.raises(ModelError, match=fault) as caught:
        load_extractor(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert "\n" not in str(caught.value)


def test_a_damaged_file_of_weights_is_told(tmp_path: Path) -> None:
    path = tmp_path / "weights.safetensors"
    path.write_bytes(b"no tensors here, and none to come")
    with pytest.raises(ModelError, match="no file of weights"):
        load_extractor(path)


def photograph(name: str) -> np.ndarray:
    """The center square of one of scikit-image's photographs, `(1, S, S, 3)`."""
    pixels = getattr(pytest.importorskip("skimage.data"), name)()
    side = min(pixels.shape[:2])
    top, left = (pixels.shape[0] - side) // 2, (pixels.shape[1] - side) // 2
    return np.float32(pixels[None, top : top + side, left : left + side] / 255)


def first_labels(extractor: Extractor, name: str, count: int) -> set[int]:
    """The likeliest of ImageNet's 1000 classes, numbered from 0."""
    logits = extractor.look(photograph(name)).logits
    assert logits is not None
    return {int(label) - 1 for label in np.argsort(-logits[0])[:count]}


@pytest.mark.skipif(
    not all((PUBLISHED / f"{name}.safetensors").is_file() for name in NAMES),
    reason="PHOTOCHROM_BACKBONES names no folder with them",
)
@pytest.mark.parametrize("name", NAMES)
def test_published_weights_know_photographs(name: str) -> None:
    extractor = load_extractor(PUBLISHED / f"{name}.safetensors")
    assert extractor.name == name
    assert first_labels(extractor, "chelsea", 1) == {285}  # Egyptian cat
    assert {281, 282, 285} <= first_labels(extractor, "chelsea", 5)  # tabby and tiger cat, too
    assert first_labels(extractor, "coffee", 1) == {967}  # espresso
    assert first_labels(extractor, "rocket", 5) & {657, 744}  # missile, projectile
