"""The networks behind learned figures: what they make of pictures, as features and as labels.

An extractor is a file: the weights of one of the two backbones (safetensors), or a TOML file that
describes any ONNX file, such as a user's Inception. All run on ONNX Runtime, one picture at a time:
a figure is then the same however many pictures or threads there are.

A backbone becomes an ONNX graph once, by torch, in the cache folder; evaluations after that need no
torch. A picture of 224² then takes one core 8 ms (EdgeTPU) or 5 ms (MobileNetV2), where torch takes
12 and 11 (float32, channels last; medians of 25 on an AVX-512 core).
"""

import hashlib
import json
import tomllib
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, PositiveInt, ValidationError, model_validator

from .. import image
from ..cache import cache_folder
from ..errors import MissingExtraError, ModelError
from ..faults import told
from ..inference.session import _runtime
from ..whole import replacing

Floats = NDArray[np.float32]

_GRAPH = 1  # of the cached graphs; a new number makes old ones be built anew


class Looks(NamedTuple):
    """What a network makes of pictures."""

    features: Floats
    """`(N, D)`."""
    logits: Floats | None
    """Of classes, `(N, K)`; None where the network tells none."""


class ExtractorFile(BaseModel):
    """A TOML file that describes an ONNX file of one input, pictures as `(1, 3, size, size)`.

    The input is low + (high - low) · RGB, or (RGB - mean) / std, of sRGB values in [0, 1].
    """

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    name: str = Field(min_length=1)
    """As tables name it."""
    file: str = Field(min_length=1)
    """The ONNX file, relative to this one."""
    size: PositiveInt
    """Side of the square that it takes."""
    low: float | None = None
    """What black becomes."""
    high: float | None = None
    """What white becomes."""
    mean: tuple[float, float, float] | None = None
    """Of red, green and blue."""
    std: tuple[float, float, float] | None = None
    """Of red, green and blue, > 0."""
    features: str
    """Name of the output `(1, D)`, or `(1, D, 1, 1)`, whose distribution is compared."""
    logits: str | None = None
    """Name of the output `(1, K)` that tells classes."""

    @model_validator(mode="after")
    def _has_one_range(self) -> Self:
        ends, moments = (self.low, self.high), (self.mean, self.std)
        if (None in ends) == (None in moments) or ends.count(None) == 1 or moments.count(None) == 1:
            raise ValueError("give either low and high, or mean and std")
        if self.low is not None and self.high is not None and self.low >= self.high:
            raise ValueError("low is not below high")
        if self.std is not None and min(self.std) <= 0:
            raise ValueError("std is not above 0")
        return self

    @property
    def normalization(self) -> tuple[Floats, Floats]:
        """Mean and standard deviation, `(3,)` each, whichever way they were said."""
        if self.low is not None and self.high is not None:
            reach = self.high - self.low
            return np.full(3, -self.low / reach, np.float32), np.full(3, 1 / reach, np.float32)
        return np.array(self.mean, np.float32), np.array(self.std, np.float32)

    @property
    def sha256(self) -> str:
        """Of all that changes what the network is shown and which of its outputs are read."""
        plain = self.model_dump(exclude={"name", "file"})
        return hashlib.sha256(json.dumps(plain, sort_keys=True).encode()).hexdigest()


class Extractor:
    """A network that looks at color pictures. Safe to use from several threads."""

    def __init__(
        self, graph: bytes, described: ExtractorFile, sha256: str, where: str, threads: int
    ) -> None:
        """Load a network and show it a black picture.

        Args:
            graph: content of an ONNX file.
            described: what goes in and out.
            sha256: of the user's file or files.
            where: what messages call it.
            threads: threads within one picture; 0 takes every core.

        Raises:
            ModelError: the file is damaged, or is not as described.
        """
        self.name = described.name
        """As tables name it."""
        self.sha256 = sha256
        """The same for the same figures: of the weights' file; or, where a TOML file describes the
        network, of the hashes of the ONNX file and of the settings."""
        self._described, self._where = described, where
        self._mean, self._std = described.normalization
        self._session = _session(graph, where, threads)
        self._outputs = [described.features, *([described.logits] if described.logits else [])]
        self._input = self._only_input()
        self._check_outputs()

    def look(self, srgb: NDArray[np.float32]) -> Looks:
        """Show the network pictures.

        Args:
            srgb: `(N, S, S, 3)` float32 in [0, 1], sRGB-encoded, squares, at least one.

        Raises:
            ValueError: another shape, type or range.
        """
        if srgb.ndim != 4 or 0 in srgb.shape or srgb.shape[3] != 3 or srgb.dtype != np.float32:
            raise ValueError(f"need float32 (N, S, S, 3), not {srgb.dtype} {srgb.shape}")
        if srgb.shape[1] != srgb.shape[2]:
            raise ValueError(f"{srgb.shape[1]} x {srgb.shape[2]}: no square; cut one out first")
        if not (srgb.min() >= 0 and srgb.max() <= 1):  # NaN is neither
            raise ValueError("sRGB values are in [0, 1]")
        seen = [self._run(self._shown(picture)) for picture in srgb]
        features, *logits = (np.concatenate(parts) for parts in zip(*seen, strict=True))
        return Looks(features, logits[0] if logits else None)

    def _shown(self, picture: Floats) -> Floats:
        """One picture `(S, S, 3)` as the network takes it, `(1, 3, size, size)`."""
        side = self._described.size
        # The kernel that stays within [0, 1]; classifiers learn on bilinear pictures, too.
        small = image.resize(np.ascontiguousarray(picture), side, side, kernel="linear")
        scaled = (small - self._mean) / self._std
        return np.ascontiguousarray(np.moveaxis(scaled, -1, 0)[None])

    def _run(self, shown: Floats) -> list[Floats]:
        """The outputs of one picture, `(1, D)` and, where there are logits, `(1, K)`."""
        answers = self._session.run(self._outputs, {self._input: shown})
        return [answer.reshape(1, -1) for answer in answers]

    def _only_input(self) -> str:
        names = [node.name for node in self._session.get_inputs()]
        if len(names) != 1:
            raise ModelError(f"{self._where}: takes {names}; an extractor takes pictures alone")
        return str(names[0])

    def _check_outputs(self) -> None:
        """Refuse what is not as described, before an hour of evaluation is lost to it."""
        known = [node.name for node in self._session.get_outputs()]
        for name in self._outputs:
            if name not in known:
                raise ModelError(
                    f"{self._where}: has no output {name}; name one of {', '.join(known)}"
                )
        side = self._described.size
        shown = self._shown(np.zeros((side, side, 3), np.float32))
        try:
            answers = self._session.run(self._outputs, {self._input: shown})
        except Exception as error:  # onnxruntime raises many kinds without a common base
            reason = " ".join(str(error).split())
            raise ModelError(
                f"{self._where}: does not take float32 (1, 3, {side}, {side}) ({reason})"
            ) from error
        for name, answer in zip(self._outputs, answers, strict=True):
            if answer.dtype != np.float32 or answer.shape != (1, answer.size, 1, 1)[: answer.ndim]:
                raise ModelError(
                    f"{self._where}: {name} is {answer.dtype} {answer.shape}; name an output that "
                    "is one float32 vector of the whole picture, (1, D) or (1, D, 1, 1)"
                )


def load_extractor(path: Path, threads: int = 1) -> Extractor:
    """The extractor in a file.

    Args:
        path: `.safetensors` with the weights of MobileNet-EdgeTPU 0.75 or of MobileNetV2 1.0, told
            apart by the names of the tensors; or `.toml`, see `ExtractorFile`. Nothing else is
            opened.
        threads: threads within one picture; 0 takes every core. One each is fastest where several
            pictures are looked at in as many threads.

    Raises:
        ModelError: a file is missing, damaged or something else.
        MissingExtraError: weights are met for the first time, and torch or onnxscript is missing.
    """
    if path.suffix == ".toml":
        described = read_extractor(path)
        file = path.parent / described.file
        graph = _content(file)
        both = hashlib.sha256(graph).hexdigest() + described.sha256
        sha256 = hashlib.sha256(both.encode()).hexdigest()
        return Extractor(graph, described, sha256, str(file), threads)
    if path.suffix != ".safetensors":
        raise ModelError(
            f"{path}: no extractor; give the weights of a backbone (.safetensors) or a description "
            "of an ONNX file (.toml)"
        )
    sha256 = hashlib.sha256(_content(path)).hexdigest()
    described = ExtractorFile(
        name=path.stem,
        file=path.name,
        size=224,  # what both learned at
        low=-1,
        high=1,
        features="features",
        logits="logits",
    )
    return Extractor(_cached_graph(path, sha256), described, sha256, str(path), threads)


def read_extractor(path: Path) -> ExtractorFile:
    """Read the description of an ONNX file.

    Raises:
        ModelError: the file is missing or not TOML, or a setting is missing, unknown or ill-typed.
    """
    try:
        return ExtractorFile.model_validate(tomllib.loads(_content(path).decode()))
    except ValidationError as error:  # a ValueError too
        raise ModelError(f"{path}: {told(error)}") from error
    except ValueError as error:  # not TOML, or not even text
        raise ModelError(f"{path}: not a TOML file ({error})") from error


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ModelError(f"{path}: cannot be read ({error.strerror}); check the path") from error


def _session(graph: bytes, where: str, threads: int) -> Any:
    onnxruntime = _runtime()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3  # errors only: nothing a user could act on below
    try:
        return onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime raises many kinds without a common base
        reason = " ".join(str(error).split())
        raise ModelError(f"{where}: ONNX Runtime cannot load it ({reason})") from error


def _cached_graph(path: Path, sha256: str) -> bytes:
    """The ONNX graph of a backbone's weights, made and kept if this is the first time."""
    kept = cache_folder() / f"extractor-{_GRAPH}-{sha256}.onnx"
    if kept.exists():
        return kept.read_bytes()
    for module in ("torch", "safetensors", "onnx", "onnxscript"):
        if find_spec(module) is None:
            raise MissingExtraError(
                f"{module} is not installed; {path} needs it, the first time only: "
                "pip install 'photochrom[export]'"
            )
    from .backbone_graph import backbone_graph

    try:
        kept.parent.mkdir(parents=True, exist_ok=True)
        with replacing(kept) as beside:
            graph = backbone_graph(path)
            beside.write_bytes(graph)
    except OSError as error:
        raise ModelError(
            f"{kept}: cannot be written ({error.strerror}); let PHOTOCHROM_CACHE name a folder "
            "that can be"
        ) from error
    return graph
