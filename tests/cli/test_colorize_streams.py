"""`photochrom colorize -`: standard input and output."""

import subprocess
import sys
from io import BytesIO

import pytest
from PIL import Image

from photochrom import image


def test_stdin_to_stdout(launch, photo, tmp_path):
    path = photo("photo.webp")
    result = launch("colorize", "-", input=path.read_bytes(), cwd=tmp_path)
    assert (result.returncode, result.stderr) == (0, b"")
    with Image.open(BytesIO(result.stdout)) as picture:
        assert (picture.format, picture.size, picture.mode) == ("WEBP", (64, 48), "RGB")
    assert [p.name for p in tmp_path.iterdir()] == ["photo.webp"]


def test_stdin_to_file(run, photo, tmp_path):
    target = tmp_path / "out.png"
    result = run("colorize", "-", "-o", target, input=photo("photo.jpg").read_bytes())
    assert (result.exit_code, result.stdout) == (0, f"{target}\n")
    assert image.read(target).format == "png"


def test_file_to_stdout(run, photo):
    result = run("colorize", photo("photo.png"), "-o", "-")
    assert result.exit_code == 0
    assert image.decode(result.stdout_bytes).pixels.shape == (48, 64, 3)


@pytest.mark.parametrize("data", [b"", b"no picture at all"])
def test_bad_input_is_one_line_and_no_output(run, data):
    result = run("colorize", "-", input=data)
    assert (result.exit_code, result.stdout_bytes) == (1, b"")
    assert result.stderr.startswith("error: <stdin>: ")
    assert len(result.stderr.splitlines()) == 1


def test_a_stream_holds_one_picture(run, photo):
    path = photo("photo.png")
    assert run("colorize", "-", path, input=b"").exit_code == 2
    assert run("colorize", path, path, "-o", "-").exit_code == 2


def test_a_reader_that_leaves_is_no_error_worth_words(environment, photo):
    path = photo("photo.png")
    with path.open("rb") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", "photochrom", "colorize", "-"],
            stdin=file,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment,
        )
    with process:
        assert process.stdout is not None
        process.stdout.close()
        process.stdout = None
        _, errors = process.communicate(timeout=60)
    assert process.returncode != 0
    assert errors == b""
