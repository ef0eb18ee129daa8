"""The fuzzing program for some seconds, and on the files that it once found something with."""

import subprocess
import sys
from pathlib import Path

import pytest

from photochrom.errors import TruncatedImageError
from photochrom.image import Original, decode, read

HERE = Path(__file__).parent
FINDINGS = HERE / "findings"

pytestmark = pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="measures in /proc")


def _fuzzed(*words: str) -> str:
    command = [sys.executable, str(HERE / "fuzz.py"), *words]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_damaged_files_end_in_a_result_or_in_one_line() -> None:
    said = _fuzzed("--cases", "90", "--seed", "11")
    assert "90 files" in said
    assert "finding" not in said


def test_what_was_found_once_is_found_no_more() -> None:
    count = sum(path.is_file() for path in FINDINGS.glob("*/*"))
    assert count > 0
    assert f"{count} files" in _fuzzed("--repeat", str(FINDINGS))


def test_one_picture_is_not_blamed_for_another() -> None:
    complained_of = FINDINGS / "picture" / "unknown-tag.tif"
    Original(complained_of)  # opens, and leaves a complaint
    cut = (HERE.parents[1] / "docs" / "demo.jpg").read_bytes()[:3000]
    for read_it in (lambda: decode(cut, name="cut.jpg"), lambda: list(Original(cut).strips(64))):
        with pytest.raises(TruncatedImageError) as error:
            read_it()
        assert "tiff" not in str(error.value)


def test_what_is_said_of_every_strip_is_told_once() -> None:
    with pytest.raises(TruncatedImageError) as error:
        read(FINDINGS / "picture" / "many-complaints.tif")
    assert str(error.value).count("Inconsistent directory count") == 1
