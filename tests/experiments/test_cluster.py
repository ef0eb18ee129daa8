"""Tasks of a real Ray on this machine, with processes that do next to nothing."""

import subprocess
import time
from pathlib import Path

import pytest

from photochrom.experiments.cluster import work_on_cluster
from photochrom.experiments.grid import load_grid, recipe_of
from photochrom.experiments.order import LOG, Order

pytest.importorskip("ray")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),  # Ray's own
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
]


@pytest.fixture
def orders(place: Path) -> list[Order]:
    grid = load_grid(place / "grid.toml")
    made = [Order.of(cell, grid, recipe_of(cell, grid, place, place), place) for cell in grid.cell]
    for order in made:
        (place / order.name).mkdir()
    return made


def test_tasks_end_with_their_processes_codes(place: Path, orders: list[Order]) -> None:
    codes = {}

    def arguments(order: Order, at: int) -> list[str]:
        return ["-S", "-c", f"print('{order.name} here'); raise SystemExit({len(order.name)})"]

    left = work_on_cluster(
        orders, arguments, place, lambda order, code: codes.update({order.name: code}), None, 2
    )
    assert left == []
    assert codes == {"bins": 4, "beta": 4}
    assert (place / "bins" / LOG).read_text() == "bins here\n"


def test_deadline_ends_the_processes_of_tasks(place: Path, orders: list[Order]) -> None:
    mark = f"mark-{place.name}-{time.time_ns()}"

    def arguments(order: Order, at: int) -> list[str]:
        return ["-S", "-c", f"import time; time.sleep(600)  # {mark}"]

    left = work_on_cluster(
        orders, arguments, place, lambda order, code: None, None, 1, time.monotonic() + 30
    )
    assert left == orders
    alive = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
    assert mark not in alive
