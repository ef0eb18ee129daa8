"""The command `photochrom`: one file per verb, heavy imports inside the verb."""

import typer

from .train import train

app = typer.Typer(no_args_is_help=True, add_completion=False, rich_markup_mode=None)
app.command()(train)


@app.callback()
def main() -> None:
    """Color black-and-white photographs; train and compare the networks that do it."""
