"""A trained network as an ONNX file with its card, proven to compute what PyTorch computes."""

import logging
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypeAlias

import numpy as np
import torch
from torch import Tensor, nn
from torch.export import Dim

from ..errors import ModelError
from ..inference.card import Card, attach, detach
from ..inference.classifier import Classifier
from ..inference.session import Floats, Session, fed, scaled
from ..whole import replacing

_TOLERANCE = 1e-3
_TOLERANCE_OF_SEARCHED = 2e-2  # a halving that falls the other way moves luma by 2^-16 of its range

_PROOFS = ((1, 2), (2, 1), (3, 3))  # sizes that are compared, in smallest ones


def tolerance(card: Card) -> float:
    """Largest difference allowed between PyTorch and ONNX Runtime: ab units, nats, logits.

    Chroma of Y'UV and HSL becomes ab by a search for the luminance, and both may stop a step apart.
    """
    return _TOLERANCE_OF_SEARCHED if card.output in ("uv", "hs") else _TOLERANCE


def export(module: nn.Module, card: Card, path: Path) -> float:
    """Write an ONNX file and prove it.

    Args:
        module: one of `graph`, whose inputs and outputs are those of the card, in eval mode.
        card: goes into the file.
        path: the file; written beside and renamed, only after the proof.

    Returns:
        The largest difference from PyTorch that was seen.

    Raises:
        ModelError: the two differ by more than `tolerance(card)`.
    """
    data = attach(_graph(module, card), card)
    difference = disagreement(module, data, str(path), _PROOFS)
    if not difference <= tolerance(card):
        raise ModelError(f"{path}: ONNX differs from PyTorch by {difference:.2g}; not written")
    with replacing(path) as beside:
        beside.write_bytes(data)
    return difference


def disagreement(
    module: nn.Module, data: bytes, name: str, sizes: Sequence[tuple[int, int]]
) -> float:
    """Largest absolute difference between PyTorch and ONNX Runtime; NaN where one computes NaN.

    Args:
        module: what was exported.
        data: content of the ONNX file.
        name: what error messages call it.
        sizes: rows and columns to compare at, in the smallest size that the card allows; networks
            of a single size are compared at that. Each at two temperatures.
    """
    _, card = detach(data, name)
    answer = _classifier(data, name) if card.output == "classes" else _colorizer(data, name)
    random = np.random.default_rng(0)
    worst = 0.0
    for rows, columns in [(1, 1)] * len(sizes) if card.input_size else sizes:
        shape = rows * card.smallest, columns * card.smallest
        lightness = random.uniform(0, 100, shape).astype(np.float32)
        style = random.uniform(0, 100, shape[::-1]).astype(np.float32) if card.style else None
        for temperature in (1.0, 0.38):
            feed = {"lightness": scaled(lightness, card)}
            if card.output != "classes":
                feed = fed(card, lightness, temperature, style)
            with torch.no_grad():
                expected = module(*(torch.from_numpy(feed[name]) for name in card.inputs))
            actual = answer(lightness, temperature, style)
            for theirs, ours in zip(_tuple(expected), actual, strict=True):
                # `max` would drop NaN
                worst = np.maximum(worst, np.abs(theirs[0].numpy() - ours).max())
    return float(worst)


_Answer: TypeAlias = Callable[[Floats, float, Floats | None], tuple[Floats, ...]]
"""Lightness, temperature and style to the values of a graph's outputs, for one picture."""


def _colorizer(data: bytes, name: str) -> _Answer:
    session = Session(data, name)

    def answer(lightness: Floats, temperature: float, style: Floats | None) -> tuple[Floats, ...]:
        ab, entropy, score = session.predict(lightness, temperature, style)
        told: tuple[Floats, ...] = (np.moveaxis(ab, -1, 0), entropy)
        if score is not None:
            told = (*told, np.array(score, dtype=np.float32))
        if session.card.distribution:
            told = (*told, np.moveaxis(session.distribution(lightness, style), -1, 0))
        return told

    return answer


def _classifier(data: bytes, name: str) -> _Answer:
    classifier = Classifier(data, name)
    return lambda lightness, temperature, style: (classifier.probabilities(lightness),)


def _tuple(answer: Tensor | tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    return answer if isinstance(answer, tuple) else (answer,)


def _graph(module: nn.Module, card: Card) -> bytes:
    """The serialized graph; the batch is free, and so is the size where the card lets it be."""
    side = card.smallest
    pictures = {
        "lightness": (side, side) if card.input_size else (2 * side, 3 * side),
        "style": (5 * side, 4 * side),  # unlike the picture's, or the graph would take them as one
    }
    free = {0: Dim.DYNAMIC, 2: Dim.DYNAMIC, 3: Dim.DYNAMIC}
    samples, shapes = [], []
    for name in card.inputs:
        picture = pictures.get(name)
        samples.append(torch.tensor(0.38) if picture is None else torch.zeros(2, 1, *picture))
        shapes.append(None if picture is None else {0: free[0]} if card.input_size else free)
    with _quiet():
        program = torch.onnx.export(
            module,
            tuple(samples),
            dynamo=True,
            dynamic_shapes=tuple(shapes),
            input_names=card.inputs,
            output_names=card.outputs,
            external_data=False,
            verbose=False,
        )
    if program is None:  # of the exporter before dynamo, which this is not
        raise ModelError("PyTorch exported no graph")
    for node in program.model.graph.all_nodes():
        node.metadata_props.clear()  # tracebacks, with paths of the machine that exports
    graph: bytes = program.model_proto.SerializeToString()
    return graph


@contextmanager
def _quiet() -> Iterator[None]:
    """Without what PyTorch's exporter says of itself: deprecations, and torchvision's absence."""
    logger = logging.getLogger("torch.onnx")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)
