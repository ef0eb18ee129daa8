"""What an evaluation costs beside its network: `OPENBLAS_NUM_THREADS=1
python benchmarks/evaluation.py --data val.zip`.

All in one run, on the same pictures: the network alone, in two ways to keep two cores busy, and
whole evaluations by it, with and without the rows that need no network. Machines are noisy: read
the ratios, not the times, and those of CPU time where something else runs meanwhile. (With two
threads for one picture, CPU time counts the waiting of either for the other.)
Calibration and size stability are of 64 and 16 pictures, however many there are: of few pictures
they are most of the work.
Needs the extra `export` where an extractor's weights are met for the first time.
"""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NamedTuple

from photochrom.evaluation.contestants import contestant
from photochrom.evaluation.extractor import Extractor, load_extractor
from photochrom.evaluation.pictures import listed, sighted
from photochrom.evaluation.protocol import Protocol
from photochrom.evaluation.run import WORKERS, evaluate, in_threads
from photochrom.inference import DEFAULT, load_engine
from photochrom.inference.view import View, view_of


class Cost(NamedTuple):
    """Seconds."""

    wall: float
    cpu: float
    """Of all threads of the process."""


def cost(work: Callable[[], object]) -> Cost:
    """What work costs; done once, for it takes long."""
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return Cost(time.perf_counter() - wall, time.process_time() - cpu)


def exhaust(results: Iterable[Any]) -> None:
    """Do all the work of an iterator, keeping nothing."""
    for _ in results:
        pass


def network_costs(model: str, views: list[View], temperature: float) -> dict[str, Cost]:
    """Of the network alone: one picture on all threads, and as many pictures as threads."""
    together, apart = load_engine(model, WORKERS), load_engine(model, 1)
    for engine in (together, apart):
        engine.network.predict(views[0].padded, temperature)  # the first call makes its plans

    def one_after_another() -> None:
        for view in views:
            together.network.predict(view.padded, temperature)

    def several() -> None:
        exhaust(in_threads(lambda view: apart.network.predict(view.padded, temperature), views))

    return {
        f"network, a picture on {WORKERS} threads": cost(one_after_another),
        f"network, {WORKERS} pictures on a thread each": cost(several),
    }


def evaluation_costs(
    model: str, data: list[Path], protocol: Protocol, extractor: Extractor | None
) -> dict[str, Cost]:
    """Of an evaluation that measures the rows without a network, and of the next one."""
    eye = f", {extractor.name}" if extractor else ""
    with tempfile.TemporaryDirectory() as folder:

        def run() -> None:
            evaluate([contestant(model)], data, protocol, extractor, Path(folder))

        return {f"evaluate{eye}, first": cost(run), f"evaluate{eye}, again": cost(run)}


def main() -> None:
    if os.environ.get("OPENBLAS_NUM_THREADS") != "1":  # too late to set it: numpy is loaded
        sys.exit("set OPENBLAS_NUM_THREADS=1, as `photochrom evaluate` does")
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, action="append", required=True)
    parser.add_argument("--model", default=DEFAULT)
    parser.add_argument("--limit", type=int, default=200)
    parser.add_argument("--extractor", type=Path)
    given = parser.parse_args()
    protocol = Protocol(limit=given.limit)
    card = load_engine(given.model, 1).card
    count = listed(given.data, protocol.limit).count  # the files are in memory from here on
    pictures = sighted(given.data, protocol)
    views = [view_of(picture.crop, card, protocol.working_size) for picture in pictures]

    costs = network_costs(given.model, views, card.temperature)
    floors = list(costs.values())
    costs |= evaluation_costs(given.model, given.data, protocol, None)
    if given.extractor:
        extractor = load_extractor(given.extractor)
        costs |= evaluation_costs(given.model, given.data, protocol, extractor)

    print(f"{given.model}, {count} pictures at {protocol.size}², ms a picture\n")
    print("| | wall | CPU | wall over a | wall over b | CPU over b |")
    print("| --- | ---: | ---: | ---: | ---: | ---: |")
    for letter, (name, one) in zip(["a: ", "b: ", *[""] * len(costs)], costs.items(), strict=False):
        wall, cpu = (1000 * seconds / count for seconds in one)
        ratios = [one.wall / floor.wall for floor in floors] + [one.cpu / floors[1].cpu]
        said = " | ".join(f"{ratio:.2f}" for ratio in ratios)
        print(f"| {letter}{name} | {wall:.1f} | {cpu:.1f} | {said} |")


if __name__ == "__main__":
    main()
