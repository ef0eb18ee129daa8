import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from photochrom.data.pool import Pool, Rules, class_of, load_pool
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


@pytest.fixture
def classes(tmp_path: Path, colored: Callable, save: Callable) -> Path:
    """Five pictures of two classes and a catch-all, and one in no folder."""
    names = ["a/zebra/1", "b/zebra/2", "cat/3", "cat/4", "photo/5", "6"]
    for at, name in enumerate(names):
        save(tmp_path / f"classes/{name}.png", colored(at))
    return tmp_path / "classes"


def labels(pool: Pool) -> dict[str, int]:
    return dict(zip(pool.names, pool.labels.tolist(), strict=True))


@pytest.mark.parametrize(
    ("name", "expected"),
    [("train/airplane/x.png", "airplane"), ("cat/1.2.jpg", "cat"), ("x.png", ""), ("/x.png", "")],
)
def test_class_is_the_last_folder(name: str, expected: str) -> None:
    assert class_of(name) == expected


def test_classes_are_sorted_and_pictures_numbered_by_them(classes: Path, cache: Path) -> None:
    pool = load_pool([classes], Rules(), cache)
    assert list(pool.classes) == ["cat", "photo", "zebra"]
    assert labels(pool) == {
        "6.png": -1,
        "a/zebra/1.png": 2,
        "b/zebra/2.png": 2,
        "cat/3.png": 0,
        "cat/4.png": 0,
        "photo/5.png": 1,
    }
    assert pool.labels.dtype == np.int64


def test_a_catch_all_class_is_none(classes: Path, cache: Path) -> None:
    pool = load_pool([classes], Rules(unlabeled=("photo",)), cache)
    assert list(pool.classes) == ["cat", "zebra"]
    assert labels(pool)["photo/5.png"] == -1
    assert labels(pool)["a/zebra/1.png"] == 1


def test_training_on_one_class(classes: Path, cache: Path) -> None:
    only = load_pool([classes], Rules(classes=("zebra",)), cache)
    assert list(only.names) == ["a/zebra/1.png", "b/zebra/2.png"]
    assert list(only.classes) == ["zebra"]
    two = load_pool([classes], Rules(classes=("zebra", "photo"), unlabeled=("photo",)), cache)
    assert list(two.names) == ["a/zebra/1.png", "b/zebra/2.png", "photo/5.png"]
    assert two.labels.tolist() == [0, 0, -1]


def test_a_class_that_is_nowhere(classes: Path, cache: Path) -> None:
    with pytest.raises(DatasetError, match="no picture"):
        load_pool([classes], Rules(classes=("ship",)), cache)


def test_a_second_pool_is_numbered_by_the_first(
    tmp_path: Path, classes: Path, cache: Path, colored: Callable, save: Callable
) -> None:
    for at, name in enumerate(["zebra/1", "ship/2", "photo/3", "4"]):
        save(tmp_path / f"unseen/{name}.png", colored(20 + at))
    first = load_pool([classes], Rules(unlabeled=("photo",)), cache)
    second = load_pool([tmp_path / "unseen"], Rules(), cache).with_classes(first.classes)
    assert list(second.classes) == ["cat", "zebra"]
    assert labels(second) == {"4.png": -1, "photo/3.png": -1, "ship/2.png": -1, "zebra/1.png": 1}


@pytest.fixture
def many(tmp_path: Path, colored: Callable, save: Callable) -> list[Path]:
    """Two sources of 90 and 30 pictures."""
    with zipfile.ZipFile(tmp_path / "large.zip", "w") as archive:
        for at in range(90):
            archive.write(save(tmp_path / "one.png", colored(at, 8, 8)), f"a/{at:02}.png")
    for at in range(30):
        save(tmp_path / f"small/b/{at:02}.png", colored(at, 8, 8))
    return [tmp_path / "large.zip", tmp_path / "small"]


def test_a_limit_takes_a_fixed_random_sample(many: list[Path], cache: Path, tmp_path: Path) -> None:
    decoded: list[int] = []
    sample = load_pool(many, Rules(limit=40), cache, decoded.append)
    assert len(sample) == len(decoded) == 40  # the others are not even decoded
    everything = list(load_pool(many, Rules(), cache).names)
    places = [everything.index(name) for name in sample.names]
    assert places == sorted(places)  # in the order of the sources
    # Spread: each source's share lies within three standard deviations, hypergeometric.
    assert 30 - 3 * 2.3 < sum(place < 90 for place in places) < 30 + 3 * 2.3
    assert len({place // 12 for place in places}) == 10
    again = load_pool(many, Rules(limit=40), tmp_path / "anew")
    assert list(again.names) == list(sample.names)
    turned = load_pool(many[::-1], Rules(limit=40), cache)
    assert set(turned.names) == set(sample.names)


def test_a_smaller_limit_takes_a_part_of_the_larger_sample(many: list[Path], cache: Path) -> None:
    few, more = (set(load_pool(many, Rules(limit=count), cache).names) for count in (10, 20))
    assert few < more
    assert len(few) == 10


def test_a_limit_counts_pictures_of_the_classes_asked_for(many: list[Path], cache: Path) -> None:
    pool = load_pool(many, Rules(limit=20, classes=("b",)), cache)
    assert len(pool) == 20
    assert list(pool.classes) == ["b"]


def test_a_limit_beyond_all_pictures_takes_all(many: list[Path], cache: Path) -> None:
    assert len(load_pool(many, Rules(limit=1000), cache)) == 120


def test_pictures_of_one_name_count_each(many: list[Path], cache: Path) -> None:
    assert len(load_pool([many[1], many[1]], Rules(limit=15), cache)) == 15


def test_a_limit_reads_no_more_than_it_takes(many: list[Path], cache: Path) -> None:
    """All others are damaged in the zip file, which reading them would tell."""
    zipped = many[0]
    sample = load_pool([zipped], Rules(limit=3), cache)
    content = bytearray(zipped.read_bytes())
    with zipfile.ZipFile(zipped) as archive:
        for info in archive.infolist():
            if info.filename not in sample.names:
                content[info.header_offset + 60] ^= 255
    zipped.write_bytes(content)
    with pytest.raises(DatasetError, match="damaged"):
        load_pool([zipped], Rules(), cache / "all")
    assert list(load_pool([zipped], Rules(limit=3), cache / "few").names) == list(sample.names)
