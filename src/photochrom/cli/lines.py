"""Pictures as lines: JSON for scripts, and a log to be read later."""

import json
import time
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

import typer

from ..errors import PhotochromError
from .faults import printable

if TYPE_CHECKING:
    from ..batch.task import Outcome


def json_line(event: str, **values: Any) -> str:
    """An event in one line of ASCII.

    Bytes of a name that are not UTF-8 are lone surrogates, as everywhere in Python, and a reader
    has them back with `os.fsencode`.
    """
    plain = {k: str(v) if isinstance(v, Path) else v for k, v in values.items() if v is not None}
    return json.dumps({"event": event} | plain)


def picture_line(outcome: "Outcome") -> str:
    """What became of a picture, as JSON."""
    return json_line(
        "picture",
        source=outcome.source,
        target=outcome.target,
        state=outcome.state,
        reason=outcome.reason or None,
        source_sha256=outcome.source_sha256 or None,
        result_sha256=outcome.result_sha256 or None,
        seconds=round(outcome.seconds, 3) or None,
        aside=outcome.aside,
        notes=outcome.notes or None,
        beside=[str(path) for path in outcome.beside] or None,
    )


def remark(text: str) -> None:
    """One line on stderr that is no error."""
    typer.echo(f"note: {printable(text)}", err=True)


class Log:
    """A file to which lines with their times are added; without a path, nothing."""

    def __init__(self, path: Path | None) -> None:
        """Open the file, or begin it.

        Raises:
            PhotochromError: it cannot be written.
        """
        self._path = path
        try:
            self._file = path and path.open("a", encoding="utf-8", buffering=1)
        except OSError as error:
            raise self._fault(error) from None

    def __enter__(self) -> "Log":
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        if self._file:
            self._file.close()

    def write(self, line: str) -> None:
        """Add a line.

        Raises:
            PhotochromError: it cannot be written.
        """
        if not self._file:
            return
        try:
            self._file.write(f"{time.strftime('%Y-%m-%dT%H:%M:%S%z')} {printable(line)}\n")
        except OSError as error:
            raise self._fault(error) from None

    def picture(self, outcome: "Outcome") -> None:
        """Add what became of a picture; nothing if nothing was to be done."""
        if outcome.state == "colored":
            why = f" ({outcome.reason})" if outcome.reason else ""
            self.write(f"colored {outcome.source} -> {outcome.target}{why}")
            if outcome.aside:
                self.write(f"set aside {outcome.aside}")
            for note in outcome.notes:
                self.write(f"note {note}")
        elif outcome.is_fault:
            self.write(f"{outcome.state} {outcome.source}: {outcome.reason}")

    def _fault(self, error: OSError) -> PhotochromError:
        return PhotochromError(
            f"{self._path}: cannot be written ({error.strerror}); choose another --log"
        )
