"""Tar shards that the WebDataset library wrote."""

import contextlib
import functools
import gzip
import http.server
import io
import tarfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import fsspec
import numpy as np
import pytest
import webdataset

from photochrom import image
from photochrom.data.pool import Rules, load_pool
from photochrom.data.sources import fingerprint, names, pictures
from photochrom.errors import DatasetError

RNG = np.random.default_rng(0)
Sample = dict[str, Any]


def write(path: Path, *samples: Sample) -> Path:
    with webdataset.TarWriter(str(path)) as writer:
        for sample in samples:
            writer.write(sample)
    return path


@pytest.fixture
def memory() -> Iterator[str]:
    """A URL of an object store."""
    yield "memory://shards"
    fsspec.filesystem("memory").store.clear()


SAMPLES: list[Sample] = [
    {"__key__": "a/000", "png": b"first", "cls": 3, "json": {"by": "someone"}},
    {"__key__": "a/001", "jpg": b"second", "mask.png": b"no picture", "cls": b"sheep dog\n"},
    {"__key__": "cat/002", "webp": b"third"},
    {"__key__": "003", "tif": b"fourth"},
]
READ = [
    ("a/3/000.png", b"first"),
    ("a/sheep dog/001.jpg", b"second"),
    ("cat/002.webp", b"third"),
    ("003.tif", b"fourth"),
]


@pytest.mark.parametrize("name", ["set.tar", "set.tar.gz"])
def test_samples_become_pictures_with_classes(tmp_path: Path, name: str) -> None:
    file = write(tmp_path / name, *SAMPLES)
    assert list(pictures(file)) == READ
    assert list(pictures(str(file))) == READ
    assert list(names(file)) == [name for name, _ in READ]


def test_class_after_the_picture(tmp_path: Path) -> None:
    """WebDataset's own writer sorts them; other programs do not."""
    with tarfile.open(tmp_path / "set.tar", "w") as archive:
        for name, content in {"1.png": b"one", "1.cls": b"dog", "2.PNG": b"two"}.items():
            info = tarfile.TarInfo(f"./{name}")
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    assert list(pictures(tmp_path / "set.tar")) == [("dog/1.png", b"one"), ("2.png", b"two")]


def test_numbered_shards(tmp_path: Path) -> None:
    pattern = str(tmp_path / "set-%03d.tar")
    with webdataset.ShardWriter(pattern, maxcount=2, verbose=0) as writer:
        for number in range(5):
            writer.write({"__key__": f"{number:03}", "png": bytes([number])})
    source = tmp_path / "set-{000..002}.tar"
    assert [name for name, _ in pictures(source)] == [f"{number:03}.png" for number in range(5)]
    assert [name for name, _ in pictures(source, {1, 2, 4}.__contains__)] == [
        "001.png",
        "002.png",
        "004.png",
    ]
    with pytest.raises(DatasetError, match=r"set-003\.tar: cannot be opened"):
        list(pictures(tmp_path / "set-{000..003}.tar"))


def test_shards_by_url(tmp_path: Path, memory: str) -> None:
    for number, sample in enumerate(SAMPLES):
        content = write(tmp_path / "one.tar", sample).read_bytes()
        fsspec.filesystem("memory").pipe(f"/shards/{number}.tar", content)
    source = memory + "/{0..3}.tar"
    assert list(pictures(source)) == READ
    before = fingerprint(source)
    assert fingerprint(source) == before
    fsspec.filesystem("memory").pipe("/shards/1.tar", b"other")
    assert fingerprint(source) != before


@pytest.mark.parametrize("url", ["memory://shards/9.tar", "nowhere://9.tar"])
@pytest.mark.parametrize("use", [fingerprint, lambda source: list(pictures(source))])
def test_url_of_nothing(url: str, use: Callable[[str], object]) -> None:
    with pytest.raises(DatasetError, match=rf"^{url}: cannot be opened"):
        use(url)


def test_only_pictures_wanted_are_read(tmp_path: Path, memory: str) -> None:
    """Of a shard of 3 MB, names need its headers alone."""
    samples = [{"__key__": str(at), "png": bytes(10**6), "cls": at} for at in range(3)]
    content = write(tmp_path / "set.tar", *samples).read_bytes()
    fsspec.filesystem("memory").pipe("/shards/set.tar", content)
    file = fsspec.filesystem("memory").store["/shards/set.tar"]
    amounts: list[int] = []
    read = type(file).read

    class Counted(type(file)):  # type: ignore[misc]
        def read(self, size: int = -1) -> bytes:
            content = read(self, size)
            amounts.append(len(content))
            return content

    file.__class__ = Counted
    assert list(names(f"{memory}/set.tar")) == ["0/0.png", "1/1.png", "2/2.png"]
    assert 0 < sum(amounts) < 50_000
    amounts.clear()
    [(name, content)] = pictures(f"{memory}/set.tar", lambda number: number == 1)
    assert (name, len(content)) == ("1/1.png", 10**6)
    assert 10**6 < sum(amounts) < 10**6 + 50_000


def _cut_in_a_picture(content: bytes) -> bytes:
    return content[: content.index(b"fourth") + 3]


def _cut_between_members(content: bytes) -> bytes:
    return content[: content.index(b"fourth") - 512]


def _header_overwritten(content: bytes) -> bytes:
    return content.replace(b"cat/002", b"cXt/002")


def _other_bytes(content: bytes) -> bytes:
    return b"plain text, no archive at all" * 100


@pytest.mark.parametrize(
    "harm", [_cut_in_a_picture, _cut_between_members, _header_overwritten, _other_bytes]
)
@pytest.mark.parametrize("read", [names, pictures])
def test_damaged_shards_are_named(
    tmp_path: Path, harm: Callable[[bytes], bytes], read: Callable
) -> None:
    file = write(tmp_path / "set.tar", *SAMPLES)
    file.write_bytes(harm(file.read_bytes()))
    with pytest.raises(DatasetError, match=r"set\.tar: damaged"):
        list(read(file))


def test_damaged_compressed_shard_is_named(tmp_path: Path) -> None:
    content = gzip.compress(write(tmp_path / "set.tar", *SAMPLES).read_bytes())
    (tmp_path / "cut.tar.gz").write_bytes(content[: len(content) // 2])
    with pytest.raises(DatasetError, match=r"cut\.tar\.gz: damaged"):
        list(pictures(tmp_path / "cut.tar.gz"))


def test_shard_without_pictures(tmp_path: Path) -> None:
    file = write(tmp_path / "set.tar", {"__key__": "1", "txt": "words"})
    with pytest.raises(DatasetError, match=r"set\.tar: holds no picture"):
        list(pictures(file))


def test_open_braces(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"set-\{0\.tar: cannot be"):
        list(pictures(tmp_path / "set-{0.tar"))


def test_pool_of_shards(tmp_path: Path, colored: Callable) -> None:
    def png(seed: int) -> bytes:
        return image.encode(image.from_array(colored(seed)), format="png")

    file = write(
        tmp_path / "set.tar",
        {"__key__": "0", "png": png(0), "cls": "dog"},
        {"__key__": "1", "png": png(1)[:99], "cls": "dog"},
        {"__key__": "2", "png": png(2), "cls": "cat"},
        {"__key__": "3", "png": png(3)},
    )
    pool = load_pool([str(file)], Rules(), tmp_path / "cache")
    assert list(pool.names) == ["dog/0.png", "cat/2.png", "3.png"]
    assert (list(pool.classes), pool.labels.tolist()) == (["cat", "dog"], [1, 0, -1])
    assert [fault.partition(":")[0] for fault in pool.unreadable] == ["dog/1.png"]


def test_shard_whose_store_fails_while_reading(tmp_path: Path) -> None:
    """As a server does that gives files only whole: it was found, and cannot be read."""
    pytest.importorskip("aiohttp", reason="fsspec reads the web with it")
    write(tmp_path / "set.tar", {"__key__": "1", "png": RNG.bytes(30_000_000)}, *SAMPLES)

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:
            pass

        def copyfile(self, source: Any, outputfile: Any) -> None:
            with contextlib.suppress(ConnectionError):  # the reader hangs up
                super().copyfile(source, outputfile)

    handler = functools.partial(Quiet, directory=str(tmp_path))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            url = f"http://127.0.0.1:{server.server_port}/set.tar"
            assert len(fingerprint(url)) == 64
            with pytest.raises(DatasetError, match=r"set\.tar: cannot be read .*range requests"):
                list(pictures(url))
        finally:
            server.shutdown()
            thread.join()
