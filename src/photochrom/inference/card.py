"""The card of a network: what it takes, what it gives, where it comes from.

The card is JSON in the ONNX file's own metadata (`ModelProto.metadata_props`, key `photochrom`),
stored as the last bytes of the file. Protocol buffers allow a repeated field to stand anywhere, so
every ONNX tool sees it, and we read, check and replace it without parsing the graph.

The card says the SHA-256 of the graph, and ends with that of its own text up to there: a file in
which a single byte changed is refused.
"""

import hashlib
from typing import Any, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, PositiveFloat, PositiveInt, ValidationError

from ..errors import ModelError
from ..faults import told

# Tags and lengths as protocol buffers write them: field 14 of ModelProto, fields 1 and 2 of
# StringStringEntryProto, all length-delimited.
_METADATA_TAG, _KEY_TAG, _VALUE_TAG = b"\x72", b"\x0a", b"\x12"


Output: TypeAlias = Literal["bins", "ab", "uv", "hs", "rgb", "classes"]
"""What networks predict: a distribution over ab bins; chroma of L*a*b*, Y'UV or HSL; a whole
picture; or what the picture shows. Graphs that color decode it: they put out `ab` and `entropy`,
and the distribution as well where the card says so."""


class Training(BaseModel):
    """How the weights came about."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    pictures: tuple[str, ...]
    """Sources of the training pictures, each with its licence."""
    initialization: str
    """What the weights were before training."""
    recipe: dict[str, Any]
    """The whole recipe."""
    steps: int
    """Optimizer steps done."""
    commit: str
    """Commit of the code that trained, and whether it was altered."""
    hardware: str
    """What it ran on, and for how long."""


class Quantization(BaseModel):
    """How a network in 8-bit integers was made of one in floating point."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    source_sha256: str
    """`graph_sha256` of the network that it was made of."""
    pictures: str
    """Those that showed which values occur."""
    method: str
    """Types of weights and activations, and how their scales were found."""


class Card(BaseModel):
    """Everything that serving a network needs to know, and everything a user may ask of it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    version: Literal[1] = 1
    """Version of this layout."""
    name: str
    """Short name, as given to `--model`."""
    summary: str
    """One line."""
    licence: str
    """SPDX identifier of the weights' licence."""
    input_offset: float = 50.0
    input_scale: PositiveFloat = 50.0
    """The network takes (L* - offset) / scale."""
    output: Output
    """What the network predicts."""
    size_multiple: PositiveInt
    """Height and width of the input are multiples of this."""
    least_size: PositiveInt = 1
    """Height and width of the input are at least this; only a discriminator asks for it."""
    input_size: PositiveInt | None = None
    """Side of the only input, a square, that the network takes; None where sizes are free."""
    working_size: PositiveInt
    """The picture is brought to a long side of this, in pixels."""
    style: bool = False
    """Whether it can color one picture in the style of another."""
    score: bool = False
    """Whether a discriminator, which learned with it, says how real the colors look."""
    distribution: bool = False
    """Whether it puts out its logits over the bins of `color.bin_centers`, in their order."""
    classes: tuple[str, ...] = ()
    """Names of what a network of output `classes` tells apart."""
    temperature: PositiveFloat
    """Default temperature of the annealed mean."""
    training: Training
    quantization: Quantization | None = None
    """Of networks in 8-bit integers; `training` is then that of the network they were made of."""
    metrics: dict[str, Any] = {}
    """Figures by data set and protocol."""
    graph_sha256: str = ""
    """SHA-256 of the file without its card; set by `attach`, checked by `detach`."""

    @property
    def smallest(self) -> int:
        """Side of the smallest square input."""
        return self.input_size or self.size_multiple * -(-self.least_size // self.size_multiple)

    @property
    def inputs(self) -> tuple[str, ...]:
        """Names of the graph's inputs, in order."""
        if self.output == "classes":
            return ("lightness",)
        return ("lightness", "temperature", *(["style"] if self.style else []))

    @property
    def outputs(self) -> tuple[str, ...]:
        """Names of the graph's outputs, in order."""
        if self.output == "classes":
            return ("probabilities",)
        return (*self.colors, *(["logits"] if self.distribution else []))

    @property
    def colors(self) -> tuple[str, ...]:
        """Names of the outputs that coloring a picture asks for, in order."""
        return ("ab", "entropy", *(["score"] if self.score else []))


def attach(graph: bytes, card: Card) -> bytes:
    """Append a card to an ONNX graph that has none.

    Args:
        graph: a serialized ModelProto.
        card: its `graph_sha256` is filled in.

    Returns:
        The ONNX file's content.
    """
    stamped = card.model_copy(update={"graph_sha256": hashlib.sha256(graph).hexdigest()})
    return graph + _entry(stamped.model_dump_json().encode())


def detach(data: bytes, name: str) -> tuple[bytes, Card]:
    """Take an ONNX file apart into graph and card, and check that they belong together.

    Args:
        data: the file's content.
        name: what error messages call it.

    Raises:
        ModelError: there is no card, it cannot be read, or the graph is not the card's.
    """
    found = data.rfind(_KEY_FIELD)  # never within the card: JSON escapes control characters
    if found < 0:
        raise ModelError(f"{name}: carries no card; export it with `photochrom export`")
    text = data[data.find(b'{"', found) : -_SEAL_LENGTH] + b"}"
    entry = _entry(text)
    if not data.endswith(entry):
        raise ModelError(f"{name}: the card is cut off or damaged; fetch the file again")
    try:
        card = Card.model_validate_json(text)
    except ValidationError as error:
        raise ModelError(f"{name}: the card cannot be read ({told(error)})") from error
    graph = data[: -len(entry)]
    if hashlib.sha256(graph).hexdigest() != card.graph_sha256:
        raise ModelError(f"{name}: SHA-256 differs from the card's; fetch the file again")
    return graph, card


def _entry(text: bytes) -> bytes:
    """The metadata entry, as it stands in the file, of a card's JSON."""
    begin = text.removesuffix(b"}")
    sealed = begin + b',"card_sha256":"' + hashlib.sha256(begin).hexdigest().encode() + b'"}'
    return _field(_METADATA_TAG, _KEY_FIELD + _field(_VALUE_TAG, sealed))


def _field(tag: bytes, content: bytes) -> bytes:
    """A length-delimited protocol buffers field."""
    length, rest = bytearray(), len(content)
    while rest > 0x7F:
        length.append(rest & 0x7F | 0x80)
        rest >>= 7
    return tag + bytes([*length, rest]) + content


_KEY_FIELD = _field(_KEY_TAG, b"photochrom")
_SEAL_LENGTH = len(b',"card_sha256":""}') + 64
