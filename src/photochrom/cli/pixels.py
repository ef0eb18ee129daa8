"""A bar for work on one large picture, on stderr, where somebody looks at it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn


@contextmanager
def pixels_watched(what: str, picture: Path) -> Iterator[Callable[[int], None]]:
    """Give what is to be told of the pixels of a file, as they are done.

    Raises ImageError where the file cannot be opened.
    """
    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda pixels: None
        return
    bar = Progress(
        TextColumn(what),
        BarColumn(),
        TextColumn("{task.percentage:.0f} %, time left"),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        redirect_stdout=False,  # rich would send it to stderr
    )
    with bar:
        task = bar.add_task("", total=_pixels(picture))
        yield lambda pixels: bar.advance(task, pixels)


def _pixels(picture: Path) -> int:
    """Of all pages."""
    from ..image import Original

    header = Original(picture).header
    rest = [Original(picture, page=page).header for page in range(1, header.pages)]
    return sum(one.height * one.width for one in (header, *rest))
