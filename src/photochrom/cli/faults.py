"""Errors as the command line tells them: one line each, and an exit code."""

from typing import Any

import typer
from typer.core import TyperGroup

from ..errors import PhotochromError

INTERRUPTED = 130
"""Exit code after Ctrl-C: what shells make of signal 2."""


class Verbs(TyperGroup):
    """The verbs, whose errors end in `error: ...` and exit code 1 instead of a traceback."""

    def invoke(self, ctx: Any) -> Any:
        """Run the verb that was asked for."""
        try:
            return super().invoke(ctx)
        except PhotochromError as error:
            tell(str(error))
            raise typer.Exit(1) from None
        except OSError as error:
            if not error.filename:  # of no file: a reader that has gone, or a fault of ours
                raise
            tell(f"{error.filename}: {error.strerror}; check the path, its rights and the space")
            raise typer.Exit(1) from None
        except KeyboardInterrupt:
            raise typer.Exit(INTERRUPTED) from None


def verbs() -> typer.Typer:
    """A command of verbs, yet without any."""
    return typer.Typer(
        cls=Verbs,
        no_args_is_help=True,
        add_completion=False,
        rich_markup_mode=None,
        # Python's own tracebacks: a fault we did not foresee is reported by pasting it.
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )


def tell(message: str) -> None:
    """One line on stderr."""
    typer.echo(f"error: {printable(message)}", err=True)


def printable(text: str) -> str:
    """One line, whatever files say or are called: no line breaks, nothing that moves a cursor."""
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)
