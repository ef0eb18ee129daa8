"""`photochrom train`, killed with no chance to clean up, and started again."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from typer.testing import CliRunner, Result

import photochrom
from photochrom.cli.main import app
from photochrom.training import checkpoint

STEPS = 24
RECIPE = f"""
name = "tiny"
batch = 4
checkpoint_every = 8
stages = [{{ size = 32, steps = {STEPS} }}]
optimizer = {{ warmup_steps = 5 }}
[model]
name = "autochrome"
settings = {{ widths = [8, 8, 8] }}
[data]
train = ["."]
short_side = 40
"""


class Command:
    """`photochrom train` into a folder."""

    def __init__(self, folder: Path, pictures: Path) -> None:
        recipe = folder / "tiny.toml"
        recipe.write_text(RECIPE)
        self.arguments = ["train", str(recipe), "--set", f"data.root={pictures}"]
        self.arguments += ["--device", "cpu", "--threads", "1"]
        self.environment = os.environ | {
            "PHOTOCHROM_CACHE": str(folder / "cache"),
            "PYTHONPATH": str(Path(photochrom.__file__).parents[1]),
        }

    def here(self, run: Path, *more: str) -> Result:
        """Run to the end in this process."""
        arguments = [*self.arguments, "-o", str(run), *more]
        return CliRunner().invoke(app, arguments, env=self.environment)

    def start(self, run: Path) -> subprocess.Popen[str]:
        """Start in a process of its own."""
        return subprocess.Popen(
            [sys.executable, "-m", "photochrom", *self.arguments, "-o", str(run)],
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def kill_after_checkpoint(self, run: Path) -> None:
        """Start, and kill a few steps after the first checkpoint."""
        with self.start(run) as process:
            while not (run / "checkpoint.safetensors").exists():
                assert process.poll() is None, process.communicate()[1]
                time.sleep(0.02)
            time.sleep(0.3)  # a checkpoint's contact sheet takes 0.2 s, a step 0.05 s
            process.send_signal(signal.SIGKILL)
            process.communicate()
        assert process.returncode == -signal.SIGKILL, "finished before it was killed"


@pytest.fixture
def command(tmp_path: Path, pictures: Path) -> Command:
    return Command(tmp_path, pictures)


def test_killed_run_goes_on_to_the_same_curve(tmp_path: Path, command: Command) -> None:
    straight, killed = tmp_path / "straight", tmp_path / "killed"
    result = command.here(straight)
    assert result.exit_code == 0, result.output
    assert result.stdout.split() == [str(straight / "checkpoint.safetensors")]

    command.kill_after_checkpoint(killed)
    _, reached = checkpoint.read_recipe(killed / "checkpoint.safetensors")
    assert 8 <= reached < STEPS
    with command.start(killed) as process:
        _, messages = process.communicate(timeout=300)
    assert process.returncode == 0, messages

    expected = (straight / "losses.csv").read_text().splitlines()
    assert len(expected) == 1 + STEPS
    assert (killed / "losses.csv").read_text().splitlines() == expected
    ours, theirs = (load_file(run / "checkpoint.safetensors") for run in (killed, straight))
    assert all(torch.equal(ours[name], theirs[name]) for name in theirs)


@pytest.mark.parametrize("device", ["gpu", "cuda:99", "meta:x"])
def test_device_that_is_not_there(tmp_path: Path, command: Command, device: str) -> None:
    result = command.here(tmp_path / "run", "--device", device)
    assert result.exit_code == 2
    assert f"{device}: no such device here" in " ".join(result.stderr.split())
    assert not (tmp_path / "run").exists()


def test_folder_of_another_recipe_is_one_line_of_error(tmp_path: Path, command: Command) -> None:
    stages = "stages=[{size=32, steps=1}]"
    assert command.here(tmp_path / "run", "--set", stages).exit_code == 0
    result = command.here(tmp_path / "run", "--set", stages, "--set", "batch=2")
    assert result.exit_code == 1
    error = result.stderr.splitlines()[-1]
    assert "run: started with another recipe: batch was 4 and is 2; " in error
