"""Figures that only a network can give: labels of a classifier, features, its own doubts."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .. import image
from ..color import log_softmax
from ..inference import Engine
from ..metrics import FeatureMoments, Reliability, negative_log_likelihood
from .extractor import Extractor, Looks
from .interpretability import agreement
from .measures import Seen

Floats = NDArray[np.float32]

_TOGETHER = 50  # pictures whose features are counted in one product, 30 times as fast as each alone


def looks_of(extractor: Extractor, seen: Seen) -> Looks:
    """What an extractor makes of one picture, `(1, D)` and `(1, K)`."""
    return extractor.look(np.ascontiguousarray(seen.srgb)[None])


def labels_kept(real: Looks, ours: Looks) -> dict[str, float]:
    """Whether a classifier's label of the real picture is among its first of ours: 1 or 0."""
    if real.logits is None or ours.logits is None:
        return {}
    kept = agreement(real.logits, ours.logits)
    return {"top1": float(kept.in_top1[0]), "top5": float(kept.in_top5[0])}


@dataclass(frozen=True)
class Doubts:
    """A network's distribution over bins, held against the truth of one picture."""

    reliability: Reliability
    nll: float
    """Mean over its cells of -ln of the true bin's probability, nats."""


def doubts_of(engine: Engine, frame: image.Frame, working_size: int) -> Doubts:
    """What a network believed of a picture, and what was so."""
    logits = engine.distribution(frame, working_size)  # (h, w, 313)
    true = engine.true_bins(frame, working_size)  # (h, w)
    probabilities = np.exp(log_softmax(logits.astype(np.float64)))  # float32 ends at 1e-45
    reliability = Reliability()
    reliability.add_distributions(probabilities, true)
    return Doubts(reliability, negative_log_likelihood(probabilities, true))


class Moments:
    """Feature moments that begin with the first picture that an extractor looked at."""

    def __init__(self) -> None:
        self._moments: FeatureMoments | None = None
        self._waiting: list[Floats] = []

    def add(self, looks: Looks | None) -> None:
        """Count the features of a picture; None counts nothing."""
        if looks is None:
            return
        self._waiting.append(looks.features)
        if len(self._waiting) == _TOGETHER:
            self._settle()

    @property
    def found(self) -> FeatureMoments | None:
        """Of all that was added; None where nothing was."""
        self._settle()
        return self._moments

    def _settle(self) -> None:
        if not self._waiting:
            return
        features = np.concatenate(self._waiting)  # (n, D)
        self._moments = self._moments or FeatureMoments(features.shape[1])
        self._moments.add(features)
        self._waiting = []
