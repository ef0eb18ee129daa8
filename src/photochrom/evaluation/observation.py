"""Everything that an evaluation wants of one picture, in every way to color it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial

from .baselines import Colorize
from .contestants import Contestant
from .extractor import Extractor, Looks
from .learned import Doubts, doubts_of, labels_kept, looks_of
from .measures import Measured, Seen, Truth
from .pictures import Sighted, center_square
from .protocol import Protocol, evenly
from .result import Way
from .sizes import unsteadiness


@dataclass(frozen=True)
class Entry:
    """A way to color and, where it is a network's, whose."""

    way: Way
    colorize: Colorize
    contestant: Contestant | None = None


@dataclass(frozen=True)
class Observed:
    """Of one picture in one way."""

    measured: Measured
    looks: Looks | None
    doubts: Doubts | None


@dataclass(frozen=True)
class Observation:
    """Of one picture."""

    picture: Sighted
    real: Looks | None
    """What the extractor makes of the original."""
    observed: Mapping[Way, Observed]


class Observer:
    """What holds for every picture of an evaluation. Safe to use from several threads."""

    def __init__(
        self,
        protocol: Protocol,
        count: int,
        entries: tuple[Entry, ...],
        extractor: Extractor | None,
    ) -> None:
        """Take what is wanted.

        Args:
            protocol: how.
            count: pictures of its list.
            entries: ways to color.
            extractor: for learned figures.
        """
        self._protocol = protocol
        self._entries = entries
        self._extractor = extractor
        self._calibrated = evenly(count, protocol.calibration_pictures)
        self._resized = evenly(count, protocol.stability_pictures)

    def observe(self, picture: Sighted) -> Observation:
        """Color a picture in every way and measure what comes of it."""
        truth = Truth(picture.crop)
        look = partial(looks_of, self._extractor) if self._extractor else None
        real = look(truth) if look else None
        observed = {}
        for entry in self._entries:
            result = entry.colorize(picture.crop)
            measured = truth.measure(result)
            values = dict(measured.values)
            looks = look(Seen(result)) if look else None
            if looks and real:
                values |= labels_kept(real, looks)
            if picture.number in self._resized:
                square, sizes = center_square(picture.original), self._protocol.stability_sizes
                values["stability"] = unsteadiness(entry.colorize, square, sizes)
            observed[entry.way] = Observed(
                replace(measured, values=values), looks, self._doubts(entry, picture)
            )
        return Observation(picture, real, observed)

    def _doubts(self, entry: Entry, picture: Sighted) -> Doubts | None:
        engine = entry.contestant.engine if entry.contestant else None
        if engine is None or not engine.card.distribution:
            return None
        if picture.number not in self._calibrated:
            return None
        return doubts_of(engine, picture.crop, self._protocol.working_size)
