"""What a step learns from, and what a network says of it."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeAlias, cast

import torch
from torch import Tensor, nn

from ..color import srgb_to_lab
from ..models.conditioning import ClassConditioned
from ..models.network import JointClassifier
from ..models.spec import Kind
from .settings import Recipe


class Batch:
    """Color pictures and their classes."""

    def __init__(self, srgb: Tensor, labels: Tensor) -> None:
        """Take pictures `(B, S, S, 3)` in [0, 1] and labels `(B,)`, -1 where there is none."""
        self.srgb = srgb
        self.labels = labels

    @cached_property
    def lab(self) -> Tensor:
        """L*a*b*, `(B, S, S, 3)`."""
        lab: Tensor = srgb_to_lab(self.srgb)
        return lab

    @property
    def lightness(self) -> Tensor:
        """L* `(B, S, S)` in [0, 100]."""
        return self.lab[..., 0]

    @cached_property
    def grey(self) -> Tensor:
        """The lightness as networks take it, `(B, 1, S, S)` in [-1, 1]."""
        scaled = (self.lightness / 50 - 1)[:, None]
        return scaled.contiguous(memory_format=torch.channels_last)

    def __len__(self) -> int:
        return len(self.srgb)


@dataclass(frozen=True)
class Prediction:
    """A network's answer, in fp32."""

    raw: Tensor
    """Its output, `(B, channels, h, w)`."""
    classes: Tensor | None
    """Logits over classes, `(B, classes)`, from networks that tell them."""


Predict: TypeAlias = Callable[[nn.Module, Batch], Prediction]
"""How a network is asked while it learns."""


Arithmetic: TypeAlias = Callable[[], AbstractContextManager[Any]]
"""Opens the context in which networks, and nothing else, compute with the recipe's precision."""


def predictor(recipe: Recipe, kind: Kind, arithmetic: Arithmetic) -> Predict:
    """How a recipe's network is asked."""
    ask = _asker(recipe, kind)

    def predict(model: nn.Module, batch: Batch) -> Prediction:
        with arithmetic():
            raw, classes = ask(model, batch)
        return Prediction(raw.float(), None if classes is None else classes.float())

    return predict


_Ask: TypeAlias = Callable[[nn.Module, Batch], tuple[Tensor, Tensor | None]]


def _asker(recipe: Recipe, kind: Kind) -> _Ask:
    if recipe.model.conditioned:
        return _told_the_class
    if kind == "classes":
        return _classes
    return _colors_and_classes if recipe.loss.classification else _colors


def _colors(model: nn.Module, batch: Batch) -> tuple[Tensor, None]:
    return model(batch.grey), None


def _classes(model: nn.Module, batch: Batch) -> tuple[Tensor, Tensor]:
    raw: Tensor = model(batch.grey)
    return raw, raw[:, :, 0, 0]


def _colors_and_classes(model: nn.Module, batch: Batch) -> tuple[Tensor, Tensor]:
    return cast(JointClassifier, model).colors_and_classes(batch.grey)


def _told_the_class(model: nn.Module, batch: Batch) -> tuple[Tensor, Tensor]:
    return cast(ClassConditioned, model).with_classes(batch.grey, batch.labels)
