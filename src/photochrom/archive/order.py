"""What is to become of a picture, in plain values.

Processes share it, a ledger remembers it, and the colored file states it: the same source, order
and weights give the same bytes.
"""

import hashlib
import json
from dataclasses import asdict, dataclass, fields
from functools import cache

from .. import image
from ..inference import DEFAULT, Colorizer, Settings, load_colorizer
from ..inference.library import Executor

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
    quality: int = 95
    """Of JPEG and WebP, 1 to 100."""

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
        if not 1 <= self.quality <= 100:
            raise ValueError(f"quality is {self.quality}; it lies between 1 and 100")

    def colorizer(self, threads: int = 0) -> Colorizer:
        """The network, loaded; see `inference.load_colorizer`."""
        return load_colorizer(self.model, threads, self.executor)

    @property
    def settings(self) -> Settings:
        """What of it the network is told."""
        style = None if self.style is None else _read(self.style)
        return Settings(temperature=self.temperature, saturation=self.saturation, style=style)

    def parameters(self) -> dict[str, str | int | float | bool]:
        """What differs from the defaults, by name; what a colored file says of itself."""
        defaults = Order()
        return {
            field.name: value
            for field in fields(self)
            if (value := asdict(self)[field.name]) != getattr(defaults, field.name)
        }

    def identity(self) -> str:
        """SHA-256 over every value, and over the pixels of the pictures that are named.

        Raises:
            ImageError: such a picture cannot be read.
        """
        values = asdict(self)
        if self.style is not None:
            values["style"] = hashlib.sha256(_read(self.style).pixels.tobytes()).hexdigest()
        return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()


@cache  # an order is for many pictures
def _read(path: str) -> image.Frame:
    return image.read(path)
