"""Every verb and every option says what it does; every verb shows how."""

import pytest
import typer.main

from photochrom import __version__
from photochrom.cli.main import app
from photochrom.inference import DEFAULT

TOP = typer.main.get_command(app).commands  # type: ignore[attr-defined]
VERBS = {  # `turing serve` too
    " ".join((name, *inner)): verb
    for name, outer in TOP.items()
    for inner, verb in (
        [((sub,), verb) for sub, verb in outer.commands.items()]
        if hasattr(outer, "commands")
        else [((), outer)]
    )
}


def test_the_verbs_there_are():
    assert set(VERBS) >= {"colorize", "demo", "models", "train", "export", "turing serve"}


@pytest.mark.parametrize("name", VERBS)
def test_every_option_has_help(name):
    for parameter in VERBS[name].params:
        assert getattr(parameter, "help", None), f"{name}: {parameter.name} has no help"


@pytest.mark.parametrize("name", VERBS)
def test_help_shows_examples(run, name):
    result = run(*name.split(), "--help")
    assert result.exit_code == 0
    assert "Examples:" in result.stdout
    assert f"    photochrom {name}" in result.stdout
    assert run(*name.split(), "-h").stdout == result.stdout


def test_help_of_the_command_lists_every_verb_and_shows_examples(run):
    result = run("--help")
    assert "    photochrom colorize" in result.stdout
    for name, verb in TOP.items():
        assert f"  {name} " in result.stdout
        assert verb.get_short_help_str(1000).rstrip(".") != ""


@pytest.mark.parametrize("name", [name for name in VERBS if name != "models"])
def test_the_default_network_is_the_library_s(name):
    for option in (p for p in VERBS[name].params if p.name == "model"):
        if option.multiple:
            assert f"[default: {DEFAULT}]" in option.help
        else:
            assert option.default == DEFAULT


def test_version(run):
    result = run("--version")
    assert (result.exit_code, result.stdout) == (0, f"photochrom {__version__}\n")


@pytest.mark.parametrize("arguments", [("paint",), ("colorize",), ("colorize", "--colour")])
def test_usage_errors_end_in_2(run, arguments):
    result = run(*arguments)
    assert result.exit_code == 2
    assert "Error" in result.stderr


def test_missing_extras_name_the_remedy(run, tmp_path, monkeypatch):
    import sys

    for module in ("torch", "skimage"):
        monkeypatch.setitem(sys.modules, module, None)  # what Python takes for "not there"
    lines = {
        "train": run("train", "recipe.toml"),
        "export": run("export", "run", "-o", tmp_path / "x.onnx", "--card", "facts.toml"),
        "demo": run("demo", "-o", tmp_path / "x.png"),
    }
    for extra, result in lines.items():
        assert result.exit_code == 1
        assert result.stderr.startswith("error: ")
        assert f"pip install 'photochrom[{extra}]'" in result.stderr
        assert len(result.stderr.splitlines()) == 1
