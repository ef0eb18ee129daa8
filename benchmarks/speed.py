"""The network against its floor, in one run: `python benchmarks/speed.py`.

The floor is its arithmetic at the rate of a matrix product on the same cores. Machines are noisy:
read the ratios, not the times. Needs the extras `train`, `export` and `fast`. Nothing else should
run meanwhile. `archive.py` measures files, `network.py` the network in 8 bits.
"""

import time
from collections.abc import Callable

import numpy as np
import onnxruntime
import torch
from torch.utils.flop_counter import FlopCounterMode

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


if __name__ == "__main__":
    main()
