"""Files colored, over what opening and saving them costs: `python benchmarks/archive.py`.

Every ratio is of times measured in turn, in one run; machines are noisy, so read no time alone.
Nothing else should run meanwhile. Needs the extra `demo`, 12 GB of disk in `--folder`, and a
quarter of an hour; `--only` picks measures. The figures are added to benchmarks/history.jsonl.
"""

import argparse
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pyvips

from photochrom import image
from photochrom.archive import Order, color_file
from photochrom.color import SRGB
from photochrom.image import Header, Layout, Original
from photochrom.inference.painter import Painter

HISTORY = Path(__file__).with_name("history.jsonl")
ROUNDS = 5
Figures = dict[str, float]


def photograph(megapixels: float, channels: int) -> image.Frame:
    """A photograph of that size: one enlarged, with film grain, so that it compresses like one."""
    found = find_spec("skimage")
    if found is None or found.origin is None:
        raise SystemExit("scikit-image is not installed: pip install 'photochrom[demo]'")
    small = image.read(Path(found.origin).parent / "data" / "coffee.png").pixels
    height = round((megapixels * 1e6 * 2 / 3) ** 0.5)
    large = image.resize(small, height, height * 3 // 2).astype(np.int16)
    grain = np.random.default_rng(0).normal(0, 4, (*large.shape[:2], 1)).astype(np.int16)
    pixels = (large + grain).clip(0, 255).astype(np.uint8)
    return image.from_array(pixels[..., 1] if channels == 1 else pixels)


def large_jpeg(path: Path, megapixels: float) -> None:
    """A grey JPEG of any size: a photograph of 24 megapixels, repeated and cut."""
    tile = photograph(min(megapixels, 24), 1).pixels
    height = round((megapixels * 1e6 * 2 / 3) ** 0.5)
    width = height * 3 // 2
    source = pyvips.Image.new_from_array(tile)
    repeated = source.replicate(-(-width // source.width), -(-height // source.height))
    repeated.crop(0, 0, width, height).jpegsave(os.fspath(path), Q=92)


def large_tiff(path: Path, side: int) -> None:
    """An uncompressed 16-bit RGB TIFF, written strip by strip."""
    pixels = photograph(24, 3).pixels.astype(np.uint16) * 257
    wide = np.tile(pixels, (1, -(-side // pixels.shape[1]), 1))[:, :side]
    header = Header(
        side, side, 3, False, 16, SRGB, format="tiff", layout=Layout("none", False, bigtiff=True)
    )

    def strips() -> Iterator[Any]:
        for top in range(0, side, 100):
            rows = np.arange(top, min(top + 100, side)) % len(wide)
            yield wide[rows]

    image.store(path, header, strips())


def seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def in_turn(*works: Callable[[], object], rounds: int = ROUNDS) -> list[float]:
    """Shortest time of each, measured A, B, A, B, ...: that which was disturbed least."""
    times = [[seconds(work) for work in works] for _ in range(rounds + 1)][1:]
    return [min(column) for column in zip(*times, strict=True)]


def decode(path: Path) -> Any:
    return pyvips.Image.new_from_file(os.fspath(path), access="sequential").write_to_memory()


def plain_copy(source: Path, target: Path) -> None:
    """Reading a file and writing it again, by libvips, until it is on the disk, as ours is."""
    picture = pyvips.Image.new_from_file(os.fspath(source), access="sequential")
    picture.write_to_file(os.fspath(target))
    with target.open("rb") as file:
        os.fsync(file.fileno())


def apart(source: Path, target: Path, rounds: int) -> tuple[float, float]:
    """Shortest time of coloring a file in a process of its own, and the process's peak in MB."""
    command = [sys.executable, __file__, "--color", os.fspath(source), os.fspath(target)]
    done = subprocess.run([*command, str(rounds)], check=True, capture_output=True, text=True)
    shortest, peak = json.loads(done.stdout)
    return shortest, peak


def color_here(source: Path, target: Path, rounds: int) -> None:
    """What `apart` runs."""
    order = Order()
    colorizer = order.colorizer()
    times = [
        seconds(lambda: color_file(source, target, colorizer, order, overwrite=True))
        for _ in range(rounds)
    ]
    print(json.dumps([min(times), peak_memory()]))


def peak_memory() -> float:
    """MB that this process has held at most; Linux.

    `getrusage` would count what the parent held when it started this process.
    """
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024


def jpeg(folder: Path) -> Figures:
    """24 megapixels, 8 bits, JPEG to JPEG."""
    figures: Figures = {}
    for channels, name in ((1, "grey"), (3, "color")):
        source, target = folder / f"{name}.jpg", folder / f"{name}.color.jpg"
        image.write(photograph(24, channels), source, overwrite=True)
        order = Order()
        colorizer = order.colorizer()
        color_file(source, target, colorizer, order, overwrite=True)
        colored = pyvips.Image.new_from_memory(decode(target), 6000, 4000, 3, "uchar")
        reading, writing, coloring = in_turn(
            lambda source=source: decode(source),
            lambda colored=colored: colored.jpegsave_buffer(Q=95, subsample_mode="off"),
            lambda source=source, target=target, colorizer=colorizer, order=order: color_file(
                source, target, colorizer, order, overwrite=True
            ),
        )
        figures[f"24 MP JPEG, {name}: seconds"] = coloring
        figures[f"24 MP JPEG, {name}: over decode + encode"] = coloring / (reading + writing)
        figures[f"24 MP JPEG, {name}: peak MB"] = apart(source, target, 2)[1]
    return figures


def tiff(folder: Path) -> Figures:
    """20,000 x 20,000 pixels of 16-bit RGB, TIFF to TIFF."""
    source, target, copy = (folder / f"{name}.tif" for name in ("large", "colored", "copy"))
    large_tiff(source, 20_000)
    decode_head = Original(source).header
    assert decode_head.layout.compression == "none"
    rounds = []
    for _ in range(3):
        copying = seconds(lambda: plain_copy(source, copy))
        copy.unlink()
        coloring, peak = apart(source, target, 1)
        target.unlink()
        rounds.append((coloring / copying, coloring, peak))
    source.unlink()
    ratio, coloring, peak = statistics.median(r[0] for r in rounds), rounds[0][1], rounds[0][2]
    return {
        "20,000² 16-bit TIFF: seconds": coloring,
        "20,000² 16-bit TIFF: over a plain copy": ratio,
        "20,000² 16-bit TIFF: peak MB": peak,
    }


def size(folder: Path) -> Figures:
    """Time per megapixel as pictures grow."""
    figures: Figures = {}
    order = Order()
    colorizer = order.colorizer()
    for megapixels in (1, 4, 24, 100, 400):
        source, target = folder / "size.jpg", folder / "size.color.jpg"
        large_jpeg(source, megapixels)
        rounds = ROUNDS if megapixels < 100 else 1
        (taken,) = in_turn(
            lambda source=source, target=target: color_file(
                source, target, colorizer, order, overwrite=True
            ),
            rounds=rounds,
        )
        figures[f"{megapixels} MP JPEG: ms per megapixel"] = 1000 * taken / megapixels
    return figures


def start(folder: Path) -> Figures:
    """From nothing to a finished picture of 2 megapixels, as a user types it."""
    source, target = folder / "small.jpg", folder / "small.color.jpg"
    image.write(photograph(2, 1), source, overwrite=True)
    # Installed packages are compiled; a checkout, where that is turned off, would not be.
    compiled = {"PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": os.fspath(folder / "cache")}
    environment = os.environ | compiled
    command = [sys.executable, "-m", "photochrom", "colorize", source, "-o", target, "--force"]
    nothing = [sys.executable, "-c", "import numpy, pyvips, onnxruntime"]
    imports, whole = in_turn(
        lambda: subprocess.run(nothing, check=True, env=environment),
        lambda: subprocess.run(command, check=True, env=environment, capture_output=True),
    )
    return {
        "cold start, 2 MP: seconds": whole,
        "cold start, 2 MP: over bare imports": whole / imports,
    }


def batch(folder: Path) -> Figures:
    """500 JPEG files of 2 megapixels by two workers, over the stages' own times."""
    pictures, out = folder / "album", folder / "colored"
    shutil.rmtree(pictures, ignore_errors=True)
    shutil.rmtree(out, ignore_errors=True)
    pictures.mkdir()
    first = pictures / "000.jpg"
    image.write(photograph(2, 1), first, overwrite=True)
    for number in range(1, 500):
        shutil.copy(first, pictures / f"{number:03d}.jpg")
    began = time.perf_counter()
    command = [sys.executable, "-m", "photochrom", "colorize", pictures, "-o", out]
    subprocess.run([*command, "--workers", "2"], check=True, capture_output=True)
    taken = time.perf_counter() - began
    floor = sum(stages(first, folder)) * 500 / 2
    again = seconds(lambda: subprocess.run([*command], check=True, capture_output=True))
    shutil.rmtree(pictures)
    shutil.rmtree(out)
    return {
        "500 × 2 MP JPEG, 2 workers: seconds": taken,
        "500 × 2 MP JPEG, 2 workers: over the stages' floors": taken / floor,
        "500 × 2 MP JPEG, nothing to do: seconds": again,
    }


def stages(source: Path, folder: Path) -> list[float]:
    """Seconds of decoding, a small copy, network, painting, encoding: each alone, one thread."""
    order = Order()
    colorizer = order.colorizer(threads=1)
    original = Original(source)
    small = original.thumbnail(512 * 512)
    header = original.header
    pixels = image.read(source).pixels
    painter = Painter(colorizer.sketch(small), header.height, header.width, 8)
    colored = pyvips.Image.new_from_array(painter.whole(pixels, 1))
    return in_turn(
        lambda: decode(source),
        lambda: original.thumbnail(512 * 512),
        lambda: colorizer.sketch(small),
        lambda: painter.whole(pixels, 1),
        lambda: colored.jpegsave(os.fspath(folder / "x.jpg"), Q=95, subsample_mode="off"),
        rounds=15,
    )


MEASURES: dict[str, Callable[[Path], Figures]] = {
    "jpeg": jpeg,
    "tiff": tiff,
    "size": size,
    "start": start,
    "batch": batch,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="*", choices=list(MEASURES), default=list(MEASURES))
    parser.add_argument("--folder", type=Path, help="for large files; a temporary one by default")
    parser.add_argument("--color", nargs=3, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.color:
        color_here(Path(given.color[0]), Path(given.color[1]), int(given.color[2]))
        return
    figures: Figures = {}
    with tempfile.TemporaryDirectory(dir=given.folder) as folder:
        for name in given.only:
            found = MEASURES[name](Path(folder))
            for title, value in found.items():
                print(f"{title}: {value:.2f}", flush=True)
            figures |= found
    commit = subprocess.run(
        ["git", "describe", "--always", "--dirty"], capture_output=True, text=True, check=False
    ).stdout.strip()
    entry = {
        "time": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "commit": commit,
        "cores": os.cpu_count(),
        "machine": platform.machine(),
        "figures": {title: round(value, 3) for title, value in figures.items()},
    }
    with HISTORY.open("a") as file:
        file.write(json.dumps(entry, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
