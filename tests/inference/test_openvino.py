"""The second executor: the same answers as the first, and the same manners."""

import subprocess
import sys

import numpy as np
import pytest

from photochrom import image
from photochrom.errors import MissingExtraError, ModelError
from photochrom.inference import load_engine
from photochrom.inference.openvino import OpenVinoSession


def test_both_executors_agree() -> None:
    random = np.random.default_rng(0)
    networks = [load_engine(executor=e).network for e in ("onnxruntime", "openvino")]
    for shape in ((64, 96), (160, 32)):
        lightness = random.uniform(0, 100, shape).astype(np.float32)
        first, second = (network.predict(lightness, 0.5) for network in networks)
        np.testing.assert_allclose(first.ab, second.ab, atol=1e-3)
        np.testing.assert_allclose(first.entropy, second.entropy, atol=1e-3)


def test_a_picture_comes_out_the_same() -> None:
    random = np.random.default_rng(1)
    frame = image.from_array(random.integers(0, 256, (40, 60), dtype=np.uint8))
    first, second = (
        load_engine(executor=e).colorize(frame).frame.pixels.astype(int)
        for e in ("onnxruntime", "openvino")
    )
    assert np.abs(first - second).max() <= 1


def test_a_damaged_file_is_refused() -> None:
    with pytest.raises(ModelError, match=r"broken\.onnx"):
        OpenVinoSession(b"no graph", "broken.onnx")


def test_it_loads_no_telemetry_and_says_what_to_install_when_it_is_missing() -> None:
    code = (
        "import sys\n"
        "from photochrom.inference import load_engine\n"
        "load_engine(executor='openvino')\n"
        "assert sys.modules['openvino_telemetry'] is None\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
    without = "import sys; sys.modules['openvino'] = None\n" + code
    done = subprocess.run([sys.executable, "-c", without], capture_output=True, text=True)
    assert done.returncode != 0
    assert f"{MissingExtraError.__name__}: openvino is not installed" in done.stderr
    assert "photochrom[fast]" in done.stderr
