"""A network in 8-bit integers: a quarter of the bytes, and more operations at a time.

ONNX Runtime's static quantization in the form of QuantizeLinear and DequantizeLinear pairs (QDQ),
which ONNX Runtime and OpenVINO both make integer kernels of: weights signed, a scale for each
channel; activations unsigned, a scale for each tensor, from the values that some pictures caused.
The logits and what is decoded of them stay in floating point (`head`).
"""

import contextlib
import io
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx

from .. import image
from ..data.sources import names, pictures
from ..errors import DatasetError, ImageError, ModelError
from ..inference.card import Card, Quantization, attach, detach
from ..inference.session import Floats, Session, scaled
from ..inference.view import view_of
from ..whole import replacing
from .head import join, part

_PROOFS = 16  # pictures on which both are compared

_FARTHEST = 4.0  # mean ab distance that is no accident any more; the flagship's is 1.3

_PERCENTILE = 99.999
"""Share of an activation's values, in %, that its scale reaches. Of least and largest value, all
values, entropy and some shares this one kept nearest to floating point (docs/speed.md)."""

METHOD = f"QDQ, static: int8 weights by channel, uint8 activations up to {_PERCENTILE} % of values"


def calibration_views(sources: Sequence[Path], count: int, card: Card) -> list[Floats]:
    """What a network sees of some pictures, evenly spread over the sources.

    Args:
        sources: folders and zip files.
        count: of pictures, at most.
        card: of the network.

    Returns:
        L* `(H, W)` in [0, 100] of each, sizes as the network takes them.

    Raises:
        DatasetError: a source is missing or empty, or no picture can be read.
    """
    views = []
    whole = [sum(1 for _ in names(source)) for source in sources]
    chosen = min(count, sum(whole))
    numbers = {at * sum(whole) // chosen for at in range(chosen)}
    before = 0
    for source, held in zip(sources, whole, strict=True):
        here = frozenset(number - before for number in numbers)
        for name, data in pictures(source, here.__contains__):
            try:
                views.append(view_of(image.decode(data, name=name), card).padded)
            except ImageError:  # a few less, and the others tell as much
                continue
        before += held
    if not views:
        listed = ", ".join(map(str, sources))
        raise DatasetError(f"{listed}: no picture can be read; give others to calibrate with")
    return views


def quantize(data: bytes, name: str, views: Sequence[Floats], said: str, path: Path) -> float:
    """Write a network in 8-bit integers, and compare it with the one it was made of.

    Args:
        data: content of an ONNX file with a card, of a network over bins.
        name: what error messages call it.
        views: L* of pictures to calibrate with, as `calibration_views` gives them.
        said: what the card says of these pictures.
        path: the file; written beside and renamed, only after the comparison.

    Returns:
        Mean distance of the colors from the original network's, in ab units, on some of the
        pictures at the card's temperature.

    Raises:
        ModelError: the file is damaged, the network is of another kind, or the colors differ so
            much that something went wrong.
    """
    original = Session(data, name)
    card = original.card
    _check(card, name)
    graph, _ = detach(data, name)
    body, head = part(onnx.load_from_string(graph), name)
    whole = join(_quantized(body, [scaled(view, card) for view in views]), head, name)
    del whole.metadata_props[:]  # what the tools told each other
    made = Quantization(source_sha256=card.graph_sha256, pictures=said, method=METHOD)
    told = {
        "name": f"{card.name}-int8",
        "summary": f"{card.summary}; in 8-bit integers",
        "quantization": made,
        "metrics": {},  # figures are of weights, and these are others
    }
    small = attach(whole.SerializeToString(), card.model_copy(update=told))
    distance = mean_distance(
        original, Session(small, str(path)), views[:: -(-len(views) // _PROOFS)]
    )
    if not distance <= _FARTHEST:  # NaN too
        raise ModelError(
            f"{path}: colors are {distance:.2g} ab units from those of {name} on average (allowed: "
            f"{_FARTHEST:g}); not written; use it as it is"
        )
    with replacing(path) as beside:
        beside.write_bytes(small)
    return distance


def mean_distance(one: Session, other: Session, views: Sequence[Floats]) -> float:
    """Mean ab distance of two networks' colors at the first's temperature; NaN where one is."""
    temperature = one.card.temperature
    distances = [
        np.linalg.norm(network.ab - reference.ab, axis=-1).mean()
        for network, reference in (
            (other.predict(view, temperature), one.predict(view, temperature)) for view in views
        )
    ]
    return float(np.mean(distances))


def _check(card: Card, name: str) -> None:
    """Refuse what this module does not know how to quantize.

    Raises:
        ModelError: see there.
    """
    if card.quantization:
        raise ModelError(f"{name}: is in 8-bit integers already; give the network it was made of")
    if not card.distribution or card.style or card.score:
        raise ModelError(
            f"{name}: only networks over color bins, without style and score, can be put into 8 "
            "bits (`photochrom models NAME` tells what one has); use it as it is"
        )


def _quantized(body: onnx.ModelProto, inputs: Sequence[Floats]) -> onnx.ModelProto:
    """A graph with all its operators in 8 bits but those that see the picture itself.

    Args:
        body: from lightness alone.
        inputs: scaled lightness `(1, 1, H, W)` to calibrate with.
    """
    from onnxruntime.quantization import (  # after `Session`, which turns its telemetry off
        CalibrationDataReader,
        CalibrationMethod,
        QuantFormat,
        QuantType,
        quantize_static,
    )
    from onnxruntime.quantization.shape_inference import quant_pre_process

    class Reader(CalibrationDataReader):  # type: ignore[misc]  # published without type stubs
        """Hands out one picture for each range, as sizes differ and activations fill memory."""

        def __len__(self) -> int:
            return len(inputs)

        def set_range(self, start_index: int, end_index: int) -> None:
            self._rest = iter(inputs[start_index:end_index])

        def get_next(self) -> dict[str, Floats] | None:
            lightness = next(self._rest, None)
            return None if lightness is None else {"lightness": lightness}

    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()):
        given, prepared, written = (Path(folder) / f"{step}.onnx" for step in range(3))
        onnx.save(body, given)
        # Its symbolic shapes do not know graphs whose sizes are free.
        quant_pre_process(given, prepared, skip_symbolic_shape=True)
        quantize_static(
            prepared,
            written,
            Reader(),
            quant_format=QuantFormat.QDQ,
            per_channel=True,
            activation_type=QuantType.QUInt8,  # signed ones took twice the time on AVX-512 VNNI
            weight_type=QuantType.QInt8,
            calibrate_method=CalibrationMethod.Percentile,
            # One plane is little work, and all else follows from it.
            nodes_to_exclude=[node.name for node in body.graph.node if "lightness" in node.input],
            # The stride holds for every method, whatever its name.
            extra_options={"CalibPercentile": _PERCENTILE, "CalibStridedMinMax": 1},
        )
        return onnx.load(written)
