"""`photochrom inspect`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .faults import printable, tell

if TYPE_CHECKING:
    from ..archive.credentials import Credentials
    from ..archive.inspection import Inspection
    from ..archive.provenance import Provenance

_FORMATS = {"jpeg": "JPEG", "png": "PNG", "tiff": "TIFF", "webp": "WebP"}


def inspect(
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE", help="Pictures (JPEG, PNG, TIFF, WebP).")
    ],
    as_json: Annotated[
        bool, typer.Option("--json", help="Print JSON, a line for each file, for programs.")
    ] = False,
    trust: Annotated[
        Path | None,
        typer.Option(
            metavar="ROOTS.pem",
            help="Certificates whose signatures (C2PA) are trusted.  [default: nobody's]",
        ),
    ] = None,
) -> None:
    """Show how pictures were colored, as their files tell it.

    Size, profile and metadata; the provenance that Photochrom writes into XMP; the signed manifest
    (C2PA), checked against the file; the sidecar `photo.color.jpg.json`, likewise. The exit code is
    0 where every file tells how it was colored and nothing contradicts it, else 1.

    Examples:

      photochrom inspect photo.color.jpg

      photochrom inspect scans/*.tif --json

      photochrom inspect signed.color.png --trust roots.pem
    """
    import json

    from ..archive.inspection import inspect_file
    from ..errors import PhotochromError

    if trust is not None and not trust.is_file():
        raise typer.BadParameter(f"{trust}: no such file", param_hint="--trust")
    all_sound = True
    for path in files:
        try:
            found = inspect_file(path, trust)
        except (PhotochromError, OSError) as error:
            tell(str(error))
            all_sound = False
            continue
        all_sound &= found.is_sound
        if as_json:
            typer.echo(json.dumps({"file": str(path), **_plain(found)}))
        else:
            typer.echo("\n".join([printable(str(path)), *_lines(found)]))
    raise typer.Exit(0 if all_sound else 1)


def _plain(found: "Inspection") -> dict[str, Any]:
    """What was found, in the terms of JSON."""
    from dataclasses import asdict

    header, metadata = found.header, found.header.metadata
    signed = found.credentials
    return {
        "sound": found.is_sound,
        "picture": {
            "format": header.format,
            "width": header.width,
            "height": header.height,
            "channels": header.channels,
            "alpha": header.has_alpha,
            "bit_depth": header.bit_depth,
            "pages": header.pages,
            "profile": found.profile,
            "pixels_per_inch": found.resolution,
        },
        "metadata": {
            "exif_bytes": len(metadata.exif or b""),
            "iptc_bytes": len(metadata.iptc or b""),
            "xmp_bytes": len(metadata.xmp or b""),
            "xmp_fields": found.xmp_fields or 0,
        },
        "provenance": _dumped(found.stamp),
        "c2pa": signed and {**asdict(signed), "provenance": _dumped(signed.provenance)},
        "sidecar": found.beside
        and {"fits": found.beside_fits, **found.beside.model_dump(mode="json")},
        "remarks": list(found.remarks),
    }


def _dumped(said: "Provenance | None") -> dict[str, Any] | None:
    return None if said is None else said.model_dump(mode="json")


def _lines(found: "Inspection") -> list[str]:
    """What was found, a fact a line."""
    header, metadata = found.header, found.header.metadata
    resolution = "" if found.resolution is None else f", {found.resolution:.0f} pixels per inch"
    pages = f", {header.pages} pages" if header.pages > 1 else ""
    kind = ("grey" if header.channels == 1 else "RGB") + (" and alpha" if header.has_alpha else "")
    lines = [
        f"picture: {_FORMATS[header.format]}, {header.width} × {header.height}{pages}, {kind}, "
        f"{header.bit_depth} bits{resolution}",
        f"profile: {found.profile or 'none'}",
        f"EXIF: {_size(metadata.exif)}",
        f"IPTC: {_size(metadata.iptc)}",
        f"XMP: {_size(metadata.xmp)}" + _of_fields(found.xmp_fields),
        *(_story(found.provenance) if found.provenance else ["provenance: none"]),
        f"signed (C2PA): {_signature(found.credentials)}",
        f"sidecar: {_beside(found.beside_fits)}",
        *(f"not looked at: {remark}" for remark in found.remarks),
    ]
    return [f"  {printable(line)}" for line in lines]


def _of_fields(count: int | None) -> str:
    return "" if count is None else f", {count} fields" if count else ", damaged or empty"


def _size(data: bytes | None) -> str:
    return "none" if data is None else f"{len(data)} bytes"


def _story(said: "Provenance") -> list[str]:
    """The provenance."""
    import json

    parameters = ", ".join(f"{k} {json.dumps(v)}" for k, v in said.parameters.items())
    origin = said.digital_source_type
    return [
        f"colored by: {said.tool} {said.version}, {said.time}",
        f"network: {said.model.name}, sha256 {said.model.sha256}",
        f"parameters: {parameters or 'the defaults'}",
        f"source: {said.source.name}, sha256 {said.source.sha256}",
        f"digital source type: {origin or 'none'}",
    ]


def _signature(signed: "Credentials | None") -> str:
    if signed is None:
        return "no"
    if signed.state == "invalid":
        return f"INVALID ({', '.join(signed.faults) or 'no reason given'})"
    signer = signed.signer or "somebody without a name"
    return f"unchanged since {signer} signed it" + (
        ", whom you trust" if signed.state == "trusted" else "; --trust tells whom you trust"
    )


def _beside(fits: bool | None) -> str:
    if fits is None:
        return "none"
    return "of this very file" if fits else "DIFFERENT: the file was changed after it was written"
