"""Specialists, one for each domain, and who decides between them.

A classifier looks at the grey picture. Where it is sure of a domain, the domain's specialist colors
the picture. Where it is not, every specialist does, and the discriminator that learned with each
says how real its colors look: the highest score wins. The discriminators learned apart, so their
scores compare only roughly; that is why they are not asked where the classifier is sure.
"""

import tomllib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from .. import image
from ..errors import ModelError
from ..faults import told
from .classifier import Classifier
from .engine import Colorized, Engine, Settings, painted
from .sketch import Choice, Sketch

_DEFAULTS = Settings()


class SpecialistEntry(BaseModel):
    """A specialist, in a router's file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    model: str
    """ONNX file, or the name of a network in the package."""
    classes: tuple[str, ...] = Field(min_length=1)
    """The classifier's classes that make up its domain."""


class RouterFile(BaseModel):
    """A router's file. Paths in it are relative to the file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    classifier: str
    """ONNX file of a network that tells classes."""
    sure: float = Field(0.6, gt=0, le=1)
    """Probability of a domain from which on the classifier decides."""
    specialist: tuple[SpecialistEntry, ...] = Field(min_length=1)
    """One for each domain."""
    general: str | None = None
    """For the classes that no specialist has, and where nothing else decides."""


def read_router(path: Path) -> RouterFile:
    """Read a router's file.

    Raises:
        ModelError: the file is missing or not TOML, or a setting is missing, unknown or ill-typed.
    """
    try:
        return RouterFile.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise ModelError(f"{path}: cannot read the router's file ({error.strerror})") from error
    except ValidationError as error:  # a ValueError too
        raise ModelError(f"{path}: {told(error)}") from error
    except ValueError as error:  # not TOML, or not even text
        raise ModelError(f"{path}: not a TOML file ({error})") from error


@dataclass(frozen=True)
class Specialist:
    """A network and the classes that it was trained for."""

    engine: Engine
    classes: tuple[str, ...]

    @property
    def name(self) -> str:
        """As on its card."""
        return self.engine.card.name


class Router:
    """A `Colorizer` over several. Safe to use from several threads."""

    def __init__(
        self,
        classifier: Classifier,
        specialists: Sequence[Specialist],
        sure: float,
        general: Engine | None = None,
    ) -> None:
        """Take who decides and who colors; see `RouterFile`.

        Raises:
            ModelError: a class is unknown to the classifier or in two domains, two specialists
                have one name, or nothing could decide where the classifier is not sure.
        """
        self.classifier = classifier
        self.specialists = tuple(specialists)
        self.sure = sure
        self.general = general
        taken = [label for specialist in specialists for label in specialist.classes]
        self._rest = tuple(label for label in classifier.card.classes if label not in taken)
        unknown = [label for label in taken if label not in classifier.card.classes]
        if unknown:
            raise ModelError(
                f"{unknown[0]}: no class of the classifier, which tells "
                f"{', '.join(classifier.card.classes)}"
            )
        for labels in (taken, [specialist.name for specialist in specialists]):
            doubled = [label for label, count in Counter(labels).items() if count > 1]
            if doubled:
                raise ModelError(f"{doubled[0]}: belongs to two specialists; leave it to one")
        if not general and not any(one.engine.card.score for one in specialists):
            raise ModelError(
                "no specialist has a discriminator, so nothing decides where the classifier is not "
                "sure; give `general`"
            )

    def colorize(self, frame: image.Frame, settings: Settings = _DEFAULTS) -> Colorized:
        """Color one picture; see `Engine.colorize`."""
        threads = self.specialists[0].engine.network.threads
        return painted(frame, self.sketch(frame, settings), threads)

    def sketch(self, frame: image.Frame, settings: Settings = _DEFAULTS) -> Sketch:
        """The colors of one picture at the working size; see `Engine.sketch`."""
        probabilities = self.classifier.classify(frame)

        def by(engine: Engine) -> Sketch:
            choice = Choice(engine.card.name, "class", probabilities, {})
            return replace(engine.sketch(frame, settings), choice=choice)

        for specialist in self.specialists:
            if sum(probabilities[label] for label in specialist.classes) >= self.sure:
                return by(specialist.engine)
        if self.general and sum(probabilities[label] for label in self._rest) >= self.sure:
            return by(self.general)
        return self._best(frame, settings, probabilities)

    def _best(
        self, frame: image.Frame, settings: Settings, probabilities: dict[str, float]
    ) -> Sketch:
        """By the specialist of the highest score, or by the general network."""
        sketches = {
            specialist.name: specialist.engine.sketch(frame, settings)
            for specialist in self.specialists
            if specialist.engine.card.score
        }
        scores = {name: one.score for name, one in sketches.items() if one.score is not None}
        if scores:
            name = max(scores, key=scores.__getitem__)
            return replace(sketches[name], choice=Choice(name, "score", probabilities, scores))
        if self.general is None:  # the constructor has refused this
            raise AssertionError("neither scores nor a general network")
        choice = Choice(self.general.card.name, "last resort", probabilities, {})
        return replace(self.general.sketch(frame, settings), choice=choice)
