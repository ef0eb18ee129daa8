"""Folders that verbs write into."""

import os
from pathlib import Path

import typer


def check_folder(folder: Path) -> None:
    """Refuse, before an hour of work, a folder that cannot be made or written to; makes nothing.

    Raises:
        BadParameter: something else has its name or that of a folder above it, or it may not be
            written to.
    """
    there = next(path for path in (folder.absolute(), *folder.absolute().parents) if path.exists())
    if not there.is_dir():
        raise typer.BadParameter(
            f"{folder}: cannot be made, {there} is a file; choose another folder",
            param_hint="--output",
        )
    if not os.access(there, os.W_OK | os.X_OK):
        raise typer.BadParameter(
            f"{folder}: cannot be made, {there} may not be written to; choose another folder",
            param_hint="--output",
        )
