"""A network on ONNX Runtime: lightness in, chroma out."""

import os
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from ..errors import ModelError
from .card import Card, detach

Floats = NDArray[np.float32]

_INPUTS = ["lightness", "temperature"]
_OUTPUTS = ["ab", "entropy"]


class Prediction(NamedTuple):
    """What a network says of one picture."""

    ab: Floats
    """Chroma `(h, w, 2)`, in ab units."""
    entropy: Floats
    """How undecided the network is, `(h, w)`, in nats."""


class Network(Protocol):
    """One loaded network on some executor. Safe to use from several threads."""

    card: Card
    threads: int
    """Threads within one call; 0 takes every core."""

    def predict(self, lightness: Floats, temperature: float) -> Prediction:
        """Run the network on one picture.

        Args:
            lightness: L* `(H, W)` in [0, 100]; H and W multiples of the card's `size_multiple`.
            temperature: of the annealed mean, > 0.
        """


def scaled(lightness: Floats, card: Card) -> Floats:
    """L* `(H, W)` as the graph of this card takes it, `(1, 1, H, W)`."""
    return ((lightness - card.input_offset) / card.input_scale)[None, None].astype(np.float32)


class Session:
    """A `Network` on ONNX Runtime. Safe to use from several threads."""

    def __init__(self, data: bytes, name: str, threads: int = 0) -> None:
        """Load a network.

        Args:
            data: content of an ONNX file with a card.
            name: what error messages call it.
            threads: threads within one call; 0 takes every core.

        Raises:
            ModelError: the file is damaged, or is not what its card says.
        """
        onnxruntime = _runtime()
        graph, self.card = detach(data, name)
        self.threads = threads
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
        inputs = [node.name for node in self._session.get_inputs()]
        outputs = [node.name for node in self._session.get_outputs()]
        if sorted(inputs) != _INPUTS or sorted(outputs) != _OUTPUTS:
            raise ModelError(
                f"{name}: a graph from {inputs} to {outputs} is no colorizer, "
                f"which goes from {_INPUTS} to {_OUTPUTS}; export it with `photochrom export`"
            )

    def predict(self, lightness: Floats, temperature: float) -> Prediction:
        """Run the network on one picture; see `Network.predict`."""
        feed = {
            "lightness": scaled(lightness, self.card),
            "temperature": np.array(temperature, dtype=np.float32),
        }
        ab, entropy = self._session.run(_OUTPUTS, feed)
        return Prediction(ab=np.moveaxis(ab[0], 0, -1), entropy=entropy[0])


def _runtime() -> Any:
    """ONNX Runtime, loaded with the first network and told to keep to itself.

    From 1.29 on its wheels report their use to Microsoft, write a database and an identifier into
    the user's cache folder and a session file into the temporary one. Only this variable, set
    before it loads, turns all of that off; the call covers Windows builds that do not know it.
    """
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
    import onnxruntime

    onnxruntime.disable_telemetry_events()
    return onnxruntime
