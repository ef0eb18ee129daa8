"""Manifests signed and read back, with certificates made here, and nobody else asked."""

import datetime
import json
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from photochrom import image
from photochrom.archive import credentials
from photochrom.archive.credentials import Signer
from photochrom.archive.provenance import Named, Provenance, stamped
from photochrom.cli.main import app
from photochrom.errors import ImageError, MissingExtraError, PhotochromError

c2pa = pytest.importorskip("c2pa", reason="the extra `archive`")
x509 = pytest.importorskip("cryptography.x509", reason="the extra `dev`")

from cryptography.hazmat.primitives import hashes, serialization  # noqa: E402
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa  # noqa: E402
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID  # noqa: E402

SAID = Provenance(
    model=Named(name="autochrome", sha256="1f" * 32),
    parameters={"temperature": 0.4},
    source=Named(name="gray.jpg", sha256="a0" * 32),
    time="2024-05-04T03:02:01Z",
)
SUFFIXES = [".jpg", ".png", ".tif", ".webp"]
_PEM = serialization.Encoding.PEM


def _name(common: str) -> Any:
    parts = {NameOID.ORGANIZATION_NAME: "An Archive", NameOID.COMMON_NAME: common}
    return x509.Name([x509.NameAttribute(oid, text) for oid, text in parts.items()])


def _certificate(name: str, public: Any, root: Any, *, authority: bool) -> bytes:
    """As the C2PA specification wants a signer's (section 14.5), or its root's."""
    rights = dict.fromkeys(
        ("content_commitment", "key_encipherment", "data_encipherment", "key_agreement"), False
    ) | {"encipher_only": False, "decipher_only": False, "crl_sign": authority}
    made = (
        x509.CertificateBuilder()
        .subject_name(_name(name))
        .issuer_name(_name("root"))
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(datetime.datetime(2020, 1, 1))
        .not_valid_after(datetime.datetime(2100, 1, 1))
        .add_extension(x509.BasicConstraints(authority, None), critical=True)
        .add_extension(
            x509.KeyUsage(digital_signature=not authority, key_cert_sign=authority, **rights),
            critical=True,
        )
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(root.public_key()), critical=False
        )
    )
    if not authority:
        usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION])
        made = made.add_extension(usage, critical=False)
    return bytes(made.sign(root, hashes.SHA256()).public_bytes(_PEM))


def _pem(key: Any, encryption: Any = None) -> bytes:
    return bytes(
        key.private_bytes(
            _PEM,
            serialization.PrivateFormat.PKCS8,
            encryption or serialization.NoEncryption(),
        )
    )


def _signer(folder: Path, key: Any) -> Signer:
    """A chain of two certificates; the root's alone is in `root.pem`."""
    root = ec.generate_private_key(ec.SECP256R1())
    authority = _certificate("root", root.public_key(), root, authority=True)
    own = _certificate("signer", key.public_key(), root, authority=False)
    (folder / "root.pem").write_bytes(authority)
    (folder / "chain.pem").write_bytes(own + authority)
    (folder / "key.pem").write_bytes(_pem(key))
    return Signer(folder / "chain.pem", folder / "key.pem")


@pytest.fixture
def signer(tmp_path: Path) -> Signer:
    return _signer(tmp_path, ec.generate_private_key(ec.SECP256R1()))


@pytest.fixture
def pair(tmp_path: Path) -> Callable[[str], tuple[Path, Path]]:
    """`pair(".jpg")`: a colored picture and the grey one it was made of."""

    def make(suffix: str) -> tuple[Path, Path]:
        source, colored = tmp_path / f"gray{suffix}", tmp_path / f"gray.color{suffix}"
        ramp = np.tile(np.arange(64, dtype=np.uint8), (48, 1))
        image.write(image.Frame(ramp[..., None]), source)
        metadata = image.Metadata(xmp=stamped(None, SAID))
        image.write(image.Frame(np.stack([ramp] * 3, axis=2), metadata=metadata), colored)
        return colored, source

    return make


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_every_format_is_signed_and_says_what_was_done(
    suffix: str, signer: Signer, pair: Callable[[str], tuple[Path, Path]], tmp_path: Path
) -> None:
    colored, source = pair(suffix)
    before = image.read(colored)
    credentials.sign(colored, source, SAID, signer)
    found = credentials.read(colored)
    assert found == credentials.Credentials(
        "valid", "An Archive", ("c2pa.opened", "c2pa.adjustedColor"), SAID, ()
    )
    trusted = credentials.read(colored, tmp_path / "root.pem")
    assert trusted is not None
    assert trusted.state == "trusted"
    after = image.read(colored)
    assert np.array_equal(before.pixels, after.pixels)
    assert after.metadata.xmp == before.metadata.xmp
    assert not list(tmp_path.glob(".*"))


def test_the_manifest_as_c2pa_itself_reads_it(
    signer: Signer, pair: Callable[[str], tuple[Path, Path]]
) -> None:
    colored, source = pair(".jpg")
    credentials.sign(colored, source, SAID, signer)
    with c2pa.Reader(str(colored)) as reader:
        manifest = reader.get_active_manifest()
    (actions,) = [a["data"] for a in manifest["assertions"] if a["label"] == "c2pa.actions.v2"]
    action = actions["actions"][1]
    assert action["digitalSourceType"].endswith("/digitalsourcetype/algorithmicallyEnhanced")
    assert action["when"] == "2024-05-04T03:02:01Z"
    assert action["softwareAgent"] == {"name": "Photochrom", "version": SAID.version}
    (ingredient,) = manifest["ingredients"]
    assert (ingredient["title"], ingredient["relationship"]) == ("gray.jpg", "parentOf")
    assert manifest["signature_info"]["alg"] == "Es256"


def test_a_signed_source_stays_in_the_chain(
    signer: Signer, pair: Callable[[str], tuple[Path, Path]]
) -> None:
    colored, source = pair(".png")
    credentials.sign(source, source, SAID, signer)
    credentials.sign(colored, source, SAID, signer)
    with c2pa.Reader(str(colored)) as reader:
        (ingredient,) = reader.get_active_manifest()["ingredients"]
        assert ingredient["active_manifest"] in reader.json()
        assert reader.get_validation_state() == "Valid"


@pytest.mark.parametrize(
    "make",
    [
        lambda: ec.generate_private_key(ec.SECP384R1()),
        lambda: ec.generate_private_key(ec.SECP521R1()),
        lambda: rsa.generate_private_key(65537, 2048),
        ed25519.Ed25519PrivateKey.generate,
    ],
    ids=["P-384", "P-521", "RSA", "Ed25519"],
)
def test_every_kind_of_key_signs(
    make: Callable[[], Any], pair: Callable[[str], tuple[Path, Path]], tmp_path: Path
) -> None:
    colored, source = pair(".jpg")
    credentials.sign(colored, source, SAID, _signer(tmp_path, make()))
    found = credentials.read(colored)
    assert found is not None
    assert found.state == "valid"


def test_a_picture_changed_after_signing_is_invalid(
    signer: Signer, pair: Callable[[str], tuple[Path, Path]]
) -> None:
    colored, source = pair(".tif")
    credentials.sign(colored, source, SAID, signer)
    data = bytearray(colored.read_bytes())
    data[200] ^= 1  # of the pixels, which a TIFF begins with
    colored.write_bytes(data)
    found = credentials.read(colored)
    assert found is not None
    assert (found.state, found.faults) == ("invalid", ("assertion.dataHash.mismatch",))


def test_the_verb_inspect_tells_whose_signature_it_is(
    signer: Signer, pair: Callable[[str], tuple[Path, Path]], tmp_path: Path
) -> None:
    colored, source = pair(".png")
    credentials.sign(colored, source, SAID, signer)
    for arguments, told in (
        ([], "unchanged since An Archive signed it; --trust tells whom you trust"),
        (["--trust", str(tmp_path / "root.pem")], "unchanged since An Archive signed it, whom you"),
    ):
        result = CliRunner().invoke(app, ["inspect", str(colored), *arguments])
        assert (result.exit_code, result.stderr) == (0, "")
        assert f"signed (C2PA): {told}" in result.stdout
    line = json.loads(CliRunner().invoke(app, ["inspect", str(colored), "--json"]).stdout)
    assert line["c2pa"]["state"] == "valid"
    assert line["c2pa"]["provenance"] == SAID.model_dump(mode="json")
    with colored.open("ab") as file:
        file.write(b"\0")
    result = CliRunner().invoke(app, ["inspect", str(colored)])
    assert result.exit_code == 1
    assert "signed (C2PA): INVALID (assertion.dataHash.mismatch)" in result.stdout


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_an_unsigned_picture_has_no_credentials(
    suffix: str, pair: Callable[[str], tuple[Path, Path]]
) -> None:
    assert credentials.read(pair(suffix)[0]) is None


@pytest.mark.parametrize("data", [b"", b"text", b"\xff\xd8\xff"])
def test_other_files_have_none_either_or_are_damaged(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(data)
    found = credentials.read(path)
    assert found is None or found.state == "invalid"


@pytest.mark.parametrize(
    ("certificates", "key", "told"),
    [
        (b"no certificate", None, r"chain\.pem: no certificate in PEM"),
        (b"root", None, r"chain\.pem: cannot sign"),
        (None, b"no key", r"key\.pem: no private key that can sign"),
        (None, b"-----BEGIN PRIVATE KEY-----\n!\n-----END PRIVATE KEY-----", r"key\.pem: no priv"),
        (None, b"another", r"chain\.pem: cannot sign .* the key that belongs to it"),
        (None, b"encrypted", r"key\.pem: no private key that can sign.*not encrypted"),
    ],
)
def test_what_cannot_sign_is_told_and_leaves_the_picture_as_it_was(
    certificates: bytes | None,
    key: bytes | None,
    told: str,
    signer: Signer,
    pair: Callable[[str], tuple[Path, Path]],
    tmp_path: Path,
) -> None:
    other = ec.generate_private_key(ec.SECP256R1())
    made = {
        b"root": (tmp_path / "root.pem").read_bytes(),
        b"another": _pem(other),
        b"encrypted": _pem(other, serialization.BestAvailableEncryption(b"secret")),
    }
    if certificates is not None:
        signer.certificates.write_bytes(made.get(certificates, certificates))
    if key is not None:
        signer.key.write_bytes(made.get(key, key))
    colored, source = pair(".jpg")
    before = colored.read_bytes()
    with pytest.raises(PhotochromError, match=told) as raised:
        credentials.sign(colored, source, SAID, signer)
    assert len(str(raised.value).splitlines()) == 1
    assert colored.read_bytes() == before
    assert not list(tmp_path.glob(".*"))


def test_files_that_are_not_there_are_named(signer: Signer, tmp_path: Path) -> None:
    with pytest.raises(ImageError, match=r"none\.pem: no such file"):
        credentials.sign(
            tmp_path / "a", tmp_path / "b", SAID, Signer(tmp_path / "none.pem", signer.key)
        )
    with pytest.raises(ImageError, match="a: no such file"):
        credentials.sign(tmp_path / "a", tmp_path / "b", SAID, signer)


def test_roots_that_are_none_are_told(
    pair: Callable[[str], tuple[Path, Path]], tmp_path: Path
) -> None:
    (tmp_path / "roots.pem").write_text("nobody")
    with pytest.raises(ImageError, match=r"roots\.pem: no certificates"):
        credentials.read(pair(".jpg")[0], tmp_path / "roots.pem")


def test_without_the_extra_the_remedy_is_named(
    signer: Signer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "c2pa", None)  # what Python takes for "not there"
    with pytest.raises(MissingExtraError, match=r"pip install 'photochrom\[archive\]'"):
        credentials.read(tmp_path / "a.jpg")
    with pytest.raises(MissingExtraError, match="archive"):
        credentials.sign(tmp_path / "a.jpg", tmp_path / "b.jpg", SAID, signer)


def test_no_host_is_asked_for_anything(
    signer: Signer, pair: Callable[[str], tuple[Path, Path]]
) -> None:
    """In a process that has no network and is watched for asking: neither to sign nor to read."""
    strace = shutil.which("strace")
    colored, source = pair(".jpg")
    code = (
        "import sys\n"
        "def watch(event, arguments):\n"
        "    if event.startswith('socket.'): raise SystemExit(3)\n"
        "sys.addaudithook(watch)\n"
        "from pathlib import Path\n"
        "from photochrom.archive import credentials as c\n"
        "from photochrom.archive.provenance import Provenance\n"
        "picture, source, chain, key, said = sys.argv[1:]\n"
        "said = Provenance.model_validate_json(said)\n"
        "c.sign(Path(picture), Path(source), said, c.Signer(Path(chain), Path(key)))\n"
        "assert c.read(Path(picture)).state == 'valid'\n"
    )
    alone = ["unshare", "--map-root-user", "--net"] if shutil.which("unshare") else []
    if alone and subprocess.run([*alone, "true"], capture_output=True, check=False).returncode:
        alone = []
    watch = [strace, "-f", "-e", "trace=connect,sendto"] if strace else []
    arguments = (colored, source, signer.certificates, signer.key, SAID.model_dump_json())
    result = subprocess.run(
        [*alone, *watch, sys.executable, "-c", code, *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert result.returncode == 0, result.stderr
    assert "AF_INET" not in result.stderr


def test_only_a_time_stamp_authority_is_asked_where_one_is_given(
    signer: Signer, pair: Callable[[str], tuple[Path, Path]]
) -> None:
    colored, source = pair(".jpg")
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        address = f"http://127.0.0.1:{nobody.getsockname()[1]}/"
    asking = Signer(signer.certificates, signer.key, address)  # where nobody listens any more
    before = colored.read_bytes()
    with pytest.raises(PhotochromError, match=address):
        credentials.sign(colored, source, SAID, asking)
    assert colored.read_bytes() == before
