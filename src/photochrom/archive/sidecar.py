"""The provenance of a picture once more, as JSON in a file beside it.

For catalogs and scripts that read no XMP; unlike XMP it can also say the hash of the very file
that it describes. The layout is told in docs/provenance.md.
"""

import hashlib
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from ..errors import ImageError
from ..faults import told
from ..image.placing import placed
from .provenance import Named, Provenance

_LONGEST = 1 << 24  # bytes


class Sidecar(BaseModel):
    """What stands in the file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    layout: Literal[1] = 1
    """Version of this layout."""
    result: Named
    """The colored file as it was when this was written."""
    provenance: Provenance


def path_of(picture: Path) -> Path:
    """Where the sidecar of a picture is: `photo.color.jpg.json` beside `photo.color.jpg`."""
    return picture.with_name(f"{picture.name}.json")


def write(picture: Path, provenance: Provenance) -> Path:
    """Write the sidecar of a colored file, which must be as it will stay; returns its path.

    An earlier one is replaced. Raises OSError where the picture cannot be read, ImageError where
    the sidecar cannot be written.
    """
    result = Named(name=picture.name, sha256=sha256_of(picture))
    text = Sidecar(result=result, provenance=provenance).model_dump_json(indent=2)
    path = path_of(picture)
    with placed(path, overwrite=True) as file:
        file.write(f"{text}\n".encode())
    return path


def read(picture: Path) -> Sidecar | None:
    """The sidecar of a picture; None where there is none.

    Raises ImageError for one that is no sidecar of ours.
    """
    path = path_of(picture)
    try:
        with path.open("rb") as file:
            text = file.read(_LONGEST)
        return Sidecar.model_validate_json(text)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ImageError(f"{path}: cannot be read ({error.strerror}); check its rights") from None
    except ValidationError as error:
        raise ImageError(
            f"{path}: no sidecar of Photochrom ({told(error)}); delete it or color the picture anew"
        ) from None


def sha256_of(path: Path) -> str:
    """The hash of a file, in hex, which is never in memory as a whole.

    Raises OSError where it cannot be read.
    """
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
