"""`photochrom import`: weights of others, and what is no weights."""

import os
from pathlib import Path

import numpy as np
import pytest

from photochrom import image
from photochrom.inference import load_card, load_engine

torch = pytest.importorskip("torch", reason="the extra `export`")


def _layers() -> list[tuple[str, int, int, int, bool]]:
    """Of the authors' ECCVGenerator: name, inputs, outputs, kernel, whether transposed."""
    layers = []
    widths = [(64, 2), (128, 2), (256, 3), (512, 3), (512, 3), (512, 3), (512, 3)]
    before = 1
    for block, (width, count) in enumerate(widths, start=1):
        for at in range(count):
            layers.append((f"model{block}.{2 * at}", before, width, 3, False))
            before = width
    layers.append(("model8.0", 512, 256, 4, True))
    layers += [(f"model8.{at}", 256, 256, 3, False) for at in (2, 4)]
    return [*layers, ("model8.6", 256, 313, 1, False)]


@pytest.fixture(scope="module")
def tensors() -> "dict[str, torch.Tensor]":
    """Random weights by the port's names and shapes, written down from its published code."""
    torch.manual_seed(0)
    found = {}
    for name, inputs, outputs, kernel, transposed in _layers():
        shape = (inputs, outputs) if transposed else (outputs, inputs)
        found[f"{name}.weight"] = torch.randn(*shape, kernel, kernel) / (inputs * kernel**2) ** 0.5
        found[f"{name}.bias"] = torch.zeros(outputs)
    for block, count in enumerate((2, 2, 3, 3, 3, 3, 3), start=1):
        norm = f"model{block}.{2 * count}"
        width = len(found[f"model{block}.{2 * count - 2}.bias"])
        for part, value in (("weight", 1), ("bias", 0), ("running_mean", 0), ("running_var", 1)):
            found[f"{norm}.{part}"] = torch.full((width,), float(value))
        found[f"{norm}.num_batches_tracked"] = torch.tensor(0)
    found["model_out.weight"] = torch.rand(2, 313, 1, 1) * 2 - 1
    return found


class _Evil:
    def __reduce__(self) -> tuple[object, ...]:
        return os.system, ("touch harmed",)


@pytest.mark.parametrize("kind", ["absent", "text", "code", "list", "names", "shapes"])
def test_what_is_no_such_network_is_refused_in_one_line(run, tensors, tmp_path, monkeypatch, kind):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "weights.pth"
    if kind == "text":
        path.write_bytes(b"no weights at all")
    elif kind != "absent":
        first = dict(list(tensors.items())[:3])
        content = {
            "code": {"weight": _Evil()},
            "list": [1, 2],
            "names": first,
            "shapes": tensors | {"model8.6.bias": torch.zeros(312)},
        }[kind]
        torch.save(content, path)
    result = run("import", "zhang2016", path, "-o", tmp_path / "x.onnx")
    assert result.exit_code == 1
    assert result.stderr.startswith(f"error: {path}: ")
    assert len(result.stderr.splitlines()) == 1
    assert not (tmp_path / "x.onnx").exists()
    assert not (tmp_path / "harmed").exists()


def test_only_known_networks_are_imported(run, tmp_path):
    assert run("import", "unknown", tmp_path / "x", "-o", tmp_path / "y.onnx").exit_code == 2


@pytest.mark.slow
def test_published_weights_color_as_the_published_code_does(run, tensors, tmp_path):
    """The port's forward pass, written with PyTorch's functions: 12.9 million weights and more."""
    from safetensors.torch import save_file

    for suffix, save in ((".pth", torch.save), (".safetensors", save_file)):
        path = tmp_path / f"weights{suffix}"
        save(dict(tensors), path)
        target = tmp_path / f"{suffix[1:]}.onnx"
        result = run("import", "zhang2016", path, "-o", target)
        assert result.exit_code == 0, result.stderr
    card = load_card(str(target))
    assert (card.name, card.temperature, card.licence) == ("zhang2016", 1.0, "BSD-2-Clause")
    lightness = np.random.default_rng(0).uniform(0, 100, (64, 48)).astype(np.float32)
    ours = load_engine(str(target)).network.predict(lightness, card.temperature).ab
    np.testing.assert_allclose(ours, _port(tensors, lightness), atol=0.01)
    assert np.ptp(ours) > 1
    frame = image.from_array(np.zeros((20, 30), np.uint8))
    assert load_engine(str(Path(target))).colorize(frame).frame.pixels.shape == (20, 30, 3)


def _port(tensors: "dict[str, torch.Tensor]", lightness: np.ndarray) -> np.ndarray:
    """ab `(h, w, 2)` at a quarter of the size, as the authors' PyTorch code computes it."""
    from torch.nn import functional as f

    x = torch.from_numpy((lightness - 50) / 100)[None, None]
    for name, *_, kernel, transposed in _layers():
        block, at = name.removeprefix("model").split(".")
        weight, bias = tensors[f"{name}.weight"], tensors[f"{name}.bias"]
        last = f"model{block}.{int(at) + 2}.running_mean" in tensors
        if transposed:
            x = f.conv_transpose2d(x, weight, bias, stride=2, padding=1).relu()
            continue
        stride = 2 if last and block in "123" else 1
        dilation = 2 if block in "56" else 1
        padding = dilation * (kernel // 2)
        x = f.conv2d(x, weight, bias, stride=stride, padding=padding, dilation=dilation)
        if kernel == 3:
            x = x.relu()
        if last:
            norm = f"model{block}.{int(at) + 2}"
            mean, variance = (tensors[f"{norm}.running_{part}"] for part in ("mean", "var"))
            x = f.batch_norm(x, mean, variance, tensors[f"{norm}.weight"], tensors[f"{norm}.bias"])
    ab = f.conv2d(x.softmax(dim=1), tensors["model_out.weight"]) * 110
    return ab[0].movedim(0, -1).numpy()
