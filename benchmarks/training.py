"""Training against the floor, in one run: `python benchmarks/training.py`.

A step of training is convolutions and the rest. The floor is its arithmetic at the rate of a dense
3×3 convolution, forwards and backwards, on the same cores; on a GPU at the rate of a matrix
product. Machines are noisy: read the shares, not the times. Needs the extras `train` and `demo`;
with `--device cuda` a GPU. Nothing else should run meanwhile.
"""

import argparse
import tempfile
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional
from torch.utils.flop_counter import FlopCounterMode

from photochrom.cli.training import fabric_for
from photochrom.training.games.game import MODEL
from photochrom.training.loop import Setting, setting_of, step
from photochrom.training.settings import Recipe
from photochrom.training.supply import open_supply

ROUNDS = 7
BATCH = {"cpu": 16, "cuda": 128}
NETWORKS = ("autochrome", "zhang2016")
SIZE = 128


def fastest(work: Callable[[], object], device: torch.device) -> float:
    """Shortest of several runs in seconds: the one that was disturbed least."""
    times = []
    for _ in range(ROUNDS + 1):
        began = time.perf_counter()
        work()
        if device.type == "cuda":
            torch.cuda.synchronize()
        times.append(time.perf_counter() - began)
    return min(times[1:])


def convolution_rate(device: torch.device, dtype: torch.dtype) -> float:
    """GFLOP/s of a 3×3 convolution of 256 channels at 32², forwards and backwards."""
    x = torch.rand(16, 256, 32, 32, device=device, dtype=dtype).contiguous(
        memory_format=torch.channels_last
    )
    kernel = torch.rand(256, 256, 3, 3, device=device, dtype=dtype).contiguous(
        memory_format=torch.channels_last
    )
    x.requires_grad_()
    kernel.requires_grad_()

    def there_and_back() -> Tensor:
        y = functional.conv2d(x, kernel, padding=1)
        torch.autograd.backward(y, y.detach())
        return y

    return counted(there_and_back) / fastest(there_and_back, device)


def matrix_rate(device: torch.device, dtype: torch.dtype) -> float:
    """GFLOP/s of a matrix product."""
    side = 8192 if device.type == "cuda" else 2048
    a = torch.rand(side, side, device=device, dtype=dtype)
    return 2 * side**3 / fastest(lambda: a @ a, device) / 1e9


def of_a_crop(network: torch.nn.Module, device: torch.device) -> float:
    """GFLOP of one crop forwards and backwards: three times forwards.

    The way back is not counted: there PyTorch's counter takes depthwise convolutions for dense.
    """
    crop = torch.zeros(1, 1, SIZE, SIZE, device=device)
    with torch.no_grad():
        return 3 * counted(lambda: network.eval()(crop))


def counted(work: Callable[[], object]) -> float:
    """GFLOP of convolutions and products; two operations for each multiply-add."""
    with FlopCounterMode(display=False) as counter:
        work()
    return float(counter.get_total_flops()) / 1e9


def recipe_of(network: str, batch: int, precision: str, pictures: Path) -> Recipe:
    """A recipe on scikit-image's photographs."""
    settings: dict[str, Any] = {
        "name": network,
        "model": {"name": network, "output": "bins"},
        "data": {"root": pictures, "train": ["."], "min_colorfulness": 0.0},
        "stages": [{"size": SIZE, "steps": 1000}],
        "batch": batch,
        "precision": precision,
    }
    return Recipe.model_validate(settings)


def photographs(folder: Path) -> Path:
    """A folder of links to the color photographs in scikit-image's wheel."""
    found = find_spec("skimage")
    assert found is not None
    assert found.origin is not None
    for name in ("astronaut.png", "coffee.png", "chelsea.png", "rocket.jpg"):
        (folder / name).symlink_to(Path(found.origin).parent / "data" / name)
    return folder


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu")
    device_name = parser.parse_args().device
    device = torch.device(device_name)
    batch = BATCH[device_name]
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        (folder / "pictures").mkdir()
        pictures = photographs(folder / "pictures")
        print(f"{device_name}, {torch.get_num_threads()} threads, batch {batch}, {SIZE}² crops\n")
        print("| network | precision | GFLOP a crop | crops/s | GFLOP/s | floor | share of it |")
        print("| --- | --- | --- | --- | --- | --- | --- |")
        for precision, dtype in (("fp32", torch.float32), ("bf16", torch.bfloat16)):
            measure = convolution_rate if device_name == "cpu" else matrix_rate
            for network in NETWORKS:
                floor = measure(device, dtype)  # beside each: machines drift
                recipe = recipe_of(network, batch, precision, pictures)
                fabric = fabric_for(recipe, device_name)
                with open_supply(recipe, folder / "cache", fabric, lambda done: None) as supply:
                    setting: Setting = setting_of(recipe, supply, folder / "cache", fabric)
                    seconds = fastest(lambda setting=setting: step(setting, 1e-3), device)
                    work = of_a_crop(setting.game.players[MODEL], device)
                pace = work * batch / seconds
                print(
                    f"| {network} | {precision} | {work:.1f} | {batch / seconds:.1f} "
                    f"| {pace:.0f} | {floor:.0f} | {pace / floor:.0%} |"
                )


if __name__ == "__main__":
    main()
