"""The network's executors and number formats side by side: `python benchmarks/network.py`.

They take turns, a few runs each, so that whatever else the machine does meets all of them alike; a
pause before each turn lets the threads of the one before fall asleep, which wait for more work by
spinning. Read the ratios. Needs the extras `train` and `fast`; `--rounds N` for a busy machine.
"""

import argparse
import time
from collections.abc import Callable, Mapping
from statistics import median

import numpy as np
import torch
from torch.utils.flop_counter import FlopCounterMode

from photochrom.inference import DEFAULT, load_engine
from photochrom.inference.library import EXECUTORS
from photochrom.models import catalog

SIDES = (256, 512)
RUNS = 3
PAUSE = 0.02


def gflop(side: int) -> float:
    """Arithmetic of one picture: two operations for each multiply-add."""
    network = catalog.spec(DEFAULT).build().eval()
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        network(torch.zeros(1, 1, side, side))
    return counter.get_total_flops() / 1e9


def contestants(side: int) -> dict[str, Callable[[], object]]:
    """One run of each, by name; the first is what the others are held against."""
    lightness = np.random.default_rng(0).uniform(0, 100, (side, side)).astype(np.float32)

    def run(model: str, executor: str) -> Callable[[], object]:
        engine = load_engine(model, executor=executor)  # type: ignore[arg-type]
        return lambda: engine.network.predict(lightness, engine.card.temperature)

    formats = {"fp32": DEFAULT, "int8": f"{DEFAULT}-int8"}
    return {
        f"{format}, {executor}": run(model, executor)
        for executor in EXECUTORS
        for format, model in formats.items()
    }


def turns(works: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, list[float]]:
    """Seconds of every run, by name: A B C D A B C D …"""
    seconds: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(rounds):
        for name, work in works.items():
            time.sleep(PAUSE)
            work()  # wakes its threads
            for _ in range(RUNS):
                began = time.perf_counter()
                work()
                seconds[name].append(time.perf_counter() - began)
    return seconds


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=40)
    rounds = parser.parse_args().rounds
    a = torch.rand(2048, 2048)
    for side in SIDES:
        # The matrix product takes part: its rate is that of the same minutes.
        works = contestants(side) | {"matrix product": lambda: a @ a}
        seconds = turns(works, rounds)
        rate = 2 * len(a) ** 3 / min(seconds.pop("matrix product")) / 1e9
        work = gflop(side)
        print(
            f"\n{side}², {work:.1f} GFLOP; float32 matrix product: {rate:.0f} GFLOP/s on "
            f"{torch.get_num_threads()} threads\n"
        )
        print("| network | best ms | median ms | times as fast: best | median | of matrix rate |")
        print("| --- | --- | --- | --- | --- | --- |")
        first = next(iter(seconds.values()))
        for name, times in seconds.items():
            print(
                f"| {name} | {1000 * min(times):.1f} | {1000 * median(times):.1f} "
                f"| {min(first) / min(times):.2f}× | {median(first) / median(times):.2f}× "
                f"| {work / min(times) / rate:.0%} |"
            )


if __name__ == "__main__":
    main()
