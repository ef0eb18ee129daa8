"""A network on ONNX Runtime: lightness in, chroma out."""

from typing import NamedTuple

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from ..errors import ModelError
from .card import Card, detach

Floats = NDArray[np.float32]


class Prediction(NamedTuple):
    """What a network says of one picture."""

    ab: Floats
    """Chroma `(h, w, 2)`, in ab units."""
    entropy: Floats
    """How undecided the network is, `(h, w)`, in nats."""


class Session:
    """One loaded network. Safe to use from several threads."""

    def __init__(self, data: bytes, name: str, threads: int = 0) -> None:
        """Load a network.

        Args:
            data: content of an ONNX file with a card.
            name: what error messages call it.
            threads: threads within one call; 0 takes every core.

        Raises:
            ModelError: the file is damaged or its card does not fit.
        """
        graph, self.card = detach(data, name)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = 3  # errors only: nothing a user could act on below
        try:
            self._session = onnxruntime.InferenceSession(
                graph, options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # onnxruntime raises many kinds without a common base
            reason = " ".join(str(error).split())
            raise ModelError(f"{name}: ONNX Runtime cannot load it ({reason})") from error

    def predict(self, lightness: Floats, temperature: float) -> Prediction:
        """Run the network on one picture.

        Args:
            lightness: L* `(H, W)` in [0, 100]; H and W multiples of the card's `size_multiple`.
            temperature: of the annealed mean, > 0.
        """
        card: Card = self.card
        scaled = (lightness - card.input_offset) / card.input_scale
        ab, entropy = self._session.run(
            ["ab", "entropy"],
            {
                "lightness": scaled[None, None].astype(np.float32),
                "temperature": np.array(temperature, dtype=np.float32),
            },
        )
        return Prediction(ab=np.moveaxis(ab[0], 0, -1), entropy=entropy[0])
