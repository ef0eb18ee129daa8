"""A trained network as an ONNX file with its card, proven to compute what PyTorch computes."""

import logging
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.export import Dim

from ..errors import ModelError
from ..inference.card import Card, attach
from ..inference.session import Session
from ..whole import replacing

TOLERANCE = 1e-3
"""Largest difference allowed between PyTorch and ONNX Runtime: ab units and nats."""

_PROOFS = ((1, 2), (2, 1), (3, 3))  # sizes that are compared, in size multiples


def export(module: nn.Module, card: Card, path: Path) -> float:
    """Write an ONNX file and prove it.

    Args:
        module: `(lightness (N, 1, H, W), temperature ()) -> (ab, entropy)`, in eval mode.
        card: goes into the file.
        path: the file; written beside and renamed, only after the proof.

    Returns:
        The largest difference from PyTorch that was seen.

    Raises:
        ModelError: the two differ by more than `TOLERANCE`.
    """
    data = attach(_graph(module, card.size_multiple), card)
    difference = disagreement(module, Session(data, str(path)), _PROOFS)
    if not difference <= TOLERANCE:
        raise ModelError(f"{path}: ONNX differs from PyTorch by {difference:.2g}; not written")
    with replacing(path) as beside:
        beside.write_bytes(data)
    return difference


def disagreement(module: nn.Module, session: Session, sizes: Sequence[tuple[int, int]]) -> float:
    """Largest absolute difference between PyTorch and the session, over sizes and temperatures.

    NaN where one of them computes NaN.
    """
    random = np.random.default_rng(0)
    card = session.card
    worst = 0.0
    for rows, columns in sizes:
        shape = rows * card.size_multiple, columns * card.size_multiple
        lightness = random.uniform(0, 100, shape).astype(np.float32)
        scaled = torch.from_numpy((lightness - card.input_offset) / card.input_scale)
        for temperature in (1.0, 0.38):
            with torch.no_grad():
                ab, entropy = module(scaled[None, None], torch.tensor(temperature))
            prediction = session.predict(lightness, temperature)
            expected = ab[0].movedim(0, -1).numpy(), entropy[0].numpy()
            for ours, theirs in zip(expected, prediction, strict=True):
                worst = np.maximum(worst, np.abs(ours - theirs).max())  # `max` would drop NaN
    return float(worst)


def _graph(module: nn.Module, multiple: int) -> bytes:
    """The serialized graph; batch and size are free."""
    lightness = torch.zeros(2, 1, 2 * multiple, 3 * multiple)
    shapes = ({0: Dim.DYNAMIC, 2: Dim.DYNAMIC, 3: Dim.DYNAMIC}, None)
    with _quiet():
        program = torch.onnx.export(
            module,
            (lightness, torch.tensor(0.38)),
            dynamo=True,
            dynamic_shapes=shapes,
            input_names=["lightness", "temperature"],
            output_names=["ab", "entropy"],
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
