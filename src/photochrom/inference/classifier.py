"""A network that tells what a grey picture shows, on ONNX Runtime."""

import numpy as np
from numpy.typing import NDArray

from .. import image
from ..errors import ModelError
from .card import detach
from .session import Floats, load_graph, scaled
from .view import view_of


class Classifier:
    """Grey pictures to probabilities of classes. Safe to use from several threads."""

    def __init__(self, data: bytes, name: str, threads: int = 0) -> None:
        """Load a network; the arguments are those of `Session`.

        Raises:
            ModelError: the file is damaged, is not what its card says, or colors pictures.
        """
        graph, self.card = detach(data, name)
        if self.card.output != "classes":
            raise ModelError(f"{name}: colors pictures and tells no classes; give a classifier")
        if not self.card.classes:
            raise ModelError(f"{name}: its card names no classes; export it again")
        self._session = load_graph(graph, self.card, name, threads)

    def probabilities(self, lightness: Floats) -> NDArray[np.float32]:
        """Of each of the card's classes, `(K,)`, for L* `(H, W)` of a size that the card allows."""
        feed = {"lightness": scaled(lightness, self.card)}
        (probabilities,) = self._session.run(self.card.outputs, feed)
        told: NDArray[np.float32] = probabilities[0]
        return told

    def classify(self, frame: image.Frame) -> dict[str, float]:
        """Probabilities of the classes of a picture, by name."""
        told = self.probabilities(view_of(frame, self.card).padded)
        return dict(zip(self.card.classes, map(float, told), strict=True))
