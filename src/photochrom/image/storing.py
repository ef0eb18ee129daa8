"""Pictures out, strip by strip: a file of any size through little memory, whole or not at all."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import pyvips

from photochrom.errors import ImageError, UnsupportedImageError
from photochrom.image.carrier import carried
from photochrom.image.frame import Format, Pixels
from photochrom.image.header import Header
from photochrom.image.placing import placed, refusal
from photochrom.image.saving import (
    HEAD,
    check,
    dressed,
    format_of,
    head_size,
    insertion,
    options,
)
from photochrom.image.tiff_storing import store_tiff


def store(
    target: Path,
    output: Header,
    strips: Iterable[Pixels],
    *,
    quality: int = 95,
    overwrite: bool = False,
) -> None:
    """Write a picture strip by strip, in the format that the ending of `target` means.

    Args:
        target: the file, which appears under its name only when it is complete and on the disk.
        output: what the picture is. TIFF is stored as its layout says, PNG interlaced where it
            says so; see `encode` for what each format keeps.
        strips: (n, width, samples) each, any n, top to bottom. They are asked for one after the
            other, in other threads, and may not be changed once they were given: while the next
            is made, they are on their way. A generator is closed in any case.
        quality: of JPEG and WebP, 1 to 100.
        overwrite: whether a file at `target` may be replaced.

    Raises:
        UnsupportedImageError: the format cannot hold the picture; nothing was read of `strips`.
        OutputExistsError: `target` exists and `overwrite` is false.
        ImageError: it cannot be written; an OSError is the cause where the system said no.
        ValueError: `strips` are not what `output` says.
        Whatever `strips` raises. Nothing is left at or beside `target` after any of them.
    """
    target = Path(target)
    kind = format_of(target)
    check(output, kind)
    added = insertion(output, kind)
    with placed(target, overwrite=overwrite) as file, _told(target, kind):
        if kind == "tiff":
            store_tiff(file, [(output, strips)])
        else:
            file.seek(len(added))  # a gap, for heads are written at once
            _save(file, output, kind, strips, quality)
            if added:
                _fill(file, kind, added)


def store_pages(
    target: Path, pages: Iterable[tuple[Header, Iterable[Pixels]]], *, overwrite: bool = False
) -> None:
    """Write pictures as the pages of one TIFF file, whose sizes, depths and layouts may differ.

    Takes and raises what `store` does, page by page; UnsupportedImageError also for a `target` of
    another format, ValueError for no pages at all. The headers are asked for before the first
    strip: strips that hold something had better be generators, which begin when they are needed.
    """
    target = Path(target)
    if format_of(target) != "tiff":
        raise UnsupportedImageError(
            f"{target}: of these formats TIFF alone holds several pages; end its name in .tif"
        )
    told = list(pages)
    if not told:
        raise ValueError(f"{target}: no pages to store")
    with placed(target, overwrite=overwrite) as file, _told(target, "tiff"):
        store_tiff(file, told)


def _save(
    file: BinaryIO, output: Header, kind: Format, strips: Iterable[Pixels], quality: int
) -> None:
    """Let libvips write to the file, from where it stands."""
    with carried(output, strips) as image:
        pyvips.Operation.call(
            f"{kind}save_target",
            dressed(image, output, kind),
            pyvips.Target.new_to_descriptor(file.fileno()),
            **options(output, kind, quality),
        )


def _fill(file: BinaryIO, kind: Format, added: bytes) -> None:
    """Put metadata behind the head of a file that begins where there is just room for them."""
    file.seek(len(added))
    beginning = file.read(HEAD)
    file.seek(0)
    file.write(beginning[: head_size(beginning, kind)] + added)


@contextmanager
def _told(target: Path, kind: Format) -> Iterator[None]:
    """Tell what a failure of libvips means to the user."""
    try:
        yield
    except pyvips.Error as error:
        detail = " ".join(str(error.detail).split())
        refused = refusal(detail)
        if refused is not None:
            raise refused from None
        raise ImageError(
            f"{target}: cannot be written as {kind} ({detail}); choose PNG or TIFF"
        ) from None
