"""What is to become of a picture, in plain values.

Processes share it, a ledger remembers it, and the colored file states it: the same source, order
and weights give the same bytes.
"""

import hashlib
import json
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from .. import image
from ..color.spaces import SPACES
from ..errors import ImageError
from ..inference import (
    DEFAULT,
    Colorizer,
    Settings,
    hinted,
    like,
    load_colorizer,
    read_hints,
)
from ..inference.library import Executor
from ..inference.tint import kept
from .credentials import Signer
from .sidecar import sha256_of

_LOWEST_TEMPERATURE = 0.01  # the mode, in effect: ten times less moves no channel by one level


@dataclass(frozen=True)
class Order:
    """What a caller chooses for one picture or a million. Raises ValueError out of range."""

    model: str = DEFAULT
    """Name of an embedded network, or path of an ONNX or router's file."""
    executor: Executor = "onnxruntime"
    """What the network runs on."""
    temperature: float | None = None
    """Of the annealed mean, in [0.01, 1]; None takes the network's own."""
    saturation: float = 1.0
    """Factor on the chroma, >= 0."""
    style: str | None = None
    """Path of a picture in whose style others are colored; for networks whose card says so."""
    hints: str | None = None
    """Path of a file of hints; see `inference.hint_files`."""
    reference: str | None = None
    """Path of a picture in color of the same or a like scene, whose colors are taken."""
    candidates: int = 1
    """How many ways of coloring are written, the likeliest first."""
    confidence: bool = False
    """Write how sure the network was, as a map and as an overlay."""
    keep_tint: float = 0.0
    """Share of the picture's own tint that is laid under its new colors, 0 to 1."""
    assume: Literal["auto", "grey"] = "auto"
    """`auto` notices pictures that are in color already; `grey` says that this is known."""
    quality: int = 95
    """Of JPEG and WebP, 1 to 100."""
    profile: str = "keep"
    """Of the result: a key of `color.spaces.SPACES`, or `keep`: the picture's own, of a grey one
    the RGB profile of the same tone curve."""
    exact_jpeg: bool = False
    """Keep the coefficients of grey JPEG files, bit for bit; see `lossless`."""
    sidecar: bool = False
    """Write the provenance to a JSON file beside the result, too."""
    certificate: str | None = None
    """Path of a certificate, in whose name the result is signed (C2PA)."""
    key: str | None = None
    """Path of the certificate's private key."""
    timestamps: str | None = None
    """Address of a time stamp authority (RFC 3161) for signatures; None asks nobody."""
    preserve_times: bool = False
    """Give the result the times of the source."""

    def __post_init__(self) -> None:
        if self.temperature is not None and not _LOWEST_TEMPERATURE <= self.temperature <= 1:
            raise ValueError(
                f"temperature is {self.temperature:g}; it lies between {_LOWEST_TEMPERATURE} (most "
                "vivid) and 1 (safest)"
            )
        if not 0 <= self.saturation < float("inf"):
            raise ValueError(
                f"saturation is {self.saturation:g}; give 0 (grey), 1 (as predicted) or any factor "
                "above"
            )
        if self.candidates < 1:
            raise ValueError(f"{self.candidates} candidates; give 1 or more")
        if self.candidates > 1 and self.exact_jpeg:
            raise ValueError("candidates and the exact JPEG do not go together; give one of them")
        if self.profile != "keep" and self.exact_jpeg:
            raise ValueError("the exact JPEG keeps what its codes mean; leave the profile out")
        if not 0 <= self.keep_tint <= 1:
            raise ValueError(f"keep_tint is {self.keep_tint:g}; it lies between 0 and 1")
        if self.profile not in ("keep", *SPACES):
            raise ValueError(f"no profile {self.profile!r}; give keep, {', '.join(SPACES)}")
        if self.timestamps is not None and self.certificate is None:
            raise ValueError("timestamps are for signatures; give a certificate and its key, too")
        if (self.certificate is None) != (self.key is None):
            raise ValueError("a certificate and its private key go together; give both")
        if not 1 <= self.quality <= 100:
            raise ValueError(f"quality is {self.quality}; it lies between 1 and 100")

    def colorizer(self, threads: int = 0) -> Colorizer:
        """The network, loaded; see `inference.load_colorizer`."""
        return load_colorizer(self.model, threads, self.executor)

    @property
    def signer(self) -> Signer | None:
        """In whose name results are signed."""
        if self.certificate is None or self.key is None:
            return None
        return Signer(Path(self.certificate), Path(self.key), self.timestamps)

    def parameters(self) -> dict[str, str | int | float | bool]:
        """What of the colors differs from the defaults, by name; what a file says of itself.

        Of files only the names, whose folders are nobody else's business.
        """
        defaults = asdict(Order())
        said = {}
        for name, value in asdict(self).items():
            if value == defaults[name] or name in _DELIVERY:
                continue
            said[name] = Path(value).name if name in _FILES else value
        return said

    def identity(self) -> str:
        """SHA-256 over every value, and over the files that are named.

        Raises:
            ImageError: such a file cannot be read.
        """
        values = asdict(self)
        for name in _FILES:
            if values[name] is not None:
                values[name] = _sha256(values[name])
        return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()


_FILES = ("style", "hints", "reference", "certificate")
_DELIVERY = (
    "model",
    "candidates",
    "confidence",
    "sidecar",
    "certificate",
    "key",
    "timestamps",
    "preserve_times",
)
"""What changes no color, or is told elsewhere."""


def _sha256(path: str) -> str:
    try:
        return sha256_of(Path(path))
    except OSError as error:
        raise ImageError(f"{path}: cannot be read ({error.strerror}); check the path") from None


def settings_for(order: Order, small: image.Frame, height: int, width: int) -> Settings:
    """What the network is told, and what is done to its colors, for one picture.

    Args:
        order: see there.
        small: the picture, or a small copy.
        height: of the picture itself.
        width: of the picture itself.

    Raises:
        ImageError: a picture that the order names cannot be read, or the reference has no colors.
        HintError: its hints cannot be read, or lie outside the picture.
    """
    style = None if order.style is None else _read_once(order.style)
    edits = []
    if order.keep_tint:
        edits.append(kept(small, order.keep_tint))
    if order.reference is not None:
        edits.append(like(_read_once(order.reference)))
    if order.hints is not None:
        edits.append(hinted(read_hints(Path(order.hints)), height, width))
    return Settings(
        temperature=order.temperature,
        saturation=order.saturation,
        style=style,
        edits=tuple(edits),
    )


@cache  # an order is for many pictures
def _read_once(path: str) -> image.Frame:
    """A picture that is named by an order. Raises ImageError."""
    return image.read(path)
