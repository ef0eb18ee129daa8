"""Crops against another resampler, and the order that training draws them in."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor
from torch.nn import functional

from photochrom.data.crops import DevicePool, Windows
from photochrom.data.pool import Pool

SIZES = [(20, 31), (45, 24), (33, 33), (9, 40), (26, 25), (64, 48), (12, 12)]

CPU = torch.device("cpu")


def packed(pictures: list[np.ndarray], device: torch.device = CPU) -> DevicePool:
    sizes = np.array([picture.shape[:2] for picture in pictures], dtype=np.int64)
    lengths = sizes.prod(axis=1) * 3
    pool = Pool(
        pixels=np.concatenate([picture.ravel() for picture in pictures]),
        offsets=np.concatenate([[0], np.cumsum(lengths)[:-1]]),
        sizes=sizes,
        names=[str(at) for at in range(len(pictures))],
        grey=[],
        unreadable=[],
        key="",
        classes=["first", "second"],
        labels=np.array([at % 3 - 1 for at in range(len(pictures))]),
    )
    return DevicePool(pool, device)


RNG = np.random.default_rng(0)
NOISE = [RNG.integers(0, 256, (*size, 3)).astype(np.uint8) for size in SIZES]
POOL = packed(NOISE)


def window(picture: int, top: float, left: float, side: float, mirrored: bool = False) -> Windows:
    return Windows(
        torch.tensor([picture]),
        torch.tensor([top]),
        torch.tensor([left]),
        torch.tensor([side]),
        torch.tensor([mirrored]),
    )


def resampled(picture: np.ndarray, windows: Windows, size: int) -> Tensor:
    """One window through PyTorch's own bilinear sampler, `(size, size, 3)` in [0, 1]."""
    height, width = picture.shape[:2]
    scale, shift = float(windows.side), (float(windows.left), float(windows.top))
    direction = -1 if windows.mirrored else 1
    theta = torch.tensor(
        [
            [direction * scale / width, 0, (2 * shift[0] + scale) / width - 1],
            [0, scale / height, (2 * shift[1] + scale) / height - 1],
        ]
    )
    grid = functional.affine_grid(theta[None], [1, 3, size, size], align_corners=False)
    planes = torch.from_numpy(picture).movedim(-1, 0)[None].float() / 255
    sampled = functional.grid_sample(planes, grid, padding_mode="border", align_corners=False)
    return sampled[0].movedim(0, -1)


def test_a_window_of_its_own_size_is_the_pixels_themselves() -> None:
    crop = POOL.crops(window(1, 7, 3, 16), 16)
    torch.testing.assert_close(crop[0], torch.from_numpy(NOISE[1][7:23, 3:19]).float() / 255)


def test_mirrored_is_flipped_left_to_right() -> None:
    crop = POOL.crops(window(1, 7, 3, 16, mirrored=True), 16)
    expected = torch.from_numpy(NOISE[1][7:23, 3:19][:, ::-1].copy()).float() / 255
    torch.testing.assert_close(crop[0], expected)


def test_halved_is_the_mean_of_four() -> None:
    crop = POOL.crops(window(2, 1, 0, 32), 16)
    blocks = NOISE[2][1:33, :32].reshape(16, 2, 16, 2, 3).mean(axis=(1, 3)) / 255
    torch.testing.assert_close(crop[0], torch.from_numpy(blocks).float())


@given(
    picture=st.integers(0, len(SIZES) - 1),
    place=st.tuples(*[st.floats(0, 1)] * 3),
    size=st.integers(4, 40),
    mirrored=st.booleans(),
)
def test_agrees_with_an_independent_sampler(
    picture: int, place: tuple[float, float, float], size: int, mirrored: bool
) -> None:
    height, width = SIZES[picture]
    side = 2 + place[0] * (min(height, width) - 2)
    drawn = window(picture, place[1] * (height - side), place[2] * (width - side), side, mirrored)
    expected = resampled(NOISE[picture], drawn, size)
    torch.testing.assert_close(POOL.crops(drawn, size)[0], expected, rtol=0, atol=2e-4)


def test_pictures_of_a_batch_do_not_mix() -> None:
    plain = [
        np.full((*size, 3), (20 * at, 255 - at, at), np.uint8) for at, size in enumerate(SIZES)
    ]
    pool = packed(plain)
    windows = pool.random_windows(0, 3 * len(SIZES), 16, seed=4)
    crops = pool.crops(windows, 16) * 255
    for crop, picture in zip(crops, windows.picture.tolist(), strict=True):
        expected = torch.tensor([20.0 * picture, 255.0 - picture, picture]).expand_as(crop)
        torch.testing.assert_close(crop, expected, rtol=0, atol=1e-3)


@given(
    step=st.integers(0, 10**6),
    batch=st.integers(1, 40),
    size=st.integers(4, 80),
    seed=st.integers(0, 2**31 - 1),
)
def test_windows_lie_inside_their_pictures(step: int, batch: int, size: int, seed: int) -> None:
    windows = POOL.random_windows(step, batch, size, seed)
    assert all(len(field) == batch for field in windows)
    height, width = POOL.sizes[windows.picture].unbind(1)
    short = torch.minimum(height, width)
    assert (windows.top >= 0).all()
    assert (windows.left >= 0).all()
    assert (windows.top + windows.side <= height + 1e-3).all()
    assert (windows.left + windows.side <= width + 1e-3).all()
    assert (windows.side <= short).all()
    assert (windows.side >= torch.clamp(short, max=size) - 1e-3).all()


@pytest.mark.parametrize("batch", [1, 3, 7, 10, 23])
def test_every_picture_comes_once_an_epoch(batch: int) -> None:
    """Epochs of 7 pictures in batches that do not divide them: the borders lie within batches."""
    steps = [POOL.random_windows(step, batch, 8, seed=1).picture for step in range(42)]
    drawn = torch.cat(steps)[: 6 * 7].reshape(-1, 7)
    assert torch.equal(drawn.sort(dim=1).values, torch.arange(7).expand_as(drawn))
    assert len({tuple(epoch.tolist()) for epoch in drawn}) > 3  # each in another order


def equal(first: Windows, second: Windows) -> bool:
    return all(torch.equal(a, b) for a, b in zip(first, second, strict=True))


def test_windows_depend_on_step_and_seed_alone() -> None:
    first = POOL.random_windows(5, 8, 8, seed=2)
    torch.manual_seed(99)  # the global generator plays no part
    POOL.random_windows(6, 8, 8, seed=2)
    before = torch.get_rng_state()
    again = packed(NOISE).random_windows(5, 8, 8, seed=2)
    assert equal(first, again)
    assert torch.equal(torch.get_rng_state(), before)
    assert not equal(first, POOL.random_windows(6, 8, 8, seed=2))
    assert not equal(first, POOL.random_windows(5, 8, 8, seed=3))


def test_runs_begun_with_earlier_releases_go_on_with_the_same_crops() -> None:
    windows = POOL.random_windows(5, 8, 8, seed=2)
    assert windows.picture.tolist() == [6, 3, 5, 1, 6, 3, 2, 4]
    assert windows.top[:3].tolist() == pytest.approx([2.2482, 0.3352, 9.2593], abs=1e-4)
    assert windows.left[:3].tolist() == pytest.approx([1.2132, 0.3904, 3.5440], abs=1e-4)
    assert windows.side[:3].tolist() == pytest.approx([8.4412, 8.0243, 39.6611], abs=1e-4)
    assert windows.mirrored.nonzero()[:, 0].tolist() == [2, 4]


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a second device")
def test_a_seed_means_the_same_windows_on_every_device() -> None:
    for step in range(5):
        here = POOL.random_windows(step, 9, 8, seed=2)
        there = packed(NOISE, torch.device("cuda")).random_windows(step, 9, 8, seed=2)
        assert there.picture.is_cuda
        assert equal(here, there.to(CPU))


def test_parts_of_windows_make_up_the_whole() -> None:
    windows = POOL.random_windows(3, 10, 8, seed=2)
    crops = [POOL.crops(windows.part(begin, begin + 5), 8) for begin in (0, 5)]
    assert torch.equal(torch.cat(crops), POOL.crops(windows, 8))


def test_labels_follow_the_pictures() -> None:
    windows = POOL.random_windows(3, 30, 8, seed=2)
    expected = [at % 3 - 1 for at in windows.picture.tolist()]
    assert POOL.labels_of(windows).tolist() == expected
    assert set(expected) == {-1, 0, 1}


def test_draws_are_spread() -> None:
    """Half the windows are mirrored; sides reach from the crop's size to the picture's."""
    pool = packed([NOISE[5]])  # 64 × 48
    windows = pool.random_windows(0, 4000, 16, seed=0)
    assert 0.46 < windows.mirrored.float().mean() < 0.54
    for drawn, low, high in (
        (windows.side, 16, 48),
        (windows.top / (64 - windows.side), 0, 1),
        (windows.left / (48 - windows.side).clamp(min=1e-6), 0, 1),
    ):
        assert drawn.min() < low + 0.02 * (high - low)
        assert drawn.max() > high - 0.02 * (high - low)
        assert abs(drawn.mean() - (low + high) / 2) < 0.03 * (high - low)
    together = torch.stack([windows.side, windows.top / (64 - windows.side), windows.mirrored])
    assert (together.corrcoef() - torch.eye(3)).abs().max() < 0.06  # drawn independently


def test_center_windows() -> None:
    windows = POOL.center_windows(torch.tensor([1, 0]))  # 45 × 24 and 20 × 31
    assert windows.side.tolist() == [24, 20]
    assert windows.top.tolist() == [10.5, 0]
    assert windows.left.tolist() == [0, 5.5]
    assert not windows.mirrored.any()
