"""`photochrom turing` as people call it."""

import socket
from pathlib import Path

import pytest
import typer.main
from typer.testing import CliRunner, Result

from photochrom.cli.turing import turing


def run(*arguments: object) -> Result:
    return CliRunner().invoke(turing, [str(argument) for argument in arguments])


VERBS = typer.main.get_command(turing).commands  # type: ignore[attr-defined]


def test_the_verbs_there_are() -> None:
    assert set(VERBS) == {"machine", "pairs", "serve", "report"}


@pytest.mark.parametrize("name", VERBS)
def test_every_option_has_help_and_every_verb_examples(name: str) -> None:
    for parameter in VERBS[name].params:
        assert getattr(parameter, "help", None), f"{name}: {parameter.name} has no help"
    shown = run(name, "--help")
    assert shown.exit_code == 0
    assert f"    photochrom turing {name} " in shown.stdout


def test_pairs_are_made_and_their_file_told(tmp_path: Path) -> None:
    data = pytest.importorskip("skimage").data_dir
    options = ("--count", 1, "--practice", 1, "--checks", 1, "--size", 64)
    made = run("pairs", "--data", data, "-o", tmp_path / "pairs", *options)
    assert made.exit_code == 0, made.stderr
    assert made.stdout == f"{tmp_path / 'pairs' / 'pairs.json'}\n"
    assert (tmp_path / "pairs" / "autochrome" / "000.png").is_file()
    again = run("pairs", "--data", data, "-o", tmp_path / "pairs", *options)
    assert again.exit_code == 1
    assert again.stderr.splitlines()[-1].startswith(f"error: {tmp_path / 'pairs'}: holds")


def test_faults_are_one_line(tmp_path: Path) -> None:
    for verb in ("serve", "report"):
        result = run(verb, "--pairs", tmp_path / "absent")
        assert result.exit_code == 1
        assert result.stderr.startswith(f"error: {tmp_path / 'absent'}")
        assert len(result.stderr.splitlines()) == 1
    assert list(tmp_path.iterdir()) == []


def test_a_report_of_neither_pairs_nor_database_is_a_usage_error() -> None:
    result = run("report")
    assert result.exit_code == 2
    assert "give the pairs' folder or a database" in result.stderr


def test_a_port_in_use_is_told(make_pairs_of_noise, tmp_path: Path) -> None:
    folder = make_pairs_of_noise(2).folder
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = run("serve", "--pairs", folder, "--port", port)
    assert result.exit_code == 2
    assert f"cannot listen on 127.0.0.1:{port}" in " ".join(result.stderr.split())
    assert "fewer pairs than asked for: 2 trials, 4 for practice, 4 checks" in result.stderr


@pytest.mark.parametrize(("module", "extra"), [("sqlalchemy", "turing"), ("fastapi", "turing")])
def test_missing_extras_name_the_remedy(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, module: str, extra: str
) -> None:
    import sys

    monkeypatch.setitem(sys.modules, module, None)  # what Python takes for "not there"
    result = run("serve", "--pairs", tmp_path)
    assert result.exit_code == 1
    assert f"pip install 'photochrom[{extra}]'" in result.stderr
