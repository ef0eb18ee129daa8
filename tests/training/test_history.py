import pytest
import torch
from torch import Tensor

from photochrom.training.games.history import History


def numbered(*numbers: int) -> Tensor:
    """Pictures `(B, 1, 2, 3)`, each of one number."""
    return torch.tensor(numbers, dtype=torch.float32)[:, None, None, None].expand(-1, 1, 2, 3)


def numbers(pictures: Tensor) -> list[int]:
    assert (pictures == pictures[:, :1, :1, :1]).all()
    return [int(number) for number in pictures[:, 0, 0, 0]]


def shown(history: History, steps: int, seed: int = 0) -> list[list[int]]:
    """What batches of two new pictures each become."""
    out = []
    for step in range(steps):
        torch.manual_seed(seed * 10_000 + step)
        out.append(numbers(history.exchanged(numbered(2 * step, 2 * step + 1))))
    return out


def test_until_it_is_full_pictures_come_back_as_they_are() -> None:
    history = History(6)
    assert shown(history, 3) == [[0, 1], [2, 3], [4, 5]]
    assert numbers(history.pictures) == [0, 1, 2, 3, 4, 5]
    assert int(history.held) == 6


def test_then_half_are_older_ones_which_leave_the_buffer() -> None:
    """As in the authors' code: with even odds a picture of the buffer, which takes the new one."""
    steps = 2000
    history = History(50)
    batches = shown(history, steps)
    everything = [number for batch in batches for number in batch]
    later = [(new, old) for new, old in enumerate(everything) if new >= 50]
    older = [(new, old) for new, old in later if old != new]
    assert len(older) / len(later) == pytest.approx(0.5, abs=0.04)  # 3.5 standard deviations
    assert all(old < new for new, old in older)
    # A picture waits until its slot is drawn: 1 of 50, for every second picture.
    waits = [new - old for new, old in older]
    assert sum(waits) / len(waits) == pytest.approx(100, rel=0.1)
    # Nothing is shown later that was not put in, and nothing is shown from the buffer twice.
    taken = [old for _, old in older]
    assert len(set(taken)) == len(taken)
    kept = set(numbers(history.pictures))
    assert not kept & set(taken)


def test_without_capacity_it_does_nothing() -> None:
    history = History(0)
    batch = numbered(1, 2)
    assert history.exchanged(batch) is batch


def test_pictures_that_are_given_are_not_written_to() -> None:
    history = History(1)
    for step in range(8):
        torch.manual_seed(step)
        batch = numbered(2 * step, 2 * step + 1).clone()
        history.exchanged(batch)
        assert numbers(batch) == [2 * step, 2 * step + 1]


def test_another_crop_size_begins_anew() -> None:
    history = History(2)
    history.exchanged(numbered(1, 2))
    larger = torch.full((2, 1, 4, 4), 7.0)
    assert torch.equal(history.exchanged(larger), larger)
    assert history.pictures.shape == (2, 1, 4, 4)


@pytest.mark.parametrize("before", [0, 1, 2, 30])
def test_a_checkpoint_holds_it(before: int) -> None:
    """Empty, half full and full."""
    first, second = History(4), History(4)
    shown(first, before)
    second.load_state_dict(first.state_dict())
    assert torch.equal(first.pictures, second.pictures)
    assert shown(second, 20, seed=1) == shown(first, 20, seed=1)
    assert not list(first.parameters())


def test_loading_makes_a_copy() -> None:
    first, second = History(2), History(2)
    shown(first, 1)
    second.load_state_dict(first.state_dict())
    shown(second, 9, seed=1)
    assert numbers(first.pictures) == [0, 1]
