"""A walk through tar shards: exact, resumable, two blocks in memory."""

import gc
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import webdataset

from photochrom import image
from photochrom.data.pool import Pool, Rules
from photochrom.data.stream import ShardStream, Walk
from photochrom.errors import DatasetError

WALK = Walk(shards_per_block=2, steps_per_block=3, seed=1)
STEPS = range(0, 30, 3)  # ten blocks: four epochs of five shards


@pytest.fixture
def source(tmp_path: Path, colored: Callable) -> Path:
    """Five shards of three pictures; the last of each is grey, damaged or of another class."""
    for shard in range(5):
        with webdataset.TarWriter(str(tmp_path / f"set-{shard}.tar")) as writer:
            for at in range(3):
                pixels = colored(3 * shard + at, 12, 16)
                if (shard, at) == (1, 2):
                    pixels[:] = pixels[..., :1]
                content = image.encode(image.from_array(pixels), format="png")
                if (shard, at) == (2, 2):
                    content = content[:50]
                name = "cat" if (shard + at) % 2 else "dog"
                writer.write({"__key__": f"{shard}{at}", "png": content, "cls": name})
    return tmp_path / "set-{0..4}.tar"


def walked(source: Path, walk: Walk = WALK, rules: Rules | None = None) -> list[Pool]:
    with ShardStream([source], rules or Rules(), walk) as stream:
        return [stream.pool_at(step) for step in STEPS]


def same(first: Pool, second: Pool) -> bool:
    return (
        list(first.names) == list(second.names)
        and np.array_equal(first.pixels, second.pixels)
        and np.array_equal(first.labels, second.labels)
        and first.key == second.key
    )


def shards_in(pool: Pool) -> list[int]:
    """The shards of a pool's pictures, in order."""
    return list(dict.fromkeys(int(Path(name).name[0]) for name in pool.names))


def in_memory() -> int:
    """Blocks that are alive."""
    # Not isinstance: it asks every object for its class, and some answer with a warning.
    pools = [one for one in gc.get_objects() if type(one) is Pool]
    return len({id(pool.pixels) for pool in pools})


def wait_for_blocks(count: int) -> None:
    begun = time.monotonic()
    while in_memory() < count:
        assert time.monotonic() - begun < 20, "no block was decoded ahead"
        time.sleep(0.02)


def test_every_shard_comes_once_an_epoch_in_another_order() -> None:
    walk = Walk(shards_per_block=3, steps_per_block=1, seed=4)
    order = np.array([walk.shards(block, 7) for block in range(7 * 6)]).reshape(18, 7)
    assert (np.sort(order, axis=1) == np.arange(7)).all()
    assert len({tuple(epoch) for epoch in order.tolist()}) > 12
    other = Walk(shards_per_block=3, steps_per_block=1, seed=5)
    assert any(other.shards(block, 7) != walk.shards(block, 7) for block in range(3))
    assert walk.shards(5, 7) == Walk(3, 100, 4).shards(5, 7)


def test_steps_belong_to_blocks() -> None:
    assert [WALK.block(step) for step in range(8)] == [0, 0, 0, 1, 1, 1, 2, 2]


def test_processes_share_the_shards_of_a_block() -> None:
    walks = [Walk(5, 1, seed=2, rank=rank, world=2) for rank in range(2)]
    for block in range(6):
        first, second = (walk.own(block, 11) for walk in walks)
        assert (len(first), len(second)) == (3, 2)
        assert {*first, *second} == set(walks[0].shards(block, 11))


def test_pools_are_the_pictures_of_the_blocks(source: Path) -> None:
    pools = walked(source)
    for block, pool in enumerate(pools):
        assert shards_in(pool) == WALK.shards(block, 5)
    assert len({tuple(pool.names) for pool in pools}) > 5
    assert all(same(*pair) for pair in zip(pools, walked(source), strict=True))


def test_pixels_are_those_of_the_pictures(source: Path, colored: Callable) -> None:
    pool = walked(source)[3]
    for name, begin in zip(pool.names, pool.offsets, strict=True):
        shard, at = Path(name).stem
        pixels = pool.pixels[begin:][: 12 * 16 * 3].reshape(12, 16, 3)
        np.testing.assert_array_equal(pixels, colored(3 * int(shard) + int(at), 12, 16))


def test_a_block_serves_all_its_steps(source: Path) -> None:
    with ShardStream([source], Rules(), WALK) as stream:
        first = stream.pool_at(0)
        assert stream.pool_at(1) is stream.pool_at(2) is first
        assert stream.pool_at(3) is not first


@pytest.mark.parametrize("step", [0, 4, 11, 17, 29])
def test_resumed_at_any_step_as_if_never_stopped(source: Path, step: int) -> None:
    unbroken = walked(source)
    with ShardStream([source], Rules(), WALK) as stream:
        for later in range(step, 30):
            assert same(stream.pool_at(later), unbroken[later // 3])


def test_jumps_in_any_direction(source: Path) -> None:
    unbroken = walked(source)
    with ShardStream([source], Rules(), WALK) as stream:
        for step in (7, 0, 25, 26, 3, 4, 27):
            assert same(stream.pool_at(step), unbroken[step // 3])


def test_resuming_reads_its_own_block_alone(source: Path) -> None:
    expected = walked(source)[4]
    for shard in set(range(5)) - set(WALK.shards(4, 5)):
        source.with_name(f"set-{shard}.tar").unlink()
    with ShardStream([source], Rules(), WALK, classes=["cat", "dog"]) as stream:
        pool = stream.pool_at(13)
    assert list(pool.names) == list(expected.names)
    np.testing.assert_array_equal(pool.pixels, expected.pixels)


def test_the_next_block_is_decoded_meanwhile(source: Path) -> None:
    expected = walked(source)[1]
    with ShardStream([source], Rules(), WALK) as stream:
        before = in_memory()
        first = stream.pool_at(0)
        wait_for_blocks(before + 2)
        for file in source.parent.glob("*.tar"):
            file.unlink()
        assert same(stream.pool_at(3), expected)
        assert not same(first, expected)


def test_no_more_than_two_blocks_in_memory(source: Path) -> None:
    before = in_memory()
    with ShardStream([source], Rules(), WALK) as stream:
        for step in STEPS[:6]:
            stream.pool_at(step)
            assert in_memory() <= before + 2
            if step % 2:
                wait_for_blocks(before + 2)
                time.sleep(0.05)
                assert in_memory() == before + 2
        stream.pool_at(0)  # a jump
        assert in_memory() <= before + 2
    assert in_memory() == before


def test_grey_and_damaged_pictures_are_left_out_and_named(source: Path) -> None:
    grey: set[str] = set()
    faults: set[str] = set()
    for pool in walked(source):
        grey.update(pool.grey)
        faults.update(fault.partition(":")[0] for fault in pool.unreadable)
    assert (grey, faults) == ({"cat/12.png"}, {"dog/22.png"})


def test_blocks_share_the_numbers_of_classes(source: Path) -> None:
    for pool in walked(source):
        assert list(pool.classes) == ["cat", "dog"]
        assert pool.labels.tolist() == [int(name.startswith("dog")) for name in pool.names]
    with ShardStream([source], Rules(), WALK, classes=["bird", "dog"]) as stream:
        pool = stream.pool_at(0)
        assert pool.labels.tolist() == [2 * name.startswith("dog") - 1 for name in pool.names]


def test_rules_about_classes(source: Path) -> None:
    for pool in walked(source, rules=Rules(classes=("dog",))):
        assert list(pool.classes) == ["dog"]
        assert all(name.startswith("dog/") for name in pool.names)
    for pool in walked(source, rules=Rules(unlabeled=("dog",))):
        assert list(pool.classes) == ["cat"]
        assert pool.labels.tolist() == [int(name.startswith("cat")) - 1 for name in pool.names]


def test_a_block_of_nothing(source: Path) -> None:
    with (
        ShardStream([source], Rules(min_colorfulness=1e6), WALK) as stream,
        pytest.raises(DatasetError, match=r"set-\d\.tar, .*: no picture to train on; \d+ are"),
    ):
        stream.pool_at(0)


def test_a_fault_ahead_is_told_when_its_block_is_due(source: Path) -> None:
    """And goes away once the shard is mended."""
    ahead = next(shard for shard in WALK.shards(1, 5) if shard not in WALK.shards(0, 5))
    broken = source.with_name(f"set-{ahead}.tar")
    sound = broken.read_bytes()
    broken.write_bytes(sound[:700])
    with ShardStream([source], Rules(), WALK) as stream:
        stream.pool_at(2)
        for _ in range(2):
            with pytest.raises(DatasetError, match=rf"{broken.name}: damaged"):
                stream.pool_at(3)
        broken.write_bytes(sound)
        assert shards_in(stream.pool_at(3)) == WALK.shards(1, 5)


def test_closing_gives_up_what_is_being_decoded(tmp_path: Path, colored: Callable) -> None:
    content = image.encode(image.from_array(colored(0, 600, 900)), format="png")
    for shard, count in enumerate((1, 2000)):
        with webdataset.TarWriter(str(tmp_path / f"{shard}.tar")) as writer:
            for at in range(count):
                writer.write({"__key__": str(at), "png": content})
    walk = next(walk for seed in range(9) if (walk := Walk(1, 1, seed)).shards(0, 2) == [0])
    with ShardStream([tmp_path / "{0..1}.tar"], Rules(), walk) as stream:
        stream.pool_at(0)
        closed = time.monotonic()
    assert time.monotonic() - closed < 5  # of a minute or so


def test_what_cannot_be_streamed(source: Path, tmp_path: Path) -> None:
    for sources, rules, walk, message in (
        ([tmp_path], Rules(), WALK, "no tar shard"),
        ([source], Rules(), Walk(6, 1, 0), "5 shards are too few for blocks of 6"),
        ([source], Rules(), Walk(2, 1, 0, 0, 3), "3 processes share blocks of 2"),
        ([source], Rules(limit=9), WALK, "no limit"),
    ):
        with pytest.raises(DatasetError, match=message):
            ShardStream(sources, rules, walk)
