"""How pictures are chosen, shown to a network and measured: all that a figure depends on.

Figures of two networks compare only where all of this is the same, so a protocol is written into
every result, and its `identity` is a hash of it. The version stands for what no field says: what
each figure means (`evaluation.figures`), how pictures are decoded and resampled. It changes
whenever any figure would.
"""

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, PositiveFloat, ValidationError

from ..errors import ProtocolError
from ..faults import told
from ..whole import replacing

LARGEST = 4096
"""Side, in pixels, of the largest square that is measured, so that two fit in memory."""


Side = Annotated[int, Field(ge=16, le=LARGEST)]
Chroma = Annotated[float, Field(ge=-128, le=128)]


class _Part(BaseModel):
    model_config = ConfigDict(
        extra="forbid", frozen=True, use_attribute_docstrings=True, allow_inf_nan=False
    )


class PictureList(_Part):
    """Which pictures, by content."""

    count: int = Field(ge=1)
    """Files of the list, damaged ones included."""
    sha256: str
    """Of the names and the files' own SHA-256, in order."""

    @classmethod
    def of(cls, pictures: Iterable[tuple[str, bytes]]) -> Self:
        """The list of some pictures, names and contents."""
        digest, count = hashlib.sha256(), 0
        for name, content in pictures:
            digest.update(f"{name}\0{hashlib.sha256(content).hexdigest()}\n".encode())
            count += 1
        return cls(count=count, sha256=digest.hexdigest())


class ExtractorId(_Part):
    """The classifier behind the learned figures."""

    name: str
    """As tables name it."""
    sha256: str
    """Of its file."""


class Protocol(_Part):
    """Version 1."""

    version: Literal[1] = 1
    """What is not said below."""
    crop: Literal["center square"] = "center square"
    """What is cut out of a picture."""
    resampling: Literal["lanczos3"] = "lanczos3"
    """How it is brought to `size`."""
    size: Side = 256
    """Side of the square that is colored and measured."""
    working_size: Side = 256
    """Side of the network's input, where the network takes any."""
    limit: int | None = Field(None, ge=1)
    """At most so many pictures, evenly spread over the list: sets are sorted by class."""
    temperatures: tuple[PositiveFloat, ...] = ()
    """Of the annealed mean, a row of the table each; none: each network's own."""
    saturation: float = Field(1.0, ge=0)
    """Factor on the chroma."""
    tint: tuple[Chroma, Chroma] = (2.0, 7.2)
    """ab of the row `mean tint`: the mean of the 32,835 photographs that our networks learn from,
    rounded."""
    calibration_pictures: int = Field(64, ge=0)
    """Evenly chosen, on which the distribution is held against the truth."""
    stability_pictures: int = Field(16, ge=0)
    """Evenly chosen, colored at every one of `stability_sizes`."""
    stability_sizes: tuple[Side, ...] = Field((128, 256, 512, 1024), min_length=2)
    """Sides of one picture's copies."""
    resamples: int = Field(1000, ge=100, le=100_000)
    """Of the bootstrap, seed 0."""
    extractor: ExtractorId | None = None
    """Without one, learned figures are missing."""
    pictures: PictureList | None = None
    """None until a run has read them; a protocol that says them accepts no others."""

    @property
    def identity(self) -> str:
        """Twelve hexadecimal digits, the same for the same protocol."""
        plain = json.dumps(self.model_dump(mode="json"), sort_keys=True)
        return hashlib.sha256(plain.encode()).hexdigest()[:12]

    def locked(self, pictures: PictureList, extractor: ExtractorId | None) -> Self:
        """The protocol with what a run found.

        Raises:
            ProtocolError: it was locked to other pictures, or to another extractor.
        """
        if self.pictures and self.pictures != pictures:
            raise ProtocolError(
                f"the protocol is locked to {self.pictures.count} pictures with SHA-256 "
                f"{self.pictures.sha256[:12]}…; these are {pictures.count} with "
                f"{pictures.sha256[:12]}…: give the same pictures, or another protocol"
            )
        if self.extractor and self.extractor != extractor:
            found = f"{extractor.name} ({extractor.sha256[:12]}…)" if extractor else "none is given"
            raise ProtocolError(
                f"the protocol is locked to the extractor {self.extractor.name} "
                f"({self.extractor.sha256[:12]}…); {found}: give that file, or another protocol"
            )
        return self.model_copy(update={"pictures": pictures, "extractor": extractor})


def evenly(count: int, wanted: int) -> frozenset[int]:
    """At most `wanted` of the numbers below `count`, evenly spread."""
    chosen = min(wanted, count)
    return frozenset(at * count // chosen for at in range(chosen))


def read_protocol(path: Path) -> Protocol:
    """Read a protocol's JSON file.

    Raises:
        ProtocolError: the file is missing, or says something else.
    """
    try:
        return Protocol.model_validate_json(path.read_bytes())
    except OSError as error:
        raise ProtocolError(f"{path}: cannot read the protocol ({error.strerror})") from error
    except ValidationError as error:
        raise ProtocolError(f"{path}: no protocol of version 1 ({told(error)})") from error


def write_protocol(protocol: Protocol, path: Path) -> None:
    """Write a protocol; an earlier file is replaced."""
    with replacing(path) as beside:
        beside.write_text(protocol.model_dump_json(indent=2) + "\n", encoding="utf-8")
