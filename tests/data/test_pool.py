import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from photochrom.data.pool import Pool, Rules, load_pool
from photochrom.errors import DatasetError


class InterruptionError(Exception):
    """Stands for whatever stops a program."""


@pytest.fixture
def folder(tmp_path: Path, colored: Callable, save: Callable) -> Path:
    for at in range(3):
        save(tmp_path / f"set/{at}.png", colored(at, 24 + 2 * at, 32))
    return tmp_path / "set"


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


def picture(pool: Pool, at: int) -> np.ndarray:
    """One picture of a pool, (H, W, 3)."""
    height, width = pool.sizes[at]
    return pool.pixels[pool.offsets[at] :][: height * width * 3].reshape(height, width, 3)


def unchanged(done: int) -> None:
    raise AssertionError("decoded anew")


def test_pictures_come_out_as_they_went_in(folder: Path, cache: Path, colored: Callable) -> None:
    pool = load_pool([folder], Rules(), cache)
    assert len(pool) == 3
    assert list(pool.names) == ["0.png", "1.png", "2.png"]
    for at in range(3):
        assert_array_equal(picture(pool, at), colored(at, 24 + 2 * at, 32))


def test_large_pictures_are_reduced_to_the_short_side(
    tmp_path: Path, cache: Path, colored: Callable, save: Callable
) -> None:
    save(tmp_path / "set/wide.png", colored(0, 60, 90))
    save(tmp_path / "set/tall.png", colored(0, 100, 50))
    save(tmp_path / "set/small.png", colored(0, 20, 30))
    pool = load_pool([tmp_path / "set"], Rules(short_side=40), cache)
    sizes = dict(zip(pool.names, pool.sizes.tolist(), strict=True))
    assert sizes == {"wide.png": [40, 60], "tall.png": [80, 40], "small.png": [20, 30]}
    wide = picture(pool, list(pool.names).index("wide.png"))
    original = colored(0, 60, 90)
    assert np.abs(wide.mean((0, 1)) - original.mean((0, 1))).max() < 1  # the same picture


def test_sixteen_bits_are_rounded_to_eight(tmp_path: Path, cache: Path, save: Callable) -> None:
    pixels = np.zeros((8, 8, 3), np.uint16)
    pixels[..., 0], pixels[..., 1] = 65535, 257 * 100 + 129  # the latter nearer to 101 than to 100
    save(tmp_path / "set/deep.png", pixels)
    only = picture(load_pool([tmp_path / "set"], Rules(), cache), 0)
    assert only[0, 0].tolist() == [255, 101, 0]


def test_several_sources_and_many_pictures_keep_their_order(
    tmp_path: Path, folder: Path, cache: Path, colored: Callable, save: Callable
) -> None:
    """More pictures than are in flight at once, in threads that finish in any order."""
    with zipfile.ZipFile(tmp_path / "more.zip", "w") as archive:
        for at in range(60):
            side = 200 if at % 7 == 0 else 8
            file = save(tmp_path / "one.png", colored(at, side, side))
            archive.write(file, f"{at:02}.png")
    pool = load_pool([folder, tmp_path / "more.zip"], Rules(short_side=32), cache)
    assert list(pool.names[3:]) == [f"{at:02}.png" for at in range(60)]
    assert_array_equal(picture(pool, 3 + 59), colored(59, 8, 8))


def test_grey_and_unreadable_are_left_out_and_named(
    folder: Path, cache: Path, save: Callable
) -> None:
    ramp = np.linspace(0, 255, 24 * 32).reshape(24, 32).astype(np.uint8)
    save(folder / "grey.png", ramp)
    save(folder / "grey-rgb.png", np.repeat(ramp[..., None], 3, axis=2))
    sepia = np.stack([ramp, ramp - ramp // 64, ramp - ramp // 32], axis=-1)
    save(folder / "faint.png", sepia)
    (folder / "text.jpg").write_bytes(b"no picture at all")
    (folder / "cut.png").write_bytes((folder / "0.png").read_bytes()[:60])
    pool = load_pool([folder], Rules(), cache)
    assert list(pool.names) == ["0.png", "1.png", "2.png"]
    assert list(pool.grey) == ["faint.png", "grey-rgb.png", "grey.png"]
    assert [fault.partition(":")[0] for fault in pool.unreadable] == ["cut.png", "text.jpg"]
    everything = load_pool([folder], Rules(min_colorfulness=0), cache)
    assert set(everything.names) - set(pool.names) == {"faint.png", "grey-rgb.png"}


def test_built_once_and_mapped_again(folder: Path, cache: Path) -> None:
    decoded: list[int] = []
    first = load_pool([folder], Rules(), cache, decoded.append)
    assert decoded == [1, 2, 3]
    second = load_pool([folder], Rules(), cache, unchanged)
    assert isinstance(second.pixels, np.memmap)
    assert_array_equal(first.pixels, second.pixels)
    assert (first.key, first.names) == (second.key, second.names)
    assert sorted(path.name for path in cache.iterdir()) == [
        f"pool-{first.key}.json",
        f"pool-{first.key}.rgb",
    ]


def test_key_follows_pictures_and_rules(
    folder: Path, cache: Path, colored: Callable, save: Callable
) -> None:
    def key(rules: Rules) -> str:
        return load_pool([folder], rules, cache).key

    keys = {key(Rules()), key(Rules(short_side=20)), key(Rules(min_colorfulness=5))}
    save(folder / "1.png", colored(9, 24, 48))
    keys.add(key(Rules()))
    assert len(keys) == 4


def test_writing_to_the_pool_does_not_reach_the_file(folder: Path, cache: Path) -> None:
    load_pool([folder], Rules(), cache).pixels[:] = 0
    assert load_pool([folder], Rules(), cache).pixels.any()


def test_crash_half_way_leaves_nothing_behind(folder: Path, cache: Path) -> None:
    def stop(done: int) -> None:
        if done == 2:
            raise InterruptionError

    with pytest.raises(InterruptionError):
        load_pool([folder], Rules(), cache, stop)
    assert list(cache.iterdir()) == []
    assert len(load_pool([folder], Rules(), cache)) == 3


def test_kill_between_pixels_and_index_is_mended(folder: Path, cache: Path) -> None:
    """The index is written last: pixels alone do not count."""
    first = load_pool([folder], Rules(), cache)
    (cache / f"pool-{first.key}.json").unlink()
    (cache / f"pool-{first.key}.rgb").unlink()  # not written over: it is still mapped
    (cache / f"pool-{first.key}.rgb").write_bytes(b"cut")
    assert_array_equal(picture(load_pool([folder], Rules(), cache), 2), picture(first, 2))


def test_index_without_pixels_is_mended(folder: Path, cache: Path) -> None:
    first = load_pool([folder], Rules(), cache)
    (cache / f"pool-{first.key}.rgb").unlink()
    assert len(load_pool([folder], Rules(), cache)) == 3


def test_nothing_to_learn_from(tmp_path: Path, cache: Path, save: Callable) -> None:
    save(tmp_path / "set/grey.png", np.zeros((8, 8), np.uint8))
    (tmp_path / "set/text.jpg").write_bytes(b"no picture")
    for _ in range(2):  # built, and from the cache
        with pytest.raises(DatasetError, match="1 are nearly grey, 1 unreadable") as caught:
            load_pool([tmp_path / "set"], Rules(), cache)
    assert str(tmp_path / "set") in str(caught.value)


def test_missing_source(tmp_path: Path, folder: Path, cache: Path) -> None:
    with pytest.raises(DatasetError, match="nowhere"):
        load_pool([folder, tmp_path / "nowhere"], Rules(), cache)


def test_empty_second_source(tmp_path: Path, folder: Path, cache: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(DatasetError, match="empty: holds no picture"):
        load_pool([folder, tmp_path / "empty"], Rules(), cache)
    assert not list(cache.glob("*.json"))


def test_index_is_plain_json(folder: Path, cache: Path) -> None:
    pool: Pool = load_pool([folder], Rules(), cache)
    index = json.loads((cache / f"pool-{pool.key}.json").read_text())
    assert index["sizes"] == [[24, 32], [26, 32], [28, 32]]
