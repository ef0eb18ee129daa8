"""Who is measured: networks and routers by what tables call them."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ..inference import Colorizer, Engine, Router, Settings, load_colorizer
from .protocol import Protocol
from .result import Way


@dataclass(frozen=True)
class Contestant:
    """A colorizer and its name."""

    name: str
    sha256: str
    """Of the network's graph; of a router's parts, together."""
    colorizer: Colorizer

    @property
    def engine(self) -> Engine | None:
        """The one network; None of a router."""
        return self.colorizer if isinstance(self.colorizer, Engine) else None

    def temperatures(self, protocol: Protocol) -> tuple[float | None, ...]:
        """At which it is measured; None where it has none, or several networks' own."""
        card = self.engine.card if self.engine else None
        if card and card.output != "bins":
            return (None,)
        return protocol.temperatures or (card.temperature if card else None,)

    def way(self, temperature: float | None, protocol: Protocol) -> Way:
        """What a result at this temperature says of itself."""
        knobs = [] if temperature is None else [f"T = {temperature:g}"]
        if protocol.saturation != 1:
            knobs.append(f"saturation {protocol.saturation:g}")
        title = ", ".join([self.name, *knobs])
        return Way(title=title, kind="model", sha256=self.sha256, temperature=temperature)


def contestant(model: str) -> Contestant:
    """Load a network of the package, an ONNX file or a router's file, one thread a picture.

    Raises:
        ModelError: see `inference.load_colorizer`.
    """
    colorizer = load_colorizer(model, threads=1)
    if isinstance(colorizer, Engine):
        return Contestant(colorizer.card.name, colorizer.card.graph_sha256, colorizer)
    if isinstance(colorizer, Router):
        return Contestant(Path(model).stem, _router_hash(colorizer), colorizer)
    raise TypeError(f"{type(colorizer).__name__} is neither a network nor a router")


def contestants_of(models: Sequence[str]) -> list[Contestant]:
    """Load networks and routers; where different ones share a name, some of the hash is added.

    Raises:
        ModelError: see `inference.load_colorizer`.
    """
    loaded = [contestant(model) for model in models]
    hashes: dict[str, set[str]] = {}
    for one in loaded:
        hashes.setdefault(one.name, set()).add(one.sha256)
    return [
        one if len(hashes[one.name]) == 1 else replace(one, name=f"{one.name} ({one.sha256[:6]})")
        for one in loaded
    ]


def settings_of(way: Way, protocol: Protocol) -> Settings:
    """How a contestant colors for a result."""
    return Settings(way.temperature, protocol.saturation, protocol.working_size)


def _router_hash(router: Router) -> str:
    """SHA-256 over all that decides what a router does."""
    parts = [f"sure {router.sure}", router.classifier.card.graph_sha256]
    for specialist in router.specialists:
        parts += [specialist.engine.card.graph_sha256, ",".join(specialist.classes)]
    if router.general:
        parts.append(router.general.card.graph_sha256)
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()
