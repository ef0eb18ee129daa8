"""Names that are hard on programs, links in circles, and files that vanish while they are read."""

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import photochrom
from photochrom import image
from photochrom.archive import Order, color_file, sidecar
from photochrom.archive.inspection import inspect_file
from photochrom.errors import ImageError
from photochrom.inference import Colorizer

NAMES = {
    "spaces": b"  two  spaces .png",
    "emoji": "\U0001f469‍\U0001f52c \U0001f3f3️‍\U0001f308.png".encode(),
    "lines": b"a\nb\rc\td.png",
    "latin-1": b"m\xe4rz\xff.png",
    "quotes": b"'\"$(rm x)`%s;&*?[].png",
    "dash": b"-o.png",
    "control": b"\x1b[31mred\x07.png",
    "right to left": "\u202egnp.png".encode(),
    "longest": b"\xc3\xa9" * 125 + b"x.png",
}


@pytest.fixture(scope="module")
def colorizer() -> Colorizer:
    return Order(model="autochrome-int8").colorizer(threads=1)


def _drawn(path: Path, side: int = 60) -> Path:
    rows, columns = np.mgrid[0:side, 0 : side + 9]
    Image.fromarray((rows + columns).astype(np.uint8)).save(path, format="PNG")
    return path


def _photochrom(*words: str | bytes | Path, within: Path) -> "subprocess.CompletedProcess[bytes]":
    return subprocess.run(
        [sys.executable, "-m", "photochrom", *map(os.fsencode, words)],
        cwd=within,
        env=os.environ | {"PYTHONPATH": str(Path(photochrom.__file__).parents[1])},
        capture_output=True,
        timeout=120,
    )


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_any_name_passes_through_all_that_is_written(
    name: bytes, colorizer: Colorizer, tmp_path: Path
) -> None:
    source = _drawn(tmp_path / os.fsdecode(name))
    target = tmp_path / os.fsdecode(name[:200] + b".color.png")
    order = Order(model="autochrome-int8", candidates=2, confidence=True, sidecar=True)
    receipt = color_file(source, target, colorizer, order, threads=1)
    assert {target, *receipt.beside} == set(tmp_path.iterdir()) - {source}
    found = inspect_file(target)
    assert found.stamp is not None
    assert found.stamp.source.sha256 == sidecar.sha256_of(source)
    assert found.beside_fits
    assert image.read(target).pixels.shape == (60, 69, 3)


def test_a_folder_of_such_names_is_colored_and_told_of_line_by_line(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    for name in NAMES.values():
        _drawn(tmp_path / "in" / os.fsdecode(name))
    words = ["--model", "autochrome-int8", "in", "-o", "out", "--log", "log.txt", "--json"]
    done = _photochrom("colorize", *words, within=tmp_path)
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) == len(NAMES) + 1
    assert len(list((tmp_path / "out").glob("*.color.png"))) == len(NAMES)
    assert done.stdout.isascii()
    again = _photochrom("colorize", *words, within=tmp_path)
    assert again.returncode == 0
    assert b"%d were already" % len(NAMES) in again.stderr
    damaged = tmp_path / "in" / os.fsdecode(NAMES["control"])
    damaged.write_bytes(b"no picture")
    failed = _photochrom("colorize", *words[:-3], within=tmp_path)
    assert failed.returncode == 1
    assert b"\x1b" not in failed.stderr
    assert len(failed.stderr.splitlines()) == 2  # the fault and the summary


def test_links_in_circles_are_followed_by_nobody(tmp_path: Path) -> None:
    album = tmp_path / "album"
    (album / "sub").mkdir(parents=True)
    _drawn(album / "sub" / "a.png")
    (album / "sub" / "up").symlink_to(album)
    (album / "itself.png").symlink_to("itself.png")
    (album / "one.png").symlink_to("other.png")
    (album / "other.png").symlink_to("one.png")
    done = _photochrom("colorize", "-r", "album", "-o", "out", within=tmp_path)
    assert done.returncode == 1
    assert done.stdout == b"out/sub/a.color.png\n"
    told = [line for line in done.stderr.splitlines() if line.startswith(b"error: ")]
    assert [line.split(b": ")[1] for line in told] == [
        b"album/itself.png",
        b"album/one.png",
        b"album/other.png",
    ]
    assert all(b"symbolic links" in line for line in told)


@pytest.mark.parametrize("suffix", [".png", ".tif", ".jpg", ".webp"])
@pytest.mark.parametrize("way", ["vanishes", "is cut", "is replaced"])
def test_what_vanishes_while_it_is_colored_leaves_nothing(
    way: str, suffix: str, colorizer: Colorizer, tmp_path: Path
) -> None:
    source, target = tmp_path / f"a{suffix}", tmp_path / f"b{suffix}"
    noise = np.random.default_rng(0).integers(0, 255, (1500, 1500), np.uint8)
    Image.fromarray(noise).save(source)
    content = source.read_bytes()
    faults: list[str] = []
    for wait in (0, 0.005, 0.02, 0.05, 0.1, 0.2):

        def meddle(seconds: float = wait) -> None:
            time.sleep(seconds)
            if way == "vanishes":
                source.unlink()
            elif way == "is cut":
                os.truncate(source, len(content) // 3)
            else:
                other = tmp_path / "other"
                other.write_bytes(content[: len(content) // 2])
                os.replace(other, source)

        source.write_bytes(content)
        thread = threading.Thread(target=meddle)
        thread.start()
        try:
            color_file(source, target, colorizer, Order(sidecar=True), threads=2)
            assert image.read(target).pixels.shape == (1500, 1500, 3)
            target.unlink()
            sidecar.path_of(target).unlink()
        except (ImageError, FileNotFoundError) as error:
            faults.append(str(error))
        thread.join()
        assert set(tmp_path.iterdir()) <= {source}
    assert faults
