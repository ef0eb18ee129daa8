"""Results in one table, each figure with its interval, and differences on the same pictures.

All results share the bootstrap's resamples of pictures, so a difference is paired: pictures that
are hard for both cancel out (Efron and Tibshirani 1993, chapter 8).
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ..errors import ProtocolError
from ..metrics import bootstrap_weights, percentile_interval
from .figures import FIGURES, Estimate, Figure, Floats, Rows, Weights, figure
from .protocol import Protocol
from .result import Result

_SEED = 0
_PLACES = {"grey": 0, "mean tint": 1, "model": 2, "original": 3}


@dataclass(frozen=True)
class Comparison:
    """Results of one protocol."""

    results: tuple[Result, ...]

    @classmethod
    def of(cls, results: Sequence[Result]) -> "Comparison":
        """Put results into one table: grey, mean tint, models in the order given, original.

        The same way named twice stands in it once.

        Raises:
            ProtocolError: there is none, or they are of different protocols; says what differs.
                Also where damaged files were read by one run and not by the other.
        """
        if not results:
            raise ProtocolError("no results to compare")
        first = results[0]
        for other in results[1:]:
            if other.protocol.identity != first.protocol.identity:
                raise ProtocolError(
                    f"{other.way.title}: measured under protocol {other.protocol.identity}, "
                    f"{first.way.title} under {first.protocol.identity}; they differ in "
                    f"{', '.join(_differing(first.protocol, other.protocol))} and do not belong in "
                    "one table: evaluate both under the same protocol"
                )
            if other.pictures != first.pictures:
                raise ProtocolError(
                    f"{other.way.title}: {len(other.pictures)} pictures of the list could be read, "
                    f"but {len(first.pictures)} for {first.way.title}: evaluate both again"
                )
        unique = {(one.way.title, one.way.sha256): one for one in results}
        return cls(tuple(sorted(unique.values(), key=lambda one: _PLACES[one.way.kind])))

    @property
    def protocol(self) -> Protocol:
        """The one protocol of all."""
        return self.results[0].protocol

    @cached_property
    def labels(self) -> tuple[str, ...]:
        """What tables call each result: its title, with some of the hash where two share one."""
        titles = [one.way.title for one in self.results]
        return tuple(
            title if titles.count(title) == 1 else f"{title} ({(one.way.sha256 or '')[:6]})"
            for title, one in zip(titles, self.results, strict=True)
        )

    @property
    def models(self) -> tuple[int, ...]:
        """Numbers of the results of networks."""
        return tuple(at for at, one in enumerate(self.results) if one.way.kind == "model")

    @cached_property
    def _weights(self) -> Weights:
        """`(1 + resamples, pictures)`: the set itself first."""
        return weights_of(len(self.results[0].pictures), self.protocol.resamples)

    @cached_property
    def _drawn(self) -> list[dict[str, Floats]]:
        """Each result's figures, of the set and of every resample."""
        return [drawn(result.rows, self._weights) for result in self.results]

    def figures(self) -> list[Figure]:
        """Those that any result has."""
        return [
            one for one in FIGURES if any(not np.isnan(drawn[one.name][0]) for drawn in self._drawn)
        ]

    def estimates(self, at: int) -> Mapping[str, Estimate]:
        """Every figure of a result, by its number."""
        return {name: estimate(values) for name, values in self._drawn[at].items()}

    def differences(self, at: int, other: int) -> Mapping[str, Estimate]:
        """Every figure of result `at` less that of `other`, on the same resamples."""
        ours, theirs = self._drawn[at], self._drawn[other]
        with np.errstate(invalid="ignore"):  # infinite less infinite
            return {name: estimate(ours[name] - theirs[name]) for name in ours}

    def within(
        self, pictures: Sequence[int], names: Collection[str]
    ) -> "list[dict[str, Estimate]]":
        """Some figures of some of the pictures alone, resampled among themselves.

        Returns:
            By result, by name.
        """
        weights = weights_of(len(pictures), self.protocol.resamples)
        rows = [result.rows.of(pictures) for result in self.results]
        return [{name: estimate(figure(name).of(one, weights)) for name in names} for one in rows]


def weights_of(pictures: int, resamples: int) -> Weights:
    """`(1 + resamples, pictures)`: every picture once, then the bootstrap's resamples."""
    everyone = np.ones((1, pictures))
    return np.concatenate([everyone, bootstrap_weights(pictures, resamples, _SEED)])


def drawn(rows: Rows, weights: Weights) -> dict[str, Floats]:
    """Every figure for every vector of weights `(B, N)`: `(B,)` by name."""
    return {one.name: one.of(rows, weights) for one in FIGURES}


def estimate(values: Floats) -> Estimate:
    """The first value, of the whole set, with the 95 % interval of the others."""
    if not np.isfinite(values[0]):
        return Estimate(float(values[0]), float(values[0]), float(values[0]))
    low, high = percentile_interval(values[1:][np.isfinite(values[1:])])
    return Estimate(float(values[0]), low, high)


def _differing(one: Protocol, other: Protocol) -> list[str]:
    """The fields, with what each says of them."""
    ours, theirs = one.model_dump(mode="json"), other.model_dump(mode="json")
    return [
        f"{name} ({_brief(theirs[name])}, not {_brief(ours[name])})"
        for name in ours
        if ours[name] != theirs[name]
    ]


def _brief(value: object) -> str:
    """A setting in a few words; hashes cut."""
    if isinstance(value, dict):
        return " ".join(_brief(part) for part in value.values())
    if isinstance(value, list):
        return " ".join(map(_brief, value)) or "none"
    return "none" if value is None else str(value)[:16]
