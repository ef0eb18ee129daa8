"""`photochrom odyssey` on a tiny grid: done, stopped, killed, changed, wrong."""

import csv
import json
import re
import signal
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from photochrom.cli.main import app
from photochrom.experiments.order import read_status


def steps(run: Path) -> int:
    return len((run / "losses.csv").read_text().splitlines()) - 1


@pytest.mark.slow
def test_from_grid_to_report(odyssey: Any) -> None:
    done = odyssey.run("--jobs", "2")
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["out/report.html", "out/report.md", "out/table.csv"]
    for name, ways in (("bins", 3), ("beta", 1)):
        folder = odyssey.cells / name
        status = read_status(folder)
        assert status is not None
        assert status.state == "done"
        assert set(status.seconds) == {"training", "export", "evaluation"}
        assert status.learned_from == 12
        assert status.device.startswith("1 threads of ")
        assert steps(folder / "run") == 8
        assert len(list((folder / "results").glob("model*.json"))) == ways
        assert len(list((folder / "shown").rglob("*.jpg"))) == 2 * (3 + ways)
    table = (odyssey.place / "out" / "table.csv").read_text()
    rows = list(csv.DictReader(table.splitlines()))
    assert {row["way"] for row in rows} == {
        "grey",
        "mean tint",
        "original",
        "beta",
        *(f"small, of bins, T = {t}" for t in ("0.01", "0.38", "1")),
    }
    page = (odyssey.place / "out" / "report.html").read_text()
    assert not re.findall(r"""(?:src|href)\s*=\s*["'](?!data:|#)""", page)
    names = r'"http://(www\.w3\.org|purl\.org|creativecommons)[^"]*"'  # of what SVG is made of
    assert "://" not in re.sub(names, "", page)
    assert page.count("<img") == 2 * (2 + 4)
    assert "The results of the simplest network, beta, are dominated by brown." in page
    again = odyssey.run()
    assert again.returncode == 0
    assert "beta: was done before" in again.stderr
    for source in ("learned", "judged"):  # what is done needs no pictures any more
        (odyssey.place / source).rename(odyssey.place / f"no-{source}")
    before = (odyssey.place / "out" / "report.md").read_text()
    (odyssey.place / "out" / "report.md").unlink()
    assert odyssey.run("--report-only").returncode == 0
    assert (odyssey.place / "out" / "report.md").read_text() == before


@pytest.mark.slow
@pytest.mark.parametrize(
    "number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT], ids=lambda number: number.name
)
def test_ended_in_the_middle_it_goes_on_and_leaves_nobody_behind(
    odyssey: Any, number: signal.Signals
) -> None:
    more = ("--cells", "beta", "--pictures", "800")  # of 100 steps, 25 a checkpoint
    run = odyssey.cells / "beta" / "run"
    with odyssey.start(*more) as process:
        odyssey.wait_for(run / "checkpoint.safetensors", process)
        assert odyssey.processes()
        code = odyssey.end(process, number)
    assert code == (-signal.SIGKILL if number is signal.SIGKILL else 130)
    odyssey.assert_no_process_is_left()
    status = read_status(odyssey.cells / "beta")
    assert status is not None
    assert status.state == "training"
    first = (run / "losses.csv").read_text().splitlines()[:20]
    done = odyssey.run(*more)
    assert done.returncode == 0, done.stderr
    assert (run / "losses.csv").read_text().splitlines()[:20] == first
    assert steps(run) == 100
    sheets = sorted(path.name for path in (run / "sheets").iterdir())
    assert sheets == [f"step-{step:06}.png" for step in (25, 50, 75, 100)]


@pytest.mark.slow
def test_budget_of_time_ends_a_call_and_the_next_goes_on(odyssey: Any) -> None:
    short = odyssey.run("--budget", "0.05", "--pictures", "100000")
    assert short.returncode == 0, short.stderr
    assert "beta: not done, the time is over; the same command goes on" in short.stderr
    odyssey.assert_no_process_is_left()
    report = (odyssey.place / "out" / "report.md").read_text()
    assert "0 of 2 cells are done" in report
    assert "- beta: stopped on the way (waiting)" in report


@pytest.mark.slow
def test_wrong_cells_are_named_and_the_others_done(odyssey: Any) -> None:
    grid = odyssey.place / "grid.toml"
    wrong = '[[cell]]\nname = "{}"\nrecipe = "{}"\nset = ["{}"]\n'
    grid.write_text(
        grid.read_text()
        + wrong.format("unknown", "network.toml", "model.name=nobody")
        + wrong.format("lost", "lost.toml", "seed=1")
        + wrong.format("bursting", "network.toml", "optimizer.learning_rate=1e30")
    )
    done = odyssey.run("--jobs", "2")
    assert done.returncode == 1
    for name, reason in (
        ("unknown", "nobody"),
        ("lost", "cannot read the recipe"),
        ("bursting", "the loss is no number any more"),
    ):
        assert re.search(rf"error: {name}: .*{reason}", done.stderr), done.stderr
    report = (odyssey.place / "out" / "report.md").read_text()
    assert "2 of 5 cells are done" in report
    assert "- bursting: bursting: the loss is no number any more" in report
    status = json.loads((odyssey.cells / "bursting" / "cell.json").read_text())
    assert status["state"] == "failed"


@pytest.mark.slow
def test_changed_cell_is_refused_and_redone_on_demand(odyssey: Any) -> None:
    assert odyssey.run("--cells", "beta").returncode == 0
    grid = odyssey.place / "grid.toml"
    grid.write_text(grid.read_text().replace("l2={}", "l1={}"))
    refused = odyssey.run("--cells", "beta")
    assert refused.returncode == 1
    assert "recipe.loss.l2" in refused.stderr
    assert "--redo does it anew" in refused.stderr
    again = odyssey.run("--cells", "beta", "--redo")
    assert again.returncode == 0, again.stderr
    order = json.loads((odyssey.cells / "beta" / "order.json").read_text())
    assert order["recipe"]["loss"]["l2"] is None


def test_unknown_cell_is_told(place: Path) -> None:
    arguments = ["odyssey", "--grid", str(place / "grid.toml"), "--cells", "gamma"]
    told = CliRunner().invoke(app, [*arguments, "-o", str(place / "out")])
    assert told.exit_code == 2
    assert "the grid has bins, beta" in " ".join(told.stderr.split())
    assert not (place / "out").exists()


@pytest.mark.slow
def test_cells_as_tasks_of_a_real_ray(odyssey: Any) -> None:
    pytest.importorskip("ray")
    done = odyssey.run("--cluster", "--jobs", "2")
    assert done.returncode == 0, done.stderr
    for name in ("bins", "beta"):
        status = read_status(odyssey.cells / name)
        assert status is not None
        assert status.state == "done"
    assert "2 of 2 cells are done" in (odyssey.place / "out" / "report.md").read_text()
    odyssey.assert_no_process_is_left()
