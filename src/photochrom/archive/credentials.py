"""Signed provenance: a C2PA manifest in the colored file, by whoever has a certificate.

The manifest follows the C2PA specification 2.2: the source is the parent ingredient and was
*opened* (c2pa-rs says so by itself for an edit), then its color was adjusted (`c2pa.adjustedColor`,
section 18.15; what it was called before, `c2pa.color_adjustments`, is deprecated). No host is asked
for anything, unless for a time stamp where its address is given.
"""

import base64
import binascii
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Literal

from pydantic import ValidationError

from ..errors import ImageError, MissingExtraError, PhotochromError
from ..image.admission import HEAD_SIZE, open_file, sniff
from ..image.placing import placed
from .provenance import ENHANCED, Provenance

_LABEL = "photochrom.provenance"
_UNTRUSTED = "signingCredential.untrusted"
_SETTINGS = {
    "verify": {"remote_manifest_fetch": False, "ocsp_fetch": False},
    "builder": {"thumbnail": {"enabled": False}},  # it would have the picture decoded
}

# Of the private keys that C2PA allows (section 13.2.1): how the identifier of the algorithm, or of
# the curve, stands in a key of PKCS #8 (RFC 5958), and what COSE calls the signature.
_ALGORITHMS = {
    bytes.fromhex("06082a8648ce3d030107"): "es256",
    bytes.fromhex("06052b81040022"): "es384",
    bytes.fromhex("06052b81040023"): "es512",
    bytes.fromhex("06092a864886f70d010101"): "ps256",
    bytes.fromhex("06032b6570"): "ed25519",
}


@dataclass(frozen=True)
class Signer:
    """In whose name pictures are signed."""

    certificates: Path
    """PEM: the signer's certificate, then those that vouch for it, up to a root or below."""
    key: Path
    """PEM: its private key, as PKCS #8, not encrypted."""
    timestamps: str | None = None
    """Address of a time stamp authority (RFC 3161), the only host that is ever asked; None asks
    none, and signatures are worth nothing beyond the certificate's last day."""


@dataclass(frozen=True)
class Credentials:
    """What a manifest says, and whether to believe it."""

    state: Literal["trusted", "valid", "invalid"]
    """By a signer on the list of trust; unchanged since signing, by whomsoever; or not."""
    signer: str | None
    """Whom the certificate names."""
    actions: tuple[str, ...]
    """What was done, by C2PA's names."""
    provenance: Provenance | None
    """How Photochrom says it was colored."""
    faults: tuple[str, ...]
    """What is wrong, where it is invalid."""


def sign(picture: Path, source: Path, provenance: Provenance, signer: Signer) -> None:
    """Give a colored JPEG, PNG, TIFF or WebP file a manifest, in place and all at once.

    A manifest that the source has becomes part of it. c2pa-rs holds all of the file in memory while
    it hashes it. No two signatures are the same, so two signed results differ in their bytes.

    Raises:
        ImageError: a file cannot be read, or the picture not be written.
        PhotochromError: certificate or key cannot be used, or no time stamp was to be had.
        MissingExtraError: the extra `archive` is not installed.
    """
    c2pa = _library()
    certificates, key = _read(signer.certificates), _read(signer.key)
    if b"-----BEGIN CERTIFICATE-----" not in certificates:
        raise PhotochromError(f"{signer.certificates}: no certificate in PEM; give the signer's")
    algorithm = _algorithm(key, signer.key)
    with (
        open_file(picture) as unsigned,
        open_file(source) as parent,
        placed(picture, overwrite=True) as signed,
    ):
        kind, parent_kind = _kind(unsigned, picture), _kind(parent, source)
        try:
            info = c2pa.C2paSignerInfo(algorithm, certificates, key, signer.timestamps)
            context = c2pa.Context.from_dict(_SETTINGS, signer=c2pa.Signer.from_info(info))
            with context, c2pa.Builder(_manifest(picture, provenance), context) as builder:
                builder.set_intent(c2pa.C2paBuilderIntent.EDIT)
                ingredient = {"title": provenance.source.name, "relationship": "parentOf"}
                builder.add_ingredient(ingredient, parent_kind, parent)
                builder.sign(kind, unsigned, signed)
        except c2pa.C2paError.Signature as error:
            host = "" if signer.timestamps is None else f", and check {signer.timestamps}"
            raise PhotochromError(
                f"{signer.certificates}: cannot sign ({_line(error)}); give a certificate for "
                f"signing, with those above it, and the key that belongs to it{host}"
            ) from None
        except c2pa.C2paError as error:
            raise ImageError(f"{picture}: cannot be signed ({_line(error)})") from None


def read(picture: Path, trusted: Path | None = None) -> Credentials | None:
    """The manifest in a file, checked against the file; None where it has none.

    To check a manifest, c2pa-rs holds all of the file in memory; to find none it does not.

    Args:
        picture: any file.
        trusted: PEM: roots of certificates that are trusted; None trusts none.

    Raises:
        ImageError: a file cannot be read, or the roots are none.
        MissingExtraError: the extra `archive` is not installed.
    """
    c2pa = _library()
    trust = {} if trusted is None else {"trust": {"user_anchors": _read(trusted).decode("latin-1")}}
    try:
        context = c2pa.Context.from_dict(_SETTINGS | trust)
    except c2pa.C2paError as error:
        raise ImageError(f"{trusted}: no certificates in PEM ({_line(error)})") from None
    with open_file(picture) as file, context:
        try:
            reader = c2pa.Reader.try_create(None, file, None, context)
        except c2pa.C2paError.NotSupported:  # a file of a kind that holds no manifest
            return None
        except c2pa.C2paError as error:
            return Credentials("invalid", None, (), None, (_line(error),))
        if reader is None:
            return None
        with reader:
            return _told(json.loads(reader.json()))


def _library() -> Any:
    try:
        import c2pa
    except ImportError:
        raise MissingExtraError(
            "c2pa is not installed; signed provenance needs it: pip install 'photochrom[archive]'"
        ) from None
    return c2pa


def _read(path: Path) -> bytes:
    with open_file(path) as file:
        return file.read()


def _algorithm(key: bytes, path: Path) -> str:
    """The algorithm of a private key."""
    _, begin, rest = key.partition(b"-----BEGIN PRIVATE KEY-----")
    body, end, _ = rest.partition(b"-----END PRIVATE KEY-----")
    try:
        der = base64.b64decode(b"".join(body.split()), validate=True) if begin and end else b""
    except binascii.Error:
        der = b""
    for identifier, algorithm in _ALGORITHMS.items():
        if identifier in der[:64]:  # behind the version; the rest is the key
            return algorithm
    raise PhotochromError(
        f"{path}: no private key that can sign; give one for ECDSA, RSA or Ed25519 as PKCS #8 in "
        "PEM, not encrypted: openssl pkcs8 -topk8 -nocrypt"
    )


def _kind(file: BinaryIO, path: Path) -> str:
    """The media type of a picture, whatever its name ends in."""
    kind = sniff(file.read(HEAD_SIZE), str(path))
    file.seek(0)
    return f"image/{kind}"


def _manifest(picture: Path, provenance: Provenance) -> dict[str, Any]:
    tool = {"name": provenance.tool, "version": provenance.version}
    action = {
        "action": "c2pa.adjustedColor",
        "when": provenance.time,
        "softwareAgent": tool,
        "description": "Colors were predicted for a black-and-white photograph.",
        "digitalSourceType": ENHANCED,
    }
    return {
        "title": picture.name.encode(errors="replace").decode(),
        "claim_generator_info": [tool],
        "assertions": [
            {"label": "c2pa.actions", "data": {"actions": [action]}},
            {"label": _LABEL, "data": provenance.model_dump(mode="json")},
        ],
    }


def _told(store: dict[str, Any]) -> Credentials:
    """What a manifest store, as c2pa-rs reports it, comes to."""
    manifest = store.get("manifests", {}).get(store.get("active_manifest"), {})
    said = {one["label"]: one["data"] for one in manifest.get("assertions", [])}
    actions = [
        action["action"]
        for label, data in said.items()
        if label.startswith("c2pa.actions")
        for action in data["actions"]
    ]
    try:
        provenance = Provenance.model_validate(said[_LABEL]) if _LABEL in said else None
    except ValidationError:
        provenance = None
    faults = [fault["code"] for fault in store.get("validation_status", [])]
    state = str(store.get("validation_state", "Invalid")).lower()
    known: dict[str, Literal["trusted", "valid"]] = {"trusted": "trusted", "valid": "valid"}
    return Credentials(
        state=known.get(state, "invalid"),
        signer=manifest.get("signature_info", {}).get("issuer"),
        actions=tuple(actions),
        provenance=provenance,
        faults=tuple(fault for fault in faults if fault != _UNTRUSTED),
    )


def _line(error: Exception) -> str:
    return " ".join(str(error).split())
