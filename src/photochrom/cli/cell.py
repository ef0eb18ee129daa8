"""One cell of an odyssey, in a process of its own: `python -m photochrom.cli.cell FOLDER`.

No verb: `photochrom odyssey` starts it, here or on another machine of a cluster. It ends when its
standard input does, so that it never outlives whoever started it, however that one ended.
"""

import argparse
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from ..cache import cache_folder
from ..errors import PhotochromError
from .export import export
from .faults import tell
from .training import fabric_for, load_torch

if TYPE_CHECKING:
    from ..data.pool import Pool
    from ..experiments.order import Order, State, Status

_PATIENCE = 15.0  # seconds that cleaning up may take when nobody waits for it any more


def main() -> int:
    """Do what is left of a cell; the exit code says whether it is done."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--threads", type=int, default=0)
    asked = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    threading.Thread(target=_end_with_input, daemon=True).start()
    try:
        load_torch(asked.threads)
        from ..experiments.order import read_order, read_status

        order, status = read_order(asked.folder), read_status(asked.folder)
    except PhotochromError as error:
        tell(str(error))
        return 2
    if order is None or status is None:
        tell(f"{asked.folder}: no folder of a cell")
        return 2
    record = _Record(status, asked.folder)
    try:
        _do(order, record, asked.folder, asked.device)
    except PhotochromError as error:
        record.failed(str(error))
        tell(str(error))
        return 1
    except Exception as error:  # what we did not foresee is no fault of the other cells
        record.failed(f"{type(error).__name__}: {error}")
        raise
    return 0


def _do(order: "Order", record: "_Record", folder: Path, device: str) -> None:
    """Train, export, judge: each where it is not done yet."""
    from ..experiments.hardware import described
    from ..experiments.judging import judge
    from ..experiments.order import MODEL, RUN
    from ..training.loop import train

    def training() -> None:
        fabric = fabric_for(order.recipe, device)
        record.status.device = described(fabric.device)
        train(order.recipe, folder / RUN, cache_folder(), fabric, record)

    def exporting() -> None:
        export(folder / RUN, folder / MODEL, facts=None, last=True, force=True)

    record.stage("training", training, then="trained")
    record.stage("export", exporting, then="exported")
    cache = folder.parent.parent  # results without a network are the same for all cells
    record.stage("evaluation", lambda: judge(order, folder, cache), then="done")


class _Record:
    """Keeps a cell's status as training and judging tell of themselves: a `training.Progress`."""

    def __init__(self, status: "Status", folder: Path) -> None:
        self.status = status.model_copy(update={"error": ""}, deep=True)
        self._folder = folder
        self._since = time.monotonic()
        self._stage = ""
        if self.status.state in ("waiting", "failed"):
            self.status.state = "training"

    def stage(self, name: str, work: "Callable[[], None]", then: "State") -> None:
        """Do a stage that has not been done, and add up its seconds."""
        order: tuple[State, ...] = ("training", "trained", "exported", "done")
        if order.index(self.status.state) >= order.index(then):
            return
        self._since, self._stage = time.monotonic(), name
        self._note()
        work()
        self.status.state = then
        self._note()

    def failed(self, reason: str) -> None:
        """Say why the cell cannot be done."""
        self.status.state, self.status.error = "failed", reason
        self._note()

    def decoding(self, done: int) -> None:
        """Training pictures are decoded once for all cells: nothing to keep."""

    def pool(self, pool: "Pool") -> None:
        """Know how many pictures there are to learn from."""
        self.status.learned_from = len(pool)
        self._since = time.monotonic()  # decoding is the first cell's bad luck, not its cost

    def step(self, step: int, steps: int, loss: float, crops_per_second: float) -> None:
        """Say in the log how it goes."""
        print(f"step {step:,} of {steps:,}: loss {loss:.4f}, {crops_per_second:.1f} crops/s")
        sys.stdout.flush()

    def watched(self, step: int, loss: float, sheet: Path) -> None:
        """Keep the seconds of what can no longer be lost."""
        self._note()

    def _note(self) -> None:
        from ..experiments.order import write

        now = time.monotonic()
        if self._stage:
            spent = self.status.seconds.get(self._stage, 0.0)
            self.status.seconds[self._stage] = spent + now - self._since
        self._since = now
        write(self.status, self._folder)


def _end_with_input() -> None:
    """Wait for the end of standard input, then end as after SIGTERM, and then for good."""
    while os.read(0, 1024):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(_PATIENCE)
    os._exit(128 + signal.SIGTERM)


if __name__ == "__main__":
    sys.exit(main())
