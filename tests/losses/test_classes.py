import math

import pytest
import torch

from photochrom.losses.classes import class_cross_entropy

LOGITS = torch.tensor([[2.0, 0.0, 0.0], [0.0, 1.0, -1.0], [5.0, -5.0, 0.0]], dtype=torch.float64)


def by_hand(logits: list[float], label: int) -> float:
    return math.log(sum(math.exp(x) for x in logits)) - logits[label]


def test_by_hand() -> None:
    expected = by_hand([2, 0, 0], 1) + by_hand([0, 1, -1], 1) + by_hand([5, -5, 0], 0)
    loss = class_cross_entropy(LOGITS, torch.tensor([1, 1, 0]))
    assert loss.item() == pytest.approx(expected / 3)


def test_knowing_nothing_costs_the_logarithm_of_the_classes() -> None:
    loss = class_cross_entropy(torch.zeros(4, 205), torch.tensor([0, 7, 99, 204]))
    assert loss.item() == pytest.approx(math.log(205))


def test_pictures_without_a_class_add_nothing() -> None:
    """And take nothing: the others still count one part of the whole batch."""
    loss = class_cross_entropy(LOGITS, torch.tensor([-1, 1, -1]))
    assert loss.item() == pytest.approx(by_hand([0, 1, -1], 1) / 3)


def test_without_any_class_the_loss_and_its_gradient_are_zero() -> None:
    logits = LOGITS.clone().requires_grad_()
    loss = class_cross_entropy(logits, torch.full((3,), -1))
    loss.backward()
    assert loss.item() == 0
    assert logits.grad is not None
    assert not logits.grad.any()


def test_mean_over_equal_parts_is_the_whole() -> None:
    """What several processes do, however the classes are shared out among them."""
    logits = torch.cat([LOGITS, LOGITS.flip(1)])
    labels = torch.tensor([0, -1, 2, -1, -1, 1])
    parts = [class_cross_entropy(logits[at : at + 3], labels[at : at + 3]) for at in (0, 3)]
    torch.testing.assert_close(torch.stack(parts).mean(), class_cross_entropy(logits, labels))


def test_gradient() -> None:
    logits = LOGITS.clone().requires_grad_()
    labels = torch.tensor([1, -1, 2])
    assert torch.autograd.gradcheck(lambda x: class_cross_entropy(x, labels), logits)
