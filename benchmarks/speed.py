"""Speed against the floor, in one run: `python benchmarks/speed.py`.

The floor of the network is its arithmetic at the rate of a matrix product on the same cores; the
floor of a file is decoding and encoding it. Machines are noisy: read the ratios, not the times.
Needs the extras `train`, `export`, `demo` and `fast`. Nothing else should run meanwhile.
"""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import onnxruntime
import torch
from torch.utils.flop_counter import FlopCounterMode

from photochrom import image
from photochrom.inference import DEFAULT, load_engine
from photochrom.models import catalog

SIDE = 256
ROUNDS = 15


def best(work: Callable[[], object], rounds: int = ROUNDS) -> float:
    """Shortest of several runs in seconds: the one that was disturbed least."""
    work()
    times = []
    for _ in range(rounds):
        began = time.perf_counter()
        work()
        times.append(time.perf_counter() - began)
    return min(times)


def matrix_rate() -> float:
    """GFLOP/s of a float32 matrix product on all cores."""
    a = torch.rand(2048, 2048)
    return 2 * 2048**3 / best(lambda: a @ a) / 1e9


def gflop(module: torch.nn.Module) -> float:
    """Arithmetic of one picture: two operations for each multiply-add."""
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        module.eval()(torch.zeros(1, 1, SIDE, SIDE))
    return counter.get_total_flops() / 1e9


def zhang2016() -> torch.nn.Module:
    """The published layers with random weights."""
    return catalog.spec("zhang2016").build(last_kernel=1)


def zhang_session() -> Callable[[], object]:
    """One run of Zhang 2016's architecture on ONNX Runtime."""
    program = torch.onnx.export(
        zhang2016().eval(), (torch.zeros(1, 1, SIDE, SIDE),), dynamo=True, verbose=False
    )
    assert program is not None
    session = onnxruntime.InferenceSession(
        program.model_proto.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    name = session.get_inputs()[0].name
    picture = np.zeros((1, 1, SIDE, SIDE), dtype=np.float32)
    return lambda: session.run(None, {name: picture})


def large_photograph() -> image.Frame:
    """24 megapixels with a photograph's content: one enlarged, with film grain."""
    found = find_spec("skimage")
    assert found is not None
    assert found.origin is not None
    small = image.read(Path(found.origin).parent / "data" / "coffee.png").pixels
    large = image.resize(small, 4000, 6000).astype(np.int16)
    grain = np.random.default_rng(0).normal(0, 4, (4000, 6000, 1)).astype(np.int16)
    return image.from_array((large + grain).clip(0, 255).astype(np.uint8))


def colored_in_a_process(source: Path, target: Path) -> tuple[float, float]:
    """Seconds from `read` to `write` within a process, and that process's peak memory in MB."""
    code = (
        "import json, resource, sys, time\n"
        "from photochrom import image\n"
        "from photochrom.inference import load_engine\n"
        "engine = load_engine()\n"
        "began = time.perf_counter()\n"
        "frame = image.read(sys.argv[1])\n"
        "image.write(engine.colorize(frame).frame, sys.argv[2], overwrite=True)\n"
        "seconds = time.perf_counter() - began\n"
        "peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024\n"
        "print(json.dumps([seconds, peak]))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(source), str(target)],
        check=True,
        capture_output=True,
        text=True,
    )
    seconds, peak = json.loads(done.stdout)
    return seconds, peak


def main() -> None:
    rate = matrix_rate()
    print(f"matrix product: {rate:.0f} GFLOP/s on {torch.get_num_threads()} threads\n")

    engine, fast = load_engine(), load_engine(executor="openvino")
    lightness = np.full((SIDE, SIDE), 50, dtype=np.float32)
    network = catalog.spec(DEFAULT).build()
    rows = [
        (DEFAULT, gflop(network), best(lambda: engine.network.predict(lightness, 0.38))),
        (
            f"{DEFAULT}, OpenVINO",
            gflop(network),
            best(lambda: fast.network.predict(lightness, 0.38)),
        ),
        ("Zhang 2016, architecture", gflop(zhang2016()), best(zhang_session(), 5)),
    ]
    print(f"| network at {SIDE}² | GFLOP | ms | share of the matrix rate | against Zhang 2016 |")
    print("| --- | --- | --- | --- | --- |")
    for name, work, seconds in rows:
        share, speedup = work / seconds / rate, rows[-1][2] / seconds
        print(f"| {name} | {work:.1f} | {1000 * seconds:.1f} | {share:.0%} | {speedup:.1f}× |")

    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder) / "large.jpg", Path(folder) / "colored.jpg"
        image.write(large_photograph(), source)
        data = source.read_bytes()
        frame = image.decode(data)
        decode, encode = best(lambda: image.decode(data), 3), best(lambda: image.encode(frame), 3)
        runs = [colored_in_a_process(source, target) for _ in range(3)]
    seconds, peak = min(runs)[0], max(memory for _, memory in runs)
    print("\n| 24-megapixel JPEG → JPEG | |\n| --- | --- |")
    print(f"| decode + encode | {decode:.2f} + {encode:.2f} s |")
    print(f"| colored | {seconds:.2f} s |")
    print(f"| colored over decode + encode | {seconds / (decode + encode):.2f} |")
    print(f"| peak memory | {peak:.0f} MB |")


if __name__ == "__main__":
    main()
