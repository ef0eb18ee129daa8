"""What is ordered beside a picture, on a full disk, in a closed folder, and with a false key.

Either everything appears or nothing, one line says why, and the same command completes later.
"""

import os
import shlex
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
import skimage.data
import tifffile
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from PIL import Image

import photochrom

SOURCE = str(Path(photochrom.__file__).parents[1])
WHOLE = 60 << 20  # bytes of a disk that is large enough for anything here

ORDERS = {
    "candidates": ["--candidates", "3"],
    "confidence": ["--confidence"],
    "sidecar": ["--sidecar"],
    "exact": ["--exact-jpeg", "--sidecar"],
    "everything": ["--candidates", "2", "--confidence", "--sidecar", "--preserve-times"],
    "pages": ["--sidecar"],
    "signed": ["--sidecar", "--certificate", "chain.pem", "--key", "key.pem"],
}


def _may_mount() -> bool:
    tried = ["unshare", "-rm", "mount", "-t", "tmpfs", "none", "/mnt"]
    try:
        return subprocess.run(tried, capture_output=True, timeout=20).returncode == 0
    except FileNotFoundError:
        return False


mounting = pytest.mark.skipif(not _may_mount(), reason="no right to mount in a namespace")


@pytest.fixture
def work(tmp_path: Path) -> Path:
    """A folder with a photograph, grey, as JPEG and as TIFF of two pages, and a signer's papers."""
    grey = skimage.data.camera()[::2, ::2]
    Image.fromarray(grey).save(tmp_path / "photo.jpg", quality=98)
    tifffile.imwrite(tmp_path / "pages.tif", np.stack([grey, grey[::-1]]), photometric="minisblack")
    (tmp_path / "out").mkdir()
    _make_papers(tmp_path)
    return tmp_path


def _make_papers(folder: Path) -> None:
    """A private key, and its certificate with the root's, as C2PA wants them (section 14.5)."""
    keys = [ec.generate_private_key(ec.SECP256R1()) for _ in range(2)]
    names = [x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, n)]) for n in ("A", "Root")]
    chain = b""
    for key, name, is_root in zip(keys, names, (False, True), strict=True):
        usage = x509.KeyUsage(not is_root, False, False, False, False, is_root, False, False, False)
        made = (
            x509.CertificateBuilder(names[1], name, key.public_key(), 1 + is_root)
            .not_valid_before(datetime(2020, 1, 1))
            .not_valid_after(datetime(2100, 1, 1))
            .add_extension(x509.BasicConstraints(is_root, None), critical=True)
            .add_extension(usage, critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(keys[1].public_key()), False
            )
        )
        if not is_root:
            mail = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION])
            made = made.add_extension(mail, critical=False)
        chain += made.sign(keys[1], hashes.SHA256()).public_bytes(Encoding.PEM)
    (folder / "chain.pem").write_bytes(chain)
    secret = keys[0].private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (folder / "key.pem").write_bytes(secret)


def _words(name: str) -> str:
    source, target = ("pages.tif", "pages.tif") if name == "pages" else ("photo.jpg", "photo.jpg")
    given = ["colorize", source, "-o", f"out/{target}", *ORDERS[name]]
    return shlex.join([sys.executable, "-m", "photochrom", *given])


def _run(script: str, work: Path, *around: str) -> "subprocess.CompletedProcess[str]":
    fixed = {"PYTHONPATH": SOURCE, "SOURCE_DATE_EPOCH": "1700000000"}
    return subprocess.run(
        [*around, "sh", "-c", script],
        cwd=work,
        env=os.environ | fixed,
        capture_output=True,
        text=True,
        timeout=300,
    )


def _sizes(folder: Path) -> dict[str, int]:
    return {path.name: path.stat().st_size for path in folder.iterdir()}


def _errors(done: "subprocess.CompletedProcess[str]") -> list[str]:
    lines = [line for line in done.stderr.splitlines() if not line.startswith("note: ")]
    assert all(line.startswith("error: ") for line in lines), done.stderr
    return lines


@mounting
@pytest.mark.parametrize(
    "name",
    [
        "everything",
        "signed",
        *(pytest.param(n, marks=pytest.mark.slow) for n in ("candidates", "confidence")),
        *(pytest.param(n, marks=pytest.mark.slow) for n in ("pages", "exact")),
    ],
)
def test_a_full_disk_leaves_nothing_and_the_same_command_completes(name: str, work: Path) -> None:
    assert _run(_words(name), work).returncode == 0
    sizes = _sizes(work / "out")
    room = sum(sizes.values()) - min(sizes.values()) // 2  # for all but the last file
    script = f"""
        mount -t tmpfs -o size={WHOLE} none out || exit 99
        head -c $(( {WHOLE} - {room} )) /dev/zero > out/filler
        {_words(name)}; echo "exit $?"
        ls -A out
        rm out/filler
        {_words(name)} > /dev/null; echo "exit $?"
        ls -A out
    """
    done = _run(script, work, "unshare", "-rm")
    lines = done.stdout.splitlines()
    again = lines.index("exit 0")
    assert lines[:again] == ["exit 1", "filler"], done.stderr
    assert set(lines[again + 1 :]) == set(sizes)
    (error,) = _errors(done)
    assert "the disk is full; free some space" in error
    assert ".part" not in error


@pytest.mark.parametrize("name", ["everything", "pages"])
def test_a_closed_folder_is_told_of_in_one_line(name: str, work: Path) -> None:
    out = work / "out"
    out.chmod(0o555)
    try:
        # Root may write anywhere; in a user namespace without its capabilities it may not.
        around = ["setpriv", "--bounding-set=-all", "--inh-caps=-all"] if os.geteuid() == 0 else []
        done = _run(_words(name), work, *around)
    finally:
        out.chmod(0o755)
    assert done.returncode == 1, done.stderr
    (error,) = _errors(done)
    reason = "cannot be written (Permission denied); check that its folder exists, may be written"
    assert error.startswith(
        f"error: out/{'pages.tif' if name == 'pages' else 'photo.jpg'}: {reason}"
    )
    assert list(out.iterdir()) == []
    assert _run(_words(name), work).returncode == 0


def test_a_key_that_does_not_sign_costs_nothing(work: Path) -> None:
    (work / "key.pem").write_text("no key")
    done = _run(_words("signed"), work)
    assert done.returncode == 1
    (error,) = _errors(done)
    assert "key.pem: no private key that can sign" in error
    assert list((work / "out").iterdir()) == []


def test_files_that_exist_are_refused_before_the_work(work: Path) -> None:
    (work / "out" / "photo.2.jpg").write_bytes(b"of somebody else's")
    done = _run(_words("candidates"), work)
    assert done.returncode == 1
    (error,) = _errors(done)
    assert "out/photo.2.jpg: exists already" in error
    assert _sizes(work / "out") == {"photo.2.jpg": 18}


def test_two_runs_at_once_leave_the_files_of_one(work: Path) -> None:
    script = f"""
        {_words("everything")} & first=$!
        {_words("everything")} --force --temperature 1 & second=$!
        wait $first; wait $second
    """
    done = _run(script, work)
    assert done.returncode == 0, done.stderr
    assert set(_sizes(work / "out")) == {
        "photo.jpg",
        "photo.2.jpg",
        "photo.confidence.png",
        "photo.overlay.png",
        "photo.jpg.json",
    }


def test_each_file_that_was_written_is_told_of(work: Path) -> None:
    done = _run(_words("everything"), work)
    told = {Path(line).name for line in done.stdout.splitlines()}
    assert told == set(_sizes(work / "out"))
    assert done.stdout.startswith("out/photo.jpg\n")


@pytest.mark.slow
def test_a_killed_run_with_extras_is_resumed_to_what_an_unbroken_one_gives(work: Path) -> None:
    (work / "album").mkdir()
    for index in range(12):
        pixels = np.add.outer(np.arange(48), 2 * np.arange(64)) + 5 * index
        Image.fromarray(pixels.astype(np.uint8)).save(work / "album" / f"{index:02}.png")
    extras = ["--candidates", "2", "--confidence", "--sidecar", "--workers", "2"]
    words = shlex.join([sys.executable, "-m", "photochrom", "colorize", "album", *extras])
    assert _run(f"{words} -o whole", work).returncode == 0
    for seconds in (2.5, 3, 3.5):
        _run(f"timeout -s KILL {seconds} {words} -o out", work)
    abandoned = work / "out" / ".0123456789abcdef.part"
    abandoned.mkdir(exist_ok=True)
    (abandoned / "00.color.png").write_bytes(b"half")
    (work / "out" / "00.color.png").unlink(missing_ok=True)  # so that there is something to do
    assert _run(f"{words} -o out", work).returncode == 0
    files = {path.name: path.read_bytes() for path in (work / "whole").iterdir()}
    assert len(files) == 12 * 5 + 1
    del files[".photochrom.sqlite"]
    found = {path.name for path in (work / "out").iterdir()} - {".photochrom.sqlite"}
    assert found == set(files)
    assert all((work / "out" / name).read_bytes() == content for name, content in files.items())
