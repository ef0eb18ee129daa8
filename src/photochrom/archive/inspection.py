"""What a picture file says of itself, found without decoding a pixel."""

from dataclasses import dataclass
from pathlib import Path

from .. import image
from ..errors import ImageError, MissingExtraError
from ..image.icc import description
from . import credentials, provenance, sidecar, xmp
from .credentials import Credentials
from .provenance import Provenance

_MILLIMETERS = 25.4  # an inch
_ANY_SIZE = 1 << 62  # pixels; none of them is decoded


@dataclass(frozen=True)
class Inspection:
    """What was found in a file and beside it."""

    header: image.Header
    profile: str | None
    """What the color profile calls itself."""
    xmp_fields: int | None
    """How many values the XMP packet has; None without a packet, 0 for one that is damaged."""
    stamp: Provenance | None
    """What the XMP says of the coloring."""
    credentials: Credentials | None
    """The C2PA manifest, checked against the file."""
    beside: sidecar.Sidecar | None
    """The sidecar."""
    beside_fits: bool | None
    """Whether the sidecar is of the very bytes of the file; None without a sidecar."""
    remarks: tuple[str, ...]
    """What could not be looked at, and why."""

    @property
    def provenance(self) -> Provenance | None:
        """How the picture was colored: the first that says so of XMP, manifest and sidecar."""
        signed = None if self.credentials is None else self.credentials.provenance
        return self.stamp or signed or (None if self.beside is None else self.beside.provenance)

    @property
    def is_sound(self) -> bool:
        """Whether provenance was found, and nothing that contradicts it."""
        broken = self.credentials is not None and self.credentials.state == "invalid"
        return self.provenance is not None and not broken and self.beside_fits is not False

    @property
    def resolution(self) -> float | None:
        """Pixels per inch, horizontally."""
        stated = self.header.metadata.resolution
        return None if stated is None else stated[0] * _MILLIMETERS


def inspect_file(path: Path, trusted: Path | None = None) -> Inspection:
    """Look into a JPEG, PNG, TIFF or WebP file, however large, and at its sidecar.

    Only a sidecar and a manifest make it read the whole file, whose hashes they state.

    Args:
        path: the file.
        trusted: PEM: roots of certificates that are trusted.

    Raises:
        ImageError: the file is no such picture, its header is damaged or it may not be read.
    """
    with image.Original(path, max_pixels=_ANY_SIZE) as original:
        header = original.header
    packet = header.metadata.xmp
    remarks: list[str] = []
    try:
        signed = credentials.read(path, trusted)
    except MissingExtraError as error:
        signed = None
        remarks.append(str(error))
    try:
        beside = sidecar.read(path)
    except ImageError as error:
        beside = None
        remarks.append(str(error))
    return Inspection(
        header=header,
        profile=None if header.icc is None else description(header.icc),
        xmp_fields=None if packet is None else len(xmp.fields(packet)),
        stamp=None if packet is None else provenance.read(packet),
        credentials=signed,
        beside=beside,
        beside_fits=None if beside is None else sidecar.sha256_of(path) == beside.result.sha256,
        remarks=tuple(remarks),
    )
