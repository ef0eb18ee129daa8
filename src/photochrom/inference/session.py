"""A network on ONNX Runtime: lightness in, chroma out."""

import os
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from ..errors import ModelError
from .card import Card, detach

Floats = NDArray[np.float32]

NEUTRAL = 1.0
"""The temperature that graphs are fed where none has a part in what is asked."""


class Prediction(NamedTuple):
    """What a network says of one picture."""

    ab: Floats
    """Chroma `(h, w, 2)`, in ab units."""
    entropy: Floats
    """How undecided the network is, `(h, w)`, in nats."""
    score: float | None = None
    """How real its discriminator finds the colors, a logit; None where it has none."""


class Network(Protocol):
    """One loaded network on some executor. Safe to use from several threads."""

    card: Card
    threads: int
    """Threads within one call; 0 takes every core."""

    def predict(
        self, lightness: Floats, temperature: float, style: Floats | None = None
    ) -> Prediction:
        """Run the network on one picture.

        Args:
            lightness: L* `(H, W)` in [0, 100]; H and W multiples of the card's `size_multiple`, or
                both its `input_size`.
            temperature: of the annealed mean, > 0.
            style: L* of another picture, of any size, in whose style this one is colored.

        Raises:
            ModelError: the network takes no style.
        """

    def distribution(self, lightness: Floats, style: Floats | None = None) -> Floats:
        """What the network thinks before it decides.

        Args:
            lightness, style: see `predict`.

        Returns:
            Logits `(h, w, 313)` over the bins of `color.bin_centers`, before any temperature.

        Raises:
            ModelError: the card has no distribution, or the network takes no style.
        """


def scaled(lightness: Floats, card: Card) -> Floats:
    """L* `(H, W)` as the graph of this card takes it, `(1, 1, H, W)`."""
    return ((lightness - card.input_offset) / card.input_scale)[None, None].astype(np.float32)


def fed(
    card: Card, lightness: Floats, temperature: float, style: Floats | None
) -> dict[str, NDArray[np.float32]]:
    """What the graph of a card is fed, by the names of its inputs; see `Network.predict`."""
    feed = {
        "lightness": scaled(lightness, card),
        "temperature": np.array(temperature, dtype=np.float32),
    }
    if card.style:  # without another picture, its own style
        feed["style"] = scaled(lightness if style is None else style, card)
    elif style is not None:
        raise ModelError(
            f"{card.name}: takes no style; leave the style out, or choose a network whose card "
            "says `style: True` (`photochrom models NAME`)"
        )
    return feed


def answered(outputs: Mapping[str, NDArray[np.float32]]) -> Prediction:
    """What a graph put out, by the names of its outputs, of one picture."""
    score = float(outputs["score"][0]) if "score" in outputs else None
    return Prediction(np.moveaxis(outputs["ab"][0], 0, -1), outputs["entropy"][0], score)


def spread(logits: NDArray[np.float32]) -> Floats:
    """Logits `(1, 313, h, w)` of a graph as those of one picture, `(h, w, 313)`."""
    return np.moveaxis(logits[0], 0, -1)


def check_distribution(card: Card) -> None:
    """Refuse to ask a network for a distribution that it does not put out.

    Raises:
        ModelError: the card has no distribution.
    """
    if card.distribution:
        return
    if card.output == "bins":
        raise ModelError(
            f"{card.name}: keeps its distribution over the color bins to itself; export it again "
            "with `photochrom export`"
        )
    raise ModelError(
        f"{card.name}: predicts one color, no distribution over bins; choose a network whose card "
        "says `distribution: True` (`photochrom models NAME`)"
    )


def check_colorizer(card: Card, name: str) -> None:
    """Refuse a network that only tells classes.

    Raises:
        ModelError: the card is a classifier's.
    """
    if card.output == "classes":
        raise ModelError(
            f"{name}: tells classes and colors nothing; name it as `classifier` in a router's file"
        )


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
        graph, self.card = detach(data, name)
        check_colorizer(self.card, name)
        self.threads = threads
        self._session = load_graph(graph, self.card, name, threads)
        # By itself ONNX Runtime computes every output and drops those that nobody asked for: the
        # logits' planes took up to 5 % of a network in 8 bits at 256².
        self._options = _runtime().RunOptions()
        self._options.only_execute_path_to_fetches = True

    def predict(
        self, lightness: Floats, temperature: float, style: Floats | None = None
    ) -> Prediction:
        """Run the network on one picture; see `Network.predict`."""
        names = self.card.colors
        feed = fed(self.card, lightness, temperature, style)
        outputs = self._session.run(names, feed, self._options)
        return answered(dict(zip(names, outputs, strict=True)))

    def distribution(self, lightness: Floats, style: Floats | None = None) -> Floats:
        """Logits over the bins; see `Network.distribution`."""
        check_distribution(self.card)
        feed = fed(self.card, lightness, NEUTRAL, style)
        (logits,) = self._session.run(["logits"], feed, self._options)
        return spread(logits)


def load_graph(graph: bytes, card: Card, name: str, threads: int) -> Any:
    """ONNX Runtime's session of a graph that has the inputs and outputs of its card.

    Raises:
        ModelError: the graph is damaged, or is not what its card says.
    """
    onnxruntime = _runtime()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3  # errors only: nothing a user could act on below
    try:
        session = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime raises many kinds without a common base
        reason = " ".join(str(error).split())
        raise ModelError(f"{name}: ONNX Runtime cannot load it ({reason})") from error
    inputs = [node.name for node in session.get_inputs()]
    outputs = [node.name for node in session.get_outputs()]
    check_names(card, inputs, outputs, name)
    return session


def check_names(card: Card, inputs: Sequence[str], outputs: Sequence[str], name: str) -> None:
    """Refuse a graph that is not what its card says.

    Raises:
        ModelError: names of inputs or outputs differ.
    """
    if sorted(inputs) == sorted(card.inputs) and sorted(outputs) == sorted(card.outputs):
        return
    raise ModelError(
        f"{name}: a graph from {list(inputs)} to {list(outputs)} is not what its card says, from "
        f"{list(card.inputs)} to {list(card.outputs)}; export it with `photochrom export`"
    )


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
