"""Headers that promise 60,000 x 60,000 pixels are refused before anything is decoded.

Each is made by hand, in some hundred bytes: what they promise would take 3.6 GB and more.
"""

import json
import resource
import struct
import subprocess
import sys
import time
import zlib
from pathlib import Path

import pytest
from PIL import Image

import photochrom
from photochrom.errors import ImageError, TooManyPixelsError
from photochrom.image import Original, read

SIDE = 60_000
SECONDS = 1.0  # on a machine that is busy with other things; a hundredth is usual
MEMORY = 64 << 20  # bytes beyond what the libraries take

_READ = """
import json, sys, time
from pathlib import Path
from photochrom.archive import Order, color_file
from photochrom.archive.inspection import inspect_file
from photochrom.errors import TooManyPixelsError
from photochrom.image import Original, read

def colored(path):
    color_file(path, path.with_name("out.png"), colorizer, order)

peak = lambda: int(open("/proc/self/status").read().split("VmHWM:")[1].split()[0])
order = Order(model="autochrome-int8", confidence=True, candidates=2)
colorizer = order.colorizer(1)
for sound in json.loads(sys.argv[2]):  # so that all libraries are loaded
    for reader in (Original, read):
        reader(Path(sound))
said = {}
for reader in (Original, read, colored):
    before, begin = peak(), time.perf_counter()
    try:
        reader(Path(sys.argv[1]))
        refused = ""
    except TooManyPixelsError as error:
        refused = str(error)
    took = time.perf_counter() - begin
    grown = 1024 * (peak() - before)
    said[reader.__name__] = refused, took, grown
print(json.dumps(said))
"""


def _png(width: int, height: int) -> bytes:
    def chunk(kind: bytes, content: bytes) -> bytes:
        checked = kind + content
        return struct.pack(">I", len(content)) + checked + struct.pack(">I", zlib.crc32(checked))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    rows = zlib.compress(bytes((width + 1) * 4))
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
    )


def _tiff(side: int, *, tiled: bool) -> bytes:
    """Every strip, or tile, is the same few bytes of Deflate."""
    packed = zlib.compress(bytes(256 * 256))
    tags = {256: side, 257: side, 258: 8, 259: 8, 262: 1, 277: 1}
    count = ((side + 255) // 256) ** 2 if tiled else side
    tags |= {322: 256, 323: 256} if tiled else {278: 1}
    places = 8 + len(packed) + len(packed) % 2
    first = places + 8 * count
    arrays = {324: 4, 325: 4} if tiled else {273: 4, 279: 4}
    entries = {tag: (4, 1, value) for tag, value in tags.items()}
    for number, tag in enumerate(arrays):
        entries[tag] = (4, count, places + 4 * count * number)
    fields = b"".join(struct.pack("<HHII", tag, *entries[tag]) for tag in sorted(entries))
    body = packed + b"\0" * (len(packed) % 2)
    body += struct.pack("<I", 8) * count + struct.pack("<I", len(packed)) * count
    directory = struct.pack("<H", len(entries)) + fields + bytes(4)
    return b"II*\0" + struct.pack("<I", first) + body + directory


def _jpeg(side: int, *, progressive: bool) -> bytes:
    """A frame of one component, one table of each kind, and no more than the start of a scan."""
    frame = struct.pack(">BHHBBBB", 8, side, side, 1, 1, 0x11, 0)
    table = bytes([0, 1, *[0] * 15, 0])
    parts = {0xDB: bytes([0, *[1] * 64]), 0xC2 if progressive else 0xC0: frame, 0xC4: table}
    scan = {0xDA: bytes([1, 1, 0, 0, 0 if progressive else 63, 0])}
    segments = [
        struct.pack(">BBH", 0xFF, marker, len(content) + 2) + content
        for marker, content in (parts | scan).items()
    ]
    return b"\xff\xd8" + b"".join(segments) + bytes(64) + b"\xff\xd9"


def _webp(side: int) -> bytes:
    """A canvas of that size (VP8X, 24 bits a side), around a picture of 16383 (VP8L) pixels."""
    bits = (16383 - 1) | (16383 - 1) << 14
    picture = b"\x2f" + struct.pack("<I", bits) + bytes(31)
    canvas = bytes(4) + (side - 1).to_bytes(3, "little") * 2
    chunks = b"".join(
        kind + struct.pack("<I", len(content)) + content
        for kind, content in ((b"VP8X", canvas), (b"VP8L", picture))
    )
    return b"RIFF" + struct.pack("<I", len(chunks) + 4) + b"WEBP" + chunks


BOMBS = {
    "grey.png": _png(SIDE, SIDE),
    "strips.tif": _tiff(SIDE, tiled=False),
    "tiles.tif": _tiff(SIDE, tiled=True),
    "baseline.jpg": _jpeg(SIDE, progressive=False),
    "progressive.jpg": _jpeg(SIDE, progressive=True),
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_refused_before_it_is_decoded(name: str, tmp_path: Path) -> None:
    bomb = tmp_path / name
    bomb.write_bytes(BOMBS[name])
    sound = [str(path) for path in _sound(tmp_path)]
    done = subprocess.run(
        [sys.executable, "-c", _READ, str(bomb), json.dumps(sound)],
        env={"PYTHONPATH": str(Path(photochrom.__file__).parents[1]), "VIPS_CONCURRENCY": "1"},
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (2 << 30, 2 << 30)),
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert done.returncode == 0, done.stderr
    for message, seconds, grown in json.loads(done.stdout).values():
        assert message.startswith(
            f"{bomb}: 60000 x 60000 is more than the limit of 500000000 pixels"
        )
        assert seconds < SECONDS
        assert grown < MEMORY
    assert not (tmp_path / "out.png").exists()


def test_a_webp_that_promises_more_than_it_holds_is_refused_at_once(tmp_path: Path) -> None:
    bomb = tmp_path / "canvas.webp"
    bomb.write_bytes(_webp(SIDE))
    for reader in (lambda: read(bomb), lambda: list(Original(bomb).strips(100))):
        begin = time.perf_counter()
        with pytest.raises(ImageError):
            reader()
        assert time.perf_counter() - begin < SECONDS


def test_a_side_without_end_is_refused_however_few_pixels_there_are(tmp_path: Path) -> None:
    path = tmp_path / "ribbon.png"
    for width, height in ((8_000_000, 40), (40, 8_000_000)):
        path.write_bytes(_png(width, height))
        for reader in (read, Original):
            with pytest.raises(TooManyPixelsError, match=f"{width} x {height}, of which a side"):
                reader(path)


def test_a_caller_may_draw_the_limit_closer(tmp_path: Path) -> None:
    path = tmp_path / "small.png"
    path.write_bytes(_png(4, 4))
    assert read(path, max_pixels=16).pixels.shape == (4, 4, 1)
    for reader in (read, Original):
        with pytest.raises(TooManyPixelsError, match="4 x 4 is more than the limit of 15 pixels"):
            reader(path, max_pixels=15)


def _sound(folder: Path) -> list[Path]:
    """A small picture of each format."""
    paths = [folder / f"sound{suffix}" for suffix in (".png", ".tif", ".jpg", ".webp")]
    for path in paths:
        Image.new("L", (30, 20), 90).save(path)
    return paths
